// Failures while the next consumer is prepared, and their retries.
#include "supervisor/renewal_test.h"

namespace freshet::supervisor {
namespace {

TEST_F(RenewalTest, WhatCannotBeMadeReadyLeavesTheRunningConsumerAloneAndIsTriedAgain) {
  ask();
  poll();
  script_.state = State::Failed;
  EXPECT_EQ(poll(), ConsumerCommand::Continue);
  EXPECT_FALSE(script_.alive);
  ASSERT_TRUE(requests_.last());
  EXPECT_EQ(requests_.last()->result, RenewalResult::Failed);
  EXPECT_EQ(requests_.last()->error, "refused");
  EXPECT_EQ(decision_->reason(), EndReason::None);
  EXPECT_EQ(poll(), ConsumerCommand::Continue);
  EXPECT_FALSE(script_.alive) << "not at once";
  clock_.advance(2s);
  poll();
  EXPECT_TRUE(script_.alive);
  ASSERT_TRUE(requests_.open());
  EXPECT_EQ(requests_.open()->reason, RenewalReason::Timer);
}

TEST_F(RenewalTest, ASuccessorThatConnectsTooSlowlyIsDropped) {
  ask();
  poll();
  clock_.advance(61s);
  EXPECT_EQ(poll(), ConsumerCommand::Continue);
  EXPECT_FALSE(script_.alive);
  EXPECT_EQ(count(RenewalMode::Static, RenewalResult::Failed), 1);
}

// The request may be anywhere in transit; the running consumer is fenced when it arrives.
TEST_F(RenewalTest, OnceTheJoinIsAskedForThereIsNoWayBackHoweverLongItTakes) {
  join();
  for (int i = 0; i < 59; ++i) {
    clock_.advance(1s);
    EXPECT_EQ(poll(), ConsumerCommand::PauseWrites) << i;
  }
  script_.state = State::Joined;
  EXPECT_EQ(poll(), ConsumerCommand::HandOver);
  EXPECT_FALSE(renewal_.may_have_fenced_itself());
  next_consumer(5ms);
  poll();
  EXPECT_EQ(requests_.last()->result, RenewalResult::Renewed);
}

TEST_F(RenewalTest, AJoinThatIsNotAnsweredAtAllIsAskedForAgainByAnotherClient) {
  for (const bool fenced : {false, true}) {
    join();
    if (fenced) {
      EXPECT_EQ(renewal_.client_ended({ErrorKind::Renew, 1, "fenced"}), ClientEnd::Replaced);
      consumer_.fenced = true;
    } else {
      membership_.settled = false;  // the group rebalances: the old consumer must give up its partitions
    }
    EXPECT_EQ(poll(), ConsumerCommand::PauseWrites);
    clock_.advance(60s);
    EXPECT_EQ(poll(), ConsumerCommand::HandOver);
    EXPECT_TRUE(renewal_.has_next_member());
    EXPECT_FALSE(script_.alive);
    EXPECT_EQ(renewal_.take_next(), nullptr) << "it is built anew";
    EXPECT_TRUE(renewal_.may_have_fenced_itself()) << "the first request may still arrive";
    renewal_.consumer_ended();
    membership_.settled = true;
    consumer_.fenced = false;
    begin();
    consumer_.first_message = clock_.steady_now();
    poll();
    EXPECT_EQ(requests_.last()->result, RenewalResult::Renewed);
    clock_.advance(2ms);
  }
}

TEST_F(RenewalTest, ASuccessorThatFailsOnceItHasAskedToJoinIsReplacedByAnotherWhoseFencingIsOurOwn) {
  join();
  script_.state = State::Failed;
  EXPECT_EQ(poll(), ConsumerCommand::HandOver);
  EXPECT_FALSE(script_.alive);
  renewal_.consumer_ended();
  EXPECT_EQ(renewal_.take_next(), nullptr);
  begin();
  EXPECT_EQ(renewal_.client_ended({ErrorKind::Renew, 1, "fenced"}), ClientEnd::FencedByOwnClient);
  EXPECT_TRUE(renewal_.may_have_fenced_itself());
  clock_.advance(1min);
  EXPECT_EQ(renewal_.client_ended({ErrorKind::Renew, 1, "fenced"}), ClientEnd::Unexpected);
}

TEST_F(RenewalTest, ThePauseOfAFencedConsumerBeginsWhenItWasFenced) {
  consumer_.last_message = clock_.steady_now();
  join();
  consumer_.fenced = true;
  EXPECT_EQ(poll(), ConsumerCommand::PauseWrites);
  clock_.advance(4s);
  script_.state = State::Joined;
  EXPECT_EQ(poll(), ConsumerCommand::HandOver);
  consumer_.fenced = false;
  next_consumer(10ms);
  poll();
  EXPECT_EQ(requests_.last()->pause, 4010ms);
}

// The drain must commit what it stored, or those messages are consumed twice.
TEST_F(RenewalTest, ARenewalThatIsReadyWhileARevokeDrainsLeavesTheCommitsAlone) {
  ask();
  poll();
  script_.state = State::Ready;
  membership_.settled = false;
  consumer_.revoking = true;
  consumer_.commit_outstanding = true;
  for (int i = 0; i < 30; ++i) {
    EXPECT_EQ(poll(), ConsumerCommand::Continue);
    clock_.advance(1s);
  }
  EXPECT_EQ(script_.joins, 0);
  consumer_.revoking = false;
  membership_.settled = true;
  EXPECT_EQ(poll(), ConsumerCommand::PauseWrites);
}

TEST_F(RenewalTest, AConsumerThatDoesNotComeToRestIsReplacedAllTheSame) {
  ask();
  poll();
  script_.state = State::Ready;
  consumer_.commit_outstanding = true;  // the coordinator does not respond
  EXPECT_EQ(poll(), ConsumerCommand::PauseCommits);
  clock_.advance(10s);
  EXPECT_EQ(poll(), ConsumerCommand::PauseWrites);
  EXPECT_EQ(script_.joins, 1);
}

// The running consumer takes part in the rebalance first: a join in the middle of it would fence that consumer.
TEST_F(RenewalTest, AGroupThatRebalancesIsJoinedLaterButNotNever) {
  ask();
  for (int attempt = 1; attempt <= 3; ++attempt) {
    poll();
    script_.state = State::Ready;
    EXPECT_EQ(poll(), ConsumerCommand::PauseWrites);
    EXPECT_FALSE(script_.force);
    script_.state = State::Postponed;
    EXPECT_EQ(poll(), ConsumerCommand::Continue);
    EXPECT_EQ(requests_.last()->result, RenewalResult::Postponed);
    EXPECT_FALSE(renewal_.may_have_fenced_itself());
    clock_.advance(1min);
    script_.state = State::Connecting;
  }
  poll();
  script_.state = State::Ready;
  poll();
  EXPECT_TRUE(script_.force) << "the group may wait for the consumer that is to be replaced";
}

// Each is a new rebalance, in which the running consumer takes part. A join would fence that consumer, and what it
// inserts meanwhile would be inserted twice.
TEST_F(RenewalTest, AttemptsBeforeTheConsumerTookPartInARebalanceDoNotCount) {
  ask();
  for (int i = 0; i < 6; ++i) {
    poll();
    script_.state = State::Ready;
    EXPECT_EQ(poll(), ConsumerCommand::PauseWrites);
    EXPECT_FALSE(script_.force) << i;
    script_.state = State::Postponed;
    EXPECT_EQ(poll(), ConsumerCommand::Continue);
    membership_.generation += i % 2;  // every other attempt, the rebalance ends
    clock_.advance(2min);
    script_.state = State::Connecting;
  }
}

TEST_F(RenewalTest, AStalledConsumerIsReplacedAlsoWhileTheGroupRebalances) {
  requests_.request(RenewalReason::Watchdog, "stuck");
  poll();
  script_.state = State::Ready;
  poll();
  EXPECT_TRUE(script_.force);
}

TEST_F(RenewalTest, BothClientsGoneMeansANewOne) {
  join();
  consumer_.fenced = true;
  script_.state = State::Failed;
  EXPECT_EQ(poll(), ConsumerCommand::HandOver);
  renewal_.consumer_ended();
  EXPECT_EQ(renewal_.take_next(), nullptr);
}

TEST_F(RenewalTest, AnErrorOfARunningConsumerIsNoSurpriseOnlyWhileTheNextOneJoins) {
  EXPECT_EQ(renewal_.client_ended({ErrorKind::Renew, 1, "fatal"}), ClientEnd::Unexpected);
  join();
  EXPECT_EQ(renewal_.client_ended({ErrorKind::Renew, 1, "fenced"}), ClientEnd::Replaced);
}

TEST_F(RenewalTest, AtTheCapOfParkedClientsItWaitsAndSaysWhy) {
  refuse_ = Error{ErrorKind::Retry, 0, "8 clients still live"};
  ask();
  EXPECT_EQ(poll(), ConsumerCommand::Continue);
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
