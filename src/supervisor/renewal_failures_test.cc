// What goes wrong beside the running session, and when it is tried again.
#include "supervisor/renewal_test.h"

namespace freshet::supervisor {
namespace {

TEST_F(RenewalTest, WhatCannotBeMadeReadyLeavesTheRunningSessionAloneAndIsTriedAgain) {
  ask();
  poll();
  script_.state = State::Failed;
  EXPECT_EQ(poll(), SessionCommand::Continue);
  EXPECT_FALSE(script_.alive);
  ASSERT_TRUE(requests_.last());
  EXPECT_EQ(requests_.last()->result, RenewalResult::Failed);
  EXPECT_EQ(requests_.last()->error, "refused");
  EXPECT_EQ(decision_->reason(), EndReason::None);
  EXPECT_EQ(poll(), SessionCommand::Continue);
  EXPECT_FALSE(script_.alive) << "not at once";
  clock_.advance(2s);
  poll();
  EXPECT_TRUE(script_.alive);
  ASSERT_TRUE(requests_.open());
  EXPECT_EQ(requests_.open()->reason, RenewalReason::Timer);
}

TEST_F(RenewalTest, AWarmUpThatTakesTooLongIsGivenUp) {
  ask();
  poll();
  clock_.advance(61s);
  EXPECT_EQ(poll(), SessionCommand::Continue);
  EXPECT_FALSE(script_.alive);
  EXPECT_EQ(count(RenewalMode::Static, RenewalResult::Failed), 1);
}

// Its request may be anywhere; the running session is fenced when it arrives.
TEST_F(RenewalTest, OnceTheJoinIsAskedForThereIsNoWayBackHoweverLongItTakes) {
  join();
  for (int i = 0; i < 59; ++i) {
    clock_.advance(1s);
    EXPECT_EQ(poll(), SessionCommand::PauseWrites) << i;
  }
  script_.state = State::Joined;
  EXPECT_EQ(poll(), SessionCommand::HandOver);
  EXPECT_FALSE(renewal_.may_have_fenced_itself());
  next_session(5ms);
  poll();
  EXPECT_EQ(requests_.last()->result, RenewalResult::Renewed);
}

TEST_F(RenewalTest, AJoinThatIsNotAnsweredAtAllIsAskedForAgainByAnotherClient) {
  for (const bool fenced : {false, true}) {
    join();
    if (fenced) {
      EXPECT_EQ(renewal_.client_ended({ErrorKind::Renew, 1, "fenced"}), ClientEnd::Replaced);
      session_.fenced = true;
    } else {
      membership_.settled = false;  // the group rebalances: the old session is asked for its partitions
    }
    EXPECT_EQ(poll(), SessionCommand::PauseWrites);
    clock_.advance(60s);
    EXPECT_EQ(poll(), SessionCommand::HandOver);
    EXPECT_TRUE(renewal_.has_next_member());
    EXPECT_FALSE(script_.alive);
    EXPECT_EQ(renewal_.take_next(), nullptr) << "it is built anew";
    EXPECT_TRUE(renewal_.may_have_fenced_itself()) << "the first request may still arrive";
    renewal_.end_session();
    membership_.settled = true;
    session_.fenced = false;
    begin();
    session_.first_message = clock_.steady_now();
    poll();
    EXPECT_EQ(requests_.last()->result, RenewalResult::Renewed);
    clock_.advance(2ms);
  }
}

TEST_F(RenewalTest, ASuccessorThatFailsOnceItHasAskedToJoinIsReplacedByAnotherWhoseFencingIsOurOwnDoing) {
  join();
  script_.state = State::Failed;
  EXPECT_EQ(poll(), SessionCommand::HandOver);
  EXPECT_FALSE(script_.alive);
  renewal_.end_session();
  EXPECT_EQ(renewal_.take_next(), nullptr);
  begin();
  EXPECT_EQ(renewal_.client_ended({ErrorKind::Renew, 1, "fenced"}), ClientEnd::OwnDoing);
  EXPECT_TRUE(renewal_.may_have_fenced_itself());
  clock_.advance(1min);
  EXPECT_EQ(renewal_.client_ended({ErrorKind::Renew, 1, "fenced"}), ClientEnd::Unexpected);
}

TEST_F(RenewalTest, ThePauseOfAFencedSessionBeginsWhenItWasFenced) {
  session_.last_message = clock_.steady_now();
  join();
  session_.fenced = true;
  EXPECT_EQ(poll(), SessionCommand::PauseWrites);
  clock_.advance(4s);
  script_.state = State::Joined;
  EXPECT_EQ(poll(), SessionCommand::HandOver);
  session_.fenced = false;
  next_session(10ms);
  poll();
  EXPECT_EQ(requests_.last()->pause, 4010ms);
}

// What is drained before it goes must be committed, or it comes twice.
TEST_F(RenewalTest, ARenewalThatIsReadyWhileARevokeDrainsLeavesTheCommitsAlone) {
  ask();
  poll();
  script_.state = State::Warm;
  membership_.settled = false;
  session_.revoking = true;
  session_.commit_outstanding = true;
  for (int i = 0; i < 30; ++i) {
    EXPECT_EQ(poll(), SessionCommand::Continue);
    clock_.advance(1s);
  }
  EXPECT_EQ(script_.joins, 0);
  session_.revoking = false;
  membership_.settled = true;
  EXPECT_EQ(poll(), SessionCommand::PauseWrites);
}

TEST_F(RenewalTest, ASessionThatDoesNotComeToRestIsReplacedAllTheSame) {
  ask();
  poll();
  script_.state = State::Warm;
  session_.commit_outstanding = true;  // the coordinator does not answer
  EXPECT_EQ(poll(), SessionCommand::PauseCommits);
  clock_.advance(10s);
  EXPECT_EQ(poll(), SessionCommand::PauseWrites);
  EXPECT_EQ(script_.joins, 1);
}

// The running session takes part in the rebalance first: whoever joined into it would fence that session in the middle.
TEST_F(RenewalTest, AGroupThatRebalancesIsJoinedLaterButNotNever) {
  ask();
  for (int attempt = 1; attempt <= 3; ++attempt) {
    poll();
    script_.state = State::Warm;
    EXPECT_EQ(poll(), SessionCommand::PauseWrites);
    EXPECT_FALSE(script_.force);
    script_.state = State::Postponed;
    EXPECT_EQ(poll(), SessionCommand::Continue);
    EXPECT_EQ(requests_.last()->result, RenewalResult::Postponed);
    EXPECT_FALSE(renewal_.may_have_fenced_itself());
    clock_.advance(1min);
    script_.state = State::Warming;
  }
  poll();
  script_.state = State::Warm;
  poll();
  EXPECT_TRUE(script_.force) << "the group may wait for the session that is to be replaced";
}

// What rebalances then is another one, in which the session takes part as well: who joined into it would fence it, and
// what it stores meanwhile would be stored twice.
TEST_F(RenewalTest, AttemptsBeforeTheSessionTookPartInARebalanceDoNotCount) {
  ask();
  for (int i = 0; i < 6; ++i) {
    poll();
    script_.state = State::Warm;
    EXPECT_EQ(poll(), SessionCommand::PauseWrites);
    EXPECT_FALSE(script_.force) << i;
    script_.state = State::Postponed;
    EXPECT_EQ(poll(), SessionCommand::Continue);
    membership_.generation += i % 2;  // every other attempt, the rebalance ends
    clock_.advance(2min);
    script_.state = State::Warming;
  }
}

TEST_F(RenewalTest, ASickSessionIsReplacedAlsoWhileTheGroupRebalances) {
  requests_.request(RenewalReason::Watchdog, "stuck");
  poll();
  script_.state = State::Warm;
  poll();
  EXPECT_TRUE(script_.force);
}

TEST_F(RenewalTest, BothClientsGoneMeansANewOne) {
  join();
  session_.fenced = true;
  script_.state = State::Failed;
  EXPECT_EQ(poll(), SessionCommand::HandOver);
  renewal_.end_session();
  EXPECT_EQ(renewal_.take_next(), nullptr);
}

TEST_F(RenewalTest, AnErrorOfARunningSessionIsNoSurpriseOnlyWhileTheNextOneJoins) {
  EXPECT_EQ(renewal_.client_ended({ErrorKind::Renew, 1, "fatal"}), ClientEnd::Unexpected);
  join();
  EXPECT_EQ(renewal_.client_ended({ErrorKind::Renew, 1, "fenced"}), ClientEnd::Replaced);
}

TEST_F(RenewalTest, AtTheCapOfParkedClientsItWaitsAndSaysWhy) {
  refuse_ = Error{ErrorKind::Retry, 0, "8 clients still live"};
  ask();
  EXPECT_EQ(poll(), SessionCommand::Continue);
  EXPECT_EQ(renewal_.waiting_for(), "8 clients still live");
  EXPECT_TRUE(requests_.open());
  refuse_.reset();
  poll();
  EXPECT_FALSE(script_.alive);
  clock_.advance(1s);
  poll();
  EXPECT_TRUE(script_.alive);
  EXPECT_EQ(renewal_.waiting_for(), "");
}

TEST_F(RenewalTest, AFailedRenewalOfTheTimerIsForgottenOnceItIsSwitchedOff) {
  ask();
  poll();
  script_.state = State::Failed;
  poll();
  plan_.set(RenewalOptions());
  clock_.advance(60s);
  poll();
  EXPECT_FALSE(script_.alive);
  EXPECT_FALSE(requests_.open());
}

TEST_F(RenewalTest, AnErrorThatANewClientMayCureAsksForOneButNotAllTheTime) {
  renewal_.renewal_may_help({ErrorKind::Retry, 1, "login refused"}, clock_.steady_now());
  ASSERT_TRUE(requests_.open());
  EXPECT_EQ(requests_.open()->reason, RenewalReason::Broken);
  poll();
  script_.state = State::Failed;
  poll();
  ASSERT_FALSE(requests_.open());
  renewal_.renewal_may_help({ErrorKind::Retry, 1, "login refused"}, clock_.steady_now());
  EXPECT_FALSE(requests_.open()) << "the back-off of the failed attempt counts";
}

}  // namespace
}  // namespace freshet::supervisor
