#include "snuba_outputs/commit_log.h"

#include <gtest/gtest.h>

namespace freshet::snuba_outputs {
namespace {

TEST(CommitLogTest, ValuesAreTheReferencesBytes) {
  EXPECT_EQ(commit_log_key("topic", Partition{0}, "group1"), "topic:0:group1");
  EXPECT_EQ(commit_log_value(Offset{5}, 1'696'381'946'000, std::nullopt),
            R"({"offset":5,"orig_message_ts":1696381946.0,"received_p99":null})");
  EXPECT_EQ(commit_log_value(Offset{6}, 1'696'381'946'123, 1'696'381'940'120),
            R"({"offset":6,"orig_message_ts":1696381946.123,"received_p99":1696381940.12})");
  EXPECT_EQ(commit_log_value(Offset{6}, -1, 5), R"({"offset":6,"orig_message_ts":0.0,"received_p99":0.005})");
  EXPECT_EQ(commit_log_value(Offset{6}, 0, -500), R"({"offset":6,"orig_message_ts":0.0,"received_p99":-0.5})");
}

TEST(CommitLogTest, P99IsTheElementAtFloorOfNTimes099) {
  std::vector<int64_t> one = {7};
  EXPECT_EQ(received_p99(one), 7);
  std::vector<int64_t> none;
  EXPECT_EQ(received_p99(none), std::nullopt);
  for (const int64_t n : {2, 100, 101, 200, 1000}) {
    std::vector<int64_t> many;
    for (int64_t i = 0; i < n; ++i) many.push_back((i * 37) % n);  // 0..n-1 in some order
    EXPECT_EQ(received_p99(many), n * 99 / 100) << n;
  }
}

}  // namespace
}  // namespace freshet::snuba_outputs
