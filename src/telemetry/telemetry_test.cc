#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "base/message_text.h"
#include "telemetry/log_backend.h"
#include "telemetry/prometheus.h"
#include "testkit/fake_clock.h"

namespace freshet::telemetry {
namespace {

constexpr LogEvent kHappened{LogLevel::Error, "event_name", "It happened."};

struct Skipped {
  static constexpr LogEvent kEvent{LogLevel::Warn, "partition_skipped", "An operator skipped a record.", true};
  auto fields() const { return log_fields(subject(log_key::kTopic, "t")); }
};

struct LogTest : testing::Test {
  LogTest() { clock.set_system(SystemTime(std::chrono::seconds(1'790'000'000))); }
  std::string line(TelemetrySettings settings, LogLevel level, std::initializer_list<LogField> fields) {
    std::ostringstream out;
    LogBackend log(settings, clock, &out);
    log.write({level, "event_name", "It happened."}, {fields.begin(), fields.size()});
    return out.str();
  }
  testkit::FakeClock clock;
};

TEST_F(LogTest, TextIsOneLineOfFields) {
  EXPECT_EQ(line({}, LogLevel::Info, {{"n", 3}, {"ok", true}, {"text", "two words\nand a line"}}),
            "2026-09-21T14:13:20.000Z info  event_name message=\"It happened.\" n=3 ok=true text=\"two words\\nand a "
            "line\"\n");
}

TEST_F(LogTest, JsonCarriesTypesAndSurvivesBrokenBytes) {
  const auto parsed = nlohmann::json::parse(
      line({LogLevel::Info, LogFormat::Json, {}, {}, {}}, LogLevel::Warn, {{"n", 3}, {"x", "\xff"}}));
  EXPECT_EQ(parsed.at("n"), 3);
  EXPECT_EQ(parsed.at("level"), "warn");
  EXPECT_EQ(parsed.at("event"), "event_name");
  EXPECT_EQ(parsed.at("message"), "It happened.");
}

TEST_F(LogTest, TheReferencesFormatIsItsFieldNames) {
  EXPECT_EQ(line({LogLevel::Info, LogFormat::Reference, {}, {}, {"pw"}}, LogLevel::Warn, {{"n", 3}, {"x", "my pw"}}),
            R"({"timestamp":"2026-09-21T14:13:20.000000Z","level":"WARN",)"
            R"("fields":{"message":"It happened.","event":"event_name","n":3,"x":"my ***"},"target":"freshet"})"
            "\n");
}

TEST_F(LogTest, AnEventWithoutAnErrorHasNoSuchField) {
  for (const LogFormat format : {LogFormat::Text, LogFormat::Json, LogFormat::Reference}) {
    const std::string text = line({LogLevel::Info, format, {}, {}, {}}, LogLevel::Info,
                                  {{"outcome", "renewed"}, {log_key::kError, ""}, {log_key::kAdvice, ""}, {"old", ""}});
    EXPECT_EQ(text.find("error"), std::string::npos) << text;
    EXPECT_EQ(text.find("advice"), std::string::npos) << text;
    EXPECT_NE(text.find("old"), std::string::npos) << text;
  }
}

TEST_F(LogTest, SecretsNeverAppear) {
  const std::string text = line({LogLevel::Info, LogFormat::Text, {}, {}, {"hunter2"}}, LogLevel::Error,
                                {{"error", "login me:hunter2@host failed, hunter2"}});
  EXPECT_EQ(text.find("hunter2"), std::string::npos) << text;
  EXPECT_NE(text.find("***"), std::string::npos);
}

// The log contains texts quoted from messages, without their marks. Error reports contain neither.
TEST_F(LogTest, MessageTextsAreForTheLogOnly) {
  const std::string reason = "refused: " + message_text("card 4711") + "; alter the table";
  for (const LogFormat format : {LogFormat::Text, LogFormat::Json, LogFormat::Reference}) {
    const std::string text = line({LogLevel::Info, format, {}, {}, {}}, LogLevel::Error, {{"error", reason}});
    EXPECT_NE(text.find("refused: card 4711; alter the table"), std::string::npos) << text;
  }
  std::ostringstream out;
  LogBackend log({}, clock, &out);
  std::vector<ErrorReport> reports;
  log.set_error_sink([&](ErrorReport report) { reports.push_back(std::move(report)); });
  log.write(kHappened, log_fields(log_error(reason)));
  ASSERT_EQ(reports.size(), 1u);
  EXPECT_EQ(reports[0].fields.at(0).second, "refused: [message text]; alter the table");
}

TEST_F(LogTest, EqualErrorsAreCollapsedForAMinute) {
  std::ostringstream out;
  LogBackend log({}, clock, &out);
  for (int i = 0; i < 5; ++i) log.write(kHappened, log_fields(log_error("same"), LogField("attempt", i)));
  log.write(kHappened, log_fields(log_error("other")));
  clock.advance(std::chrono::seconds(61));
  log.write(kHappened, log_fields(log_error("same")));
  const std::string text = out.str();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 3) << text;
  EXPECT_NE(text.find("repeated=4"), std::string::npos) << text;
}

TEST_F(LogTest, LinesOfOtherSubjectsAreNotEqual) {
  std::ostringstream out;
  LogBackend log({}, clock, &out);
  for (int round = 0; round < 2; ++round) {
    for (int partition = 0; partition < 3; ++partition) {
      log.write(kHappened, log_fields(subject(log_key::kTopic, "t"), subject(log_key::kPartition, partition),
                                      log_error("same"), LogField("next_offset", round)));
    }
    for (const char* key : {"k1", "k2"}) {
      for (const char* value : {"v1", "v2"}) {
        log.write(kHappened, log_fields(subject("key", key), subject("value", value), log_error("is no whole number")));
      }
    }
    // Lines with the same reason and subject are duplicates even if the sample differs.
    for (int offset = 0; offset < 5; ++offset) {
      log.write(kHappened, log_fields(subject(log_key::kPartition, 0), LogField(log_key::kOffset, offset),
                                      subject("reason_code", "invalid_json"), LogField(log_key::kError, "x")));
    }
    log.write({LogLevel::Error, "another", "Another event of the same subject."},
              log_fields(subject(log_key::kTopic, "t"), subject(log_key::kPartition, 0), log_error("same")));
  }
  const std::string text = out.str();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 3 + 4 + 1 + 1) << text;
}

TEST_F(LogTest, WhatSomebodyDidIsNeverCollapsed) {
  std::ostringstream out;
  LogBackend log({}, clock, &out);
  for (int i = 0; i < 3; ++i) log.emit(Skipped{});
  const std::string text = out.str();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 3) << text;
  EXPECT_NE(text.find("audit=true"), std::string::npos) << text;
  log.set_level(LogLevel::Error);
  log.emit(Skipped{});
  EXPECT_EQ(out.str(), text);
}

TEST_F(LogTest, TheLevelCanBeChanged) {
  LogBackend log({}, clock);
  EXPECT_FALSE(log.enabled(LogLevel::Debug));
  log.set_level(LogLevel::Debug);
  EXPECT_TRUE(log.enabled(LogLevel::Debug));
}

TEST(PrometheusTest, RendersEveryKind) {
  Metrics metrics;
  metrics.counter("a_total", "Help \\ me\n.", {{"reason", "a\"b\nc"}}).add(3);
  metrics.gauge("b", "B.").set(1.5);
  metrics.histogram("c_seconds", "C.", {0.1, 1}).observe(0.5);
  EXPECT_EQ(render_prometheus(metrics),
            "# HELP a_total Help \\\\ me\\n.\n# TYPE a_total counter\na_total{reason=\"a\\\"b\\nc\"} 3\n"
            "# HELP b B.\n# TYPE b gauge\nb 1.5\n"
            "# HELP c_seconds C.\n# TYPE c_seconds histogram\nc_seconds_bucket{le=\"0.1\"} 0\n"
            "c_seconds_bucket{le=\"1\"} 1\nc_seconds_bucket{le=\"+Inf\"} 1\nc_seconds_sum 0.5\nc_seconds_count 1\n");
}

TEST(PrometheusTest, ProcessMetricsAreReal) {
  Metrics metrics;
  update_process_metrics(metrics);
  EXPECT_GT(metrics.gauge("process_resident_memory_bytes", "").value(), 1e6);
  EXPECT_GT(metrics.gauge("process_open_fds", "").value(), 2);
}

}  // namespace
}  // namespace freshet::telemetry
