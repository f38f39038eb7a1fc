// The byte budget: bounded, and never so full that nothing moves.
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
  EXPECT_LT(delivered, 20);
  flow.settles_exactly_once();
  EXPECT_EQ(flow.status().in_flight_bytes, 0u);
}

// What was read already becomes rows only as far as there is room for them; it goes on once some are stored.
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

// All that is held are messages that nobody has begun with: one of them has to.
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
