// Renewals and stops with a quantised rebalance delay.
#include "supervisor/renewal_test.h"

namespace freshet::supervisor {
namespace {

// The fake clock starts on a full hour; ten seconds later, the next multiple of 30 s is 20 s away.
class RenewalOnTheTickTest : public RenewalTest {
 protected:
  RenewalOnTheTickTest() {
    clock_.advance(10s);
    plan_.set(RenewalOptions{.enabled = true, .tick = 30s});
  }
  void prepare_to_leave() {
    membership_.continuity = Membership::Continuity::Absent;
    ask();
    EXPECT_EQ(poll(), ConsumerCommand::Continue);
    script_.state = State::Ready;
  }
};

TEST_F(RenewalOnTheTickTest, ARenewalThatLeavesDoesSoOnTheTickAndConsumesMeanwhile) {
  prepare_to_leave();
  EXPECT_EQ(poll(), ConsumerCommand::Continue);
  clock_.advance(19s);
  EXPECT_EQ(poll(), ConsumerCommand::Continue);
  EXPECT_TRUE(script_.alive);
  EXPECT_EQ(decision_->reason(), EndReason::None);
  clock_.advance(1s);
  EXPECT_EQ(poll(), ConsumerCommand::Leave);
  EXPECT_EQ(decision_->reason(), EndReason::Renewal);
}

TEST_F(RenewalOnTheTickTest, AStaticRenewalIsNoLeaveAndDoesNotWait) {
  join();
  script_.state = State::Joined;
  EXPECT_EQ(poll(), ConsumerCommand::HandOver);
}

TEST_F(RenewalOnTheTickTest, AStopDuringARenewalsWaitCancelsItAndLeavesOnItsOwnTick) {
  prepare_to_leave();
  EXPECT_EQ(poll(), ConsumerCommand::Continue);
  stop();
  EXPECT_EQ(poll(), ConsumerCommand::Continue);
  EXPECT_FALSE(script_.alive);
  ASSERT_TRUE(requests_.last());
  EXPECT_EQ(requests_.last()->result, RenewalResult::Cancelled);
  EXPECT_EQ(requests_.last()->error, "a stop came first");
  clock_.advance(19s);
  EXPECT_EQ(poll(), ConsumerCommand::Continue);
  clock_.advance(1s);
  EXPECT_EQ(poll(), ConsumerCommand::Stop);
}

TEST_F(RenewalOnTheTickTest, ASecondSignalDuringThatWaitLeavesNow) {
  prepare_to_leave();
  poll();
  stop();
  EXPECT_EQ(poll(), ConsumerCommand::Continue);
  EXPECT_TRUE(stops_->hurry());
  EXPECT_EQ(poll(), ConsumerCommand::Stop);
}

TEST_F(RenewalOnTheTickTest, TheTimerSwitchedOffDuringTheWaitEndsIt) {
  prepare_to_leave();
  EXPECT_EQ(poll(), ConsumerCommand::Continue);
  plan_.set(RenewalOptions{.enabled = false, .tick = 30s});
  EXPECT_EQ(poll(), ConsumerCommand::Continue);
  EXPECT_FALSE(script_.alive);
  EXPECT_EQ(requests_.last()->result, RenewalResult::Cancelled);
  clock_.advance(60s);
  EXPECT_EQ(poll(), ConsumerCommand::Continue);
  EXPECT_FALSE(script_.alive);
}

TEST_F(RenewalOnTheTickTest, WhatAnOperatorWantsTooIsNotSwitchedOffWithTheTimer) {
  prepare_to_leave();
  poll();
  requests_.request(RenewalReason::Operator, "POST /renew");
  plan_.set(RenewalOptions{.enabled = false, .tick = 30s});
  EXPECT_EQ(poll(), ConsumerCommand::Continue);
  EXPECT_TRUE(script_.alive);
  EXPECT_NE(renewal_.under_way().find("next tick"), std::string::npos) << renewal_.under_way();
  EXPECT_NE(renewal_.under_way().find("in 20 s"), std::string::npos) << renewal_.under_way();
  clock_.advance(20s);
  EXPECT_EQ(poll(), ConsumerCommand::Leave);
}

TEST_F(RenewalOnTheTickTest, AWatchdogThatAsksDuringTheWaitIsHeard) {
  for (const RenewalReason reason : {RenewalReason::Watchdog, RenewalReason::Broken}) {
    prepare_to_leave();
    EXPECT_EQ(poll(), ConsumerCommand::Continue);
    requests_.request(reason, "stuck");
    EXPECT_EQ(poll(), ConsumerCommand::Leave) << "a consumer that is not well is not kept for the sake of a tick";
    next_consumer(1ms);
    poll();
    ASSERT_TRUE(requests_.last());
    EXPECT_EQ(requests_.last()->result, RenewalResult::Renewed);
    clock_.advance(2ms);
  }
}

TEST_F(RenewalOnTheTickTest, AStopOfAMemberAtRestWaitsAndNothingCanTurnItIntoARenewal) {
  poll();
  stop();
  EXPECT_EQ(poll(), ConsumerCommand::Continue);
  ask();
  EXPECT_EQ(poll(), ConsumerCommand::Continue);
  EXPECT_FALSE(script_.alive);
  EXPECT_TRUE(stops_->hurry());
  EXPECT_EQ(poll(), ConsumerCommand::Stop);
}

TEST_F(RenewalOnTheTickTest, AStopThatTheLoopHasNotSeenYetLetsNoRenewalBegin) {
  poll();
  stops_->begin();  // before the decision is claimed
  ask();
  EXPECT_EQ(poll(), ConsumerCommand::Continue);
  EXPECT_FALSE(script_.alive);
}

TEST_F(RenewalOnTheTickTest, AMemberThatNeverHadAnAssignmentDoesNotWait) {
  membership_.settled = false;
  poll();
  stop();
  EXPECT_EQ(poll(), ConsumerCommand::Stop);
}

TEST_F(RenewalOnTheTickTest, ARebalanceIsNoReasonToLeaveOffTheTick) {
  for (const bool stops_first : {true, false}) {
    SCOPED_TRACE(stops_first);
    stops_.emplace(clock_, plan_, null_log());
    begin();
    membership_.settled = true;
    EXPECT_EQ(poll(), ConsumerCommand::Continue);
    if (stops_first) stop();
    membership_.settled = false;
    consumer_.revoking = true;
    EXPECT_EQ(poll(), ConsumerCommand::Continue);
    if (!stops_first) stop();
    EXPECT_EQ(poll(), ConsumerCommand::Continue);
    consumer_.revoking = false;
    clock_.advance(19s);
    EXPECT_EQ(poll(), ConsumerCommand::Continue);
    clock_.advance(1s);
    EXPECT_EQ(poll(), ConsumerCommand::Stop);
    renewal_.consumer_ended();
    clock_.advance(10s);
  }
}

TEST_F(RenewalOnTheTickTest, AStopWhileARenewalWaitsForACommitLeavesOnItsTick) {
  ask();
  consumer_.commit_outstanding = true;
  poll();
  script_.state = State::Ready;
  EXPECT_EQ(poll(), ConsumerCommand::PauseCommits);
  stop();
  EXPECT_EQ(poll(), ConsumerCommand::Continue);
  EXPECT_FALSE(script_.alive);
  EXPECT_EQ(requests_.last()->result, RenewalResult::Cancelled);
  clock_.advance(20s);
  EXPECT_EQ(poll(), ConsumerCommand::Stop);
}

// The running consumer is fenced, now or soon; the next one consumes until the tick.
TEST_F(RenewalOnTheTickTest, AStopWhileTheNextConsumerJoinsLeavesOnItsTickWithThatOne) {
  join();
  stop();
  EXPECT_EQ(poll(), ConsumerCommand::PauseWrites);
  clock_.advance(5s);
  script_.state = State::Joined;
  EXPECT_EQ(poll(), ConsumerCommand::HandOver);
  renewal_.consumer_ended();
  EXPECT_TRUE(renewal_.has_next_member());
  EXPECT_NE(renewal_.take_next(), nullptr);
  begin();
  decision_->claim(EndReason::Stop);
  EXPECT_EQ(poll(), ConsumerCommand::Continue);
  clock_.advance(14s);
  EXPECT_EQ(poll(), ConsumerCommand::Continue);
  EXPECT_EQ(requests_.last()->result, RenewalResult::Renewed);
  clock_.advance(1s);
  EXPECT_EQ(poll(), ConsumerCommand::Stop);
}

TEST_F(RenewalOnTheTickTest, AStopBeforeTheNextConsumerHasAskedToJoinNeedsNoneOfIt) {
  join();
  script_.sent = false;  // it is still asking whether the group is stable
  stop();
  EXPECT_EQ(poll(), ConsumerCommand::Continue);
  EXPECT_FALSE(script_.alive);
  clock_.advance(20s);
  EXPECT_EQ(poll(), ConsumerCommand::Stop);
}

TEST_F(RenewalOnTheTickTest, TheTimerSwitchedOffBeforeTheJoinEndsTheRenewal) {
  ask();
  consumer_.commit_outstanding = true;
  poll();
  script_.state = State::Ready;
  EXPECT_EQ(poll(), ConsumerCommand::PauseCommits);
  plan_.set(RenewalOptions{.enabled = false, .tick = 30s});
  EXPECT_EQ(poll(), ConsumerCommand::Continue);
  EXPECT_FALSE(script_.alive);
  EXPECT_EQ(requests_.last()->result, RenewalResult::Cancelled);
}

TEST_F(RenewalOnTheTickTest, TheTickSetToNoneLetsTheRenewalLeave) {
  prepare_to_leave();
  EXPECT_EQ(poll(), ConsumerCommand::Continue);
  plan_.set(RenewalOptions{.enabled = true});
  EXPECT_EQ(poll(), ConsumerCommand::Leave);
}

TEST_F(RenewalOnTheTickTest, ASuccessorThatDiesDuringTheWaitLeavesTheConsumerAlone) {
  prepare_to_leave();
  EXPECT_EQ(poll(), ConsumerCommand::Continue);
  script_.state = State::Failed;
  EXPECT_EQ(poll(), ConsumerCommand::Continue);
  EXPECT_EQ(requests_.last()->result, RenewalResult::Failed);
}

}  // namespace
}  // namespace freshet::supervisor
