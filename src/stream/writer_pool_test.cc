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
    made->layout = plain_layout();
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
