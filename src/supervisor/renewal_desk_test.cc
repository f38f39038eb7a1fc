#include "supervisor/renewal_desk.h"

#include <gtest/gtest.h>

#include <thread>

#include "testkit/fake_clock.h"

namespace freshet::supervisor {
namespace {

using namespace std::chrono_literals;

class RenewalDeskTest : public testing::Test {
 protected:
  testkit::FakeClock clock_;
  RenewalDesk desk_{clock_};
};

TEST_F(RenewalDeskTest, OneRequestAtATimeAndALaterOneJoinsIt) {
  int woken = 0;
  RenewalDesk desk(clock_, [&] { ++woken; });
  const auto first = desk.ask(RenewalReason::Timer, "900 s");
  const auto second = desk.ask(RenewalReason::Operator, "POST /renew");
  EXPECT_FALSE(first.joined);
  EXPECT_TRUE(second.joined);
  EXPECT_EQ(second.number, first.number);
  EXPECT_EQ(woken, 1);
  ASSERT_TRUE(desk.open());
  EXPECT_EQ(desk.open()->reason, RenewalReason::Timer);
}

TEST_F(RenewalDeskTest, TheReportSaysWhoAskedAndHowLongItTook) {
  desk_.ask(RenewalReason::Signal, "SIGUSR1");
  clock_.advance(250ms);
  RenewalReport report;
  report.mode = RenewalMode::Static;
  report.generation_kept = true;
  desk_.finish(report);
  const auto last = desk_.last();
  ASSERT_TRUE(last);
  EXPECT_EQ(last->number, 1u);
  EXPECT_EQ(last->reason, RenewalReason::Signal);
  EXPECT_EQ(last->detail, "SIGUSR1");
  EXPECT_EQ(last->duration, 250ms);
  EXPECT_TRUE(last->generation_kept);
  EXPECT_FALSE(desk_.open());
  EXPECT_FALSE(desk_.ask(RenewalReason::Timer, "").joined);
}

TEST_F(RenewalDeskTest, NothingIsReportedThatNobodyAskedFor) {
  desk_.finish({});
  EXPECT_FALSE(desk_.last());
}

TEST_F(RenewalDeskTest, AWaitEndsWithTheReport) {
  const auto asked = desk_.ask(RenewalReason::Operator, "");
  std::jthread loop([&] {
    clock_.await_waits(1);
    desk_.finish({});
  });
  const auto report = desk_.wait(asked.number, clock_.steady_now() + 1h, {});
  ASSERT_TRUE(report);
  EXPECT_EQ(report->number, asked.number);
}

TEST_F(RenewalDeskTest, AWaitEndsAtItsDeadlineAndWhenStopped) {
  const auto asked = desk_.ask(RenewalReason::Operator, "");
  std::jthread time([&] {
    clock_.await_waits(1);
    clock_.advance(2s);
  });
  EXPECT_FALSE(desk_.wait(asked.number, clock_.steady_now() + 1s, {}));
  std::stop_source stop;
  stop.request_stop();
  EXPECT_FALSE(desk_.wait(asked.number, clock_.steady_now() + 1h, stop.get_token()));
}

}  // namespace
}  // namespace freshet::supervisor
