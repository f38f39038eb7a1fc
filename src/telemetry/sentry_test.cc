#include "telemetry/sentry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "telemetry/log_backend.h"
#include "testkit/child_process.h"
#include "testkit/fake_clickhouse.h"

namespace freshet::telemetry {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

struct SentryTest : testing::Test {
  SentryTest() {
    settings.dsn = "http://public@127.0.0.1:" + std::to_string(server.port()) + "/below/42";
    settings.release = "1.2";
    settings.tags = {{"storage", "errors"}, {"consumer_group", "g"}};
  }
  std::unique_ptr<SentryReporter> reporter() {
    return std::make_unique<SentryReporter>(
        settings, *sentry_target(settings.dsn.reveal()),
        [] {
          return AssignedPartitions(std::vector<int32_t>{3, 1});
        },
        clock, metrics, *secrets.get());
  }
  uint64_t counted(const char* result) {
    return metrics.counter("freshet_sentry_events_total", "", {{"result", result}}).value();
  }
  testkit::FakeClickHouse server;  // used as a plain HTTP server that records requests
  SentrySettings settings;
  RealClock clock;
  Metrics metrics;
  secrets::PlainSecretStore secrets{clock};
};

TEST_F(SentryTest, AnErrorOfTheLogIsAnEnvelope) {
  std::ostringstream out;
  LogBackend log({LogLevel::Info, LogFormat::Text, {}, {}, {"hunter2"}}, clock, &out);
  const auto sentry = reporter();
  log.set_error_sink([&](ErrorReport report) { sentry->report(std::move(report)); });
  log.write({LogLevel::Warn, "only_a_warning", "A warning."}, log_fields(log_error("x")));
  for (const int attempt : {3, 4}) {
    log.write({LogLevel::Error, "insert_refused", "An insert is refused."},
              log_fields(log_error("login hunter2 failed before: '{\"email\":\"a@b\"}'"), LogField("attempt", attempt),
                         subject(log_key::kErrorCode, 27)));
  }
  ASSERT_TRUE(testkit::eventually(std::chrono::seconds(60), [&] { return counted("sent") == 1; }));
  log.set_error_sink({});
  const auto requests = server.requests();
  ASSERT_EQ(requests.size(), 1u);
  EXPECT_EQ(requests[0].target, "/below/api/42/envelope/");
  EXPECT_EQ(requests[0].headers.at("content-type"), "application/x-sentry-envelope");
  EXPECT_THAT(requests[0].headers.at("x-sentry-auth"), HasSubstr("sentry_key=public"));
  std::istringstream lines(requests[0].raw_body);
  std::string head, item, body;
  std::getline(lines, head);
  std::getline(lines, item);
  std::getline(lines, body);
  EXPECT_EQ(json::parse(item).at("type"), "event");
  EXPECT_EQ(json::parse(item).at("length"), body.size());
  const json event = json::parse(body);
  EXPECT_EQ(event.at("event_id"), json::parse(head).at("event_id"));
  EXPECT_EQ(event.at("event_id").get<std::string>().size(), 32u);
  EXPECT_EQ(event.at("level"), "error");
  EXPECT_EQ(event.at("release"), "1.2");
  EXPECT_EQ(event.at("logentry").at("formatted"), "insert_refused: 27");
  EXPECT_EQ(event.at("fingerprint"), (json{"insert_refused", "27"}));
  EXPECT_EQ(
      event.at("tags"),
      (json{{"storage", "errors"}, {"consumer_group", "g"}, {"assigned_partitions", "1-3"}, {"min_partition", "1"}}));
  EXPECT_EQ(event.at("extra").at("attempt"), "3");
  EXPECT_THAT(requests[0].raw_body, Not(HasSubstr("a@b")));
  EXPECT_THAT(requests[0].raw_body, Not(HasSubstr("hunter2")));
}

// Covers all fields and sources of such texts: an exception of a Python class, a schema, a server.
TEST_F(SentryTest, NoTextThatMayQuoteAMessageLeaves) {
  std::ostringstream out;
  std::vector<ErrorReport> reports;
  for (const char* field : {"error", "reason", "last_error", "value", "text", "a_field_of_tomorrow"}) {
    for (const char* text : {"ValueError: bad card 4111111111111111", "4111111111111111"}) {
      LogBackend log({}, clock, &out);
      log.set_error_sink([&](ErrorReport report) { reports.push_back(std::move(report)); });
      log.write({LogLevel::Error, "partition_blocked", "Consumption of the partition stops."},
                log_fields(LogField(log_key::kTopic, "t"), LogField(log_key::kPartition, 3),
                           LogField(log_key::kErrorCode, "python_invalid"), LogField(field, text)));
    }
  }
  ASSERT_EQ(reports.size(), 12u);
  for (const ErrorReport& report : reports) {
    const std::string envelope = sentry_envelope(report, settings, std::nullopt);
    EXPECT_THAT(envelope, Not(HasSubstr("4111")));
    EXPECT_THAT(envelope, HasSubstr(R"("formatted":"partition_blocked: python_invalid")"));
    EXPECT_THAT(
        envelope,
        HasSubstr(
            R"("extra":{"messaging.destination.name":"t","messaging.destination.partition.id":"3","error_code":"python_invalid"})"));
  }
}

TEST_F(SentryTest, MoreThanThirtyAMinuteAreDropped) {
  {
    const auto sentry = reporter();
    for (int i = 0; i < 35; ++i) sentry->report({"e", {{"error", std::to_string(i)}}, {}, {}});
    ASSERT_TRUE(
        testkit::eventually(std::chrono::seconds(60), [&] { return counted("sent") + counted("dropped") == 35; }));
  }
  EXPECT_EQ(counted("sent"), 30u);
  EXPECT_EQ(server.requests().size(), 30u);
}

TEST_F(SentryTest, ARefusedDsnIsReadAgain) {
  const testkit::TempFolder folder;
  const std::string address = "@127.0.0.1:" + std::to_string(server.port()) + "/42";
  std::ofstream(folder.path("dsn")) << "http://old" + address;
  settings.dsn = {"http://old" + address, folder.path("dsn")};
  testkit::FakeAnswer forbidden;
  forbidden.status = 403;
  server.next(forbidden);
  server.next(forbidden);
  const auto sentry = reporter();
  sentry->report({"e", {}, {}, {}});
  ASSERT_TRUE(testkit::eventually(std::chrono::seconds(60), [&] { return counted("dropped") == 1; }));
  EXPECT_EQ(server.requests().size(), 1u) << "the file has no other";
  std::ofstream(folder.path("dsn")) << "http://newer" + address;
  sentry->report({"e", {}, {}, {}});
  ASSERT_TRUE(testkit::eventually(std::chrono::seconds(60), [&] { return counted("sent") == 1; }));
  EXPECT_THAT(server.requests().back().headers.at("x-sentry-auth"), HasSubstr("sentry_key=newer"));
}

TEST_F(SentryTest, ASentryThatHangsHoldsNobody) {
  server.otherwise(testkit::FakeAnswer::of(testkit::FakeAnswer::How::Hang, false));
  const auto started = std::chrono::steady_clock::now();
  {
    const auto sentry = reporter();
    for (int i = 0; i < 200; ++i) sentry->report({"e", {}, {}, {}});
    EXPECT_GE(counted("dropped"), 140u);
  }
  EXPECT_LT(std::chrono::steady_clock::now() - started, std::chrono::seconds(60));
}

TEST_F(SentryTest, WhoIsAskedToSlowDownDoes) {
  testkit::FakeAnswer slow_down;
  slow_down.status = 429;
  server.otherwise(slow_down);
  const auto sentry = reporter();
  for (int i = 0; i < 3; ++i) sentry->report({"e", {}, {}, {}});
  ASSERT_TRUE(testkit::eventually(std::chrono::seconds(60), [&] { return counted("dropped") == 3; }));
  EXPECT_EQ(server.requests().size(), 1u);
}

TEST(SentryTargetTest, IsMadeOfTheDsn) {
  EXPECT_EQ(sentry_target("https://k@sentry.example/3")->url, "https://sentry.example:443/api/3/envelope/");
  for (const char* dsn : {"", "https://sentry.example/3", "https://k@sentry.example/", "nonsense"}) {
    EXPECT_FALSE(sentry_target(dsn)) << dsn;
  }
}

TEST(SentryTargetTest, ServersQuoteRowsAndEventsDoNot) {
  const SentrySettings settings;
  for (const char* text : {"Cannot parse input: expected ',' before: 'secret-row'", "bad (at row 3: secret-row)",
                           "no\nRow 1:\nsecret-row", "x {\"a\":\"secret-row\"}"}) {
    EXPECT_THAT(sentry_envelope({"e", {{"error", text}}, {}, {}}, settings, std::nullopt),
                Not(HasSubstr("secret-row")));
  }
}

}  // namespace
}  // namespace freshet::telemetry
