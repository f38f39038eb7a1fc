// What the person on call uses: admin endpoints, skip, runtime options in a real Redis, check and tap, refusals.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <random>
#include <sstream>

#include "testkit/admin_client.h"
#include "testkit/fake_clickhouse.h"
#include "testkit/freshet_process.h"
#include "testkit/kafka_client.h"
#include "testkit/servers.h"

namespace freshet {
namespace {

using namespace std::chrono_literals;

struct OperationTest : testing::Test {
  static void SetUpTestSuite() {
    kafka_ = new testkit::KafkaServer();
    clickhouse_ = new testkit::OldClickHouse();
  }
  static void TearDownTestSuite() {
    delete kafka_;
    delete clickhouse_;
  }
  void SetUp() override {
    topic = testing::UnitTest::GetInstance()->current_test_info()->name();
    client = std::make_unique<testkit::KafkaClient>(kafka_->bootstrap());
    port = testkit::free_port();
  }
  void make_topic_and_table() {
    client->create_topic(topic, 2);
    clickhouse_->query(fmt::format("CREATE TABLE {} (id UInt64) ENGINE = MergeTree ORDER BY id", topic));
  }
  std::vector<std::string> args(const std::string& command, std::vector<std::string> more = {}) const {
    if (command == "run") {
      const std::string listen = fmt::format("127.0.0.1:{}", port);
      more.insert(more.begin(), {"--max-batch-time-ms", "100", "--admin-listen", listen});
    }
    return testkit::streaming_command(command, kafka_->bootstrap(), topic, clickhouse_->url(), more);
  }
  void produce(int32_t partition, const std::string& value) {
    client->produce(topic, {partition, -1, std::nullopt, value, {}, 0});
    client->flush();
  }
  testkit::AdminAnswer ask(const std::string& path, const std::string& post = {}) const {
    return testkit::AdminClient(port).ask(path, post);
  }
  uint64_t rows() const { return clickhouse_->count("SELECT count() FROM " + topic); }

  static testkit::KafkaServer* kafka_;
  static testkit::OldClickHouse* clickhouse_;
  std::string topic;
  int port = 0;
  std::unique_ptr<testkit::KafkaClient> client;
};

testkit::KafkaServer* OperationTest::kafka_ = nullptr;
testkit::OldClickHouse* OperationTest::clickhouse_ = nullptr;

// https://prometheus.io/docs/practices/naming/, and docs/metrics.md has each.
void expect_well_named(const std::string& exposition) {
  std::ostringstream documented;
  documented << std::ifstream(FRESHET_SOURCE_DIR "/docs/metrics.md").rdbuf();
  std::istringstream lines(exposition);
  for (std::string line, help; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string hash, keyword, name, type;
    words >> hash >> keyword >> name >> type;
    if (keyword == "HELP") help = line;
    if (keyword != "TYPE") continue;
    EXPECT_EQ(name.ends_with("_total"), type == "counter") << line;
    EXPECT_TRUE(help.ends_with('.')) << help;
    for (const char* no_base_unit : {"millis", "micros", "nanos", "minutes", "hours", "kilo", "mega", "_mib", "_ms"}) {
      EXPECT_EQ(name.find(no_base_unit), std::string::npos) << line;
    }
    EXPECT_NE(documented.str().find("`" + name + "`"), std::string::npos) << name;
  }
}

TEST_F(OperationTest, MissingTopicAndTableAreWaitedForAliveAndNotReady) {
  testkit::TempFolder folder;
  testkit::FreshetProcess freshet(args("run", {"--health-check-file", folder.path("healthy")}));
  EXPECT_TRUE(testkit::eventually(60s, [&] { return freshet.output().find("does not exist") != std::string::npos; }))
      << freshet.output();
  EXPECT_TRUE(testkit::eventually(60s, [&] { return ask("health").status == 200; })) << ask("health").body;
  EXPECT_EQ(ask("ready").status, 503);
  EXPECT_TRUE(testkit::eventually(60s, [&] { return std::ifstream(folder.path("healthy")).good(); }));
  make_topic_and_table();
  produce(0, R"({"id":1})");
  EXPECT_TRUE(testkit::eventually(60s, [&] { return rows() == 1; })) << freshet.output();
  EXPECT_TRUE(testkit::eventually(60s, [&] { return ask("ready").status == 200; })) << ask("ready").body;
  // The row is there before the program has read the answer.
  for (const char* metric : {"freshet_rows_written_total 1\n",
                             "freshet_consumer_lag{topic=", "# TYPE process_cpu_seconds_total counter\n"}) {
    EXPECT_TRUE(testkit::eventually(60s, [&] { return ask("metrics").body.find(metric) != std::string::npos; }))
        << metric << ask("metrics").body;
  }
  expect_well_named(ask("metrics").body);
  EXPECT_EQ(freshet.stop(), 0);
}

// Metrics that exist from their first event on are there, too.
TEST_F(OperationTest, WhatTheAlertRulesAndTheDashboardNameIsInTheMetrics) {
  testkit::TempFolder folder;
  std::ofstream(folder.path("options.json")) << "{}";
  client->create_topic(topic, 2);
  testkit::FreshetProcess freshet(
      args("run", {"--delivery", "at-least-once", "--create-topics", "--dead-letter-topic", topic + "_dead",
                   "--runtime-config", "file:" + folder.path("options.json")}));
  const auto appears = [&](const std::string& text) {
    return testkit::eventually(60s, [&] { return ask("metrics").body.find(text) != std::string::npos; });
  };
  EXPECT_TRUE(appears("freshet_ready 0\n")) << ask("metrics").body;
  EXPECT_TRUE(appears("freshet_healthy 1\n"));
  produce(0, R"({"id":1})");
  EXPECT_TRUE(appears("freshet_insert_errors_total{class=\"operator\"")) << freshet.output();
  clickhouse_->query(fmt::format("CREATE TABLE {} (id UInt64) ENGINE = MergeTree ORDER BY id", topic));
  produce(0, "broken");
  EXPECT_TRUE(appears("freshet_rows_written_total 1\n")) << freshet.output();
  EXPECT_TRUE(appears("freshet_stored_batch_rows_count 1\n"));
  EXPECT_TRUE(appears("freshet_produced_records_total{producer=\"dead_letter\",result=\"success\"} 1\n"));
  EXPECT_TRUE(appears("freshet_ready 1\n")) << ask("ready").body;
  EXPECT_EQ(ask("renew", "{}").status, 202);
  EXPECT_TRUE(appears("freshet_renewals_total{")) << freshet.output();
  EXPECT_TRUE(appears("freshet_librdkafka_fetch_queue_messages{"));
  const std::string metrics = folder.path("metrics");
  std::ofstream(metrics) << ask("metrics").body;
  testkit::ChildProcess check(
      {"/usr/bin/env", "python3", FRESHET_SOURCE_DIR "/tests/monitoring/live_metrics.py", metrics},
      folder.path("output"));
  EXPECT_EQ(check.wait(60s), 0) << check.output();
  EXPECT_EQ(freshet.stop(), 0);
  for (const char* field : {"stopped message=", " messages_consumed=2 ", " rows_written=1 ", " dead_letters=1 ",
                            " renewals=1 ", " insert_errors=", " seconds="}) {
    EXPECT_NE(freshet.output().find(field), std::string::npos) << field << freshet.output();
  }
}

// A process that decodes requests with the official protobufs (tests/monitoring/collector.py).
class Collector {
 public:
  Collector() {
    testkit::wait_until_ready(process_, "the collector", 60s, [this] { return testkit::accepts_connections(port_); });
  }
  std::string url() const { return fmt::format("http://127.0.0.1:{}", port_); }
  std::vector<nlohmann::json> requests() const {
    std::vector<nlohmann::json> found;
    std::ifstream file(folder_.path("requests"));
    for (std::string line; std::getline(file, line) && !file.eof();) found.push_back(nlohmann::json::parse(line));
    return found;
  }
  // The record of the log whose eventName, or the metric whose name, is `name`, in the newest request that has it; null
  // if there is none.
  nlohmann::json newest(const std::string& name) const {
    nlohmann::json found;
    for (const nlohmann::json& line : requests()) {
      for (const nlohmann::json& one : items(line.value("request", nlohmann::json::object()))) {
        if (one.value("eventName", one.value("name", "")) == name) found = one;
      }
    }
    return found;
  }

 private:
  static std::vector<nlohmann::json> items(const nlohmann::json& request) {
    std::vector<nlohmann::json> level = {request};
    for (const std::vector<const char*>& keys : kPath) {
      std::vector<nlohmann::json> below;
      for (const nlohmann::json& one : level) {
        for (const char* key : keys) {
          for (const nlohmann::json& item : one.value(key, nlohmann::json::array())) below.push_back(item);
        }
      }
      level = std::move(below);
    }
    return level;
  }

  static inline const std::vector<std::vector<const char*>> kPath = {
      {"resourceLogs", "resourceMetrics"}, {"scopeLogs", "scopeMetrics"}, {"logRecords", "metrics"}};
  const testkit::TempFolder folder_;
  const int port_ = testkit::free_port();
  testkit::ChildProcess process_{
      {testkit::tool_path("FRESHET_DEV_OTLP_PYTHON"), FRESHET_SOURCE_DIR "/tests/monitoring/collector.py",
       std::to_string(port_), folder_.path("requests")},
      folder_.path("output")};
};

TEST_F(OperationTest, MetricsAndLogGoToTheCollectorOfTheEnvironment) {
  make_topic_and_table();
  produce(0, R"({"id":1})");
  const Collector collector;
  testkit::FreshetProcess freshet(args("run"), {{"OTEL_EXPORTER_OTLP_ENDPOINT", collector.url()},
                                                {"OTEL_EXPORTER_OTLP_HEADERS", "api-key=hunter2"},
                                                {"OTEL_RESOURCE_ATTRIBUTES", "team=events"},
                                                {"OTEL_METRIC_EXPORT_INTERVAL", "500"}});
  const auto received = [&](const char* name, const char* text) {
    return testkit::eventually(60s, [&] { return collector.newest(name).dump().find(text) != std::string::npos; });
  };
  EXPECT_TRUE(received("first_batch_stored", R"("stringValue":"ClickHouse acknowledged the first batch.")"));
  EXPECT_TRUE(received("freshet_rows_written_total", R"("asInt":"1")"))
      << collector.newest("freshet_rows_written_total");
  EXPECT_TRUE(received("freshet_insert_seconds", R"("explicitBounds":[)"));
  EXPECT_EQ(freshet.stop(), 0);
  EXPECT_FALSE(collector.newest("stopped").is_null()) << freshet.output();
  const nlohmann::json rows = collector.newest("freshet_rows_written_total");
  EXPECT_EQ(rows["sum"]["aggregationTemporality"], "AGGREGATION_TEMPORALITY_CUMULATIVE") << rows;
  EXPECT_EQ(rows["sum"]["isMonotonic"], true) << rows;
  EXPECT_EQ(collector.newest("freshet_insert_seconds")["unit"], "s");
  for (const nlohmann::json& line : collector.requests()) {
    EXPECT_FALSE(line.contains("refused")) << line;
    EXPECT_EQ(line.at("headers").value("api-key", ""), "hunter2");
    EXPECT_NE(line["request"].dump().find(R"({"key":"team","value":{"stringValue":"events"}})"), std::string::npos);
  }
  EXPECT_EQ(freshet.output().find("hunter2"), std::string::npos);
}

TEST_F(OperationTest, ABlockedPartitionIsShownAndSkipped) {
  make_topic_and_table();
  testkit::FreshetProcess freshet(args("run"));
  produce(0, R"({"id":1})");
  produce(0, "broken");
  produce(0, R"({"id":3})");
  produce(1, R"({"id":4})");
  EXPECT_TRUE(testkit::eventually(60s, [&] { return ask("ready").body.find("blocked") != std::string::npos; }))
      << freshet.output();
  const auto letters = nlohmann::json::parse(ask("dead-letters").body).at("dead_letters");
  ASSERT_EQ(letters.size(), 1u) << letters;
  EXPECT_EQ(letters[0].at("offset"), 1);
  EXPECT_EQ(letters.dump().find("broken"), std::string::npos) << letters;
  EXPECT_EQ(nlohmann::json::parse(ask("history").body).at("partitions_omitted"), 0);
  produce(0, R"({"id":5})");  // after the blocked one
  produce(1, R"({"id":6})");  // not blocked
  const std::string others = fmt::format("SELECT count() FROM {} WHERE id IN (1, 4, 6)", topic);
  EXPECT_TRUE(testkit::eventually(60s, [&] { return clickhouse_->count(others) == 3; }));
  EXPECT_TRUE(testkit::eventually(60s, [&] { return client->committed(topic, topic)[0] == 1; }));
  EXPECT_EQ(ask("skip", R"({"partition":0,"offset":1})").status, 409);
  const auto beyond = ask("skip", R"({"partition":0,"offset":5})");
  EXPECT_EQ(beyond.status, 409);
  EXPECT_NE(beyond.body.find("partition 0 ends at offset 4"), std::string::npos) << beyond.body;
  EXPECT_EQ(ask("skip", R"({"partition":0,"offset":2})").status, 200);
  EXPECT_TRUE(testkit::eventually(60s, [&] { return rows() == 5; })) << freshet.output();
  EXPECT_TRUE(testkit::eventually(60s, [&] { return client->committed(topic, topic)[0] == 4; }));
  EXPECT_EQ(freshet.stop(), 0);
}

// Above the client's own limit of 1 MB the topic's limit applies. A larger dead letter blocks its partition and is
// reported.
TEST_F(OperationTest, LargeDeadLettersGoAsFarAsTheirTopicTakesThem) {
  client->create_topic(topic, 2, {{"max.message.bytes", "20000000"}});
  client->create_topic(topic + "_dead", 1, {{"max.message.bytes", "4000000"}});
  clickhouse_->query(fmt::format("CREATE TABLE {} (id UInt64) ENGINE = MergeTree ORDER BY id", topic));
  std::minstd_rand random(1);
  std::string large(6'000'000, '\0');
  for (char& c : large) c = static_cast<char>(random() >> 8);  // compresses badly
  testkit::FreshetProcess freshet(args("run", {"--dead-letter-topic", topic + "_dead"}));
  produce(0, large.substr(0, 3'000'000));
  produce(1, R"({"id":1})");
  EXPECT_TRUE(testkit::eventually(60s, [&] { return client->count(topic + "_dead") == 1; })) << freshet.output();
  EXPECT_TRUE(testkit::eventually(60s, [&] { return client->committed(topic, topic)[0] == 1; }));
  produce(0, large);
  EXPECT_TRUE(
      testkit::eventually(60s, [&] { return ask("ready").body.find("max.message.bytes") != std::string::npos; }))
      << ask("ready").body << freshet.output();
  produce(1, R"({"id":2})");
  EXPECT_TRUE(testkit::eventually(60s, [&] { return rows() == 2; })) << freshet.output();
  EXPECT_EQ(client->committed(topic, topic)[0], 1);
  EXPECT_EQ(freshet.stop(), 0);
}

TEST_F(OperationTest, ATransactionsMarkerIsNoLag) {
  make_topic_and_table();
  client->produce_in_transaction(topic, {{0, -1, std::nullopt, R"({"id":1})", {}, 1'700'000'000'000}});
  testkit::FreshetProcess freshet(args("run"));
  const std::string lag = fmt::format("freshet_consumer_lag{{topic=\"{}\",partition=\"0\"}} 0\n", topic);
  EXPECT_TRUE(testkit::eventually(60s, [&] {
    return rows() == 1 && ask("metrics").body.find(lag) != std::string::npos;
  })) << ask("metrics").body;
  EXPECT_TRUE(testkit::eventually(60s, [&] { return ask("ready").status == 200; })) << ask("ready").body;
  EXPECT_EQ(freshet.stop(), 0);
  EXPECT_GE(client->count(topic), 2);
  EXPECT_EQ(client->committed(topic, topic)[0], client->count(topic));
}

TEST_F(OperationTest, AnOffsetOutOfRangeHoldsItsPartitionUnderTheStrictPolicyAndTheOthersGoOn) {
  make_topic_and_table();
  produce(0, R"({"id":1})");
  client->commit(topic, topic, 0, 1'000);
  client->commit(topic, topic, 1, 0);
  testkit::FreshetProcess freshet(args("run", {"--strict-offset-reset"}));
  produce(1, R"({"id":2})");
  EXPECT_TRUE(testkit::eventually(60s, [&] { return rows() == 1; })) << freshet.output();
  EXPECT_TRUE(testkit::eventually(60s, [&] { return ask("ready").body.find("out of range") != std::string::npos; }))
      << freshet.output();
  EXPECT_EQ(ask("skip", R"({"partition":0,"offset":0})").status, 200)
      << ask("skip", R"({"partition":0,"offset":0})").body;
  EXPECT_TRUE(testkit::eventually(60s, [&] { return rows() == 2; })) << freshet.output();
  EXPECT_EQ(freshet.stop(), 0);
}

// A login page that answers every INSERT with status 200.
TEST_F(OperationTest, AnotherServiceInPlaceOfClickHouseStoresNothing) {
  make_topic_and_table();
  testkit::FakeClickHouse page;
  page.otherwise(testkit::FakeAnswer::foreign(200, "Server: portal\r\n", "<html>Please sign in</html>"));
  for (int i = 0; i < 10; ++i) produce(0, fmt::format(R"({{"id":{}}})", i));
  // With auto it would insert nothing before it has seen the table.
  std::vector<std::string> command = args("run", {"--delivery", "at-least-once"});
  std::replace(command.begin(), command.end(), clickhouse_->url(), page.url());
  testkit::FreshetProcess freshet(command);
  const auto says = [&](const char* words) { return freshet.output().find(words) != std::string::npos; };
  EXPECT_TRUE(testkit::eventually(60s, [&] { return says("insert_failed"); })) << freshet.output();
  for (const char* words : {"not ClickHouse's", "portal", "Please sign in", "--clickhouse-url"}) {
    EXPECT_TRUE(testkit::eventually(60s, [&] { return says(words); })) << words << "\n" << freshet.output();
  }
  testkit::AdminAnswer ready;
  EXPECT_TRUE(testkit::eventually(60s, [&] {
    ready = ask("ready");
    return ready.status == 503 && ready.body.find("not ClickHouse's") != std::string::npos;
  })) << ready.body;
  EXPECT_LE(client->committed(topic, topic)[0], 0);
  page.otherwise({});
  EXPECT_TRUE(testkit::eventually(60s, [&] { return client->committed(topic, topic)[0] == 10; })) << freshet.output();
  const std::string stored = page.stored_rows();  // of one batch or of several
  EXPECT_EQ(std::count(stored.begin(), stored.end(), '{'), 10) << stored;
  EXPECT_EQ(freshet.stop(), 0);
}

// A batch that is small on the wire and unpacks far beyond the limit. Its end is found, whatever its number of records.
TEST_F(OperationTest, ABatchThatUnpacksBeyondTheLimitIsShownAndSkipped) {
  make_topic_and_table();
  produce(0, R"({"id":1})");
  client->produce_batch(topic, 0, std::vector<std::string>(400, std::string(40'000, ' ')), "zstd");
  produce(0, R"({"id":2})");
  testkit::FreshetProcess freshet(
      args("run", {"--set", "kafka.receive.message.max.bytes=3000000", "--set", "kafka.fetch.max.bytes=1000000",
                   "--set", "kafka.message.max.bytes=1000000"}));
  EXPECT_TRUE(testkit::eventually(
      60s, [&] { return ask("ready").body.find("receive.message.max.bytes (3000000)") != std::string::npos; }))
      << ask("ready").body << freshet.output();
  produce(1, R"({"id":3})");
  EXPECT_TRUE(testkit::eventually(60s, [&] { return rows() == 2; })) << "others continue: " << freshet.output();
  EXPECT_EQ(ask("skip", R"({"partition":0,"offset":1})").status, 409);
  const auto skipped = ask("skip", R"({"partition":0,"offset":2})");
  EXPECT_EQ(skipped.status, 200) << skipped.body;
  EXPECT_TRUE(testkit::eventually(60s, [&] { return rows() == 3; })) << freshet.output();
  EXPECT_TRUE(testkit::eventually(60s, [&] { return client->committed(topic, topic)[0] == 402; }));
  EXPECT_TRUE(testkit::eventually(60s, [&] { return ask("ready").status == 200; })) << ask("ready").body;
  EXPECT_EQ(freshet.stop(), 0);
}

TEST_F(OperationTest, RuntimeOptionsComeFromRedis) {
  make_topic_and_table();
  testkit::RedisServer redis("pa ss@word");
  testkit::FreshetProcess freshet(args("run", {"--allow-secrets-in-arguments", "--runtime-config",
                                               fmt::format("redis://:pa%20ss%40word@127.0.0.1:{}/1", redis.port())}));
  const auto option = [&](const char* name) {
    const auto status = nlohmann::json::parse(ask("status").body, nullptr, false);
    return status.is_object() ? status["options"][name].dump() : "";
  };
  EXPECT_TRUE(testkit::eventually(60s, [&] { return option("max_batch_size") == "50000"; }));
  redis.set("snuba-config", "freshet_max_batch_size", "77");
  EXPECT_TRUE(testkit::eventually(60s, [&] { return option("max_batch_size") == "77"; })) << freshet.output();
  const auto settings = nlohmann::json::parse(ask("settings").body);
  EXPECT_EQ(settings.dump().find("ss@word"), std::string::npos) << settings;
  EXPECT_EQ(settings.dump().find("ss%40word"), std::string::npos) << settings;
  std::map<std::string, std::string> sources;
  for (const auto& one : settings.at("options")) sources[one.at("name")] = one.at("source");
  EXPECT_EQ(sources["max_batch_size"], "live options");
  EXPECT_EQ(sources["max_batch_time_ms"], "flag");
  EXPECT_EQ(sources["log_level"], "default");
  redis.set("snuba-config", "freshet_max_batch_size", "many");
  EXPECT_TRUE(
      testkit::eventually(60s, [&] { return freshet.output().find("runtime_option_refused") != std::string::npos; }));
  redis.stop();
  EXPECT_TRUE(testkit::eventually(
      60s, [&] { return freshet.output().find("runtime_config_unreadable") != std::string::npos; }));
  EXPECT_EQ(option("max_batch_size"), "77");
  redis.start();
  redis.set("snuba-config", "freshet_max_batch_size", "78");
  EXPECT_TRUE(testkit::eventually(60s, [&] { return option("max_batch_size") == "78"; })) << freshet.output();
  EXPECT_EQ(freshet.output().find("pa ss@word"), std::string::npos);
  EXPECT_EQ(freshet.stop(), 0);
}

TEST_F(OperationTest, CheckComparesTheTableWithRealMessages) {
  testkit::FreshetProcess missing(args("check"));
  EXPECT_EQ(missing.process().wait(60s), 1);
  EXPECT_NE(missing.output().find("FAILED"), std::string::npos) << missing.output();
  make_topic_and_table();
  produce(0, R"({"id":1})");
  testkit::FreshetProcess good(args("check"));
  EXPECT_EQ(good.process().wait(60s), 0) << good.output();
  EXPECT_NE(good.output().find("1 sampled messages become rows"), std::string::npos) << good.output();
  produce(0, R"({"id":-5,"unknown":true})");
  testkit::FreshetProcess worse(args("check"));
  worse.process().wait(60s);
  EXPECT_NE(worse.output().find("id"), std::string::npos) << worse.output();
  EXPECT_NE(worse.output().find("unknown"), std::string::npos) << worse.output();
  testkit::TempFolder folder;
  std::ofstream(folder.path("options")) << "freshet_max_batch_size: many\nfreshet_max_batchsize: 5\nof_others: 5\n";
  testkit::FreshetProcess options(args("check", {"--runtime-config", "file:" + folder.path("options")}));
  EXPECT_EQ(options.process().wait(60s), 1);
  EXPECT_NE(options.output().find("FAILED   runtime option freshet_max_batch_size: 'many'"), std::string::npos)
      << options.output();
  EXPECT_NE(options.output().find("warning  runtime option freshet_max_batchsize"), std::string::npos)
      << options.output();
  EXPECT_EQ(options.output().find("of_others"), std::string::npos) << options.output();
}

TEST_F(OperationTest, CheckFailsWhenNothingCouldComeOfARun) {
  make_topic_and_table();
  client->create_topic(topic + "_dead", 1);
  produce(0, R"({"user":1})");
  // With the options of `run`, unchanged.
  const std::vector<std::string> options = {"--admin-listen", fmt::format("127.0.0.1:{}", port), "--create-topics",
                                            "--dead-letter-topic", topic + "_dead"};
  testkit::FreshetProcess no_column(args("check", options));
  EXPECT_EQ(no_column.process().wait(60s), 1);
  EXPECT_NE(no_column.output().find("no field of the messages is a column"), std::string::npos) << no_column.output();
  EXPECT_NE(no_column.output().find("Fields: user; columns: id"), std::string::npos) << no_column.output();

  topic += "_framed";
  make_topic_and_table();
  produce(0, std::string("\0\0\0\0\7{\"id\":1}", 13));
  testkit::FreshetProcess framed(args("check", options));
  EXPECT_EQ(framed.process().wait(60s), 1);
  EXPECT_NE(framed.output().find("none of 1 sampled messages becomes a row"), std::string::npos) << framed.output();
  EXPECT_NE(framed.output().find("schema id 7"), std::string::npos) << framed.output();
  testkit::FreshetProcess tap(args("tap", options));
  EXPECT_EQ(tap.process().wait(60s), 0);
  EXPECT_NE(tap.output().find("schema id 7"), std::string::npos) << tap.output();
  testkit::FreshetProcess run(args("run", {"--dead-letter-topic", options.back()}));
  EXPECT_TRUE(testkit::eventually(60s, [&] { return client->count(options.back()) == 1; })) << run.output();
  EXPECT_EQ(run.stop(), 0);
  const auto dead_letters = client->read_all(options.back());
  ASSERT_EQ(dead_letters.size(), 1u);
  const std::map<std::string, std::string> headers(dead_letters[0].headers.begin(), dead_letters[0].headers.end());
  EXPECT_NE(headers.at("reason").find("schema registry"), std::string::npos) << headers.at("reason");
}

// `run` uses each host of its list, and a table that accepts inserts.
TEST_F(OperationTest, CheckTriesAnInsertWithoutRowsOnEveryHost) {
  make_topic_and_table();
  produce(0, R"({"id":1})");
  const auto check = [&](std::vector<std::string> more, const std::string& table = "") {
    std::vector<std::string> command = args("check", std::move(more));
    for (std::string& word : command) {
      if (!table.empty() && word == "default." + topic) word = table;
    }
    testkit::FreshetProcess run(command);
    const auto status = run.process().wait(60s);
    return fmt::format("{}\n{}", status.value_or(-1), run.output());
  };
  const std::string good = check({});
  EXPECT_TRUE(good.starts_with("0\n")) << good;
  EXPECT_NE(good.find("accepts inserts"), std::string::npos) << good;
  EXPECT_EQ(clickhouse_->query("SELECT count() FROM " + topic), "0");

  const std::string nobody = fmt::format("http://127.0.0.1:{}", testkit::free_port());
  const std::string second = check({"--clickhouse-url", nobody});
  EXPECT_TRUE(second.starts_with("1\n")) << second;
  EXPECT_NE(second.find(nobody), std::string::npos) << second;

  const std::string setting = check({"--clickhouse-setting", "no_such_setting=1"});
  EXPECT_TRUE(setting.starts_with("1\n")) << setting;
  EXPECT_NE(setting.find("no_such_setting"), std::string::npos) << setting;

  const std::string created = check({"--create-topics", "--dead-letter-topic", topic + "_none"});
  EXPECT_TRUE(created.starts_with("0\n")) << created;
  const std::string not_created = check({"--dead-letter-topic", topic + "_none"});
  EXPECT_TRUE(not_created.starts_with("1\n")) << not_created;

  clickhouse_->query(fmt::format("CREATE VIEW {0}_view AS SELECT id FROM {0}", topic));
  const std::string view = check({}, "default." + topic + "_view");
  EXPECT_TRUE(view.starts_with("1\n")) << view;
  EXPECT_NE(view.find("not supported by storage View"), std::string::npos) << view;
}

TEST_F(OperationTest, TheFirstStoredBatchIsLoggedBeforeTheStop) {
  make_topic_and_table();
  produce(0, R"({"id":1})");
  testkit::FreshetProcess freshet(args("run"));
  EXPECT_TRUE(testkit::eventually(60s, [&] {
    return freshet.output().find("first_batch_stored") != std::string::npos;
  })) << freshet.output();
  EXPECT_EQ(freshet.stop(), 0);
}

TEST_F(OperationTest, TapShowsMessagesAndTheirRows) {
  make_topic_and_table();
  produce(0, R"({"id":1})");
  produce(0, "broken");
  testkit::FreshetProcess tap({"tap", "--bootstrap-server", kafka_->bootstrap(), "--topic", topic});
  EXPECT_EQ(tap.process().wait(60s), 0);
  EXPECT_NE(tap.output().find(R"(row {"id":1})"), std::string::npos) << tap.output();
  EXPECT_NE(tap.output().find("invalid (not_an_object)"), std::string::npos) << tap.output();
}

TEST_F(OperationTest, TopicsAreCreatedOnlyWhenAskedFor) {
  clickhouse_->query(fmt::format("CREATE TABLE {} (id UInt64) ENGINE = MergeTree ORDER BY id", topic));
  testkit::FreshetProcess freshet(args("run", {"--create-topics", "--dead-letter-topic", topic + "_dead"}));
  EXPECT_TRUE(testkit::eventually(60s, [&] { return freshet.output().find("topic_created") != std::string::npos; }))
      << freshet.output();
  EXPECT_TRUE(testkit::eventually(60s, [&] {
    try {
      produce(0, R"({"id":1})");
      return true;
    } catch (const std::runtime_error&) {
      return false;
    }
  }));
  EXPECT_TRUE(testkit::eventually(60s, [&] { return rows() >= 1; })) << freshet.output();
  EXPECT_EQ(freshet.stop(), 0);
}

TEST_F(OperationTest, ABadConfigurationIsRefusedWithStatusTwoAndASecondSignalEndsAtOnce) {
  testkit::FreshetProcess refused({"run", "--max-batch-size", "0"});
  EXPECT_EQ(refused.process().wait(60s), 2);
  EXPECT_NE(refused.output().find("--max-batch-size"), std::string::npos);
  // The value of an unknown property may be a secret.
  testkit::FreshetProcess property(args("run", {"--set", "kafka.sasl.pasword=swordfish"}));
  EXPECT_EQ(property.process().wait(60s), 2);
  EXPECT_NE(property.output().find("kafka.sasl.pasword=***"), std::string::npos) << property.output();
  make_topic_and_table();
  testkit::FreshetProcess freshet(args("run", {"--drain-timeout-ms", "60000"}));  // longer than the test
  EXPECT_TRUE(testkit::eventually(60s, [&] { return ask("ready").status == 200; })) << freshet.output();
  clickhouse_->freeze();  // not before: the process looks at the table before it reads
  produce(0, R"({"id":1})");
  EXPECT_TRUE(testkit::eventually(
      60s, [&] { return ask("status").body.find("\"batches_in_flight\": 1") != std::string::npos; }));
  freshet.process().signal(SIGINT);
  EXPECT_TRUE(testkit::eventually(60s, [&] { return freshet.output().find("drain_started") != std::string::npos; }));
  freshet.process().signal(SIGINT);
  EXPECT_EQ(freshet.process().wait(60s), 1);
  clickhouse_->thaw();
}

}  // namespace
}  // namespace freshet
