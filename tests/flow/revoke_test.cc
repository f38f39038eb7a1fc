// A revoke: what is finished and committed before it is answered.
#include "flow.h"

namespace freshet::flow {
namespace {

TEST(RevokeTest, ARevokeDrainsWhatWasSealedCommitsItAndForgetsTheRest) {
  LiveOptions options;
  options.max_batch_rows = 10;
  Flow flow(Flow::default_settings(), options);
  flow.produce(0, "row", 30);
  flow.produce(1, "row", 10);
  flow.assign({0, 1});
  flow.deliver_and_process(0, 10);  // sealed
  flow.deliver_and_process(0, 5);   // rows queued for a batch
  flow.deliver(0, 5);               // not processed
  flow.revoke({0});
  EXPECT_TRUE(flow.revoke_waits());
  flow.write();
  EXPECT_TRUE(flow.revoke_waits());
  flow.commit();
  EXPECT_FALSE(flow.revoke_waits());
  EXPECT_EQ(flow.committed(0), 10);
  while (flow.work()) {
  }
  flow.assign({0});
  flow.settles_exactly_once();
}

TEST(RevokeTest, ARevokeDoesNotWaitLongerThanTheDrainDeadline) {
  Flow flow;
  flow.produce(0, "row", 10);
  flow.assign({0});
  flow.deliver_and_process(0);
  flow.await_batches(1);
  flow.revoke({0});
  flow.advance(seconds(7));
  EXPECT_TRUE(flow.revoke_waits());
  flow.advance(seconds(2));
  EXPECT_FALSE(flow.revoke_waits());
  flow.write();  // too late: stored, but owned by another member
  flow.advance(seconds(3));
  EXPECT_FALSE(flow.commit_waits());
}

TEST(RevokeTest, LostPartitionsAreForgottenAtOnceWithoutACommit) {
  Flow flow;
  flow.produce(0, "row", 10);
  flow.assign({0});
  flow.deliver_and_process(0);
  flow.advance(seconds(3));
  flow.write();
  flow.revoke({0}, true);
  EXPECT_FALSE(flow.revoke_waits());
  flow.advance(seconds(3));
  EXPECT_FALSE(flow.commit_waits() && flow.owns(0));
}

// Two partitions are revoked with ten stored rows each, while the commit of both is in flight.
void commit_while_revoked(Flow& flow) {
  flow.produce(0, "row", 10);
  flow.produce(1, "row", 10);
  flow.assign({0, 1});
  for (int p = 0; p < 2; ++p) {
    flow.deliver_and_process(p);
  }
  flow.advance(seconds(3));
  flow.revoke({0, 1});
  flow.write();
  ASSERT_TRUE(flow.commit_waits());
}

TEST(RevokeTest, ARejectedCommitDuringARevokeIsSentAgainWhileThereIsTime) {
  Flow flow;
  commit_while_revoked(flow);
  EXPECT_TRUE(flow.commit(false));
  EXPECT_TRUE(flow.revoke_waits()) << "what is stored would be read and stored again by the next owner";
  flow.advance(seconds(1));
  EXPECT_TRUE(flow.commit());
  EXPECT_FALSE(flow.revoke_waits());
  EXPECT_EQ(flow.committed(0), 10);
  EXPECT_EQ(flow.committed(1), 10);
}

TEST(RevokeTest, ARevokeDoesNotWaitForOffsetsThatTheBrokerWillNeverTake) {
  Flow flow;
  commit_while_revoked(flow);
  EXPECT_TRUE(flow.commit(false, true));
  EXPECT_FALSE(flow.revoke_waits());
}

// The answers to commits do not wait behind messages, as revokes do. What was rejected is committed once more: a member
// whose epoch was only old (KIP-848) may commit again.
TEST(RevokeTest, ARejectionThatOvertakesItsRevokeCostsOneMoreCommit) {
  for (const bool accepted : {false, true}) {
    Flow flow;
    flow.produce(0, "row", 10);
    flow.assign({0});
    flow.deliver_and_process(0);
    flow.advance(seconds(3));
    ASSERT_TRUE(flow.write());
    flow.advance(seconds(3));
    ASSERT_TRUE(flow.commit(false, true));
    flow.revoke({0});
    EXPECT_TRUE(flow.revoke_waits());
    flow.advance(Flow::default_settings().commit_interval);
    ASSERT_TRUE(flow.commit(accepted, true));
    EXPECT_FALSE(flow.revoke_waits());
    EXPECT_EQ(flow.committed(0), accepted ? 10 : 0);
  }
}

TEST(RevokeTest, APartitionWhoseOffsetIsRejectedForGoodTakesNoOtherWithIt) {
  Flow flow;
  commit_while_revoked(flow);
  flow.commit(false);
  flow.advance(seconds(1));
  EXPECT_TRUE(flow.commit_but({0}, true));
  EXPECT_FALSE(flow.revoke_waits());
  EXPECT_EQ(flow.committed(0), 0);
  EXPECT_EQ(flow.committed(1), 10);
}

TEST(RevokeTest, ARevokeWaitsForRejectedCommitsUntilItsDeadlineOnly) {
  Flow flow;
  commit_while_revoked(flow);
  for (int i = 0; i < 8; ++i) {
    EXPECT_TRUE(flow.revoke_waits());
    flow.commit(false);
    flow.advance(seconds(1));
  }
  EXPECT_FALSE(flow.revoke_waits());
}

}  // namespace
}  // namespace freshet::flow
