#include "supervisor/supervisor.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "supervisor/end_decision.h"

namespace freshet::supervisor {
namespace {

using namespace std::chrono_literals;

TEST(EndDecisionTest, TheFirstClaimWins) {
  EndDecision decision;
  EXPECT_TRUE(decision.claim(EndReason::Stop));
  EXPECT_FALSE(decision.claim(EndReason::Renewal));
  EXPECT_EQ(decision.reason(), EndReason::Stop);
}

TEST(EndDecisionTest, ARaceHasExactlyOneWinner) {
  for (int round = 0; round < 200; ++round) {
    EndDecision decision;
    bool renewed = false;
    bool stopped = false;
    {
      std::jthread timer([&] { renewed = decision.claim(EndReason::Renewal); });
      std::jthread signal([&] { stopped = decision.claim(EndReason::Stop); });
    }
    EXPECT_NE(renewed, stopped);
    EXPECT_EQ(decision.reason(), stopped ? EndReason::Stop : EndReason::Renewal);
  }
}

TEST(BackoffTest, DoublesUpToTheCapAndStartsOverAfterALongConsumer) {
  Backoff backoff({.initial = 1s, .cap = 5s, .jitter = 0});
  EXPECT_EQ(backoff.next(0s, 0), 1s);
  EXPECT_EQ(backoff.next(0s, 0), 2s);
  EXPECT_EQ(backoff.next(0s, 0), 4s);
  EXPECT_EQ(backoff.next(0s, 0), 5s);
  EXPECT_EQ(backoff.next(5s, 0), 1s);
}

TEST(BackoffTest, JitterOnlyShortens) {
  Backoff backoff({.initial = 10s, .cap = 60s, .jitter = 0.5});
  EXPECT_EQ(backoff.next(0s, 0.5), 7500ms);
}

class SupervisorTest : public testing::Test {
 protected:
  void run(std::vector<ConsumerOutcome> outcomes) {
    Supervisor supervisor(
        clock_, null_log(), {.initial = 1ms, .cap = 2ms, .jitter = 0}, [] { return 0.0; },
        [&](uint64_t number, std::stop_token) {
          consumers_ = number;
          if (number == stop_in_consumer_) stop_.request_stop();
          return number <= outcomes.size() ? outcomes[number - 1] : ConsumerStopped();
        },
        [&](SteadyTime until, std::stop_token stop) {
          sleep_interruptibly(clock_, stop, until - clock_.steady_now());
        });
    supervisor.run(stop_.get_token());
  }

  RealClock clock_;
  std::stop_source stop_;
  uint64_t consumers_ = 0;
  uint64_t stop_in_consumer_ = 0;
};

TEST_F(SupervisorTest, ARenewedConsumerAndARecoverableFailureAreFollowedByTheNext) {
  run({ConsumerRenewed(), ConsumerFailed{"brokers down"}});
  EXPECT_EQ(consumers_, 3u);
}

TEST_F(SupervisorTest, AStopDuringAConsumerThatRenewsEndsTheProcess) {
  stop_in_consumer_ = 1;
  run({ConsumerRenewed()});
  EXPECT_EQ(consumers_, 1u);
}

TEST_F(SupervisorTest, AStopDoesNotEndBeforeTheNextConsumerThatIsAMemberAlready) {
  stop_in_consumer_ = 1;
  run({ConsumerRenewed{.member_already = true}});
  EXPECT_EQ(consumers_, 2u);
}

TEST_F(SupervisorTest, AStopDuringABackOffEndsTheProcess) {
  stop_in_consumer_ = 1;
  run({ConsumerFailed{"brokers down"}});
  EXPECT_EQ(consumers_, 1u);
}

}  // namespace
}  // namespace freshet::supervisor
