#include "stream/writer_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "testkit/child_process.h"
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

// The first write says that its batch waits for an operator, and waits.
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

}  // namespace
}  // namespace freshet::stream
