#include "stream/writer_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "testkit/child_process.h"
#include "testkit/fake_clock.h"
#include "testkit/no_more_threads.h"

namespace freshet::stream {
namespace {

using namespace std::chrono_literals;

class WritesAtOnce final : public RowWriter {
 public:
  WriteOutcome write(const InsertRequest&, const WriteControl&) override { return {}; }
};

TEST(WriterPoolTest, WritersThatTheSystemRefusesAreStartedOnceThereIsRoom) {
  RealClock clock;
  std::atomic<int> written = 0;
  WriterPool pool([] { return std::make_unique<WritesAtOnce>(); }, 10s, std::make_shared<ByteBudget>(1 << 20), clock,
                  [&](BatchResult) { ++written; }, [](uint64_t, const InsertFailure&) {});
  const auto batch = [](uint64_t id) {
    auto made = std::make_shared<SealedBatch>();
    made->id = id;
    return made;
  };
  {
    const testkit::NoMoreThreads limit;
    EXPECT_FALSE(pool.set_concurrency(2));
    pool.submit({batch(1)});
  }
  pool.submit({batch(2)});
  EXPECT_TRUE(testkit::eventually(60s, [&] { return written == 2; }));
}

// The first write reports that its batch waits for an operator, and waits.
class WaitsForOperator final : public RowWriter {
 public:
  explicit WaitsForOperator(std::atomic<int>& begun) : begun_(begun) {}
  WriteOutcome write(const InsertRequest&, const WriteControl& control) override {
    if (begun_++ > 0) return {};
    InsertFailure failure;
    failure.blocked = true;
    control.on_failure(failure);
    while (!control.stop.stop_requested()) std::this_thread::sleep_for(1ms);
    WriteOutcome outcome;
    outcome.kind = WriteOutcome::Kind::Abandoned;
    return outcome;
  }

 private:
  std::atomic<int>& begun_;
};

TEST(WriterPoolTest, ABatchThatWaitsForAnOperatorKeepsNoOtherFromMakingRoom) {
  RealClock clock;
  std::atomic<int> begun = 0;
  std::atomic<int> written = 0;
  const auto budget = std::make_shared<ByteBudget>(1000);
  const Charge all(budget, 2000);
  WriterPool pool([&] { return std::make_unique<WaitsForOperator>(begun); }, 10s, budget, clock,
                  [&](const BatchResult& result) { written += result.written ? 1 : 0; },
                  [](uint64_t, const InsertFailure&) {});
  ASSERT_TRUE(pool.set_concurrency(2));
  for (const uint64_t id : {1, 2, 3}) {
    auto batch = std::make_shared<SealedBatch>();
    batch->id = id;
    batch->layout = plain_layout();
    pool.submit({batch});
  }
  EXPECT_TRUE(testkit::eventually(60s, [&] { return written == 2; }));
}

class CountsReleases final : public RowWriter {
 public:
  explicit CountsReleases(std::atomic<int>& releases) : releases_(releases) {}
  WriteOutcome write(const InsertRequest&, const WriteControl&) override { return {}; }
  void release_memory() noexcept override { ++releases_; }

 private:
  std::atomic<int>& releases_;
};

TEST(WriterPoolTest, AnIdleWriterFreesItsMemoryOnce) {
  testkit::FakeClock clock;
  std::atomic<int> releases = 0;
  std::atomic<int> written = 0;
  WriterPool pool([&] { return std::make_unique<CountsReleases>(releases); }, 10s,
                  std::make_shared<ByteBudget>(1 << 20), clock, [&](BatchResult) { ++written; },
                  [](uint64_t, const InsertFailure&) {});
  ASSERT_TRUE(pool.set_concurrency(1));
  for (const int round : {1, 2}) {
    auto batch = std::make_shared<SealedBatch>();
    batch->id = static_cast<uint64_t>(round);
    batch->layout = plain_layout();
    pool.submit({batch});
    ASSERT_TRUE(testkit::eventually(60s, [&] { return written == round; }));
    ASSERT_TRUE(testkit::eventually(60s, [&] {
      clock.advance(WriterPool::kKeepsMemory);
      return releases == round;
    }));
    clock.advance(10 * WriterPool::kKeepsMemory);
    EXPECT_EQ(releases, round);
  }
}

class RemembersDeadline final : public RowWriter {
 public:
  explicit RemembersDeadline(std::atomic<SteadyTime>& overdue_at) : overdue_at_(overdue_at) {}
  WriteOutcome write(const InsertRequest&, const WriteControl& control) override {
    overdue_at_ = control.overdue_at;
    return {};
  }

 private:
  std::atomic<SteadyTime>& overdue_at_;
};

TEST(WriterPoolTest, TheDeadlineCountsFromTheSealing) {
  testkit::FakeClock clock;
  std::atomic<SteadyTime> overdue_at{};
  std::atomic<int> written = 0;
  WriterPool pool([&] { return std::make_unique<RemembersDeadline>(overdue_at); }, 10s,
                  std::make_shared<ByteBudget>(1 << 20), clock, [&](const BatchResult&) { ++written; },
                  [](uint64_t, const InsertFailure&) {});
  auto batch = std::make_shared<SealedBatch>();
  batch->sealed_at = clock.steady_now();
  clock.advance(7s);  // waits for a writer
  ASSERT_TRUE(pool.set_concurrency(1));
  pool.submit({batch});
  ASSERT_TRUE(testkit::eventually(20s, [&] { return written == 1; }));
  EXPECT_EQ(overdue_at.load(), batch->sealed_at + 10s);
}

}  // namespace
}  // namespace freshet::stream
