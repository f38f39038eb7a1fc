#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <sstream>

#include "telemetry/log_backend.h"
#include "telemetry/otlp_encoder.h"
#include "telemetry/otlp_sender.h"
#include "telemetry/otlp_settings.h"
#include "testkit/child_process.h"
#include "testkit/fake_clickhouse.h"
#include "testkit/fake_clock.h"
#include "testkit/recording_log.h"

namespace freshet::telemetry {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Variables = std::map<std::string, std::string>;

OtlpSettings read(const Variables& variables) {
  return otlp_settings([&](const std::string& name) {
    const auto found = variables.find(name);
    return found == variables.end() ? std::string() : found->second;
  });
}

TEST(OtlpSettingsTest, TheEndpointOfAllSignalsGetsThePathsAndThatOfASignalIsUsedAsItIs) {
  EXPECT_FALSE(read({}).any());
  const OtlpSettings all = read({{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318/"}});
  EXPECT_EQ(all.metrics.url, "http://collector:4318/v1/metrics");
  EXPECT_EQ(all.logs.url, "http://collector:4318/v1/logs");
  EXPECT_EQ(all.metric_interval, 60s);
  EXPECT_EQ(all.logs.timeout, 10s);
  EXPECT_THAT(all.resource, ElementsAre(std::pair("service.name", "freshet")));
  const OtlpSettings one = read({{"OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "https://logs.example/in?x=1"}});
  EXPECT_EQ(one.logs.url, "https://logs.example/in?x=1");
  EXPECT_EQ(one.metrics.url, "");
  EXPECT_TRUE(one.any());
}

TEST(OtlpSettingsTest, ASignalsOwnVariablesComeBeforeThoseOfAll) {
  const OtlpSettings settings = read({{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318"},
                                      {"OTEL_EXPORTER_OTLP_HEADERS", "api-key=a%20b%3D, x = y"},
                                      {"OTEL_EXPORTER_OTLP_LOGS_HEADERS", "api-key=logs"},
                                      {"OTEL_EXPORTER_OTLP_TIMEOUT", "2000"},
                                      {"OTEL_EXPORTER_OTLP_LOGS_TIMEOUT", "500"},
                                      {"OTEL_EXPORTER_OTLP_CERTIFICATE", "/ca.pem"},
                                      {"OTEL_EXPORTER_OTLP_METRICS_CLIENT_KEY", "/key.pem"},
                                      {"OTEL_METRIC_EXPORT_INTERVAL", "15000"},
                                      {"OTEL_RESOURCE_ATTRIBUTES", "service.name=other,team=a%2Cb"},
                                      {"OTEL_SERVICE_NAME", "events"}});
  EXPECT_THAT(settings.warnings, IsEmpty());
  EXPECT_THAT(settings.metrics.headers, ElementsAre("api-key: a b=", "x: y"));
  EXPECT_THAT(settings.logs.headers, ElementsAre("api-key: logs"));
  EXPECT_THAT(settings.secrets, ElementsAre("a b=", "y", "logs"));
  EXPECT_EQ(settings.metrics.timeout, 2s);
  EXPECT_EQ(settings.logs.timeout, 500ms);
  EXPECT_EQ(settings.logs.ca_file, "/ca.pem");
  EXPECT_EQ(settings.logs.key_file, "");
  EXPECT_EQ(settings.metrics.key_file, "/key.pem");
  EXPECT_EQ(settings.metric_interval, 15s);
  EXPECT_THAT(settings.resource, ElementsAre(std::pair("service.name", "events"), std::pair("team", "a,b")));
}

TEST(OtlpSettingsTest, WhatIsSwitchedOffOrNotSupportedIsNotExported) {
  const std::pair<std::string, std::string> endpoint{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318"};
  for (const char* yes : {"true", "True", "TRUE"}) EXPECT_FALSE(read({endpoint, {"OTEL_SDK_DISABLED", yes}}).any());
  EXPECT_TRUE(read({endpoint, {"OTEL_SDK_DISABLED", "1"}}).any()) << "the specification knows only true";
  const OtlpSettings metrics = read({endpoint, {"OTEL_LOGS_EXPORTER", "none"}});
  EXPECT_NE(metrics.metrics.url, "");
  EXPECT_EQ(metrics.logs.url, "");
  const OtlpSettings list = read({endpoint, {"OTEL_LOGS_EXPORTER", "console, OTLP,"}, {"OTEL_METRICS_EXPORTER", "x"}});
  EXPECT_NE(list.logs.url, "");
  EXPECT_EQ(list.metrics.url, "");
  EXPECT_THAT(list.warnings, ElementsAre(HasSubstr("exporter x is not supported"), HasSubstr("console")));
  EXPECT_THAT(read({{"OTEL_METRICS_EXPORTER", "prometheus"}}).warnings, IsEmpty()) << "nothing is exported anyway";
  const OtlpSettings grpc = read({endpoint, {"OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"}});
  EXPECT_FALSE(grpc.any());
  ASSERT_EQ(grpc.warnings.size(), 2u);
  EXPECT_THAT(grpc.warnings[0], HasSubstr("protocol grpc is not supported"));
  const OtlpSettings odd = read({{"OTEL_EXPORTER_OTLP_ENDPOINT", "ftp://x"}});
  EXPECT_FALSE(odd.any());
  EXPECT_EQ(odd.warnings.size(), 2u);
}

TEST(OtlpSettingsTest, AnInvalidValueIsIgnoredWithAWarningThatHasNoSecret) {
  const OtlpSettings settings = read({{"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "http://collector/x"},
                                      {"OTEL_EXPORTER_OTLP_HEADERS", "hunter2,=hunter3,good=100%,,"},
                                      {"OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"},
                                      {"OTEL_EXPORTER_OTLP_TIMEOUT", "-1"},
                                      {"OTEL_METRIC_EXPORT_INTERVAL", "soon"}});
  EXPECT_THAT(settings.metrics.headers, ElementsAre("good: 100%"));
  EXPECT_EQ(settings.metrics.timeout, 10s);
  EXPECT_EQ(settings.metric_interval, 60s);
  EXPECT_EQ(settings.warnings.size(), 5u);
  for (const std::string& warning : settings.warnings) EXPECT_EQ(warning.find("hunter"), std::string::npos) << warning;
}

std::string hex(const std::string& bytes) {
  std::string out;
  for (const char c : bytes) out += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return out;
}

const OtlpResource kResource{{{"service.name", "freshet"}}, "1.2"};

// The expected bytes are what opentelemetry-proto 1.45.2 (Python) serializes for the same requests.
TEST(OtlpEncoderTest, MetricsAreWhatTheOfficialLibraryWrites) {
  Metrics metrics;
  metrics.counter("a_total", "A.", {{"reason", "x"}}).add(300);
  metrics.gauge("b_bytes", "B.").set(1.5);
  Histogram& histogram = metrics.histogram("c_seconds", "C.", {1, 2}, {{"of", "y"}});
  histogram.observe(0.5);
  histogram.observe(3);
  metrics.seconds_counter("d_seconds_total", "D.").add(2250ms);
  EXPECT_EQ(hex(otlp_metrics(metrics, kResource, SystemTime(1s), SystemTime(61s))),
            "0ad5020a1b0a190a0c736572766963652e6e616d6512090a076672657368657412b5020a0e0a07667265736865741203312e"
            "32123f0a07615f746f74616c1202412e3a300a2a1100ca9a3b00000000190022e2330e000000312c010000000000003a0d0a"
            "06726561736f6e12030a01781002180112300a07625f62797465731202422e1a0242792a1d0a1b1100ca9a3b000000001900"
            "22e2330e00000021000000000000f83f12730a09635f7365636f6e64731202432e1a01734a5f0a5b1100ca9a3b0000000019"
            "0022e2330e000000210200000000000000290000000000000c40321801000000000000000000000000000000010000000000"
            "00003a10000000000000f03f00000000000000404a090a026f6612030a01791002123b0a0f645f7365636f6e64735f746f74"
            "616c1202442e1a01733a210a1b1100ca9a3b00000000190022e2330e00000021000000000000024010021801");
}

TEST(OtlpEncoderTest, LogRecordsAreWhatTheOfficialLibraryWritesAndTextsAreUtf8) {
  const LogRecord record{LogLevel::Warn,
                         "an_event",
                         "A sentence.",
                         SystemTime(1s),
                         {{"text", "t"},
                          {"bad", "\xffx"},
                          {"signed", int64_t{-5}},
                          {"unsigned", uint64_t{7}},
                          {"real", 0.5},
                          {"yes", true}}};
  EXPECT_EQ(hex(otlp_logs({record}, kResource, SystemTime(2s))),
            "0ac7010a1b0a190a0c736572766963652e6e616d6512090a076672657368657412a7010a0e0a07667265736865741203312e"
            "321294010900ca9a3b00000000100d1a047761726e2a0d0a0b412073656e74656e63652e320b0a047465787412030a017432"
            "0d0a0362616412060a04efbfbd7832150a067369676e6564120b18fbffffffffffffffff01320e0a08756e7369676e656412"
            "02180732110a047265616c120921000000000000e03f32090a03796573120210015900943577000000006208616e5f657665"
            "6e74");
}

struct OtlpSenderTest : testing::Test {
  OtlpSettings settings() const {
    OtlpSettings out = read({{"OTEL_EXPORTER_OTLP_ENDPOINT", server.url()},
                             {"OTEL_EXPORTER_OTLP_HEADERS", "api-key=secret"},
                             {"OTEL_METRIC_EXPORT_INTERVAL", "10000"}});
    out.metrics.url = metrics_wanted ? out.metrics.url : "";
    return out;
  }
  std::unique_ptr<OtlpSender> sender() {
    return std::make_unique<OtlpSender>(settings(), kResource, clock, log, metrics);
  }
  uint64_t requests(const char* signal, const char* result) {
    return metrics.counter("freshet_otlp_requests_total", "", {{"signal", signal}, {"result", result}}).value();
  }
  uint64_t dropped() { return metrics.counter("freshet_otlp_log_records_dropped_total", "").value(); }
  // One turn of the sender.
  bool after(Duration time, const std::function<bool()>& happens) {
    clock.await_waits(++turns);
    clock.advance(time);
    return testkit::eventually(60s, happens);
  }
  testkit::FakeClickHouse server;  // used as a plain HTTP server that records requests
  testkit::FakeClock clock;
  testkit::RecordingLog log;
  Metrics metrics;
  bool metrics_wanted = true;
  int turns = 0;
};

TEST_F(OtlpSenderTest, LinesAreSentEverySecondAndMetricsAtTheirInterval) {
  const auto otlp = sender();
  otlp->add({LogLevel::Info, "an_event", "A sentence.", SystemTime(1s), {}});
  ASSERT_TRUE(after(1s, [&] { return requests("logs", "sent") == 1; }));
  EXPECT_EQ(requests("metrics", "sent"), 0u);
  ASSERT_TRUE(after(10s, [&] { return requests("metrics", "sent") == 1; }));
  const auto seen = server.requests();
  ASSERT_EQ(seen.size(), 2u);
  EXPECT_EQ(seen[0].target, "/v1/logs");
  EXPECT_EQ(seen[1].target, "/v1/metrics");
  for (const auto& request : seen) {
    EXPECT_EQ(request.headers.at("content-type"), "application/x-protobuf");
    EXPECT_EQ(request.headers.at("api-key"), "secret");
  }
  EXPECT_THAT(seen[0].raw_body, HasSubstr("an_event"));
  EXPECT_THAT(seen[1].raw_body, HasSubstr("freshet_otlp_requests_total"));
}

TEST_F(OtlpSenderTest, LinesThatTheCollectorCannotTakeNowAreSentAgainAndRefusedOnesAreDropped) {
  metrics_wanted = false;
  const auto otlp = sender();
  server.next(testkit::FakeAnswer::foreign(503, "", ""));
  otlp->add({LogLevel::Info, "first", "A sentence.", {}, {}});
  ASSERT_TRUE(after(1s, [&] { return requests("logs", "failed") == 1; }));
  ASSERT_TRUE(after(2s, [&] { return requests("logs", "sent") == 1; }));
  EXPECT_EQ(server.requests()[0].raw_body.substr(0, 60), server.requests()[1].raw_body.substr(0, 60));
  EXPECT_EQ(dropped(), 0u);
  server.next(testkit::FakeAnswer::foreign(400, "", ""));
  otlp->add({LogLevel::Info, "second", "A sentence.", {}, {}});
  ASSERT_TRUE(after(1s, [&] { return dropped() == 1; }));
  EXPECT_EQ(log.of("otlp_not_sent").back().fields.at(std::string(log_key::kHttpStatus)), "400");
}

TEST_F(OtlpSenderTest, AnUnreachableCollectorBlocksNobodyAndTooManyLinesAreDropped) {
  metrics_wanted = false;
  const auto otlp = sender();
  for (int i = 0; i < 1100; ++i) otlp->add({LogLevel::Info, "an_event", "A sentence.", {}, {}});
  EXPECT_EQ(dropped(), 76u);
}

TEST_F(OtlpSenderTest, LinesWaitOnlyWhereTheyAreCounted) {
  metrics_wanted = false;
  const auto otlp = sender();
  server.otherwise(testkit::FakeAnswer::foreign(503, "", ""));
  for (int i = 0; i < 1000; ++i) otlp->add({LogLevel::Info, "an_event", "A sentence.", {}, {}});
  ASSERT_TRUE(after(1s, [&] { return requests("logs", "failed") == 1; }));
  for (int i = 0; i < 1000; ++i) otlp->add({LogLevel::Info, "an_event", "A sentence.", {}, {}});
  EXPECT_EQ(dropped(), 2000u - 1024 - 256);
}

// Each look at this clock takes 300 ms, so that requests seem to.
class SlowClock final : public Clock {
 public:
  SteadyTime steady_now() const override { return SteadyTime(std::chrono::hours(1) + 300ms * ++looks_); }
  SystemTime system_now() const override { return {}; }
  Duration since_boot() const override { return {}; }
  bool wait_until(CondVar& cv, Mutex& mutex, std::stop_token stop, SteadyTime,
                  const std::function<bool()>& ready) override {
    return cv.wait(mutex, stop, ready);
  }

 private:
  mutable std::atomic<int> looks_ = 0;
};

TEST_F(OtlpSenderTest, TheEndIsBoundedAndHasTimeForTheMetrics) {
  SlowClock slow;
  {
    OtlpSender otlp(settings(), kResource, slow, log, metrics);
    for (int i = 0; i < 1024; ++i) otlp.add({LogLevel::Info, "an_event", "A sentence.", {}, {}});
  }
  EXPECT_LT(requests("logs", "sent"), 4u);
  EXPECT_EQ(dropped(), 1024 - 256 * requests("logs", "sent"));
  EXPECT_EQ(requests("metrics", "sent"), 1u);
}

TEST_F(OtlpSenderTest, TheLastLinesAndMetricsAreSentAtTheEnd) {
  {
    const auto otlp = sender();
    clock.await_waits(1);
    otlp->add({LogLevel::Info, "stopped", "It stopped.", {}, {}});
  }
  EXPECT_EQ(requests("logs", "sent"), 1u);
  EXPECT_EQ(requests("metrics", "sent"), 1u);
}

TEST_F(OtlpSenderTest, TheLogPassesEachWrittenLineAsValuesWithoutSecrets) {
  std::ostringstream out;
  std::vector<LogRecord> records;
  LogBackend backend({LogLevel::Info, LogFormat::Text, {}, {}, {"hunter2"}}, clock, &out);
  backend.set_record_sink([&](LogRecord record) { records.push_back(std::move(record)); });
  for (int i = 0; i < 2; ++i) {  // the second is a repetition
    backend.write({LogLevel::Warn, "an_event", "A sentence."},
                  log_fields(log_error("login hunter2 failed"), LogField("count", 3), LogField(log_key::kAdvice, "")));
  }
  backend.set_record_sink({});
  backend.write({LogLevel::Info, "later", "Nobody takes it."}, {});
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0].event, "an_event");
  EXPECT_EQ(records[0].level, LogLevel::Warn);
  EXPECT_EQ(records[0].at, clock.system_now());
  ASSERT_EQ(records[0].fields.size(), 2u);
  EXPECT_EQ(std::get<std::string>(records[0].fields[0].second), "login *** failed");
  EXPECT_EQ(std::get<int64_t>(records[0].fields[1].second), 3);
}

}  // namespace
}  // namespace freshet::telemetry
