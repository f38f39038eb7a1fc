#include "supervisor/renewal_timer.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "testkit/fake_clock.h"

namespace freshet::supervisor {
namespace {

using namespace std::chrono_literals;

struct RecordedLog final : Log {
  bool enabled(LogLevel) const noexcept override { return true; }
  void write(const LogEvent& event, std::span<const LogField> fields) noexcept override {
    MutexLock lock(mutex);
    std::string line(event.name);
    for (const LogField& field : fields) {
      if (const auto* number = std::get_if<int64_t>(&field.value)) {
        line += " " + std::string(field.name) + "=" + std::to_string(*number);
      } else if (const auto* yes = std::get_if<bool>(&field.value)) {
        line += " " + std::string(field.name) + (*yes ? "=true" : "=false");
      }
    }
    lines.push_back(line);
  }
  Mutex mutex;
  std::vector<std::string> lines;
};

RenewalOptions every(std::chrono::seconds interval, bool enabled = true) {
  RenewalOptions options;
  options.enabled = enabled;
  options.interval = interval;
  return options;
}

// A consumer that starts now. The random number 0.5 and the jitter of 10 % add 5 %.
struct RenewalTimerTest : testing::Test {
  void start(const RenewalOptions& options, double uniform01 = 0.5) {
    plan.set(options);
    timer.consumer_started(clock.steady_now(), uniform01);
    timer.poll(clock.steady_now());
  }
  double counted() { return static_cast<double>(metrics.counter("freshet_periodic_restarts_total", "").value()); }
  // True if the timer requests a renewal after `passed`.
  bool asked_after(Duration passed) {
    clock.advance(passed);
    timer.poll(clock.steady_now());
    return requests.open().has_value();
  }
  bool asked_when(const RenewalOptions& options) {
    plan.set(options);
    return asked_after(0s);
  }
  void answer(RenewalResult result) {
    RenewalReport report;
    report.result = result;
    requests.finish(report);
    timer.poll(clock.steady_now());
  }

  testkit::FakeClock clock;
  RenewalPlan plan{clock, RenewalOptions()};
  RenewalRequests requests{clock};
  RecordedLog log;
  Metrics metrics;
  RenewalTimer timer{plan, requests, clock, log, metrics, 0.1};
};

TEST_F(RenewalTimerTest, AsksWhenTheIntervalAndItsShareOfTheJitterAreOver) {
  start(every(100s));
  EXPECT_FALSE(asked_after(104s));
  EXPECT_TRUE(asked_after(1s));
  EXPECT_EQ(requests.open()->reason, RenewalReason::Timer);
  EXPECT_EQ(requests.open()->trigger, "every 100 s");
}

TEST_F(RenewalTimerTest, IsOffUntilItIsSwitchedOn) {
  start(every(100s, false));
  EXPECT_FALSE(asked_after(50s));
  EXPECT_FALSE(asked_when(every(100s)));
  EXPECT_FALSE(asked_after(54s));
  EXPECT_TRUE(asked_after(1s));
}

TEST_F(RenewalTimerTest, SwitchedOnAnOlderConsumerIsRenewedAtOnceSpreadOverTheJitter) {
  start(every(100s, false));
  EXPECT_FALSE(asked_after(5000s));
  EXPECT_FALSE(asked_when(every(100s)));
  EXPECT_FALSE(asked_after(4s));
  EXPECT_TRUE(asked_after(1s));
}

TEST_F(RenewalTimerTest, AtOnceIsNowForTheOneWhoDrewZero) {
  start(every(100s, false), 0);
  EXPECT_FALSE(asked_after(5000s));
  EXPECT_TRUE(asked_when(every(100s)));
}

TEST_F(RenewalTimerTest, SwitchedOffItDoesNotAsk) {
  start(every(100s));
  EXPECT_FALSE(asked_after(99s));
  EXPECT_FALSE(asked_when(every(100s, false)));
  EXPECT_FALSE(asked_after(5000s));
}

TEST_F(RenewalTimerTest, AShorterIntervalCountsFromTheConsumersStart) {
  start(every(900s));
  EXPECT_FALSE(asked_after(60s));
  EXPECT_FALSE(asked_when(every(100s)));
  EXPECT_FALSE(asked_after(44s));
  EXPECT_TRUE(asked_after(1s));
}

TEST_F(RenewalTimerTest, AShorterIntervalThatIsOverAlreadyRenewsAtOnce) {
  start(every(900s));
  EXPECT_FALSE(asked_after(500s));
  EXPECT_FALSE(asked_when(every(100s)));
  EXPECT_TRUE(asked_after(5s));
}

TEST_F(RenewalTimerTest, ALongerIntervalPutsItOff) {
  start(every(100s));
  EXPECT_FALSE(asked_after(104s));
  EXPECT_FALSE(asked_when(every(200s)));
  EXPECT_FALSE(asked_after(105s));
  EXPECT_TRUE(asked_after(1s));
}

TEST_F(RenewalTimerTest, OtherOptionsMoveNothing) {
  start(every(100s, false));
  EXPECT_FALSE(asked_after(5000s));
  EXPECT_FALSE(asked_when(every(100s)));
  EXPECT_FALSE(asked_after(4s));
  RenewalOptions other = every(100s);
  other.tick = 30s;
  other.progress_timeout = 1s;
  EXPECT_FALSE(asked_when(other));
  EXPECT_TRUE(asked_after(1s));
}

TEST_F(RenewalTimerTest, EachChangeIsLoggedWithOldAndNewValue) {
  start(every(100s, false));
  asked_when(every(100s));
  asked_when(every(200s));
  asked_when(every(200s));
  MutexLock lock(log.mutex);
  ASSERT_EQ(log.lines.size(), 2u);
  EXPECT_EQ(log.lines[0], "renewal_timer_changed enabled_old=false enabled=true interval_old=100 interval=100");
  EXPECT_EQ(log.lines[1], "renewal_timer_changed enabled_old=true enabled=true interval_old=100 interval=200");
}

TEST_F(RenewalTimerTest, AFailedRenewalIsAskedForAgainAfterABackOff) {
  start(every(100s), 0);
  EXPECT_TRUE(asked_after(100s));
  answer(RenewalResult::Failed);
  EXPECT_FALSE(asked_after(4s));
  EXPECT_TRUE(asked_after(1s));
  answer(RenewalResult::Failed);
  EXPECT_FALSE(asked_after(9s));
  EXPECT_TRUE(asked_after(1s));
}

TEST_F(RenewalTimerTest, ARenewalThatFailedIsNotTriedAgainOnceItIsSwitchedOff) {
  start(every(100s), 0);
  EXPECT_TRUE(asked_after(100s));
  answer(RenewalResult::Failed);
  EXPECT_FALSE(asked_when(every(100s, false)));
  EXPECT_FALSE(asked_after(5000s));
}

// The request that created this consumer stays open until the consumer has delivered its first message.
TEST_F(RenewalTimerTest, ARenewalThatMadeThisConsumerIsNotTheOneItAsksFor) {
  requests.request(RenewalReason::Operator, "");
  start(every(1s), 0);
  EXPECT_TRUE(asked_after(1s));
  EXPECT_EQ(requests.open()->number, 1u);
  answer(RenewalResult::Renewed);
  ASSERT_TRUE(requests.open());
  EXPECT_EQ(requests.open()->number, 2u);
}

TEST_F(RenewalTimerTest, AConsumerThatWasRenewedIsNotRenewedAgain) {
  start(every(100s), 0);
  EXPECT_TRUE(asked_after(100s));
  answer(RenewalResult::Renewed);
  EXPECT_FALSE(asked_after(1000s));
  EXPECT_EQ(timer.deadline(), std::nullopt);
}

TEST_F(RenewalTimerTest, EachConsumerHasItsOwnInterval) {
  start(every(100s));
  clock.advance(99s);
  start(every(100s), 0);
  EXPECT_EQ(timer.deadline(), clock.steady_now() + 100s);
  EXPECT_FALSE(asked_after(99s));
  EXPECT_TRUE(asked_after(1s));
}

TEST_F(RenewalTimerTest, AnIntervalIsCountedOnceHoweverOftenItsRenewalIsTried) {
  start(every(100s), 0);
  EXPECT_TRUE(asked_after(100s));
  for (int attempt = 0; attempt < 3; ++attempt) {
    answer(RenewalResult::Failed);
    EXPECT_TRUE(asked_after(60s));
  }
  EXPECT_EQ(counted(), 1);
  answer(RenewalResult::Renewed);
  start(every(100s), 0);
  EXPECT_TRUE(asked_after(100s));
  EXPECT_EQ(counted(), 2);
}

TEST_F(RenewalTimerTest, AnIntervalIsCountedAlsoWhenSomebodyElseHadAskedAlready) {
  start(every(100s), 0);
  requests.request(RenewalReason::Operator, "");
  EXPECT_TRUE(asked_after(100s));
  EXPECT_EQ(counted(), 1);
  EXPECT_FALSE(requests.open()->only_by_timer());
}

TEST_F(RenewalTimerTest, WhatNobodyAskedForIsNotCounted) {
  start(every(100s, false), 0);
  EXPECT_FALSE(asked_after(1000s));
  EXPECT_EQ(counted(), 0);
}

}  // namespace
}  // namespace freshet::supervisor
