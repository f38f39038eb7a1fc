// A stop during a renewal.
#include "supervisor/renewal_test.h"

namespace freshet::supervisor {
namespace {

TEST_F(RenewalTest, AStopCancelsARenewalThatIsBeingPrepared) {
  for (const State state : {State::Warming, State::Warm}) {
    stops_.emplace(clock_, plan_, null_log());
    begin();
    ask();
    poll();
    script_.state = state;
    stop();
    EXPECT_EQ(poll(), SessionCommand::Stop);
    EXPECT_FALSE(script_.alive);
    EXPECT_EQ(decision_->reason(), EndReason::Stop);
    EXPECT_EQ(requests_.last()->result, RenewalResult::Cancelled);
    renewal_.end_session();
  }
}

TEST_F(RenewalTest, AStopBeforeALeaveWins) {
  membership_.continuity = Membership::Continuity::Absent;
  ask();
  poll();
  script_.state = State::Warm;
  stop();  // between the loop's look at the decision and the claim it could not win either: see EndDecision
  EXPECT_EQ(poll(), SessionCommand::Stop);
}

TEST_F(RenewalTest, AStopWhileTheNextSessionJoinsIsFollowedByTheOneThatHasTheMembership) {
  for (const bool answered : {true, false}) {
    stops_.emplace(clock_, plan_, null_log());
    begin();
    join();
    if (answered) script_.state = State::Joined;
    stop();
    EXPECT_EQ(poll(), SessionCommand::HandOver) << "the running session is fenced, now or soon: it cannot commit";
    EXPECT_EQ(decision_->reason(), EndReason::Stop);
    renewal_.end_session();
    EXPECT_TRUE(renewal_.has_next_member());
    EXPECT_NE(renewal_.take_next(), nullptr);
    begin();
    stop();
    membership_.settled = false;
    EXPECT_EQ(poll(), SessionCommand::Continue) << "its assignment is a moment away";
    clock_.advance(5s);
    EXPECT_EQ(poll(), SessionCommand::Continue);
    membership_.settled = true;
    EXPECT_EQ(poll(), SessionCommand::Stop);
    renewal_.end_session();
  }
}

TEST_F(RenewalTest, AStopBeforeTheJoinIsAskedForLeavesWithTheRunningSession) {
  join();
  script_.sent = false;  // it asks whether the group rests
  stop();
  EXPECT_EQ(poll(), SessionCommand::Stop);
  EXPECT_FALSE(script_.alive);
  EXPECT_FALSE(renewal_.may_have_fenced_itself());
}

TEST_F(RenewalTest, AStopOfASessionWhoseBothClientsAreGoneLeavesWithANewOne) {
  join();
  script_.state = State::Failed;
  stop();
  EXPECT_EQ(poll(), SessionCommand::HandOver);
  renewal_.end_session();
  EXPECT_TRUE(renewal_.has_next_member()) << "the membership is there, and somebody has to give it up";
  EXPECT_EQ(renewal_.take_next(), nullptr);
}

TEST_F(RenewalTest, AStopDoesNotWaitForAnAssignmentForLong) {
  join();
  script_.state = State::Joined;
  poll();
  renewal_.end_session();
  renewal_.take_next();
  begin();
  stop();
  membership_.settled = false;
  EXPECT_EQ(poll(), SessionCommand::Continue);
  clock_.advance(6s);
  EXPECT_EQ(poll(), SessionCommand::Stop);
}

}  // namespace
}  // namespace freshet::supervisor
