#include "stream/progress_log.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace freshet::stream {
namespace {

class Lines final : public Log {
 public:
  bool enabled(LogLevel) const noexcept override { return true; }
  void write(LogLevel, std::string_view event, std::initializer_list<LogField> fields) noexcept override {
    std::string line(event);
    for (const LogField& field : fields) {
      line += " " + std::string(field.name) + "=";
      if (const auto* number = std::get_if<uint64_t>(&field.value)) line += std::to_string(*number);
      if (const auto* number = std::get_if<int64_t>(&field.value)) line += std::to_string(*number);
      if (const auto* number = std::get_if<double>(&field.value)) line += std::to_string(*number);
    }
    lines.push_back(line);
  }
  std::vector<std::string> lines;
};

TEST(ProgressLogTest, OneLineAMinuteWhileSomethingHappens) {
  const SteadyTime start{std::chrono::hours(1)};
  Lines log;
  ProgressLog progress(start);
  StreamStatus status;
  status.partitions.resize(2);
  status.partitions[0].lag = 5;
  status.rows_written = 300;
  status.dead_letters = 2;
  for (int second = 1; second <= 125; ++second) {
    if (second == 61) status.rows_written = 900;
    progress.observe(status, start + std::chrono::seconds(second), log);
  }
  ASSERT_EQ(log.lines.size(), 2u);
  EXPECT_NE(log.lines[0].find("rows=300 rows_per_second=5.0"), std::string::npos) << log.lines[0];
  EXPECT_NE(log.lines[0].find("lag=5 dead_letters=2"), std::string::npos) << log.lines[0];
  EXPECT_NE(log.lines[1].find("rows=600"), std::string::npos) << log.lines[1];
  EXPECT_NE(log.lines[1].find("dead_letters=0 rows_in_all=900"), std::string::npos) << log.lines[1];
}

TEST(ProgressLogTest, AMinuteWithoutAnythingHasNoLine) {
  const SteadyTime start{std::chrono::hours(1)};
  Lines log;
  ProgressLog progress(start);
  StreamStatus status;
  status.partitions.resize(1);
  for (int minute = 1; minute <= 10; ++minute) progress.observe(status, start + std::chrono::minutes(minute), log);
  EXPECT_TRUE(log.lines.empty());
  status.partitions[0].lag = 1;  // nothing is stored, and something is to be read: that is worth a line
  progress.observe(status, start + std::chrono::minutes(11), log);
  EXPECT_EQ(log.lines.size(), 1u);
}

}  // namespace
}  // namespace freshet::stream
