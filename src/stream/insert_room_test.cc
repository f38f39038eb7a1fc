#include "stream/insert_room.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "stream/batch_for_test.h"
#include "stream/batch_writing.h"
#include "stream/writer_pool.h"
#include "testkit/child_process.h"

namespace freshet::stream {
namespace {

using namespace std::chrono_literals;

class InsertRoomTest : public testing::Test {
 protected:
  const std::shared_ptr<ByteBudget> budget_ = std::make_shared<ByteBudget>(1000);  // and 125 beyond
  InsertRoom room_{budget_};
};

TEST_F(InsertRoomTest, InsertsThatFitBeginTogether) {
  const Charge rows(budget_, 900);
  const auto first = room_.wait(100, {});
  const auto second = room_.wait(100, {});
  ASSERT_TRUE(first && second);
  EXPECT_EQ(budget_->promised(), 200u);
  EXPECT_EQ(budget_->held(), 900u);
}

TEST_F(InsertRoomTest, OneThatFindsNoRoomBeginsAsSoonAsThereIsSome) {
  Charge rows(budget_, 1000);
  const auto first = room_.wait(100, {});
  std::atomic<bool> begun = false;
  std::jthread second([&] {
    const auto turn = room_.wait(100, {});
    begun = true;
  });
  EXPECT_FALSE(testkit::eventually(50ms, [&] { return begun.load(); }));
  rows.resize(900);  // nobody tells the room
  EXPECT_TRUE(testkit::eventually(60s, [&] { return begun.load(); }));
}

TEST_F(InsertRoomTest, OneInsertBeginsWithoutRoomAndTheNextAfterIt) {
  const Charge rows(budget_, 2000);
  auto first = room_.wait(100, {});
  EXPECT_EQ(budget_->promised(), 100u);
  std::atomic<bool> begun = false;
  std::jthread second([&] {
    const auto turn = room_.wait(100, {});
    begun = true;
  });
  EXPECT_FALSE(testkit::eventually(50ms, [&] { return begun.load(); }));
  first.reset();
  EXPECT_TRUE(testkit::eventually(60s, [&] { return begun.load(); }));
}

TEST_F(InsertRoomTest, NobodyWaitsForAnInsertThatHasFailed) {
  const Charge rows(budget_, 2000);
  auto first = room_.wait(100, {});
  std::optional<InsertRoom::Turn> second;
  std::jthread waits([&](const std::stop_token& stop) {
    if (auto turn = room_.wait(100, stop)) second.emplace(*std::move(turn));
  });
  first->failed();
  waits.join();
  EXPECT_EQ(budget_->promised(), 200u) << "the first one keeps its room";
  first->failed();
  first.reset();
  std::jthread third([&](const std::stop_token& stop) { EXPECT_FALSE(room_.wait(100, stop)) << "the second counts"; });
  std::this_thread::sleep_for(50ms);
}

// Fails once, and is then retried until it is stopped. Like a real one it keeps the body alone.
class FailingWriter final : public RowWriter {
 public:
  WriteOutcome write(const InsertRequest& request, const WriteControl& control) override {
    const Charge body = control.room->charge(request.row_bytes / 4);
    control.room->release();
    control.on_failure({});
    while (!control.stop.stop_requested()) std::this_thread::sleep_for(1ms);
    return {WriteOutcome::Kind::Abandoned, 0, "stopped", {}};
  }
};

// In an outage every writer begins without room, one after the other: each needs memory for columns only until it has
// its body, and fails after that.
TEST_F(InsertRoomTest, ARetriedInsertLetsTheNextOneBegin) {
  const Charge rows(budget_, 2000);
  const RowLayout native{RowFormat::Native, {"a"}, {"UInt8"}};
  InsertRequest request;
  request.layout = &native;
  request.row_bytes = 400;
  std::atomic<int> failures = 0;
  const auto write = [&](const std::stop_token& stop) {
    FailingWriter inner;
    WriterWithRoom(inner, room_).write(request, {stop, [&](const InsertFailure&) { ++failures; }});
  };
  {
    std::jthread first(write);
    std::jthread second(write);
    EXPECT_TRUE(testkit::eventually(60s, [&] { return failures == 2; }));
    EXPECT_EQ(budget_->used(), 2200u) << "a quarter of their rows";
  }
  EXPECT_EQ(budget_->used(), 2000u);
}

TEST_F(InsertRoomTest, AStopEndsTheWait) {
  const Charge rows(budget_, 2000);
  const auto first = room_.wait(100, {});
  std::jthread second([&](const std::stop_token& stop) { EXPECT_FALSE(room_.wait(100, stop)); });
}

TEST_F(InsertRoomTest, AnotherFormatTakesRoomBesideTheBody) {
  const RowLayout native{RowFormat::Native, {"a"}, {"UInt8"}};
  InsertRequest request;
  request.row_bytes = 400;
  request.layout = plain_layout().get();
  EXPECT_EQ(bytes_beside(request), 100u);
  request.layouts = {&native, plain_layout().get()};
  EXPECT_EQ(bytes_beside(request), 500u);
  request.layouts.clear();
  request.layout = &native;
  EXPECT_EQ(bytes_beside(request), 200u);
}

// Rejects rows that are "bad", holds up inserts with "slow" ones, and remembers what is reserved for each insert.
class RoomWriter final : public RowWriter {
 public:
  struct Seen {
    Mutex mutex;
    std::vector<std::pair<uint64_t, uint64_t>> inserts GUARDED_BY(mutex);  // bytes of rows, bytes reserved
    std::atomic<int> at_once = 0;
    std::atomic<int> most_at_once = 0;
    std::atomic<bool> slow = true;
  };
  explicit RoomWriter(Seen& seen) : seen_(seen) {}
  WriteOutcome write(const InsertRequest& request, const WriteControl& control) override {
    seen_.most_at_once = std::max<int>(seen_.most_at_once, ++seen_.at_once);
    {
      MutexLock lock(seen_.mutex);
      seen_.inserts.emplace_back(request.row_bytes, control.room->bytes());
    }
    const auto has = [&](std::string_view text) {
      return std::any_of(request.rows.begin(), request.rows.end(),
                         [&](std::string_view rows) { return rows.find(text) != std::string_view::npos; });
    };
    while (seen_.slow && has("slow") && !control.stop.stop_requested()) std::this_thread::sleep_for(1ms);
    --seen_.at_once;
    if (has("bad")) return {WriteOutcome::Kind::Rejected, 27, "cannot parse", {}};
    return {};
  }

 private:
  Seen& seen_;
};

TEST_F(InsertRoomTest, APieceOfABatchReservesForItsOwnRows) {
  RoomWriter::Seen seen;
  RoomWriter inner(seen);
  WriterWithRoom writer(inner, room_);
  RejectionMemory memory;
  InsertLimit limit;
  RealClock clock;
  std::vector<std::string> rows(16, "good row");
  rows[3] = "bad row";
  const BatchResult result = BatchWriting(writer, memory, limit, clock).write(batch_of(rows), {{}, {}});
  EXPECT_EQ(result.rejected.size(), 1u);
  MutexLock lock(seen.mutex);
  EXPECT_GT(seen.inserts.size(), 4u);
  for (const auto& [bytes, reserved] : seen.inserts) EXPECT_EQ(reserved, bytes / 4);
  EXPECT_EQ(budget_->used(), 0u);
}

// The budget has no room, so one insert is written at a time. While a batch waits for its operator the next one is
// written; once it goes on it takes turns again.
TEST_F(InsertRoomTest, ABatchHasNoTurnWhileItWaitsForItsOperator) {
  RealClock clock;
  RoomWriter::Seen seen;
  std::atomic<int> written = 0;
  std::atomic<int> waits = 0;
  const Charge all(budget_, 2000);
  WriterPool pool([&] { return std::make_unique<RoomWriter>(seen); }, 10s, budget_, clock,
                  [&](const BatchResult& result) { written += result.written ? 1 : 0; },
                  [&](uint64_t, const InsertFailure& failure) { waits += failure.blocked ? 1 : 0; });
  const auto submit = [&](uint64_t id, const std::vector<std::string>& rows) {
    auto batch = std::make_shared<SealedBatch>(*batch_of(rows));
    batch->id = id;
    pool.submit({batch});
  };
  ASSERT_TRUE(pool.set_concurrency(2));
  submit(1, std::vector<std::string>(10, "bad"));
  EXPECT_TRUE(testkit::eventually(60s, [&] { return waits == 1; }));
  submit(2, {"good"});
  EXPECT_TRUE(testkit::eventually(60s, [&] { return written == 1; }));
  submit(3, {"slow"});
  EXPECT_TRUE(testkit::eventually(60s, [&] { return seen.at_once == 1; }));
  pool.skip(Partition{0});
  EXPECT_FALSE(testkit::eventually(50ms, [&] { return written > 1; }));
  seen.slow = false;
  EXPECT_TRUE(testkit::eventually(60s, [&] { return written == 3; }));
  EXPECT_EQ(seen.most_at_once, 1);
}

}  // namespace
}  // namespace freshet::stream
