#include "stream/worker_pool.h"

#include <gtest/gtest.h>

#include <atomic>

#include "testkit/child_process.h"

namespace freshet::stream {
namespace {

using namespace std::chrono_literals;

// Waits for permission before each message.
class GatedProcessor final : public Processor {
 public:
  GatedProcessor(std::atomic<int>& begun, std::atomic<int>& permitted) : begun_(begun), permitted_(permitted) {}
  const RowLayout& layout() const override { return layout_; }
  ProcessResult process(const MessageContext&, const Message&, std::string& rows) override {
    const int number = ++begun_;
    for (int seen = permitted_; seen < number; seen = permitted_) permitted_.wait(seen);
    rows += "{}\n";
    return ProcessResult::rows(1);
  }

 private:
  std::atomic<int>& begun_;
  std::atomic<int>& permitted_;
  RowLayout layout_;
};

Work one_message(int64_t offset) {
  Message message;
  message.offset = Offset{offset};
  message.payload = "{}";
  Work work;
  work.chunk.bytes = message.bytes();
  work.chunk.messages.push_back(std::move(message));
  return work;
}

TEST(WorkerPoolTest, KnowsHowMuchNoWorkerHasBegun) {
  RealClock clock;
  SecondsCounter busy;
  std::atomic<int> begun = 0;
  std::atomic<int> permitted = 0;
  std::atomic<int> done = 0;
  const auto make = [&] {
    ProcessorFactory factory = [&] { return std::make_unique<GatedProcessor>(begun, permitted); };
    return std::make_unique<ChunkProcessor>(std::move(factory), ProcessingRules());
  };
  WorkerPool pool(
      1, 10, make, clock, busy, [&](std::shared_ptr<const ProcessedChunk>) { ++done; }, [](Work) {});
  const uint64_t bytes = one_message(0).chunk.bytes;
  for (int64_t offset = 0; offset < 3; ++offset) pool.submit(one_message(offset));
  ASSERT_TRUE(testkit::eventually(60s, [&] { return begun == 1; }));
  EXPECT_EQ(pool.waiting_bytes(), 2 * bytes);
  permitted = 1;
  permitted.notify_all();
  ASSERT_TRUE(testkit::eventually(60s, [&] { return begun == 2; }));
  EXPECT_EQ(pool.waiting_bytes(), bytes);
  permitted = 3;
  permitted.notify_all();
  ASSERT_TRUE(testkit::eventually(60s, [&] { return done == 3; }));
  EXPECT_EQ(pool.waiting_bytes(), 0u);
}

}  // namespace
}  // namespace freshet::stream
