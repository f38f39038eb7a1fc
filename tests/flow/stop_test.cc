// Stops: by request, by deadline, by timestamp.
#include "flow.h"

namespace freshet::flow {
namespace {

TEST(StopTest, AStopDrainsWhatIsInBatchesAndEnds) {
  Flow flow;
  flow.produce(0, "row", 100);
  flow.assign({0});
  flow.deliver_and_process(0, 40);
  flow.deliver(0, 40);
  flow.stop();
  EXPECT_EQ(flow.batches.size(), 1u);
  flow.write();
  flow.commit();
  EXPECT_TRUE(flow.closing);
  flow.close();
  flow.close();
  EXPECT_TRUE(flow.pipeline.closed());
  EXPECT_EQ(flow.pipeline.end(), End::Stopped);
  EXPECT_EQ(flow.committed(0), 40);
}

TEST(StopTest, AStopEndsWithinItsDeadlineWhateverHangs) {
  Flow flow;
  flow.produce(0, "row", 100);
  flow.assign({0});
  flow.deliver_and_process(0);
  flow.await_batches(1);
  flow.stop();
  const SteadyTime asked = flow.now;
  Duration given_up_after = seconds(20);
  while (!flow.pipeline.closed() && flow.now - asked < seconds(20)) {
    const SteadyTime next = flow.pipeline.next_deadline(flow.now);
    flow.advance(std::max<Duration>(next - flow.now, milliseconds(1)));
    if (flow.batches.empty()) given_up_after = std::min<Duration>(given_up_after, flow.now - asked);
  }
  EXPECT_LE(given_up_after, seconds(6));  // leaves time for the last commit and for leaving the group
  EXPECT_LE(flow.now - asked, seconds(8));
  EXPECT_EQ(flow.committed(0), 0);
}

TEST(StopTest, StopAtTimestampEndsWhenEveryPartitionHasReachedIt) {
  auto settings = Flow::default_settings();
  settings.stop_at_timestamp_ms = 50;
  Flow flow(settings);
  for (int i = 0; i < 100; ++i) flow.produce(0, "row", 1, i);
  flow.produce(1, "row", 10, 5);
  flow.assign({0, 1});
  flow.deliver(0);
  flow.deliver(1);
  flow.end_of(1);
  while (flow.work()) {
  }
  flow.settle();
  EXPECT_TRUE(flow.pipeline.closed());
  EXPECT_EQ(flow.pipeline.end(), End::Finished);
  EXPECT_EQ(flow.committed(0), 51);
  EXPECT_EQ(flow.committed(1), 10);
  EXPECT_EQ(flow.table.size(), 61u);
}

// Chunks that arrive after the decision to stop are not accepted, so an end of partition after them covers nothing.
TEST(StopTest, TheEndOfAPartitionCommitsNothingThatWasNotTaken) {
  for (const bool by_timestamp : {false, true}) {
    auto settings = Flow::default_settings();
    if (by_timestamp) settings.stop_at_timestamp_ms = 50;
    Flow flow(settings);
    flow.produce(0, "row", 10, 5);
    flow.assign({0, 1});
    flow.deliver_and_process(0);
    by_timestamp ? flow.end_of(0) : flow.stop();  // partition 1 has not reached its end
    flow.produce(0, "row", 10, 5);
    flow.deliver(0);
    flow.end_of(0);
    flow.end_of(1);
    flow.settle();
    EXPECT_TRUE(flow.pipeline.closed());
    EXPECT_EQ(flow.committed(0), 10);
    EXPECT_EQ(flow.table.size(), 10u);
  }
}

// A renewal in progress pauses commits, and is not polled again once a drain has begun.
TEST(StopTest, StopAtTimestampWaitsForARenewalThatHoldsCommits) {
  auto settings = Flow::default_settings();
  settings.stop_at_timestamp_ms = 50;
  Flow flow(settings);
  for (int i = 0; i < 100; ++i) flow.produce(0, "row", 1, i);
  flow.assign({0});
  flow.pipeline.pause_commits(true);
  flow.deliver_and_process(0);
  flow.advance(seconds(3));
  flow.write();
  EXPECT_FALSE(flow.pipeline.ending());
  for (const bool handed_over : {false, true}) {
    if (handed_over) flow.hand_over();
    EXPECT_FALSE(flow.pipeline.closed());
  }
  flow.settle();
  EXPECT_TRUE(flow.pipeline.closed());
  EXPECT_EQ(flow.pipeline.end(), End::Finished);
  EXPECT_EQ(flow.committed(0), 51);
}

}  // namespace
}  // namespace freshet::flow
