// A renewal from its request to its report.
#include "supervisor/renewal_test.h"

namespace freshet::supervisor {
namespace {

TEST_F(RenewalTest, NothingHappensUntilSomebodyAsks) {
  EXPECT_EQ(poll(), ConsumerCommand::Continue);
  EXPECT_FALSE(script_.alive);
}

TEST_F(RenewalTest, ConsumingAndCommittingGoOnWhileTheNextConsumerIsMadeReady) {
  ask();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(poll(), ConsumerCommand::Continue);
  EXPECT_TRUE(script_.alive);
}

TEST_F(RenewalTest, TheNextConsumerJoinsOnceTheCommitIsAnsweredAndTakesOverWithItsAssignment) {
  ask();
  poll();
  script_.state = State::Ready;
  consumer_.commit_outstanding = true;
  EXPECT_EQ(poll(), ConsumerCommand::PauseCommits);
  EXPECT_EQ(script_.joins, 0);
  consumer_.commit_outstanding = false;
  EXPECT_EQ(poll(), ConsumerCommand::PauseWrites);
  EXPECT_EQ(script_.joins, 1);
  EXPECT_FALSE(script_.force);
  EXPECT_EQ(decision_->reason(), EndReason::None);
  script_.state = State::Joined;
  consumer_.last_message = clock_.steady_now();
  EXPECT_EQ(poll(), ConsumerCommand::HandOver);
  EXPECT_EQ(decision_->reason(), EndReason::Renewal);
  EXPECT_TRUE(renewal_.has_next_member());
  EXPECT_FALSE(requests_.last()) << "the report waits for the first message";
  next_consumer(15ms);
  EXPECT_EQ(poll(), ConsumerCommand::Continue);
  const auto report = requests_.last();
  ASSERT_TRUE(report);
  EXPECT_EQ(report->result, RenewalResult::Renewed);
  EXPECT_EQ(report->mode, RenewalMode::Static);
  EXPECT_EQ(report->pause, 15ms);
  EXPECT_TRUE(report->generation_kept && report->assignment_kept);
  EXPECT_EQ(count(RenewalMode::Static, RenewalResult::Renewed), 1);
}

TEST_F(RenewalTest, AnIntervalIsCountedOnceAndEachFurtherConsumerToo) {
  const auto counted = [&](const char* name) { return metrics_.counter(name, "").value(); };
  for (uint64_t consumer = 1; consumer <= 3; ++consumer) {
    clock_.advance(900s);
    poll();  // the timer requests a renewal
    ASSERT_TRUE(requests_.open());
    for (int attempt = 0; attempt < 3; ++attempt) {
      script_.state = State::Failed;
      poll();
      clock_.advance(1min);
      poll();
      ASSERT_TRUE(script_.alive);
    }
    EXPECT_EQ(counted("freshet_periodic_restarts_total"), consumer) << "not each attempt";
    script_.state = State::Ready;
    poll();
    script_.state = State::Joined;
    EXPECT_EQ(poll(), ConsumerCommand::HandOver);
    next_consumer(1ms);
    poll();
    EXPECT_EQ(counted("freshet_consumer_reconnects_total"), consumer);
  }
}

TEST_F(RenewalTest, AQuietTopicHasNoPause) {
  join();
  script_.state = State::Joined;
  poll();
  renewal_.consumer_ended();
  renewal_.take_next();
  begin();
  consumer_.reached_end = true;
  poll();
  clock_.advance(1s);
  poll();
  ASSERT_TRUE(requests_.last());
  EXPECT_EQ(requests_.last()->pause, std::nullopt);
}

// Such a member reaches no end of partition and delivers nothing: the report waits its full time, and the loop sleeps.
TEST_F(RenewalTest, AMemberWithoutPartitionsWaitsForItsReportAtRest) {
  join();
  script_.state = State::Joined;
  EXPECT_EQ(poll(), ConsumerCommand::HandOver);
  renewal_.consumer_ended();
  EXPECT_NE(renewal_.take_next(), nullptr);
  begin();
  consumer_.first_message.reset();
  for (int i = 0; i < 20; ++i) {
    poll();
    EXPECT_FALSE(requests_.last());
    clock_.advance(100ms);
  }
  poll();
  EXPECT_TRUE(requests_.last());
}

TEST_F(RenewalTest, ItSaysWhenTheGroupRebalancedMeanwhile) {
  join();
  script_.state = State::Joined;
  poll();
  membership_.generation = 8;
  membership_.partitions = {Partition{0}};
  next_consumer(5ms);
  poll();
  ASSERT_TRUE(requests_.last());
  EXPECT_FALSE(requests_.last()->generation_kept);
  EXPECT_FALSE(requests_.last()->assignment_kept);
}

TEST_F(RenewalTest, WithoutStaticMembershipItLeavesOnceTheNextConsumerIsReady) {
  membership_.continuity = Membership::Continuity::Absent;
  ask();
  EXPECT_EQ(poll(), ConsumerCommand::Continue);
  script_.state = State::Ready;
  EXPECT_EQ(poll(), ConsumerCommand::Leave);
  EXPECT_EQ(script_.joins, 0);
  EXPECT_FALSE(renewal_.has_next_member());
  next_consumer(2s);
  poll();
  EXPECT_EQ(requests_.last()->mode, RenewalMode::Rejoin);
}

// "Unknown" is not "absent": a leave would rebalance the whole group.
TEST_F(RenewalTest, ItWaitsToHearWhetherTheBrokerKeepsTheMember) {
  membership_.continuity = Membership::Continuity::Unknown;
  ask();
  poll();
  clock_.advance(59s);
  poll();
  EXPECT_FALSE(script_.alive);
  EXPECT_NE(renewal_.under_way().find("whether it keeps this static member"), std::string::npos);
  membership_.continuity = Membership::Continuity::Works;
  poll();
  EXPECT_TRUE(script_.alive);
  script_.state = State::Ready;
  EXPECT_EQ(poll(), ConsumerCommand::PauseWrites) << "static";
}

TEST_F(RenewalTest, ABrokerThatNeverSaysWhetherItKeepsTheMemberIsTakenForOneThatDoesNot) {
  membership_.continuity = Membership::Continuity::Unknown;
  ask();
  poll();
  clock_.advance(60s);
  poll();
  EXPECT_TRUE(script_.alive);
  script_.state = State::Ready;
  EXPECT_EQ(poll(), ConsumerCommand::Leave);
}

TEST_F(RenewalTest, TheFirstRebalanceMayTakeAsLongAsItLikes) {
  membership_.continuity = Membership::Continuity::Unknown;
  membership_.settled = false;
  begin();
  ask();
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(poll(), ConsumerCommand::Continue);
    clock_.advance(60s);
  }
  EXPECT_FALSE(script_.alive);
  EXPECT_NE(renewal_.under_way().find("first assignment"), std::string::npos);
  membership_.settled = true;
  membership_.continuity = Membership::Continuity::Works;
  poll();
  script_.state = State::Ready;
  EXPECT_EQ(poll(), ConsumerCommand::PauseWrites) << "static";
}

TEST_F(RenewalTest, AStalledConsumerDoesNotWaitForThatAnswer) {
  membership_.continuity = Membership::Continuity::Unknown;
  membership_.settled = false;
  begin();
  requests_.request(RenewalReason::Watchdog, "stuck");
  poll();
  EXPECT_FALSE(script_.alive);
  clock_.advance(5s);
  poll();
  EXPECT_TRUE(script_.alive);
}

TEST_F(RenewalTest, ATopicThatGrewForcesARebalance) {
  ask();
  poll();
  script_.state = State::Ready;
  script_.topic_partitions = 8;
  EXPECT_EQ(poll(), ConsumerCommand::Leave);
}

TEST_F(RenewalTest, ATopicThatGrewWhileJoiningForcesARebalanceAfterwards) {
  join();
  script_.state = State::Joined;
  script_.topic_partitions = 8;
  EXPECT_EQ(poll(), ConsumerCommand::HandOver);
  next_consumer(5ms);
  poll();
  ASSERT_TRUE(requests_.open());
  poll();
  script_.state = State::Ready;
  EXPECT_EQ(poll(), ConsumerCommand::Leave);
}

// A loop without work must sleep.
TEST_F(RenewalTest, NoDeadlineThatHasPassedIsNamedAgain) {
  join();
  script_.state = State::Joined;
  poll();
  renewal_.consumer_ended();
  renewal_.take_next();
  begin();
  consumer_.first_message.reset();
  for (int i = 0; i < 40; ++i) {
    poll();
    EXPECT_GT(renewal_.next_deadline(clock_.steady_now()), clock_.steady_now()) << i;
    clock_.advance(100ms);
  }
  EXPECT_TRUE(requests_.last());
}

}  // namespace
}  // namespace freshet::supervisor
