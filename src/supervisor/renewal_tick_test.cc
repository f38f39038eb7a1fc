// Renewals and stops with a quantised delay.
#include "supervisor/renewal_test.h"

namespace freshet::supervisor {
namespace {

// The fake clock begins on a full hour: ten seconds later it is 20 s until the next multiple of 30.
class RenewalOnTheTickTest : public RenewalTest {
 protected:
  RenewalOnTheTickTest() {
    clock_.advance(10s);
    plan_.set(RenewalOptions{.enabled = true, .tick = 30s});
  }
  void warm_up_to_leave() {
    membership_.continuity = Membership::Continuity::Absent;
    ask();
    EXPECT_EQ(poll(), SessionCommand::Continue);
    script_.state = State::Warm;
  }
};

TEST_F(RenewalOnTheTickTest, ARenewalThatLeavesDoesSoOnTheTickAndConsumesMeanwhile) {
  warm_up_to_leave();
  EXPECT_EQ(poll(), SessionCommand::Continue);
  clock_.advance(19s);
  EXPECT_EQ(poll(), SessionCommand::Continue);
  EXPECT_TRUE(script_.alive);
  EXPECT_EQ(decision_->reason(), EndReason::None);
  clock_.advance(1s);
  EXPECT_EQ(poll(), SessionCommand::Leave);
  EXPECT_EQ(decision_->reason(), EndReason::Renewal);
}

TEST_F(RenewalOnTheTickTest, AStaticRenewalIsNoLeaveAndDoesNotWait) {
  join();
  script_.state = State::Joined;
  EXPECT_EQ(poll(), SessionCommand::HandOver);
}

TEST_F(RenewalOnTheTickTest, AStopDuringARenewalsWaitCancelsItAndLeavesOnItsOwnTick) {
  warm_up_to_leave();
  EXPECT_EQ(poll(), SessionCommand::Continue);
  stop();
  EXPECT_EQ(poll(), SessionCommand::Continue);
  EXPECT_FALSE(script_.alive);
  ASSERT_TRUE(requests_.last());
  EXPECT_EQ(requests_.last()->result, RenewalResult::Cancelled);
  EXPECT_EQ(requests_.last()->error, "a stop came first");
  clock_.advance(19s);
  EXPECT_EQ(poll(), SessionCommand::Continue);
  clock_.advance(1s);
  EXPECT_EQ(poll(), SessionCommand::Stop);
}

TEST_F(RenewalOnTheTickTest, ASecondSignalDuringThatWaitLeavesNow) {
  warm_up_to_leave();
  poll();
  stop();
  EXPECT_EQ(poll(), SessionCommand::Continue);
  EXPECT_TRUE(stops_->hurry());
  EXPECT_EQ(poll(), SessionCommand::Stop);
}

TEST_F(RenewalOnTheTickTest, TheTimerSwitchedOffDuringTheWaitEndsIt) {
  warm_up_to_leave();
  EXPECT_EQ(poll(), SessionCommand::Continue);
  plan_.set(RenewalOptions{.enabled = false, .tick = 30s});
  EXPECT_EQ(poll(), SessionCommand::Continue);
  EXPECT_FALSE(script_.alive);
  EXPECT_EQ(requests_.last()->result, RenewalResult::Cancelled);
  clock_.advance(60s);
  EXPECT_EQ(poll(), SessionCommand::Continue);
  EXPECT_FALSE(script_.alive);
}

TEST_F(RenewalOnTheTickTest, WhatAnOperatorWantsTooIsNotSwitchedOffWithTheTimer) {
  warm_up_to_leave();
  poll();
  requests_.request(RenewalReason::Operator, "POST /renew");
  plan_.set(RenewalOptions{.enabled = false, .tick = 30s});
  EXPECT_EQ(poll(), SessionCommand::Continue);
  EXPECT_TRUE(script_.alive);
  EXPECT_NE(renewal_.under_way().find("next tick"), std::string::npos) << renewal_.under_way();
  EXPECT_NE(renewal_.under_way().find("in 20 s"), std::string::npos) << renewal_.under_way();
  clock_.advance(20s);
  EXPECT_EQ(poll(), SessionCommand::Leave);
}

TEST_F(RenewalOnTheTickTest, AWatchdogThatAsksDuringTheWaitIsHeard) {
  for (const RenewalReason reason : {RenewalReason::Watchdog, RenewalReason::Broken}) {
    warm_up_to_leave();
    EXPECT_EQ(poll(), SessionCommand::Continue);
    requests_.request(reason, "stuck");
    EXPECT_EQ(poll(), SessionCommand::Leave) << "a session that is not well is not kept for the sake of a tick";
    next_session(1ms);
    poll();
    ASSERT_TRUE(requests_.last());
    EXPECT_EQ(requests_.last()->result, RenewalResult::Renewed);
    clock_.advance(2ms);
  }
}

TEST_F(RenewalOnTheTickTest, AStopOfAMemberAtRestWaitsAndNothingCanTurnItIntoARenewal) {
  poll();
  stop();
  EXPECT_EQ(poll(), SessionCommand::Continue);
  ask();
  EXPECT_EQ(poll(), SessionCommand::Continue);
  EXPECT_FALSE(script_.alive);
  EXPECT_TRUE(stops_->hurry());
  EXPECT_EQ(poll(), SessionCommand::Stop);
}

TEST_F(RenewalOnTheTickTest, AStopThatTheLoopHasNotSeenYetLetsNoRenewalBegin) {
  poll();
  stops_->begin();  // the decision follows
  ask();
  EXPECT_EQ(poll(), SessionCommand::Continue);
  EXPECT_FALSE(script_.alive);
}

TEST_F(RenewalOnTheTickTest, AMemberThatNeverHadAnAssignmentDoesNotWait) {
  membership_.settled = false;
  poll();
  stop();
  EXPECT_EQ(poll(), SessionCommand::Stop);
}

TEST_F(RenewalOnTheTickTest, ARebalanceIsNoReasonToLeaveOffTheTick) {
  for (const bool stops_first : {true, false}) {
    SCOPED_TRACE(stops_first);
    stops_.emplace(clock_, plan_, null_log());
    begin();
    membership_.settled = true;
    EXPECT_EQ(poll(), SessionCommand::Continue);
    if (stops_first) stop();
    membership_.settled = false;
    session_.revoking = true;
    EXPECT_EQ(poll(), SessionCommand::Continue);
    if (!stops_first) stop();
    EXPECT_EQ(poll(), SessionCommand::Continue);
    session_.revoking = false;
    clock_.advance(19s);
    EXPECT_EQ(poll(), SessionCommand::Continue);
    clock_.advance(1s);
    EXPECT_EQ(poll(), SessionCommand::Stop);
    renewal_.end_session();
    clock_.advance(10s);
  }
}

TEST_F(RenewalOnTheTickTest, AStopWhileARenewalWaitsForACommitLeavesOnItsTick) {
  ask();
  session_.commit_outstanding = true;
  poll();
  script_.state = State::Warm;
  EXPECT_EQ(poll(), SessionCommand::PauseCommits);
  stop();
  EXPECT_EQ(poll(), SessionCommand::Continue);
  EXPECT_FALSE(script_.alive);
  EXPECT_EQ(requests_.last()->result, RenewalResult::Cancelled);
  clock_.advance(20s);
  EXPECT_EQ(poll(), SessionCommand::Stop);
}

// The running session is fenced, now or soon: the next one consumes until the tick.
TEST_F(RenewalOnTheTickTest, AStopWhileTheNextSessionJoinsLeavesOnItsTickWithThatOne) {
  join();
  stop();
  EXPECT_EQ(poll(), SessionCommand::PauseWrites);
  clock_.advance(5s);
  script_.state = State::Joined;
  EXPECT_EQ(poll(), SessionCommand::HandOver);
  renewal_.end_session();
  EXPECT_TRUE(renewal_.has_next_member());
  EXPECT_NE(renewal_.take_next(), nullptr);
  begin();
  decision_->claim(EndReason::Stop);
  EXPECT_EQ(poll(), SessionCommand::Continue);
  clock_.advance(14s);
  EXPECT_EQ(poll(), SessionCommand::Continue);
  EXPECT_EQ(requests_.last()->result, RenewalResult::Renewed);
  clock_.advance(1s);
  EXPECT_EQ(poll(), SessionCommand::Stop);
}

TEST_F(RenewalOnTheTickTest, AStopBeforeTheNextSessionHasAskedToJoinNeedsNoneOfIt) {
  join();
  script_.sent = false;  // it asks whether the group rests
  stop();
  EXPECT_EQ(poll(), SessionCommand::Continue);
  EXPECT_FALSE(script_.alive);
  clock_.advance(20s);
  EXPECT_EQ(poll(), SessionCommand::Stop);
}

TEST_F(RenewalOnTheTickTest, TheTimerSwitchedOffBeforeTheJoinEndsTheRenewal) {
  ask();
  session_.commit_outstanding = true;
  poll();
  script_.state = State::Warm;
  EXPECT_EQ(poll(), SessionCommand::PauseCommits);
  plan_.set(RenewalOptions{.enabled = false, .tick = 30s});
  EXPECT_EQ(poll(), SessionCommand::Continue);
  EXPECT_FALSE(script_.alive);
  EXPECT_EQ(requests_.last()->result, RenewalResult::Cancelled);
}

TEST_F(RenewalOnTheTickTest, TheTickSetToNoneLetsTheRenewalLeave) {
  warm_up_to_leave();
  EXPECT_EQ(poll(), SessionCommand::Continue);
  plan_.set(RenewalOptions{.enabled = true});
  EXPECT_EQ(poll(), SessionCommand::Leave);
}

TEST_F(RenewalOnTheTickTest, ASuccessorThatDiesDuringTheWaitLeavesTheSessionAlone) {
  warm_up_to_leave();
  EXPECT_EQ(poll(), SessionCommand::Continue);
  script_.state = State::Failed;
  EXPECT_EQ(poll(), SessionCommand::Continue);
  EXPECT_EQ(requests_.last()->result, RenewalResult::Failed);
}

}  // namespace
}  // namespace freshet::supervisor
