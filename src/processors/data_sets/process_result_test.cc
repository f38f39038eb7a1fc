// Tests the fields of ProcessResult other than the rows.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "processors/registry.h"
#include "testkit/fake_clock.h"

namespace freshet::processors {
namespace {

using nlohmann::json;

constexpr const char* kId = "0123456789abcdef0123456789abcdef";

ProcessResult process(const std::string& name, std::optional<std::string_view> payload) {
  testkit::FakeClock clock;
  Metrics metrics;
  ProcessorsSettings settings;
  settings.processor = name;
  const auto processor = (*make_factory(settings, {&clock, &metrics}))();
  Message message;
  message.payload = payload;
  std::string rows;
  return processor->process({"topic", Partition{0}}, message, rows);
}

// Messages of the data sets that have a time of reception.
const std::pair<const char*, json> kReceived[] = {
    {"FunctionsMessageProcessor",
     {{"functions", json::array()},
      {"platform", ""},
      {"profile_id", kId},
      {"project_id", 1},
      {"retention_days", 1},
      {"timestamp", 1},
      {"transaction_name", ""}}},
    {"ProfilesMessageProcessor",
     {{"device_locale", ""},
      {"device_manufacturer", ""},
      {"device_model", ""},
      {"device_os_name", ""},
      {"version_code", ""},
      {"device_os_version", ""},
      {"duration_ns", 1},
      {"organization_id", 1},
      {"version_name", ""},
      {"transaction_name", ""},
      {"profile_id", kId},
      {"project_id", 1},
      {"platform", ""},
      {"trace_id", kId},
      {"transaction_id", kId}}},
    {"ProfileChunksProcessor",
     {{"project_id", 1}, {"profiler_id", kId}, {"chunk_id", kId}, {"start_timestamp", 1}, {"end_timestamp", 2.5}}}};

TEST(ProcessResultTest, TheOriginIsWhenItWasReceived) {
  const std::pair<int64_t, int64_t> kTimes[] = {{1700000101, 1'700'000'101'000},
                                                {0, 0},
                                                {-1, -1000},
                                                {8210266876799, 8'210'266'876'799'000},
                                                {8210266876800, kNoTimestamp},
                                                {-8334601228800, -8'334'601'228'800'000},
                                                {-8334601228801, kNoTimestamp},
                                                {INT64_MAX, kNoTimestamp}};
  for (const auto& [name, fields] : kReceived) {
    for (const auto& [received, origin] : kTimes) {
      json message = fields;
      message["received"] = received;
      const ProcessResult result = process(name, message.dump());
      EXPECT_EQ(result.kind, ProcessResult::Kind::Rows) << name << ' ' << result.text;
      EXPECT_EQ(result.origin_timestamp_ms, origin) << name << ' ' << received;
      EXPECT_EQ(result.received_timestamp_ms, kNoTimestamp) << name;
      EXPECT_EQ(result.usage_label, "") << name;
    }
  }
}

TEST(ProcessResultTest, CostsSayNothing) {
  const ProcessResult result = process("LlmProxyCostProcessor", R"({"timestamp":"2026-07-01T08:09:10Z"})");
  EXPECT_EQ(result.row_count, 1u);
  EXPECT_EQ(result.origin_timestamp_ms, kNoTimestamp);
  EXPECT_EQ(result.received_timestamp_ms, kNoTimestamp);
  EXPECT_EQ(result.usage_label, "");
}

TEST(ProcessResultTest, WithoutAPayloadAMessageIsInvalid) {
  for (const std::string& name : names()) {
    if (name == "json") continue;  // depends on its own settings
    const ProcessResult result = process(name, std::nullopt);
    EXPECT_EQ(result.kind, ProcessResult::Kind::Invalid) << name;
    EXPECT_FALSE(result.suppressed) << name;
  }
}

}  // namespace
}  // namespace freshet::processors
