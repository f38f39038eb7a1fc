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

TEST(BackpressureTest, NoMoreIsReadThanTheWorkersNeed) {
  auto settings = Flow::default_settings();
  settings.memory_limit = 100'000;
  Flow flow(settings);
  flow.produce(0, "skip", 500);
  flow.assign({0});
  EXPECT_GT(flow.pipeline.wanted_bytes(), 0u);
  while (flow.pipeline.wanted_bytes() > 0) ASSERT_TRUE(flow.deliver(0, 10));
  EXPECT_FALSE(flow.paused(0));
  EXPECT_LT(flow.status().in_flight_bytes, settings.memory_limit / 2);
  while (flow.work()) {
  }
  EXPECT_GT(flow.pipeline.wanted_bytes(), 0u);
  flow.settles_exactly_once();
}

// Neither an outstanding commit nor a batch that is written lifts the limit.
TEST(BackpressureTest, NoMoreIsReadWhileACommitIsOutstanding) {
  auto settings = Flow::default_settings();
  settings.memory_limit = 100'000;
  Flow flow(settings);
  flow.produce(0, "row", 10);
  flow.produce(1, "skip", 500);
  EXPECT_TRUE(flow.pipeline.awaits_source()) << "an assignment";
  flow.assign({0, 1});
  EXPECT_FALSE(flow.pipeline.awaits_source());
  flow.deliver_and_process(0);
  flow.advance(seconds(3));
  ASSERT_TRUE(flow.write());
  flow.advance(seconds(3));
  ASSERT_TRUE(flow.commit_waits());
  EXPECT_FALSE(flow.pipeline.awaits_source());
  while (flow.pipeline.wanted_bytes() > 0) ASSERT_TRUE(flow.deliver(1, 10));
  EXPECT_LT(flow.status().in_flight_bytes, settings.memory_limit / 2);
  flow.settles_exactly_once();
}

TEST(BackpressureTest, APartitionThatTheSourceDoesNotReachHasATurn) {
  auto settings = Flow::default_settings();
  settings.memory_limit = 100'000;
  Flow flow(settings);
  flow.produce(0, "skip", 1'000);
  flow.produce(1, "skip", 10);
  flow.assign({0, 1});
  while (flow.pipeline.wanted_bytes() > 0) ASSERT_TRUE(flow.deliver(0, 10));
  const SteadyTime before = flow.status().partitions[1].offered_at;
  for (int i = 0; i < 20 && !flow.paused(0); ++i) {
    ASSERT_TRUE(flow.deliver(0, 1)) << "the workers do nothing, and the loop takes a little from time to time";
    flow.advance(seconds(1));
  }
  EXPECT_TRUE(flow.paused(0));
  EXPECT_FALSE(flow.status().partitions[0].paused) << "not for an operator";
  flow.turn();
  EXPECT_TRUE(flow.paused(0));
  EXPECT_FALSE(flow.paused(1));
  EXPECT_EQ(flow.status().partitions[1].offered_at, before);
  ASSERT_TRUE(flow.deliver(1));
  flow.turn();
  EXPECT_FALSE(flow.paused(0));
  EXPECT_GT(flow.status().partitions[1].offered_at, before);
  flow.settles_exactly_once();
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
