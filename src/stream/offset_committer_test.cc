#include "stream/offset_committer.h"

#include <gtest/gtest.h>

namespace freshet::stream {
namespace {

using std::chrono::seconds;

class OffsetCommitterTest : public testing::Test {
 protected:
  OffsetCommitterTest() {
    for (const int32_t p : {0, 1}) committer_.begin(Partition{p}, Offset{0});
  }
  // The offsets that are sent, by partition; -1 = none.
  std::pair<int64_t, int64_t> send(int64_t first, int64_t second) {
    std::pair<int64_t, int64_t> sent{-1, -1};
    for (const OffsetToCommit& one :
         committer_.send({{Partition{0}, {Offset{first}}}, {Partition{1}, {Offset{second}}}}, now_, {})) {
      (one.partition.value == 0 ? sent.first : sent.second) = one.next.value;
    }
    return sent;
  }
  static CommitResult accepted(std::vector<std::pair<Partition, Offset>> offsets) {
    return {std::move(offsets), {}, {}};
  }
  static CommitResult rejected(std::vector<Partition> for_good = {}) {
    return {{}, Error{ErrorKind::Retry, 27, "rebalance in progress"}, std::move(for_good)};
  }
  void pass(Duration by) { now_ += by; }
  bool may_send(bool draining = false) const { return committer_.may_send(now_, draining); }

  using Sent = std::pair<int64_t, int64_t>;
  OffsetCommitter committer_{seconds(1)};
  SteadyTime now_{std::chrono::hours(1)};
};

TEST_F(OffsetCommitterTest, OneIsOutstandingAtATimeAndOneIsSentPerInterval) {
  EXPECT_TRUE(may_send());
  EXPECT_EQ(send(0, 0), (Sent{-1, -1}));  // nothing beyond the group's offset
  EXPECT_FALSE(committer_.outstanding());
  EXPECT_EQ(send(5, 0), (Sent{5, -1}));
  EXPECT_TRUE(committer_.outstanding());
  EXPECT_FALSE(committer_.due());
  pass(seconds(2));
  EXPECT_FALSE(may_send(true));
  committer_.answered(accepted({{Partition{0}, Offset{5}}}));
  EXPECT_EQ(committer_.of(Partition{0}).acknowledged(), Offset{5});
  EXPECT_TRUE(may_send());
  EXPECT_EQ(send(5, 7), (Sent{-1, 7}));
  committer_.answered(accepted({{Partition{1}, Offset{7}}}));
  EXPECT_FALSE(may_send());
  EXPECT_EQ(committer_.due(), now_ + seconds(1));
  EXPECT_TRUE(may_send(true)) << "the last commit of a stop waits for no interval";
}

TEST_F(OffsetCommitterTest, WhatIsRejectedIsSentAgainAfterTheInterval) {
  EXPECT_EQ(send(5, 7), (Sent{5, 7}));
  CommitResult partly = rejected();
  partly.committed = {{Partition{0}, Offset{5}}};
  committer_.answered(partly);
  EXPECT_FALSE(may_send(true));
  pass(seconds(1));
  EXPECT_TRUE(may_send());
  EXPECT_EQ(send(5, 7), (Sent{-1, 7}));
}

TEST_F(OffsetCommitterTest, AHoldStopsAllCommitsButThoseOfADrain) {
  committer_.pause(true);
  EXPECT_FALSE(may_send());
  EXPECT_FALSE(committer_.due());
  committer_.begin_revoke(true);
  EXPECT_FALSE(may_send());
  committer_.begin_revoke(false);
  EXPECT_TRUE(may_send());
  committer_.end_revoke();
  EXPECT_FALSE(may_send());
  committer_.consumer_started();
  EXPECT_TRUE(may_send());
}

TEST_F(OffsetCommitterTest, TheBrokerRejectsAPartitionForGoodUntilTheRevokeIsAnswered) {
  EXPECT_EQ(send(5, 7), (Sent{5, 7}));
  committer_.begin_revoke(false);
  EXPECT_FALSE(committer_.rejects(Partition{0}));
  committer_.answered(rejected({Partition{0}}));
  EXPECT_TRUE(committer_.rejects(Partition{0}));
  EXPECT_FALSE(committer_.rejects(Partition{1}));
  committer_.end_revoke();
  EXPECT_FALSE(committer_.rejects(Partition{0}));
  committer_.begin_revoke(true);
  EXPECT_TRUE(committer_.rejects(Partition{1})) << "it belongs to somebody else already";
}

TEST_F(OffsetCommitterTest, AConsumerThatEndsWaitsForNoAnswer) {
  EXPECT_EQ(send(5, 7), (Sent{5, 7}));
  committer_.consumer_ended();
  EXPECT_FALSE(committer_.outstanding());
  committer_.drop(Partition{0});
  committer_.answered(accepted({{Partition{0}, Offset{5}}}));  // a dropped partition: ignored
}

TEST(CommitProgressTest, WhatIsSentOnlyGrows) {
  CommitProgress progress(Offset{10});
  EXPECT_FALSE(progress.wants(Offset{10}, 0));
  EXPECT_TRUE(progress.wants(Offset{11}, 0));
  progress.sent({Offset{20}});
  EXPECT_FALSE(progress.wants(Offset{20}, 0));
  progress.accepted(Offset{20}, {});
  progress.accepted(Offset{15}, {});  // a late answer
  EXPECT_EQ(progress.acknowledged(), Offset{20});
  progress.sent({Offset{30}});
  progress.resend();
  EXPECT_TRUE(progress.wants(Offset{30}, 0));
  EXPECT_FALSE(progress.wants(Offset{20}, 0));
  progress.decided_by_operator();
  EXPECT_TRUE(progress.wants(Offset{0}, 0));
  EXPECT_FALSE(progress.acknowledged());
}

TEST(CommitProgressTest, SomebodyElseWentOnIfTheBrokerHasMoreThanIsFinishedHere) {
  CommitProgress progress(Offset{10});
  EXPECT_TRUE(progress.not_overtaken(Offset{10}, Offset{30}));
  EXPECT_TRUE(progress.not_overtaken(Offset{30}, Offset{30}));
  EXPECT_FALSE(progress.not_overtaken(Offset{31}, Offset{30}));
  EXPECT_FALSE(progress.not_overtaken(Offset{9}, Offset{30}));
  progress.accepted(Offset{20}, {});
  EXPECT_FALSE(progress.not_overtaken(Offset{15}, Offset{30}));
}

// --- plans

CommitPoint point(int64_t next, uint64_t version, std::string plan, int64_t frontier) {
  return {Offset{next}, version, std::move(plan), Offset{frontier}};
}

TEST(CommitProgressTest, ANewPlanIsSentWithoutANewOffset) {
  CommitProgress progress(Offset{10});
  EXPECT_TRUE(progress.wants(Offset{10}, 1));
  progress.sent(point(10, 1, "plan=5:s", 15));
  EXPECT_FALSE(progress.wants(Offset{10}, 1));
  EXPECT_FALSE(progress.has_plan(1, Offset{14})) << "not acknowledged";
  progress.accepted(Offset{10}, {});
  EXPECT_TRUE(progress.has_plan(1, Offset{14}));
  EXPECT_FALSE(progress.has_plan(1, Offset{15})) << "beyond what the commit said";
  EXPECT_FALSE(progress.has_plan(2, Offset{14}));
  EXPECT_TRUE(progress.wants(Offset{10}, 2));
}

TEST(CommitProgressTest, RecognisesWhatItCommitted) {
  CommitProgress progress(Offset{10});
  progress.known(point(10, 0, "", 10), {});
  progress.sent(point(10, 1, "plan=5:s", 15));
  EXPECT_TRUE(progress.recognises(Offset{10}, "", {})) << "the commit did not arrive";
  EXPECT_FALSE(progress.has_plan(1, Offset{14}));
  EXPECT_TRUE(progress.recognises(Offset{10}, "plan=5:s", {})) << "its answer was lost";
  EXPECT_TRUE(progress.has_plan(1, Offset{14}));
  EXPECT_FALSE(progress.recognises(Offset{12}, "plan=5:s", {}));
  EXPECT_FALSE(progress.recognises(Offset{10}, "plan=6:s", {}));
}

TEST(CommitProgressTest, WhatIsKnownAgesFromTheQuestionOn) {
  CommitProgress progress(Offset{10});
  progress.known(point(10, 0, "plan=5:s", 15), seconds(3));
  EXPECT_EQ(progress.confirmed_at(), seconds(3));
  EXPECT_FALSE(progress.wants(Offset{10}, 0));
  progress.confirm_again();
  EXPECT_TRUE(progress.wants(Offset{10}, 0)) << "with nothing new";
  EXPECT_FALSE(progress.wants(Offset{9}, 0));
  progress.sent(point(10, 0, "plan=5:s", 15));
  EXPECT_FALSE(progress.wants(Offset{10}, 0));
  progress.accepted(Offset{10}, seconds(7));
  EXPECT_EQ(progress.confirmed_at(), seconds(7));
  EXPECT_TRUE(progress.recognises(Offset{10}, "plan=5:s", seconds(9)));
  EXPECT_EQ(progress.confirmed_at(), seconds(9));
}

TEST_F(OffsetCommitterTest, APlanAcknowledgedForAnEarlierMembershipDoesNotCount) {
  const auto send_plan = [&] { return committer_.send({{Partition{0}, point(0, 1, "plan=5:s", 5)}}, now_, {}).size(); };
  EXPECT_EQ(send_plan(), 1u);
  committer_.membership_changed();
  committer_.answered(accepted({{Partition{0}, Offset{0}}}));
  EXPECT_FALSE(committer_.of(Partition{0}).has_plan(1, Offset{4}));
  EXPECT_EQ(send_plan(), 1u) << "sent again";
  committer_.answered(accepted({{Partition{0}, Offset{0}}}));
  EXPECT_TRUE(committer_.of(Partition{0}).has_plan(1, Offset{4}));
}

TEST_F(OffsetCommitterTest, PlansBecomeShorterWhenTheBrokerRefusesThem) {
  const size_t before = committer_.max_plan_text();
  for (int i = 0; i < 10; ++i) {
    CommitResult refused = rejected();
    refused.plan_too_large = true;
    committer_.answered(refused);
    EXPECT_LE(committer_.max_plan_text(), before / 2);
  }
  EXPECT_EQ(committer_.max_plan_text(), 125u);
}

TEST_F(OffsetCommitterTest, NoPlanBecomesShorterThanTheBrokerHasAccepted) {
  const std::string plan = "plan=" + std::string(1500, 'x');
  committer_.send({{Partition{0}, point(0, 1, plan, 5)}}, now_, {});
  committer_.answered(accepted({{Partition{0}, Offset{0}}}));
  for (int i = 0; i < 10; ++i) {
    CommitResult refused = rejected();
    refused.plan_too_large = true;
    committer_.answered(refused);
  }
  EXPECT_EQ(committer_.max_plan_text(), plan.size());
}

}  // namespace
}  // namespace freshet::stream
