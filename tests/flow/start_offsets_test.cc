// Where a partition resumes: after retention, after a reset, after an operator's decision.
#include "flow.h"

namespace freshet::flow {
namespace {

// While a revoke is unanswered, the library does not know yet where a partition resumes. What it delivers until then is
// from the old position and would leave a gap.
TEST(StartOffsetsTest, WhatComesBeforeTheLibraryKnowsOfAMoveIsDropped) {
  for (const bool end : {false, true}) {
    Flow flow;
    flow.produce(0, "row", 20);
    flow.produce(1, "row", 10);
    flow.assign({0, 1});
    flow.deliver(0, 10);
    flow.deliver_and_process(1);
    flow.work();
    flow.advance(seconds(3));
    flow.stick(0);
    flow.revoke({1});
    ASSERT_TRUE(flow.revoke_waits());
    flow.unstick(0, 0);
    EXPECT_FALSE(flow.deliver(0, 10));
    if (end) flow.end_of(0);
    flow.settle();
    EXPECT_EQ(flow.committed(0), 20);
    EXPECT_EQ(flow.status().messages_consumed, 40u) << "the ten of before are read again, and then the other ten";
    flow.assign({1});
    flow.settles_complete();
  }
}

// Retention passes a chunk in flight, and the reset policy commits an offset after it. The look-up ends while the
// partition is drained: the drain must not commit a lower offset.
TEST(StartOffsetsTest, WhatIsDrainedCommitsNothingBelowWhatTheResetPolicyCommittedMeanwhile) {
  Flow flow;
  flow.produce(0, "row", 30);
  flow.assign({0});
  flow.deliver_and_process(0, 10);
  flow.await_batches(1);
  ASSERT_TRUE(flow.fall_out_of_range(0, 20));
  flow.revoke({0});
  ASSERT_TRUE(flow.reset_offset(0, 20));
  flow.write();
  flow.advance(seconds(10));
  EXPECT_FALSE(flow.commit_waits());
  EXPECT_FALSE(flow.revoke_waits());
  flow.assign({0});
  flow.settles_complete();
}

TEST(StartOffsetsTest, AnOperatorsSkipWaitsUntilItIsKnownWhereThePartitionGoesOn) {
  Flow flow(Flow::default_settings(), {}, false);
  flow.produce(0, "bad");
  flow.produce(0, "row", 29);
  flow.assign({0});
  flow.deliver_and_process(0, 1);
  ASSERT_NE(flow.status().partitions[0].blocked, "");
  ASSERT_TRUE(flow.fall_out_of_range(0, 20));
  flow.dropped = {{0, 0}};
  const auto early = flow.skip(0, 25);
  ASSERT_FALSE(early);
  EXPECT_EQ(early.error().kind, ErrorKind::Retry) << early.error().text;
  ASSERT_TRUE(flow.reset_offset(0, 20));
  for (int64_t offset = 20; offset < 25; ++offset) flow.dropped.insert({0, offset});
  EXPECT_TRUE(flow.skip(0, 25));
  flow.settles_complete();
}

TEST(StartOffsetsTest, AnOffsetThatTheResetPolicyCommittedIsNeverSetBack) {
  Flow flow;
  flow.produce(0, "row", 30);
  flow.assign({0});
  flow.deliver_and_process(0, 5);
  flow.advance(seconds(3));
  flow.deliver_and_process(0, 5);
  flow.await_batches(2);
  ASSERT_TRUE(flow.fall_out_of_range(0, 20));
  flow.write();  // the first of the two: 5 could be committed
  flow.advance(seconds(3));
  EXPECT_FALSE(flow.commit_waits()) << "while the offset at which the partition resumes is looked up";
  ASSERT_TRUE(flow.reset_offset(0, 20));
  flow.advance(seconds(3));
  EXPECT_FALSE(flow.commit_waits()) << "backwards: 20 is committed";
  EXPECT_EQ(flow.status().partitions[0].committed, Offset{20});
  flow.settles_complete();
  EXPECT_EQ(flow.table.size(), 20u);
}

// The watchdog requests a refetch during a look-up. The old position must not be used: the topic may have been
// recreated.
TEST(StartOffsetsTest, APartitionThatIsLookedUpIsNotFetchedAnewFromItsOldPosition) {
  Flow flow;
  flow.produce(0, "row", 30);
  flow.assign({0});
  flow.deliver(0, 10);
  ASSERT_TRUE(flow.fall_out_of_range(0, 20));
  flow.refetch(0);
  EXPECT_FALSE(flow.deliver(0, 10));
  EXPECT_TRUE(flow.reset_offset(0, 20)) << "the answer of the look-up counts";
  flow.settles_complete();
}

// The commit is queued at the coordinator and would arrive after the offset that the policy commits.
TEST(StartOffsetsTest, ACommitThatIsUnderWayIsAnsweredBeforeAnOffsetIsReset) {
  Flow flow;
  flow.produce(0, "row", 30);
  flow.assign({0});
  flow.deliver_and_process(0, 5);
  flow.advance(seconds(3));
  flow.write();
  flow.advance(seconds(3));
  ASSERT_TRUE(flow.commit_waits());
  flow.deliver(0, 5);
  ASSERT_TRUE(flow.fall_out_of_range(0, 20));
  EXPECT_FALSE(flow.reset_offset(0, 20));
  flow.commit();
  EXPECT_TRUE(flow.reset_offset(0, 20));
  flow.settles_complete();
}

TEST(StartOffsetsTest, AnotherPartitionsRejectedCommitDecidesNothingForABlockedOne) {
  Flow flow;
  flow.produce(0, "row", 10);
  flow.produce(1, "row", 10);
  flow.assign({0});
  flow.source(PartitionsAssigned{{{Partition{1}, Offset{4}, "no start"}}, 2});
  flow.deliver_and_process(0);
  flow.advance(seconds(3));
  flow.write();
  flow.advance(seconds(3));
  ASSERT_TRUE(flow.commit(false));
  flow.advance(seconds(3));
  flow.commit();
  EXPECT_EQ(flow.committed(1), 0) << "where the partition begins is for the operator to say";
}

// The operator's offset is committed, even if it is lower, so that a restart does not ask again.
TEST(StartOffsetsTest, WhereTheOperatorGoesOnIsCommittedAtOnce) {
  Flow flow;
  flow.produce(0, "row", 10);
  flow.assign({0});
  flow.deliver(0);
  flow.settle();
  ASSERT_EQ(flow.committed(0), 10);
  flow.stick(0);
  flow.operator_decided[0] = 4;
  ASSERT_TRUE(flow.skip(0, 4));
  flow.advance(seconds(3));
  ASSERT_TRUE(flow.commit());
  EXPECT_EQ(flow.committed(0), 4);
  flow.settles_complete();
  EXPECT_EQ(flow.table.size(), 16u);
}

}  // namespace
}  // namespace freshet::flow
