#include "supervisor/renewal.h"

#include <gtest/gtest.h>

#include <deque>

#include "testkit/fake_clock.h"
#include "testkit/fake_source.h"

namespace freshet::supervisor {
namespace {

using namespace std::chrono_literals;
using State = Successor::State;

// What a successor does is written by the test.
struct Script {
  State state = State::Warming;
  int32_t topic_partitions = 6;
  int joins = 0;
  bool insists = false;
  bool sent = false;  // the request to join
  bool alive = false;
  bool taken = false;
};

class ScriptedSuccessor final : public Successor {
 public:
  explicit ScriptedSuccessor(Script& script) : script_(script) { script_.alive = true; }
  ~ScriptedSuccessor() override { script_.alive = false; }
  State state() const override { return script_.state; }
  Error failure() const override { return {ErrorKind::Renew, 1, "refused"}; }
  int32_t topic_partitions() const override { return script_.topic_partitions; }
  void join(const Membership&, bool insists) override {
    ++script_.joins;
    script_.insists = insists;
    script_.sent = true;
    script_.state = State::Joining;
  }
  bool withdraw() override { return !script_.sent || script_.state == State::Postponed; }
  std::unique_ptr<Source> take() override {
    script_.taken = true;
    return std::make_unique<testkit::FakeSource>(1);
  }

 private:
  Script& script_;
};

class RenewalTest : public testing::Test {
 protected:
  RenewalTest() {
    membership_.settled = true;
    membership_.generation = 7;
    membership_.partitions = {Partition{0}, Partition{1}};
    membership_.topic_partitions = 6;
    membership_.continuity = Membership::Continuity::Works;
    facts_.membership = &membership_;
    begin();
  }
  void begin() {
    decision_ = std::make_unique<RunDecision>();
    renewal_.begin_session(*decision_);
  }
  // Once a turn has done what was due, the loop waits.
  Wish turn() {
    const SteadyTime now = clock_.steady_now();
    const Wish wish = renewal_.turn(now, facts_);
    EXPECT_GT(renewal_.next_deadline(now), now) << "the loop spins";
    return wish;
  }
  void ask() { desk_.ask(RenewalReason::Timer, "t"); }
  void stop() {
    decision_->claim(RunOutcome::Stop);
    stops_->begin();
  }
  // Until the successor has been asked to join.
  void join() {
    ask();
    EXPECT_EQ(turn(), Wish::GoOn);
    script_.state = State::Warm;
    EXPECT_EQ(turn(), Wish::HoldWrites);
    EXPECT_EQ(script_.joins, 1);
  }
  // The next session, with the same membership and a first message.
  void next_session(Duration pause) {
    renewal_.end_session();
    EXPECT_NE(renewal_.take_next(), nullptr);
    begin();
    facts_.first_message.reset();
    turn();
    clock_.advance(pause);
    facts_.first_message = clock_.steady_now();
  }
  double count(RenewalMode mode, RenewalResult result) {
    return static_cast<double>(
        metrics_
            .counter("freshet_renewals_total", "",
                     {{"reason", "timer"}, {"mode", to_string(mode)}, {"result", to_string(result)}})
            .value());
  }

  testkit::FakeClock clock_;
  Metrics metrics_;
  RenewalDesk desk_{clock_};
  RenewalPlan plan_{clock_, RenewalOptions{.enabled = true}};
  std::optional<StopSequence> stops_{std::in_place, clock_, plan_, null_log()};
  Script script_;
  Membership membership_;
  SessionFacts facts_;
  std::unique_ptr<RunDecision> decision_;
  std::optional<Error> refuse_;
  Renewal renewal_{{},
                   [this](const Membership&) -> Result<std::unique_ptr<Successor>> {
                     if (refuse_) return tl::make_unexpected(*refuse_);
                     script_ = {};
                     return std::make_unique<ScriptedSuccessor>(script_);
                   },
                   desk_,
                   plan_,
                   *stops_,
                   [] { return 0.0; },
                   clock_,
                   null_log(),
                   metrics_};
};

TEST_F(RenewalTest, NothingHappensUntilSomebodyAsks) {
  EXPECT_EQ(turn(), Wish::GoOn);
  EXPECT_FALSE(script_.alive);
}

TEST_F(RenewalTest, ConsumingAndCommittingGoOnWhileTheNextSessionIsMadeReady) {
  ask();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(turn(), Wish::GoOn);
  EXPECT_TRUE(script_.alive);
}

TEST_F(RenewalTest, TheNextSessionJoinsOnceTheCommitIsAnsweredAndTakesOverWithItsAssignment) {
  ask();
  turn();
  script_.state = State::Warm;
  facts_.commit_outstanding = true;
  EXPECT_EQ(turn(), Wish::HoldCommits);
  EXPECT_EQ(script_.joins, 0);
  facts_.commit_outstanding = false;
  EXPECT_EQ(turn(), Wish::HoldWrites);
  EXPECT_EQ(script_.joins, 1);
  EXPECT_FALSE(script_.insists);
  EXPECT_EQ(decision_->outcome(), RunOutcome::Undecided);
  script_.state = State::Joined;
  facts_.last_message = clock_.steady_now();
  EXPECT_EQ(turn(), Wish::HandOver);
  EXPECT_EQ(decision_->outcome(), RunOutcome::Renew);
  EXPECT_TRUE(renewal_.has_next_member());
  EXPECT_FALSE(desk_.last()) << "the report waits for the first message";
  next_session(15ms);
  EXPECT_EQ(turn(), Wish::GoOn);
  const auto report = desk_.last();
  ASSERT_TRUE(report);
  EXPECT_EQ(report->result, RenewalResult::Renewed);
  EXPECT_EQ(report->mode, RenewalMode::Static);
  EXPECT_EQ(report->pause, 15ms);
  EXPECT_TRUE(report->generation_kept && report->assignment_kept);
  EXPECT_EQ(count(RenewalMode::Static, RenewalResult::Renewed), 1);
}

TEST_F(RenewalTest, AnIntervalIsCountedOnceAndEachFurtherSessionToo) {
  const auto counted = [&](const char* name) { return metrics_.counter(name, "").value(); };
  for (uint64_t session = 1; session <= 3; ++session) {
    clock_.advance(900s);
    turn();  // the timer asks
    ASSERT_TRUE(desk_.open());
    for (int attempt = 0; attempt < 3; ++attempt) {
      script_.state = State::Failed;
      turn();
      clock_.advance(1min);
      turn();
      ASSERT_TRUE(script_.alive);
    }
    EXPECT_EQ(counted("freshet_periodic_restart_total"), session) << "not each attempt";
    script_.state = State::Warm;
    turn();
    script_.state = State::Joined;
    EXPECT_EQ(turn(), Wish::HandOver);
    next_session(1ms);
    turn();
    EXPECT_EQ(counted("freshet_consumer_reconnect_total"), session);
  }
}

TEST_F(RenewalTest, AQuietTopicHasNoPause) {
  join();
  script_.state = State::Joined;
  turn();
  renewal_.end_session();
  renewal_.take_next();
  begin();
  facts_.reached_end = true;
  turn();
  clock_.advance(1s);
  turn();
  ASSERT_TRUE(desk_.last());
  EXPECT_EQ(desk_.last()->pause, std::nullopt);
}

// It reaches no end and delivers nothing: the report waits its whole time, and the loop too.
TEST_F(RenewalTest, AMemberWithoutPartitionsWaitsForItsReportAtRest) {
  join();
  script_.state = State::Joined;
  EXPECT_EQ(turn(), Wish::HandOver);
  renewal_.end_session();
  EXPECT_NE(renewal_.take_next(), nullptr);
  begin();
  facts_.first_message.reset();
  for (int i = 0; i < 20; ++i) {
    turn();
    EXPECT_FALSE(desk_.last());
    clock_.advance(100ms);
  }
  turn();
  EXPECT_TRUE(desk_.last());
}

TEST_F(RenewalTest, ItSaysWhenTheGroupRebalancedMeanwhile) {
  join();
  script_.state = State::Joined;
  turn();
  membership_.generation = 8;
  membership_.partitions = {Partition{0}};
  next_session(5ms);
  turn();
  ASSERT_TRUE(desk_.last());
  EXPECT_FALSE(desk_.last()->generation_kept);
  EXPECT_FALSE(desk_.last()->assignment_kept);
}

TEST_F(RenewalTest, WithoutStaticMembershipItLeavesOnceTheNextSessionIsWarm) {
  membership_.continuity = Membership::Continuity::Absent;
  ask();
  EXPECT_EQ(turn(), Wish::GoOn);
  script_.state = State::Warm;
  EXPECT_EQ(turn(), Wish::Leave);
  EXPECT_EQ(script_.joins, 0);
  EXPECT_FALSE(renewal_.has_next_member());
  next_session(2s);
  turn();
  EXPECT_EQ(desk_.last()->mode, RenewalMode::Rejoin);
}

// Unknown is not absent: a leave would be a rebalance for everybody.
TEST_F(RenewalTest, ItWaitsToHearWhetherTheBrokerKeepsTheMember) {
  membership_.continuity = Membership::Continuity::Unknown;
  ask();
  turn();
  clock_.advance(59s);
  turn();
  EXPECT_FALSE(script_.alive);
  EXPECT_NE(renewal_.under_way().find("whether it keeps this static member"), std::string::npos);
  membership_.continuity = Membership::Continuity::Works;
  turn();
  EXPECT_TRUE(script_.alive);
  script_.state = State::Warm;
  EXPECT_EQ(turn(), Wish::HoldWrites) << "static";
}

TEST_F(RenewalTest, ABrokerThatNeverSaysWhetherItKeepsTheMemberIsTakenForOneThatDoesNot) {
  membership_.continuity = Membership::Continuity::Unknown;
  ask();
  turn();
  clock_.advance(60s);
  turn();
  EXPECT_TRUE(script_.alive);
  script_.state = State::Warm;
  EXPECT_EQ(turn(), Wish::Leave);
}

TEST_F(RenewalTest, TheFirstRebalanceMayTakeAsLongAsItLikes) {
  membership_.continuity = Membership::Continuity::Unknown;
  membership_.settled = false;
  begin();
  ask();
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(turn(), Wish::GoOn);
    clock_.advance(60s);
  }
  EXPECT_FALSE(script_.alive);
  EXPECT_NE(renewal_.under_way().find("first assignment"), std::string::npos);
  membership_.settled = true;
  membership_.continuity = Membership::Continuity::Works;
  turn();
  script_.state = State::Warm;
  EXPECT_EQ(turn(), Wish::HoldWrites) << "static";
}

TEST_F(RenewalTest, ASickSessionDoesNotWaitForThatAnswer) {
  membership_.continuity = Membership::Continuity::Unknown;
  membership_.settled = false;
  begin();
  desk_.ask(RenewalReason::Watchdog, "stuck");
  turn();
  EXPECT_FALSE(script_.alive);
  clock_.advance(5s);
  turn();
  EXPECT_TRUE(script_.alive);
}

TEST_F(RenewalTest, ATopicThatGrewForcesARebalance) {
  ask();
  turn();
  script_.state = State::Warm;
  script_.topic_partitions = 8;
  EXPECT_EQ(turn(), Wish::Leave);
}

TEST_F(RenewalTest, ATopicThatGrewWhileJoiningForcesARebalanceAfterwards) {
  join();
  script_.state = State::Joined;
  script_.topic_partitions = 8;
  EXPECT_EQ(turn(), Wish::HandOver);
  next_session(5ms);
  turn();
  ASSERT_TRUE(desk_.open());
  turn();
  script_.state = State::Warm;
  EXPECT_EQ(turn(), Wish::Leave);
}

TEST_F(RenewalTest, WhatCannotBeMadeReadyLeavesTheRunningSessionAloneAndIsTriedAgain) {
  ask();
  turn();
  script_.state = State::Failed;
  EXPECT_EQ(turn(), Wish::GoOn);
  EXPECT_FALSE(script_.alive);
  ASSERT_TRUE(desk_.last());
  EXPECT_EQ(desk_.last()->result, RenewalResult::Failed);
  EXPECT_EQ(desk_.last()->error, "refused");
  EXPECT_EQ(decision_->outcome(), RunOutcome::Undecided);
  EXPECT_EQ(turn(), Wish::GoOn);
  EXPECT_FALSE(script_.alive) << "not at once";
  clock_.advance(2s);
  turn();
  EXPECT_TRUE(script_.alive);
  ASSERT_TRUE(desk_.open());
  EXPECT_EQ(desk_.open()->reason, RenewalReason::Timer);
}

TEST_F(RenewalTest, AWarmUpThatTakesTooLongIsGivenUp) {
  ask();
  turn();
  clock_.advance(61s);
  EXPECT_EQ(turn(), Wish::GoOn);
  EXPECT_FALSE(script_.alive);
  EXPECT_EQ(count(RenewalMode::Static, RenewalResult::Failed), 1);
}

// Its request may be anywhere; the running session is fenced when it arrives.
TEST_F(RenewalTest, OnceTheJoinIsAskedForThereIsNoWayBackHoweverLongItTakes) {
  join();
  for (int i = 0; i < 59; ++i) {
    clock_.advance(1s);
    EXPECT_EQ(turn(), Wish::HoldWrites) << i;
  }
  script_.state = State::Joined;
  EXPECT_EQ(turn(), Wish::HandOver);
  EXPECT_FALSE(renewal_.may_have_fenced_itself());
  next_session(5ms);
  turn();
  EXPECT_EQ(desk_.last()->result, RenewalResult::Renewed);
}

TEST_F(RenewalTest, AJoinThatIsNotAnsweredAtAllIsAskedForAgainByAnotherClient) {
  for (const bool fenced : {false, true}) {
    join();
    if (fenced) {
      EXPECT_EQ(renewal_.client_ended({ErrorKind::Renew, 1, "fenced"}), ClientEnd::Replaced);
      facts_.fenced = true;
    } else {
      membership_.settled = false;  // the group rebalances: the old session is asked for its partitions
    }
    EXPECT_EQ(turn(), Wish::HoldWrites);
    clock_.advance(60s);
    EXPECT_EQ(turn(), Wish::HandOver);
    EXPECT_TRUE(renewal_.has_next_member());
    EXPECT_FALSE(script_.alive);
    EXPECT_EQ(renewal_.take_next(), nullptr) << "it is built anew";
    EXPECT_TRUE(renewal_.may_have_fenced_itself()) << "the first request may still arrive";
    renewal_.end_session();
    membership_.settled = true;
    facts_.fenced = false;
    begin();
    facts_.first_message = clock_.steady_now();
    turn();
    EXPECT_EQ(desk_.last()->result, RenewalResult::Renewed);
    clock_.advance(2ms);
  }
}

TEST_F(RenewalTest, ASuccessorThatFailsOnceItHasAskedToJoinIsReplacedByAnotherWhoseFencingIsOurOwnDoing) {
  join();
  script_.state = State::Failed;
  EXPECT_EQ(turn(), Wish::HandOver);
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
  facts_.last_message = clock_.steady_now();
  join();
  facts_.fenced = true;
  EXPECT_EQ(turn(), Wish::HoldWrites);
  clock_.advance(4s);
  script_.state = State::Joined;
  EXPECT_EQ(turn(), Wish::HandOver);
  facts_.fenced = false;
  next_session(10ms);
  turn();
  EXPECT_EQ(desk_.last()->pause, 4010ms);
}

// What is drained before it goes must be committed, or it comes twice.
TEST_F(RenewalTest, ARenewalThatIsReadyWhileARevokeDrainsLeavesTheCommitsAlone) {
  ask();
  turn();
  script_.state = State::Warm;
  membership_.settled = false;
  facts_.revoking = true;
  facts_.commit_outstanding = true;
  for (int i = 0; i < 30; ++i) {
    EXPECT_EQ(turn(), Wish::GoOn);
    clock_.advance(1s);
  }
  EXPECT_EQ(script_.joins, 0);
  facts_.revoking = false;
  membership_.settled = true;
  EXPECT_EQ(turn(), Wish::HoldWrites);
}

TEST_F(RenewalTest, ASessionThatDoesNotComeToRestIsReplacedAllTheSame) {
  ask();
  turn();
  script_.state = State::Warm;
  facts_.commit_outstanding = true;  // the coordinator does not answer
  EXPECT_EQ(turn(), Wish::HoldCommits);
  clock_.advance(10s);
  EXPECT_EQ(turn(), Wish::HoldWrites);
  EXPECT_EQ(script_.joins, 1);
}

// The running session takes part in the rebalance first: whoever joined into it would fence that session in the middle.
TEST_F(RenewalTest, AGroupThatRebalancesIsJoinedLaterButNotNever) {
  ask();
  for (int attempt = 1; attempt <= 3; ++attempt) {
    turn();
    script_.state = State::Warm;
    EXPECT_EQ(turn(), Wish::HoldWrites);
    EXPECT_FALSE(script_.insists);
    script_.state = State::Postponed;
    EXPECT_EQ(turn(), Wish::GoOn);
    EXPECT_EQ(desk_.last()->result, RenewalResult::Postponed);
    EXPECT_FALSE(renewal_.may_have_fenced_itself());
    clock_.advance(1min);
    script_.state = State::Warming;
  }
  turn();
  script_.state = State::Warm;
  turn();
  EXPECT_TRUE(script_.insists) << "the group may wait for the session that is to be replaced";
}

// What rebalances then is another one, in which the session takes part as well: who joined into it would fence it, and
// what it stores meanwhile would be stored twice.
TEST_F(RenewalTest, AttemptsBeforeTheSessionTookPartInARebalanceDoNotCount) {
  ask();
  for (int i = 0; i < 6; ++i) {
    turn();
    script_.state = State::Warm;
    EXPECT_EQ(turn(), Wish::HoldWrites);
    EXPECT_FALSE(script_.insists) << i;
    script_.state = State::Postponed;
    EXPECT_EQ(turn(), Wish::GoOn);
    membership_.generation += i % 2;  // every other attempt, the rebalance ends
    clock_.advance(2min);
    script_.state = State::Warming;
  }
}

TEST_F(RenewalTest, ASickSessionIsReplacedAlsoWhileTheGroupRebalances) {
  desk_.ask(RenewalReason::Watchdog, "stuck");
  turn();
  script_.state = State::Warm;
  turn();
  EXPECT_TRUE(script_.insists);
}

TEST_F(RenewalTest, BothClientsGoneMeansANewOne) {
  join();
  facts_.fenced = true;
  script_.state = State::Failed;
  EXPECT_EQ(turn(), Wish::HandOver);
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
  EXPECT_EQ(turn(), Wish::GoOn);
  EXPECT_EQ(renewal_.waiting_for(), "8 clients still live");
  EXPECT_TRUE(desk_.open());
  refuse_.reset();
  turn();
  EXPECT_FALSE(script_.alive);
  clock_.advance(1s);
  turn();
  EXPECT_TRUE(script_.alive);
  EXPECT_EQ(renewal_.waiting_for(), "");
}

TEST_F(RenewalTest, AStopCancelsARenewalThatIsBeingPrepared) {
  for (const State state : {State::Warming, State::Warm}) {
    stops_.emplace(clock_, plan_, null_log());
    begin();
    ask();
    turn();
    script_.state = state;
    stop();
    EXPECT_EQ(turn(), Wish::Stop);
    EXPECT_FALSE(script_.alive);
    EXPECT_EQ(decision_->outcome(), RunOutcome::Stop);
    EXPECT_EQ(desk_.last()->result, RenewalResult::Cancelled);
    renewal_.end_session();
  }
}

TEST_F(RenewalTest, AStopBeforeALeaveWins) {
  membership_.continuity = Membership::Continuity::Absent;
  ask();
  turn();
  script_.state = State::Warm;
  stop();  // between the loop's look at the decision and the claim it could not win either: see RunDecision
  EXPECT_EQ(turn(), Wish::Stop);
}

TEST_F(RenewalTest, AStopWhileTheNextSessionJoinsIsFollowedByTheOneThatHasTheMembership) {
  for (const bool answered : {true, false}) {
    stops_.emplace(clock_, plan_, null_log());
    begin();
    join();
    if (answered) script_.state = State::Joined;
    stop();
    EXPECT_EQ(turn(), Wish::HandOver) << "the running session is fenced, now or soon: it cannot commit";
    EXPECT_EQ(decision_->outcome(), RunOutcome::Stop);
    renewal_.end_session();
    EXPECT_TRUE(renewal_.has_next_member());
    EXPECT_NE(renewal_.take_next(), nullptr);
    begin();
    stop();
    membership_.settled = false;
    EXPECT_EQ(turn(), Wish::GoOn) << "its assignment is a moment away";
    clock_.advance(5s);
    EXPECT_EQ(turn(), Wish::GoOn);
    membership_.settled = true;
    EXPECT_EQ(turn(), Wish::Stop);
    renewal_.end_session();
  }
}

TEST_F(RenewalTest, AStopBeforeTheJoinIsAskedForLeavesWithTheRunningSession) {
  join();
  script_.sent = false;  // it asks whether the group rests
  stop();
  EXPECT_EQ(turn(), Wish::Stop);
  EXPECT_FALSE(script_.alive);
  EXPECT_FALSE(renewal_.may_have_fenced_itself());
}

TEST_F(RenewalTest, AStopOfASessionWhoseBothClientsAreGoneLeavesWithANewOne) {
  join();
  script_.state = State::Failed;
  stop();
  EXPECT_EQ(turn(), Wish::HandOver);
  renewal_.end_session();
  EXPECT_TRUE(renewal_.has_next_member()) << "the membership is there, and somebody has to give it up";
  EXPECT_EQ(renewal_.take_next(), nullptr);
}

TEST_F(RenewalTest, AStopDoesNotWaitForAnAssignmentForLong) {
  join();
  script_.state = State::Joined;
  turn();
  renewal_.end_session();
  renewal_.take_next();
  begin();
  stop();
  membership_.settled = false;
  EXPECT_EQ(turn(), Wish::GoOn);
  clock_.advance(6s);
  EXPECT_EQ(turn(), Wish::Stop);
}

// A loop that has nothing to do sleeps.
TEST_F(RenewalTest, NoDeadlineThatHasPassedIsNamedAgain) {
  join();
  script_.state = State::Joined;
  turn();
  renewal_.end_session();
  renewal_.take_next();
  begin();
  facts_.first_message.reset();
  for (int i = 0; i < 40; ++i) {
    turn();
    EXPECT_GT(renewal_.next_deadline(clock_.steady_now()), clock_.steady_now()) << i;
    clock_.advance(100ms);
  }
  EXPECT_TRUE(desk_.last());
}

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
    EXPECT_EQ(turn(), Wish::GoOn);
    script_.state = State::Warm;
  }
};

TEST_F(RenewalOnTheTickTest, ARenewalThatLeavesDoesSoOnTheTickAndConsumesMeanwhile) {
  warm_up_to_leave();
  EXPECT_EQ(turn(), Wish::GoOn);
  clock_.advance(19s);
  EXPECT_EQ(turn(), Wish::GoOn);
  EXPECT_TRUE(script_.alive);
  EXPECT_EQ(decision_->outcome(), RunOutcome::Undecided);
  clock_.advance(1s);
  EXPECT_EQ(turn(), Wish::Leave);
  EXPECT_EQ(decision_->outcome(), RunOutcome::Renew);
}

TEST_F(RenewalOnTheTickTest, AStaticRenewalIsNoLeaveAndDoesNotWait) {
  join();
  script_.state = State::Joined;
  EXPECT_EQ(turn(), Wish::HandOver);
}

TEST_F(RenewalOnTheTickTest, AStopDuringARenewalsWaitCancelsItAndLeavesOnItsOwnTick) {
  warm_up_to_leave();
  EXPECT_EQ(turn(), Wish::GoOn);
  stop();
  EXPECT_EQ(turn(), Wish::GoOn);
  EXPECT_FALSE(script_.alive);
  ASSERT_TRUE(desk_.last());
  EXPECT_EQ(desk_.last()->result, RenewalResult::Cancelled);
  EXPECT_EQ(desk_.last()->error, "a stop came first");
  clock_.advance(19s);
  EXPECT_EQ(turn(), Wish::GoOn);
  clock_.advance(1s);
  EXPECT_EQ(turn(), Wish::Stop);
}

TEST_F(RenewalOnTheTickTest, ASecondSignalDuringThatWaitLeavesNow) {
  warm_up_to_leave();
  turn();
  stop();
  EXPECT_EQ(turn(), Wish::GoOn);
  EXPECT_TRUE(stops_->hurry());
  EXPECT_EQ(turn(), Wish::Stop);
}

TEST_F(RenewalOnTheTickTest, TheTimerSwitchedOffDuringTheWaitEndsIt) {
  warm_up_to_leave();
  EXPECT_EQ(turn(), Wish::GoOn);
  plan_.set(RenewalOptions{.enabled = false, .tick = 30s});
  EXPECT_EQ(turn(), Wish::GoOn);
  EXPECT_FALSE(script_.alive);
  EXPECT_EQ(desk_.last()->result, RenewalResult::Cancelled);
  clock_.advance(60s);
  EXPECT_EQ(turn(), Wish::GoOn);
  EXPECT_FALSE(script_.alive);
}

TEST_F(RenewalOnTheTickTest, WhatAnOperatorWantsTooIsNotSwitchedOffWithTheTimer) {
  warm_up_to_leave();
  turn();
  desk_.ask(RenewalReason::Operator, "POST /renew");
  plan_.set(RenewalOptions{.enabled = false, .tick = 30s});
  EXPECT_EQ(turn(), Wish::GoOn);
  EXPECT_TRUE(script_.alive);
  EXPECT_NE(renewal_.under_way().find("next tick"), std::string::npos) << renewal_.under_way();
  EXPECT_NE(renewal_.under_way().find("in 20 s"), std::string::npos) << renewal_.under_way();
  clock_.advance(20s);
  EXPECT_EQ(turn(), Wish::Leave);
}

TEST_F(RenewalOnTheTickTest, AWatchdogThatAsksDuringTheWaitIsHeard) {
  for (const RenewalReason reason : {RenewalReason::Watchdog, RenewalReason::Broken}) {
    warm_up_to_leave();
    EXPECT_EQ(turn(), Wish::GoOn);
    desk_.ask(reason, "stuck");
    EXPECT_EQ(turn(), Wish::Leave) << "a session that is not well is not kept for the sake of a tick";
    next_session(1ms);
    turn();
    ASSERT_TRUE(desk_.last());
    EXPECT_EQ(desk_.last()->result, RenewalResult::Renewed);
    clock_.advance(2ms);
  }
}

TEST_F(RenewalOnTheTickTest, AStopOfAMemberAtRestWaitsAndNothingCanTurnItIntoARenewal) {
  turn();
  stop();
  EXPECT_EQ(turn(), Wish::GoOn);
  ask();
  EXPECT_EQ(turn(), Wish::GoOn);
  EXPECT_FALSE(script_.alive);
  EXPECT_TRUE(stops_->hurry());
  EXPECT_EQ(turn(), Wish::Stop);
}

TEST_F(RenewalOnTheTickTest, AStopThatTheLoopHasNotSeenYetLetsNoRenewalBegin) {
  turn();
  stops_->begin();  // the decision follows
  ask();
  EXPECT_EQ(turn(), Wish::GoOn);
  EXPECT_FALSE(script_.alive);
}

TEST_F(RenewalOnTheTickTest, AMemberThatNeverHadAnAssignmentDoesNotWait) {
  membership_.settled = false;
  turn();
  stop();
  EXPECT_EQ(turn(), Wish::Stop);
}

TEST_F(RenewalOnTheTickTest, ARebalanceIsNoReasonToLeaveOffTheTick) {
  for (const bool stops_first : {true, false}) {
    SCOPED_TRACE(stops_first);
    stops_.emplace(clock_, plan_, null_log());
    begin();
    membership_.settled = true;
    EXPECT_EQ(turn(), Wish::GoOn);
    if (stops_first) stop();
    membership_.settled = false;
    facts_.revoking = true;
    EXPECT_EQ(turn(), Wish::GoOn);
    if (!stops_first) stop();
    EXPECT_EQ(turn(), Wish::GoOn);
    facts_.revoking = false;
    clock_.advance(19s);
    EXPECT_EQ(turn(), Wish::GoOn);
    clock_.advance(1s);
    EXPECT_EQ(turn(), Wish::Stop);
    renewal_.end_session();
    clock_.advance(10s);
  }
}

TEST_F(RenewalOnTheTickTest, AStopWhileARenewalWaitsForACommitLeavesOnItsTick) {
  ask();
  facts_.commit_outstanding = true;
  turn();
  script_.state = State::Warm;
  EXPECT_EQ(turn(), Wish::HoldCommits);
  stop();
  EXPECT_EQ(turn(), Wish::GoOn);
  EXPECT_FALSE(script_.alive);
  EXPECT_EQ(desk_.last()->result, RenewalResult::Cancelled);
  clock_.advance(20s);
  EXPECT_EQ(turn(), Wish::Stop);
}

// The running session is fenced, now or soon: the next one consumes until the tick.
TEST_F(RenewalOnTheTickTest, AStopWhileTheNextSessionJoinsLeavesOnItsTickWithThatOne) {
  join();
  stop();
  EXPECT_EQ(turn(), Wish::HoldWrites);
  clock_.advance(5s);
  script_.state = State::Joined;
  EXPECT_EQ(turn(), Wish::HandOver);
  renewal_.end_session();
  EXPECT_TRUE(renewal_.has_next_member());
  EXPECT_NE(renewal_.take_next(), nullptr);
  begin();
  decision_->claim(RunOutcome::Stop);
  EXPECT_EQ(turn(), Wish::GoOn);
  clock_.advance(14s);
  EXPECT_EQ(turn(), Wish::GoOn);
  EXPECT_EQ(desk_.last()->result, RenewalResult::Renewed);
  clock_.advance(1s);
  EXPECT_EQ(turn(), Wish::Stop);
}

TEST_F(RenewalOnTheTickTest, AStopBeforeTheNextSessionHasAskedToJoinNeedsNoneOfIt) {
  join();
  script_.sent = false;  // it asks whether the group rests
  stop();
  EXPECT_EQ(turn(), Wish::GoOn);
  EXPECT_FALSE(script_.alive);
  clock_.advance(20s);
  EXPECT_EQ(turn(), Wish::Stop);
}

TEST_F(RenewalOnTheTickTest, TheTimerSwitchedOffBeforeTheJoinEndsTheRenewal) {
  ask();
  facts_.commit_outstanding = true;
  turn();
  script_.state = State::Warm;
  EXPECT_EQ(turn(), Wish::HoldCommits);
  plan_.set(RenewalOptions{.enabled = false, .tick = 30s});
  EXPECT_EQ(turn(), Wish::GoOn);
  EXPECT_FALSE(script_.alive);
  EXPECT_EQ(desk_.last()->result, RenewalResult::Cancelled);
}

TEST_F(RenewalOnTheTickTest, TheTickSetToNoneLetsTheRenewalLeave) {
  warm_up_to_leave();
  EXPECT_EQ(turn(), Wish::GoOn);
  plan_.set(RenewalOptions{.enabled = true});
  EXPECT_EQ(turn(), Wish::Leave);
}

TEST_F(RenewalOnTheTickTest, ASuccessorThatDiesDuringTheWaitLeavesTheSessionAlone) {
  warm_up_to_leave();
  EXPECT_EQ(turn(), Wish::GoOn);
  script_.state = State::Failed;
  EXPECT_EQ(turn(), Wish::GoOn);
  EXPECT_EQ(desk_.last()->result, RenewalResult::Failed);
}

TEST_F(RenewalTest, AFailedRenewalOfTheTimerIsForgottenOnceItIsSwitchedOff) {
  ask();
  turn();
  script_.state = State::Failed;
  turn();
  plan_.set(RenewalOptions());
  clock_.advance(60s);
  turn();
  EXPECT_FALSE(script_.alive);
  EXPECT_FALSE(desk_.open());
}

TEST_F(RenewalTest, AnErrorThatANewClientMayCureAsksForOneButNotAllTheTime) {
  renewal_.renewal_may_help({ErrorKind::Retry, 1, "login refused"}, clock_.steady_now());
  ASSERT_TRUE(desk_.open());
  EXPECT_EQ(desk_.open()->reason, RenewalReason::Broken);
  turn();
  script_.state = State::Failed;
  turn();
  ASSERT_FALSE(desk_.open());
  renewal_.renewal_may_help({ErrorKind::Retry, 1, "login refused"}, clock_.steady_now());
  EXPECT_FALSE(desk_.open()) << "the back-off of the failed attempt counts";
}

}  // namespace
}  // namespace freshet::supervisor
