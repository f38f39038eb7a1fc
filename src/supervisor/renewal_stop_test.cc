// A stop during a renewal.
#include "supervisor/renewal_test.h"

namespace freshet::supervisor {
namespace {

TEST_F(RenewalTest, AStopCancelsARenewalThatIsBeingPrepared) {
  for (const State state : {State::Connecting, State::Ready}) {
    stops_.emplace(clock_, plan_, null_log());
    begin();
    ask();
    poll();
    script_.state = state;
    stop();
    EXPECT_EQ(poll(), ConsumerCommand::Stop);
    EXPECT_FALSE(script_.alive);
    EXPECT_EQ(decision_->reason(), EndReason::Stop);
    EXPECT_EQ(requests_.last()->result, RenewalResult::Cancelled);
    renewal_.consumer_ended();
  }
}

TEST_F(RenewalTest, AStopBeforeALeaveWins) {
  membership_.continuity = Membership::Continuity::Absent;
  ask();
  poll();
  script_.state = State::Ready;
  stop();  // between the loop's check of the decision and its claim, which fails: see EndDecision
  EXPECT_EQ(poll(), ConsumerCommand::Stop);
}

TEST_F(RenewalTest, AStopWhileTheNextConsumerJoinsIsFollowedByTheOneThatHasTheMembership) {
  for (const bool answered : {true, false}) {
    stops_.emplace(clock_, plan_, null_log());
    begin();
    join();
    if (answered) script_.state = State::Joined;
    stop();
    EXPECT_EQ(poll(), ConsumerCommand::HandOver) << "the running consumer is fenced, now or soon: it cannot commit";
    EXPECT_EQ(decision_->reason(), EndReason::Stop);
    renewal_.consumer_ended();
    EXPECT_TRUE(renewal_.has_next_member());
    EXPECT_NE(renewal_.take_next(), nullptr);
    begin();
    stop();
    membership_.settled = false;
    EXPECT_EQ(poll(), ConsumerCommand::Continue) << "its assignment is a moment away";
    clock_.advance(5s);
    EXPECT_EQ(poll(), ConsumerCommand::Continue);
    membership_.settled = true;
    EXPECT_EQ(poll(), ConsumerCommand::Stop);
    renewal_.consumer_ended();
  }
}

TEST_F(RenewalTest, AStopBeforeTheJoinIsAskedForLeavesWithTheRunningConsumer) {
  join();
  script_.sent = false;  // it is still asking whether the group is stable
  stop();
  EXPECT_EQ(poll(), ConsumerCommand::Stop);
  EXPECT_FALSE(script_.alive);
  EXPECT_FALSE(renewal_.may_have_fenced_itself());
}

TEST_F(RenewalTest, AStopOfAConsumerWhoseBothClientsAreGoneLeavesWithANewOne) {
  join();
  script_.state = State::Failed;
  stop();
  EXPECT_EQ(poll(), ConsumerCommand::HandOver);
  renewal_.consumer_ended();
  EXPECT_TRUE(renewal_.has_next_member()) << "the membership is there, and somebody has to give it up";
  EXPECT_EQ(renewal_.take_next(), nullptr);
}

TEST_F(RenewalTest, AStopDoesNotWaitForAnAssignmentForLong) {
  join();
  script_.state = State::Joined;
  poll();
  renewal_.consumer_ended();
  renewal_.take_next();
  begin();
  stop();
  membership_.settled = false;
  EXPECT_EQ(poll(), ConsumerCommand::Continue);
  clock_.advance(6s);
  EXPECT_EQ(poll(), ConsumerCommand::Stop);
}

}  // namespace
}  // namespace freshet::supervisor
