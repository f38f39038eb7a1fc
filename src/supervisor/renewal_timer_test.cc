#include "supervisor/renewal_timer.h"

#include <gtest/gtest.h>

#include <optional>
#include <vector>

#include "supervisor/run_outcome.h"
#include "testkit/fake_clock.h"

namespace freshet::supervisor {
namespace {

using namespace std::chrono_literals;

struct RecordedLog final : Log {
  bool enabled(LogLevel) const noexcept override { return true; }
  void write(LogLevel, std::string_view event, std::initializer_list<LogField> fields) noexcept override {
    MutexLock lock(mutex);
    std::string line(event);
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

// A session that began now; chance 0.5 of a jitter of 10 % makes 5 %.
struct RenewalTimerTest : testing::Test {
  void start(const RenewalOptions& options, double chance = 0.5) {
    plan.set(options);
    timer.emplace(plan, desk, clock, log, 0.1, chance, clock.steady_now());
    clock.await_waits(1);
  }
  // Whether a renewal was asked for once the timer has seen the time.
  bool asked_after(Duration passed) {
    clock.advance(passed);
    EXPECT_TRUE(clock.settle());
    return desk.open().has_value();
  }
  bool asked_when(const RenewalOptions& options) {
    plan.set(options);
    EXPECT_TRUE(clock.settle());
    return desk.open().has_value();
  }
  void answer(RenewalResult result) {
    RenewalReport report;
    report.result = result;
    desk.finish(report);
    EXPECT_TRUE(clock.settle());
  }

  testkit::FakeClock clock;
  RenewalPlan plan{clock, RenewalOptions()};
  RenewalDesk desk{clock};
  RecordedLog log;
  std::optional<RenewalTimer> timer;
};

TEST_F(RenewalTimerTest, AsksWhenTheIntervalAndItsShareOfTheJitterAreOver) {
  start(every(100s));
  EXPECT_FALSE(asked_after(104s));
  EXPECT_TRUE(asked_after(1s));
  EXPECT_EQ(desk.open()->reason, RenewalReason::Timer);
  EXPECT_EQ(desk.open()->detail, "every 100 s");
}

TEST_F(RenewalTimerTest, IsOffUntilItIsSwitchedOn) {
  start(every(100s, false));
  EXPECT_FALSE(asked_after(50s));
  EXPECT_FALSE(asked_when(every(100s)));
  EXPECT_FALSE(asked_after(54s));
  EXPECT_TRUE(asked_after(1s));
}

TEST_F(RenewalTimerTest, SwitchedOnAnOlderSessionIsRenewedAtOnceSpreadOverTheJitter) {
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

TEST_F(RenewalTimerTest, AShorterIntervalCountsFromTheSessionsStart) {
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

// The request of the last session is open until the next one has shown its first message.
TEST_F(RenewalTimerTest, ARenewalThatMadeThisSessionIsNotTheOneItAsksFor) {
  desk.ask(RenewalReason::Operator, "");
  start(every(1s), 0);
  clock.advance(1s);
  EXPECT_TRUE(clock.settle());
  EXPECT_EQ(desk.open()->number, 1u);
  answer(RenewalResult::Renewed);
  ASSERT_TRUE(desk.open());
  EXPECT_EQ(desk.open()->number, 2u);
}

TEST_F(RenewalTimerTest, EndsAtOnceWhereverItWaits) {
  start(every(100s));
  timer.reset();
  start(every(100s, false));
  timer.reset();
  start(every(100s), 0);
  clock.advance(100s);
  while (!desk.open()) std::this_thread::yield();
  timer.reset();  // while its request is open
  EXPECT_TRUE(desk.open());
}

TEST_F(RenewalTimerTest, TheTimerOfOneSessionNeverAsksInTheNext) {
  start(every(100s));
  timer.reset();
  clock.advance(1000s);
  EXPECT_FALSE(desk.open());
  timer.emplace(plan, desk, clock, log, 0.1, 0.0, clock.steady_now());
  EXPECT_FALSE(asked_after(99s));
  EXPECT_TRUE(asked_after(1s));
}

// The one who decides listens to both; whoever is first wins, and there is exactly one outcome.
TEST(RenewalTimerRaceTest, AStopAndAnIntervalThatEndTogetherHaveOneWinner) {
  for (int round = 0; round < 100; ++round) {
    testkit::FakeClock clock;
    RunDecision decision;
    RenewalPlan plan(clock, every(100s));
    bool renews = false;
    bool stops = false;
    RenewalDesk desk(clock, [&] { renews = decision.claim(RunOutcome::Renew); });
    {
      RenewalTimer timer(plan, desk, clock, null_log(), 0, 0, clock.steady_now());
      std::jthread signal([&] {
        clock.advance(100s);
        stops = decision.claim(RunOutcome::Stop);
      });
      while (!desk.open()) std::this_thread::yield();
    }
    EXPECT_NE(renews, stops);
    EXPECT_EQ(decision.outcome(), stops ? RunOutcome::Stop : RunOutcome::Renew);
  }
}

}  // namespace
}  // namespace freshet::supervisor
