#include "supervisor/renewal_requests.h"

#include <gtest/gtest.h>

#include <thread>

#include "testkit/fake_clock.h"

namespace freshet::supervisor {
namespace {

using namespace std::chrono_literals;

class RenewalRequestsTest : public testing::Test {
 protected:
  testkit::FakeClock clock_;
  RenewalRequests requests_{clock_};
};

TEST_F(RenewalRequestsTest, OneRequestAtATimeAndALaterOneJoinsIt) {
  int woken = 0;
  RenewalRequests requests(clock_, [&] { ++woken; });
  const auto first = requests.request(RenewalReason::Timer, "900 s");
  const auto second = requests.request(RenewalReason::Operator, "POST /renew");
  EXPECT_FALSE(first.coalesced);
  EXPECT_TRUE(second.coalesced);
  EXPECT_EQ(second.number, first.number);
  EXPECT_EQ(woken, 1);
  ASSERT_TRUE(requests.open());
  EXPECT_EQ(requests.open()->reason, RenewalReason::Timer);
}

TEST_F(RenewalRequestsTest, TheReportSaysWhoAskedAndHowLongItTook) {
  requests_.request(RenewalReason::Signal, "SIGUSR1");
  clock_.advance(250ms);
  RenewalReport report;
  report.mode = RenewalMode::Static;
  report.generation_kept = true;
  requests_.finish(report);
  const auto last = requests_.last();
  ASSERT_TRUE(last);
  EXPECT_EQ(last->number, 1u);
  EXPECT_EQ(last->reason, RenewalReason::Signal);
  EXPECT_EQ(last->trigger, "SIGUSR1");
  EXPECT_EQ(last->duration, 250ms);
  EXPECT_TRUE(last->generation_kept);
  EXPECT_FALSE(requests_.open());
  EXPECT_FALSE(requests_.request(RenewalReason::Timer, "").coalesced);
}

TEST_F(RenewalRequestsTest, NothingIsReportedThatNobodyAskedFor) {
  requests_.finish({});
  EXPECT_FALSE(requests_.last());
  EXPECT_EQ(requests_.renewed(), 0u);
}

TEST_F(RenewalRequestsTest, OnlyRenewedConsumersAreCounted) {
  for (const RenewalResult result : {RenewalResult::Renewed, RenewalResult::Failed, RenewalResult::Renewed}) {
    requests_.request(RenewalReason::Timer, "");
    RenewalReport report;
    report.result = result;
    requests_.finish(report);
  }
  EXPECT_EQ(requests_.renewed(), 2u);
}

TEST_F(RenewalRequestsTest, AWaitEndsWithTheReport) {
  const auto asked = requests_.request(RenewalReason::Operator, "");
  std::jthread loop([&] {
    clock_.await_waits(1);
    requests_.finish({});
  });
  const auto report = requests_.wait(asked.number, clock_.steady_now() + 1h, {});
  ASSERT_TRUE(report);
  EXPECT_EQ(report->number, asked.number);
}

TEST_F(RenewalRequestsTest, AWaitEndsAtItsDeadlineAndWhenStopped) {
  const auto asked = requests_.request(RenewalReason::Operator, "");
  std::jthread time([&] {
    clock_.await_waits(1);
    clock_.advance(2s);
  });
  EXPECT_FALSE(requests_.wait(asked.number, clock_.steady_now() + 1s, {}));
  std::stop_source stop;
  stop.request_stop();
  EXPECT_FALSE(requests_.wait(asked.number, clock_.steady_now() + 1h, stop.get_token()));
}

}  // namespace
}  // namespace freshet::supervisor
