// The byte budget bounds memory and never prevents all progress.
#include "flow.h"

namespace freshet::flow {
namespace {

TEST(BackpressureTest, MemoryIsBoundedAndPushesBack) {
  auto settings = Flow::default_settings();
  settings.memory_limit = 100'000;
  Flow flow(settings);
  flow.produce(0, "row", 5'000);
  flow.assign({0});
  int delivered = 0;
  while (flow.deliver(0, 100)) ++delivered;
  EXPECT_TRUE(flow.paused(0));
  EXPECT_TRUE(flow.pipeline.backpressure());
  EXPECT_LT(delivered, 20);
  flow.settles_exactly_once();
  EXPECT_EQ(flow.status().in_flight_bytes, 0u);
}

// What freshet_backpressure_seconds_total counts.
TEST(BackpressureTest, APauseForAStopIsNoBackpressure) {
  Flow flow;
  flow.produce(0, "row", 10);
  flow.assign({0});
  flow.deliver_and_process(0);
  flow.stop();
  EXPECT_TRUE(flow.paused(0));
  EXPECT_FALSE(flow.pipeline.backpressure());
}

// Messages that were already read become rows only while there is room, and continue once some are stored.
TEST(BackpressureTest, RowsThatAreLargerThanTheirMessagesWaitForRoom) {
  auto settings = Flow::default_settings();
  settings.memory_limit = 50'000;
  Flow flow(settings);
  flow.produce(0, "row", 300);
  flow.produce(1, "row", 300);
  flow.assign({0, 1});
  while (flow.deliver(0, 100) || flow.deliver(1, 100)) {
  }
  flow.advance(seconds(1));
  for (int i = 0; i < 100; ++i) flow.work(static_cast<size_t>(i % 3));
  EXPECT_FALSE(flow.work()) << "processed beyond the budget: " << flow.status().in_flight_bytes;
  EXPECT_EQ(flow.table.size(), 0u);
  flow.settles_exactly_once();
  EXPECT_EQ(flow.status().in_flight_bytes, 0u);
}

// Only unprocessed messages fill the budget: one chunk must be processed without room.
TEST(BackpressureTest, OneChunkGoesOnAlsoWithoutRoom) {
  auto settings = Flow::default_settings();
  settings.memory_limit = 2'000;
  Flow flow(settings);
  for (int32_t p = 0; p < 3; ++p) flow.produce(p, "row", 200);
  flow.assign({0, 1, 2});
  for (int32_t p = 0; p < 3; ++p) flow.deliver(p, 100);
  flow.settles_exactly_once();
}

}  // namespace
}  // namespace freshet::flow
