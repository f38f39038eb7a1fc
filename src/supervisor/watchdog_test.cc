#include "supervisor/watchdog.h"

#include <gtest/gtest.h>

#include "base/snapshot.h"
#include "supervisor/credentials_watch.h"
#include "testkit/fake_clock.h"

namespace freshet::supervisor {
namespace {

using namespace std::chrono_literals;

RenewalOptions timeout_of(std::chrono::seconds timeout) {
  RenewalOptions options;
  options.progress_timeout = timeout;
  return options;
}

struct WatchdogTest : testing::Test {
  WatchdogTest() {
    StreamStatus start;
    start.assigned = true;
    start.partitions = {{Partition{3}, Offset{7}, {}, {}, {}, false, ""}};
    status.set(start);
  }
  void start() {
    WatchdogPorts ports;
    ports.status = [this] { return status.get(); };
    ports.end_offsets = [this](const std::vector<Partition>& of) -> Result<std::map<Partition, Offset>> {
      ++look_ups;
      if (!answers) return failure(ErrorKind::Retry, "timed out");
      return std::map<Partition, Offset>{{of.at(0), Offset{8}}};
    };
    ports.refetch = [this](const std::vector<Partition>& partitions) { refetched = partitions.at(0).value; };
    watchdog.emplace(std::move(ports), plan, requests, clock, null_log(), metrics);
    clock.await_waits(1);
  }
  void pass(std::chrono::seconds time) {
    for (auto d = 0s; d < time; d += 1s) {
      clock.advance(1s);
      ASSERT_TRUE(clock.settle());
    }
  }
  double actions(const char* action) {
    return static_cast<double>(metrics.counter("freshet_watchdog_actions_total", "", {{"action", action}}).value());
  }

  testkit::FakeClock clock;
  Metrics metrics;
  RenewalPlan plan{clock, timeout_of(8s)};
  RenewalRequests requests{clock};
  Snapshot<StreamStatus> status{StreamStatus()};
  std::atomic<int> look_ups{0};
  std::atomic<bool> answers{true};
  std::atomic<int> refetched{-1};
  std::optional<Watchdog> watchdog;
};

TEST_F(WatchdogTest, RefetchesThenRenewsThenSaysThatItDoesNotHelp) {
  start();
  pass(12s);
  EXPECT_EQ(refetched, 3);
  EXPECT_EQ(actions("refetch"), 1);
  EXPECT_FALSE(requests.open());
  EXPECT_EQ(metrics.gauge("freshet_partitions_stuck", "").value(), 1);
  pass(8s);
  ASSERT_TRUE(requests.open());
  EXPECT_EQ(requests.open()->reason, RenewalReason::Watchdog);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(watchdog->not_ready_reason(), "");
    requests.finish({});
    pass(8s);
  }
  EXPECT_NE(watchdog->not_ready_reason().find("also after 3 renewals"), std::string::npos);
  StreamStatus moved = *status.get();
  moved.partitions[0].position = Offset{8};
  status.set(moved);
  pass(2s);
  EXPECT_EQ(watchdog->not_ready_reason(), "");
  EXPECT_EQ(metrics.gauge("freshet_partitions_stuck", "").value(), 0);
}

TEST_F(WatchdogTest, AsksTheBrokerSeldomAndNotAtAllWhenSwitchedOff) {
  plan.set(timeout_of(60s));
  start();
  pass(59s);
  EXPECT_LE(look_ups, 4);
  EXPECT_GE(look_ups, 2);
  plan.set(timeout_of(0s));
  pass(2s);
  const int before = look_ups;
  pass(100s);
  EXPECT_EQ(look_ups, before);
  EXPECT_EQ(refetched, -1);
}

TEST_F(WatchdogTest, AHungBrokerIsNoticed) {
  answers = false;
  start();
  pass(15s);
  ASSERT_TRUE(requests.open());
  EXPECT_NE(requests.open()->trigger.find("timed out"), std::string::npos);
}

struct CredentialsWatchTest : testing::Test {
  void start() {
    watch.emplace([this] { return std::exchange(changed, std::string()); }, requests, clock, null_log());
    clock.await_waits(1);
  }
  // Two seconds later, the files are checked once.
  void look() {
    clock.advance(2s);
    ASSERT_TRUE(clock.settle());
  }
  void answer(RenewalResult result) {
    RenewalReport report;
    report.result = result;
    requests.finish(report);
    ASSERT_TRUE(clock.settle());
  }

  testkit::FakeClock clock;
  RenewalRequests requests{clock};
  std::string changed;
  std::optional<CredentialsWatch> watch;
};

TEST_F(CredentialsWatchTest, AChangeRenewsOnceTheFilesRest) {
  start();
  look();
  EXPECT_FALSE(requests.open());
  changed = "cert.pem";
  look();
  EXPECT_FALSE(requests.open());
  changed = "key.pem";
  look();
  EXPECT_FALSE(requests.open());
  look();
  ASSERT_TRUE(requests.open());
  EXPECT_EQ(requests.open()->reason, RenewalReason::Credentials);
  EXPECT_EQ(requests.open()->trigger, "key.pem");
  answer(RenewalResult::Renewed);
  for (int i = 0; i < 200; ++i) look();
  EXPECT_FALSE(requests.open());
}

TEST_F(CredentialsWatchTest, WhatIsRefusedIsTriedAgainWithBackOff) {
  start();
  changed = "password";
  look();
  look();
  ASSERT_TRUE(requests.open());
  answer(RenewalResult::Failed);
  look();
  look();
  EXPECT_FALSE(requests.open());
  look();
  ASSERT_TRUE(requests.open());
  answer(RenewalResult::Renewed);
  for (int i = 0; i < 200; ++i) look();
  EXPECT_FALSE(requests.open());
}

TEST_F(CredentialsWatchTest, ARenewalThatWasUnderWayDoesNotCount) {
  start();
  requests.request(RenewalReason::Timer, "every 5 s");
  changed = "password";
  look();
  look();
  answer(RenewalResult::Renewed);
  EXPECT_FALSE(requests.open());
  look();
  look();
  look();
  ASSERT_TRUE(requests.open());
  EXPECT_EQ(requests.open()->reason, RenewalReason::Credentials);
  answer(RenewalResult::Renewed);
  for (int i = 0; i < 200; ++i) look();
  EXPECT_FALSE(requests.open());
}

TEST_F(CredentialsWatchTest, EndsWhileItWaitsForAnAnswer) {
  start();
  changed = "password";
  look();
  look();
  watch.reset();
  EXPECT_TRUE(requests.open());
}

}  // namespace
}  // namespace freshet::supervisor
