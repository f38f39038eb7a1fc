#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "admin/health.h"
#include "admin/health_file.h"
#include "base/mailbox.h"

namespace freshet::admin {
namespace {

using std::chrono::seconds;

SteadyTime at(int64_t s) { return SteadyTime(seconds(s)); }

TEST(HealthTest, TheLoopMustTurn) {
  EXPECT_TRUE(health(at(110), at(100), {}).ok);
  EXPECT_FALSE(health(at(131), at(100), {}).ok);
  EXPECT_TRUE(health(at(500), at(100), at(499)).ok);
  EXPECT_NE(health(at(540), at(100), at(500)).reason.find("40 s"), std::string::npos);
}

StreamStatus reading(int64_t committed, int64_t end) {
  StreamStatus status;
  status.assigned = true;
  PartitionStatus partition;
  partition.committed = Offset{committed};
  partition.end = Offset{end};
  partition.lag = end - committed;
  status.partitions.push_back(partition);
  return status;
}

TEST(ReadinessTest, NothingToDoIsReadyAndMovingIsReady) {
  Readiness readiness;
  EXPECT_TRUE(readiness.assess(at(0), reading(10, 10)).ok);
  EXPECT_TRUE(readiness.assess(at(1000), reading(10, 10)).ok);
  EXPECT_TRUE(readiness.assess(at(1001), reading(11, 20)).ok);
}

TEST(ReadinessTest, LagThatDoesNotMoveIsNotReady) {
  Readiness readiness;
  EXPECT_TRUE(readiness.assess(at(100), reading(10, 20)).ok);
  EXPECT_TRUE(readiness.assess(at(120), reading(10, 30)).ok);
  const HealthStatus answer = readiness.assess(at(131), reading(10, 30));
  EXPECT_FALSE(answer.ok);
  EXPECT_NE(answer.reason.find("lag of 20"), std::string::npos) << answer.reason;
  EXPECT_TRUE(readiness.assess(at(132), reading(12, 30)).ok);
}

// The lag is known before the message is read.
TEST(ReadinessTest, TheFirstMessageAfterALongIdleTimeHasTimeToMove) {
  Readiness readiness;
  EXPECT_TRUE(readiness.assess(at(100), reading(10, 10)).ok);
  EXPECT_TRUE(readiness.assess(at(4000), reading(10, 11)).ok);
  EXPECT_TRUE(readiness.assess(at(4030), reading(10, 12)).ok);
  EXPECT_FALSE(readiness.assess(at(4031), reading(10, 12)).ok);
  EXPECT_TRUE(readiness.assess(at(4032), reading(12, 12)).ok);
  StreamStatus batch = reading(12, 12);
  batch.batches_in_flight = 1;
  EXPECT_TRUE(readiness.assess(at(8000), batch).ok);
  EXPECT_FALSE(readiness.assess(at(8031), batch).ok);
}

TEST(ReadinessTest, SaysWhatItWaitsFor) {
  Readiness readiness;
  StreamStatus status;
  EXPECT_NE(readiness.assess(at(0), status).reason.find("assignment"), std::string::npos);
  status = reading(1, 1);
  status.waiting_for = "ClickHouse: refused";
  EXPECT_NE(readiness.assess(at(0), status).reason.find("ClickHouse: refused"), std::string::npos);
  status = reading(1, 1);
  status.partitions[0].blocked = "bad message";
  EXPECT_NE(readiness.assess(at(0), status).reason.find("bad message"), std::string::npos);
}

TEST(ProgressTest, AsksForCommitsWhileMessagesCome) {
  Progress progress;
  StreamStatus status;
  EXPECT_TRUE(progress.assess(status).ok);  // before the first assignment
  status.partitions = {{Partition{0}, Offset{5}, Offset{5}, {}, {}, false, ""}};
  EXPECT_TRUE(progress.assess(status).ok);
  status.messages_consumed = 10;
  EXPECT_FALSE(progress.assess(status).ok);
  EXPECT_TRUE(progress.assess(status).ok);  // no messages since
  status.messages_consumed = 20;
  status.partitions[0].committed = Offset{6};
  EXPECT_TRUE(progress.assess(status).ok);
  status.partitions[0].paused = true;  // no messages only because consumption is paused
  EXPECT_FALSE(progress.assess(status).ok);
  EXPECT_FALSE(progress.assess(status).ok);
  status.partitions[0].committed = Offset{7};
  EXPECT_TRUE(progress.assess(status).ok);
}

TEST(HealthFileTest, IsTouchedWhileHealthy) {
  RealClock clock;
  const auto path = std::filesystem::temp_directory_path() / ("freshet-health-" + std::to_string(getpid()));
  Metrics metrics;
  Mailbox<int> asked(10);
  {
    HealthFile file(
        path,
        [&] {
          int one = 1;
          asked.try_push(one);
          return HealthStatus{true, ""};
        },
        clock, null_log(), metrics);
    asked.pop();
    asked.pop();  // the first iteration has ended
    EXPECT_TRUE(std::filesystem::exists(path));
    // The health check of Snuba's docker compose file removes the file and expects it to exist again at the next check.
    std::filesystem::remove(path);
    asked.pop();
    asked.pop();
    EXPECT_TRUE(std::filesystem::exists(path));
    EXPECT_GE(metrics.counter("freshet_health_file_touches_total", "").value(), 2u);
  }
  std::filesystem::remove(path);
}

TEST(HealthFileTest, IsNotTouchedWhenNot) {
  RealClock clock;
  const auto path = std::filesystem::temp_directory_path() / ("freshet-unhealthy-" + std::to_string(getpid()));
  Metrics metrics;
  {
    HealthFile file(
        path,
        [] {
          return HealthStatus{false, "stuck"};
        },
        clock, null_log(), metrics);
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

}  // namespace
}  // namespace freshet::admin
