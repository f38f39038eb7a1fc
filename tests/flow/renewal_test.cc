// What happens to a partition when consumers and assignments change.
#include "flow.h"

namespace freshet::flow {
namespace {

// One batch is stored, one is in flight, some rows are in no batch yet, and the workers have a chunk.
void fill(Flow& flow) {
  flow.produce(0, "row", 40);
  flow.assign({0});
  flow.deliver_and_process(0, 10);
  flow.advance(seconds(3));
  flow.write();
  flow.advance(seconds(3));
  flow.commit();
  flow.deliver_and_process(0, 10);
  flow.advance(seconds(3));
  flow.deliver_and_process(0, 10);
  flow.deliver(0, 10);
  ASSERT_EQ(flow.batches.size(), 1u);
  ASSERT_EQ(flow.work_waits(), 1u);
  ASSERT_EQ(flow.committed(0), 10);
}

void expect_all_once(Flow& flow) {
  flow.settles_exactly_once();
  EXPECT_EQ(flow.status().messages_consumed, 40u) << "a second read";
  EXPECT_EQ(flow.status().in_flight_bytes, 0u);
}

TEST(FlowRenewalTest, AConsumerThatContinuesTheMembershipChangesNothing) {
  Flow flow;
  fill(flow);
  const uint64_t rebalances = flow.status().rebalances;
  flow.hand_over();
  EXPECT_EQ(flow.status().rebalances, rebalances);
  EXPECT_EQ(flow.status().consumer_number, 2u);
  expect_all_once(flow);
}

TEST(FlowRenewalTest, ACommitWhoseAnswerIsLostInTheHandOverIsSentAgain) {
  for (const bool arrived : {false, true}) {
    Flow flow;
    fill(flow);
    flow.write();
    flow.advance(seconds(3));
    ASSERT_TRUE(flow.commit_waits());
    flow.hand_over(arrived);
    expect_all_once(flow);
  }
}

TEST(FlowRenewalTest, APartitionThatComesStraightBackGoesOnWithoutASecondRead) {
  Flow flow;
  fill(flow);
  flow.revoke({0});
  EXPECT_TRUE(flow.revoke_waits()) << "what is sealed is finished first: another member may get the partition";
  flow.write();
  flow.commit();
  EXPECT_FALSE(flow.revoke_waits());
  EXPECT_EQ(flow.committed(0), 20);
  flow.work();
  EXPECT_TRUE(flow.batches.empty()) << "nothing is written of a partition that is not owned";
  flow.advance(seconds(60));
  EXPECT_TRUE(flow.batches.empty());
  flow.assign({0});
  expect_all_once(flow);
}

TEST(FlowRenewalTest, ALostPartitionThatNobodyCommittedMeanwhileGoesOn) {
  Flow flow;
  fill(flow);
  flow.revoke({0}, true);
  EXPECT_FALSE(flow.revoke_waits());
  flow.write();
  EXPECT_FALSE(flow.commit_waits());
  flow.assign({0});
  expect_all_once(flow);
}

TEST(FlowRenewalTest, APartitionThatAnotherMemberCommittedBeginsAnew) {
  Flow flow;
  fill(flow);
  flow.revoke({0});
  flow.write();
  flow.commit();
  flow.consumed_elsewhere(0, 30, 30);
  flow.assign({0});
  flow.work();  // a chunk of the old assignment
  flow.settles_exactly_once();
  EXPECT_EQ(flow.status().messages_consumed, 50u);
}

TEST(FlowRenewalTest, AnOffsetThatWasSetBackIsFollowed) {
  Flow flow;
  fill(flow);
  flow.revoke({0});
  flow.write();
  flow.commit();
  flow.set_committed(0, 5);
  flow.assign({0});
  flow.settles_complete();
  EXPECT_EQ(flow.status().messages_consumed, 75u);
}

TEST(FlowRenewalTest, APartitionThatDoesNotComeBackIsForgotten) {
  Flow flow;
  flow.produce(1, "row", 10);
  fill(flow);
  flow.revoke({0});
  flow.write();
  flow.commit();
  flow.assign({1});
  EXPECT_EQ(flow.status().partitions.size(), 1u);
  EXPECT_EQ(flow.status().abandoned, 20u);
  flow.work();
  flow.settle();
  EXPECT_EQ(flow.committed(0), 20);
  EXPECT_EQ(flow.committed(1), 10);
  EXPECT_EQ(flow.status().in_flight_bytes, 0u);
}

TEST(FlowRenewalTest, LeavingFinishesWhatIsSealedAndTheNextConsumerGoesOn) {
  Flow flow;
  fill(flow);
  flow.leave();
  EXPECT_TRUE(flow.closing);
  flow.revoke({0});
  EXPECT_TRUE(flow.revoke_waits());
  flow.work();
  flow.write();
  flow.commit();
  EXPECT_FALSE(flow.revoke_waits());
  flow.source(ConsumerClosed{});
  EXPECT_TRUE(flow.pipeline.closed());
  EXPECT_EQ(flow.pipeline.end(), End::Renewed);
  flow.start_next_consumer();
  flow.assign({0});
  expect_all_once(flow);
}

// Its rows could not enter a batch before the next consumer and would only use more memory.
TEST(FlowRenewalTest, NothingIsProcessedBeyondTheMemoryLimitWhileTheGroupIsLeft) {
  auto settings = Flow::default_settings();
  settings.memory_limit = 2'000;
  Flow flow(settings);
  for (int32_t p = 0; p < 3; ++p) flow.produce(p, "row", 200);
  flow.assign({0, 1, 2});
  for (int32_t p = 0; p < 3; ++p) flow.deliver(p, 100);
  flow.leave();
  const uint64_t held = flow.status().in_flight_bytes;
  while (flow.work()) {
  }
  EXPECT_EQ(flow.status().in_flight_bytes, held);
  flow.revoke({0, 1, 2});
  EXPECT_FALSE(flow.revoke_waits());
  flow.source(ConsumerClosed{});
  flow.start_next_consumer();
  flow.assign({0, 1, 2});
  flow.settles_exactly_once();
}

TEST(FlowRenewalTest, LeavingEndsWithinItsDeadlineWhateverHangs) {
  Flow flow;
  fill(flow);
  flow.leave();
  flow.revoke({0});
  flow.advance(milliseconds(6001));
  EXPECT_FALSE(flow.revoke_waits());
  EXPECT_FALSE(flow.pipeline.closed());
  flow.advance(milliseconds(2000));
  EXPECT_TRUE(flow.pipeline.closed());
  EXPECT_EQ(flow.pipeline.end(), End::Renewed);
}

// The unfinished batch belongs to a partition that continues: if it were dropped, no later offset could be committed.
TEST(FlowRenewalTest, WhatHangsWhileTheGroupIsLeftGoesOnWithItsPartition) {
  Flow flow;
  fill(flow);
  flow.leave();
  flow.revoke({0});
  flow.advance(milliseconds(6001));
  flow.advance(milliseconds(2000));
  ASSERT_TRUE(flow.pipeline.closed());
  EXPECT_EQ(flow.batches.size(), 1u);
  flow.start_next_consumer();
  flow.lose_everything();
  flow.assign({0});
  flow.settles_exactly_once();
  EXPECT_EQ(flow.status().in_flight_bytes, 0u);
}

// The new owners read its rows again, and it would occupy a writer for as long as ClickHouse is unavailable.
TEST(FlowRenewalTest, ABatchWhosePartitionsAreAllGoneIsDropped) {
  Flow flow;
  fill(flow);
  flow.produce(1, "row", 10);
  flow.assign({1});
  flow.deliver(1);
  while (flow.work()) {
  }
  flow.await_batches(2);
  flow.revoke({0});
  flow.advance(seconds(8));
  EXPECT_FALSE(flow.revoke_waits());
  EXPECT_EQ(flow.batches.size(), 2u) << "it may come straight back";
  flow.advance(seconds(8));
  ASSERT_EQ(flow.batches.size(), 1u);
  EXPECT_EQ(flow.batches[0]->parts.size(), 2u) << "a batch with rows of a partition that is still ours continues";
  flow.settle();
  EXPECT_EQ(flow.committed(1), 10);
  EXPECT_EQ(flow.status().in_flight_bytes, 0u);
  flow.assign({0});
  flow.settles_complete();
}

TEST(FlowRenewalTest, ABrokenConsumerKeepsWhatIsUnderWayUntilTheDrainDeadline) {
  Flow flow;
  fill(flow);
  flow.source(SourceFault{{ErrorKind::Renew, 1, "fatal"}});
  EXPECT_EQ(flow.pipeline.end(), End::Broken);
  flow.start_next_consumer();
  flow.lose_everything();
  flow.write();
  flow.assign({0});
  expect_all_once(flow);
}

TEST(FlowRenewalTest, WhatIsUnderWayForTooLongWithoutAnOwnerIsAbandoned) {
  Flow flow;
  fill(flow);
  flow.source(SourceFault{{ErrorKind::Renew, 1, "fatal"}});
  flow.start_next_consumer();
  flow.lose_everything();
  flow.advance(seconds(9));
  EXPECT_TRUE(flow.batches.empty());
  while (flow.work()) {
  }
  EXPECT_EQ(flow.status().in_flight_bytes, 0u);
  flow.assign({0});
  flow.settles_complete();
}

// Regardless of the number of renewals, the age of rows counts from when they could first enter a batch.
TEST(FlowRenewalTest, RowsDoNotGetYoungerByARenewal) {
  LiveOptions options;
  options.max_batch_time = seconds(10);
  Flow flow(Flow::default_settings(), options);
  flow.produce(0, "row", 10);
  flow.assign({0, 1});
  flow.deliver_and_process(0);
  for (int i = 0; i < 9; ++i) {
    flow.advance(seconds(1));
    flow.hand_over();
    EXPECT_TRUE(flow.batches.empty());
  }
  flow.produce(1, "row", 10);  // younger rows of another partition
  flow.deliver_and_process(1);
  flow.hand_over();
  flow.advance(seconds(1));
  EXPECT_EQ(flow.batches.size(), 1u) << "it is never full of age";
  flow.settles_exactly_once();
}

TEST(FlowRenewalTest, CommitsWaitWhileTheyAreHeld) {
  Flow flow;
  fill(flow);
  flow.pipeline.pause_commits(true);
  flow.write();
  flow.advance(seconds(30));
  EXPECT_FALSE(flow.commit_waits());
  EXPECT_GE(flow.pipeline.next_deadline(flow.now) - flow.now, milliseconds(100)) << "and the loop does not spin";
  flow.pipeline.pause_commits(false);
  flow.advance(milliseconds(1));
  EXPECT_TRUE(flow.commit_waits());
}

TEST(FlowRenewalTest, WhatIsDrainedBeforeItGoesIsCommittedWhoeverHoldsCommits) {
  for (const bool batches_too : {false, true}) {
    Flow flow;
    fill(flow);
    flow.pipeline.pause_commits(true);
    flow.pipeline.pause_batches(batches_too);
    flow.revoke({0});
    EXPECT_TRUE(flow.pipeline.consumer_state().revoking);
    flow.write();
    flow.commit();
    EXPECT_FALSE(flow.revoke_waits());
    EXPECT_FALSE(flow.pipeline.consumer_state().revoking);
    EXPECT_EQ(flow.committed(0), 20);
    flow.pipeline.pause_commits(false);
    flow.pipeline.pause_batches(false);
    flow.assign({0});
    expect_all_once(flow);
  }
}

// Our own next client fenced it, and its join may take long. Nobody else gets the partition meanwhile.
TEST(FlowRenewalTest, WhatIsLostToTheNextClientIsNotDroppedHoweverLongItsJoinTakes) {
  Flow flow;
  fill(flow);
  flow.pipeline.pause_commits(true);
  flow.pipeline.pause_batches(true);
  flow.revoke({0}, true);
  EXPECT_FALSE(flow.pipeline.consumer_state().revoking);
  flow.advance(seconds(60));
  flow.write();
  flow.hand_over_into_a_rebalance();
  flow.assign({0});
  expect_all_once(flow);
}

// A client of this process, abandoned since, fenced it: see ClientEnd::FencedByOwnClient.
TEST(FlowRenewalTest, AConsumerThatOurOwnClientFencedContinuesInTheNext) {
  Flow flow;
  fill(flow);
  flow.source(SourceFault{{ErrorKind::Renew, 1, "fenced"}, false, false});
  EXPECT_EQ(flow.pipeline.end(), End::Broken);
  flow.write();
  flow.start_next_consumer();
  flow.assign({0});
  expect_all_once(flow);
}

// The hanging insert is dropped; what is already stored is not read again.
TEST(FlowRenewalTest, OnlyWhatIsUnfinishedIsDroppedWhenALostPartitionStaysAway) {
  Flow flow;
  flow.produce(1, "row", 10);
  fill(flow);
  flow.revoke({0}, true);
  flow.write();
  flow.advance(seconds(60));
  flow.assign({0});
  flow.assign({1});
  flow.settles_exactly_once();
}

// While another client takes over the membership nobody can commit: what is stored then might be stored twice.
TEST(FlowRenewalTest, NoInsertBeginsWhileBatchesAreHeld) {
  Flow flow;
  fill(flow);
  flow.pipeline.pause_batches(true);
  flow.advance(seconds(30));
  EXPECT_EQ(flow.batches.size(), 1u);
  EXPECT_GE(flow.pipeline.next_deadline(flow.now) - flow.now, milliseconds(100)) << "and the loop does not spin";
  flow.pipeline.pause_batches(false);
  flow.advance(milliseconds(1));
  EXPECT_EQ(flow.batches.size(), 2u);
  flow.pipeline.pause_batches(true);
  flow.hand_over();
  expect_all_once(flow);
}

TEST(FlowRenewalTest, BackpressureAndHoldsAreCarriedAcross) {
  FlowSettings settings = Flow::default_settings();
  Flow flow(settings, {}, false);
  flow.produce(0, "row", 5);
  flow.produce(0, "bad");
  flow.produce(1, "row", 5);
  flow.assign({0});
  flow.assign({1});
  flow.deliver_and_process(0);
  ASSERT_TRUE(flow.paused(0));
  flow.hand_over();
  EXPECT_TRUE(flow.paused(0));
  EXPECT_FALSE(flow.paused(1));
  EXPECT_FALSE(flow.status().partitions[0].blocked.empty());
}

// A process that was suspended between two consumers has dropped its partitions. The continued assignment has no start
// offset.
TEST(FlowRenewalTest, APartitionWhoseStreamIsGoneStartsNowhereUntilItsOffsetIsKnown) {
  Flow flow;
  fill(flow);
  flow.pipeline.hand_over(flow.now);
  flow.advance(seconds(10));
  flow.start_next_consumer();
  flow.source(PartitionsAssigned{{{Partition{0}, Offset{-1}, ""}}, 1, true});
  EXPECT_FALSE(flow.deliver(0)) << "from an end offset: everything before it is lost";
  flow.unstick(0, flow.committed(0));
  flow.settles_complete();
}

}  // namespace
}  // namespace freshet::flow
