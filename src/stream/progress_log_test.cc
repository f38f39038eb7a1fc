#include "stream/progress_log.h"

#include <gtest/gtest.h>

#include <string>

#include "testkit/recording_log.h"

namespace freshet::stream {
namespace {

TEST(ProgressLogTest, OneLineAMinuteWhileSomethingHappens) {
  const SteadyTime start{std::chrono::hours(1)};
  testkit::RecordingLog log;
  ProgressLog progress(start);
  StreamStatus status;
  status.partitions.resize(2);
  status.partitions[0].lag = 5;
  status.rows_written = 300;
  status.messages_consumed = 310;
  status.dead_letters = 2;
  status.insert_errors = 4;
  status.partitions[1].blocked = "offset 7 is invalid";
  for (int second = 1; second <= 125; ++second) {
    if (second == 61) status.rows_written = 900;
    progress.observe(status, start + std::chrono::seconds(second), log);
  }
  const auto lines = log.of("progress");
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0].fields.at("rows"), "300");
  EXPECT_EQ(lines[0].fields.at("rows_per_second"), std::to_string(5.0));
  EXPECT_EQ(lines[0].fields.at("lag"), "5");
  EXPECT_EQ(lines[0].fields.at("messages"), "310");
  EXPECT_EQ(lines[0].fields.at("dead_letters"), "2");
  EXPECT_EQ(lines[0].fields.at("insert_errors"), "4");
  EXPECT_EQ(lines[0].fields.at("kafka_errors"), "0");
  EXPECT_EQ(lines[0].fields.at("partitions_blocked"), "1");
  EXPECT_EQ(lines[1].fields.at("rows"), "600");
  EXPECT_EQ(lines[1].fields.at("messages"), "0");
  EXPECT_EQ(lines[1].fields.at("dead_letters"), "0");
  EXPECT_EQ(lines[1].fields.at("insert_errors"), "0");
  EXPECT_EQ(lines[1].fields.at("rows_total"), "900");
}

TEST(ProgressLogTest, AMinuteWithoutAnythingHasNoLine) {
  const SteadyTime start{std::chrono::hours(1)};
  testkit::RecordingLog log;
  ProgressLog progress(start);
  StreamStatus status;
  status.partitions.resize(1);
  for (int minute = 1; minute <= 10; ++minute) progress.observe(status, start + std::chrono::minutes(minute), log);
  EXPECT_EQ(log.size(), 0u);
  status.partitions[0].lag = 1;  // nothing is stored, but there is lag: that is logged
  progress.observe(status, start + std::chrono::minutes(11), log);
  EXPECT_EQ(log.count("progress"), 1u);
  status.partitions[0].lag = 0;
  status.kafka_errors = 3;
  progress.observe(status, start + std::chrono::minutes(12), log);
  EXPECT_EQ(log.of("progress").back().fields.at("kafka_errors"), "3");
}

}  // namespace
}  // namespace freshet::stream
