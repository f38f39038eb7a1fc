// Tests what the golden cases do not cover: results other than rows, settings, and the format of times for ClickHouse.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "processors/data_sets/data_sets.h"
#include "testkit/fake_clock.h"

namespace freshet::processors {
namespace {

using nlohmann::json;

// An event with these members in its body and data (JSON without braces, starting with a comma).
std::string event(const std::string& body, const std::string& data) {
  return R"([2,"insert",{"event_id":"7c0e1d2f3a4b4c5d8e9fa0b1c2d3e4f5","group_id":1,"message":"","primary_hash":"h",)"
         R"("project_id":42)" +
         body + R"(,"data":{"version":"7")" + data + "}},null]";
}

class ErrorsProcessorTest : public testing::Test {
 protected:
  ProcessResult process(const std::string& payload) {
    const auto processor = errors(settings_, {&clock_, &metrics_})();
    Message message;
    message.offset = Offset{9001};
    message.timestamp_ms = 1'715'933'360'999;
    message.payload = payload;
    rows_.clear();
    return processor->process({"events", Partition{3}}, message, rows_);
  }
  json row_of(const std::string& payload) {
    const ProcessResult result = process(payload);
    EXPECT_EQ(result.kind, ProcessResult::Kind::Rows) << result.text;
    return json::parse(rows_);
  }

  testkit::FakeClock clock_;
  Metrics metrics_;
  ProcessorsSettings settings_;
  std::string rows_;
};

TEST_F(ErrorsProcessorTest, TheOriginIsWhenSentryReceivedTheEvent) {
  EXPECT_EQ(process(event("", R"(,"received":1717237231.75)")).origin_timestamp_ms, 1'717'237'231'000);
  EXPECT_EQ(process(event("", R"(,"received":-5.9)")).origin_timestamp_ms, -5'000);
  EXPECT_EQ(process(event("", "")).origin_timestamp_ms, 0);
  EXPECT_EQ(process(event("", R"(,"received":1e300)")).origin_timestamp_ms, kNoTimestamp);
}

TEST_F(ErrorsProcessorTest, AReplacementIsThePayloadByteForByte) {
  const std::string payload = " [2, \"end_merge\", {\"project_id\": 7, \"x\": \"\\u00e9\"}] \n\xFF";
  const ProcessResult result = process(payload);
  EXPECT_EQ(result.kind, ProcessResult::Kind::Record);
  EXPECT_EQ(result.key, "7");
  EXPECT_EQ(result.text, payload);
  EXPECT_TRUE(rows_.empty());
}

TEST_F(ErrorsProcessorTest, StackTracesOfListedProjectsAreLeftOut) {
  const std::string crash =
      event("", R"(,"threads":{"values":[{"id":1,"main":true}]},"exception":{"values":[{"type":"T",)"
                R"("thread_id":1,"stacktrace":{"frames":[{"function":"f"}]}}]})");
  json row = row_of(crash);
  EXPECT_EQ(row["exception_stacks.type"], json({"T"}));
  EXPECT_EQ(row["exception_frames.function"], json({"f"}));
  EXPECT_EQ(row["exception_main_thread"], true);
  settings_.environment.project_stacktrace_blacklist = {42};
  row = row_of(crash);
  EXPECT_EQ(row["exception_stacks.type"], json::array());
  EXPECT_EQ(row["exception_frames.function"], json::array());
  EXPECT_EQ(row["exception_frames.stack_level"], json::array());
  EXPECT_FALSE(row.contains("exception_main_thread"));
}

TEST_F(ErrorsProcessorTest, RetentionFollowsTheDeployment) {
  settings_.environment.default_retention_days = 45;
  settings_.environment.valid_retention_days = {45, 10};
  EXPECT_EQ(row_of(event(R"(,"retention_days":10)", ""))["retention_days"], 10);
  EXPECT_EQ(row_of(event(R"(,"retention_days":9)", ""))["retention_days"], 30);
  EXPECT_EQ(row_of(event(R"(,"retention_days":90)", ""))["retention_days"], 45);
}

TEST_F(ErrorsProcessorTest, MillisecondsAreSecondsAndAFractionForTheServer) {
  process(event(R"(,"datetime":"2024-06-01T10:20:30.456789Z")", ""));
  EXPECT_NE(rows_.find(R"("timestamp":1717237230,"timestamp_ms":"1717237230.456",)"), std::string::npos) << rows_;
  process(event(R"(,"datetime":"1969-12-31T23:59:58.5Z")", ""));
  EXPECT_NE(rows_.find(R"("timestamp_ms":"1969-12-31 23:59:58.500",)"), std::string::npos) << rows_;
}

TEST_F(ErrorsProcessorTest, ATimeThatIsNoneIsNow) {
  clock_.advance(std::chrono::hours(1));
  const auto now = std::chrono::duration_cast<std::chrono::milliseconds>(clock_.system_now().time_since_epoch());
  settings_.reference_ticks = true;
  EXPECT_EQ(row_of(event(R"(,"datetime":"yesterday")", ""))["timestamp_ms"], now.count());
}

TEST_F(ErrorsProcessorTest, ALongContextIsSortedAndItsLastDuplicateCounts) {
  std::string entries;
  for (int i = 99; i >= 10; --i) entries += "\"k" + std::to_string(i) + "\":1,";
  const json row = row_of(event("", ",\"contexts\":{\"c\":{" + entries + "\"k50\":2,\"k50\":3}}"));
  ASSERT_EQ(row["contexts.key"].size(), 90u);
  EXPECT_EQ(row["contexts.key"][0], "c.k10");
  EXPECT_EQ(row["contexts.key"][40], "c.k50");
  EXPECT_EQ(row["contexts.value"][40], "3");
  EXPECT_EQ(row["contexts.key"][89], "c.k99");
}

// Comparing all pairs would take 1.6 * 10^11 steps.
TEST_F(ErrorsProcessorTest, ManyExceptionsAndManyThreadsAreRead) {
  constexpr int kMany = 400'000;
  std::string exceptions = R"({"thread_id":"x"})";
  std::string threads = R"({"id":"y","main":true})";
  for (int i = 0; i < kMany; ++i) {
    exceptions += R"(,{"thread_id":1})";
    threads += R"(,{"id":2,"main":true})";
  }
  const auto says = [&](const std::string& last, const char* column) {
    const ProcessResult result = process(
        event("", R"(,"exception":{"values":[)" + exceptions + R"(]},"threads":{"values":[)" + threads + last + "]}"));
    return result.kind == ProcessResult::Kind::Rows && rows_.find(column) != std::string::npos;
  };
  EXPECT_TRUE(says("", R"("exception_main_thread":false)"));
  EXPECT_TRUE(says(R"(,{"id":1,"main":false})", R"("exception_main_thread":false)"));
  EXPECT_TRUE(says(R"(,{"id":1,"main":true})", R"("exception_main_thread":true)"));
}

}  // namespace
}  // namespace freshet::processors
