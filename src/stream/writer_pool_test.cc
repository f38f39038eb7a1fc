#include "stream/writer_pool.h"

#include <gtest/gtest.h>

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
  EXPECT_TRUE(testkit::eventually(20s, [&] { return written == 2; }));
}

}  // namespace
}  // namespace freshet::stream
