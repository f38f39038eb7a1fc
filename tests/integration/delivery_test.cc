// Which delivery the table and the broker permit, as an operator sees it.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "app/delivery_decision.h"
#include "http/http_client.h"
#include "kafka/topic_durability.h"
#include "testkit/freshet_process.h"
#include "testkit/kafka_client.h"
#include "testkit/recording_log.h"
#include "testkit/servers.h"

namespace freshet {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

struct DeliveryTest : testing::Test {
  static void SetUpTestSuite() {
    kafka_ = new testkit::KafkaServer();
    clickhouse_ = new testkit::LocalClickHouse();
  }
  static void TearDownTestSuite() {
    delete kafka_;
    delete clickhouse_;
  }
  void SetUp() override {
    topic = testing::UnitTest::GetInstance()->current_test_info()->name();
    client = std::make_unique<testkit::KafkaClient>(kafka_->bootstrap());
    client->create_topic(topic, 4);
  }
  void create_table(const std::string& settings = "") const {
    clickhouse_->query(fmt::format("CREATE TABLE {} (id UInt64) ENGINE = MergeTree ORDER BY id {}", topic, settings));
  }
  std::vector<std::string> args(const std::string& command, const std::vector<std::string>& more = {}) const {
    std::vector<std::string> all = {command,
                                    "--bootstrap-server",
                                    kafka_->bootstrap(),
                                    "--topic",
                                    topic,
                                    "--consumer-group",
                                    topic,
                                    "--clickhouse-url",
                                    clickhouse_->url(),
                                    "--table",
                                    "default." + topic};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  std::string check() const {
    testkit::FreshetProcess program(args("check"));
    EXPECT_EQ(program.process().wait(60s), 0) << program.output();
    return program.output();
  }
  std::string alter() const {
    return "ALTER TABLE default." + topic + " MODIFY SETTING non_replicated_deduplication_window = 100000";
  }

  void produce() const {
    client->produce(topic, {0, -1, std::nullopt, R"({"id":1})", {}, 0});
    client->flush();
  }
  std::vector<std::string> run_args(const std::string& delivery) const {
    return args("run", {"--delivery", delivery, "--max-batch-time-ms", "100", "--admin-listen",
                        fmt::format("127.0.0.1:{}", port)});
  }
  std::string get(const std::string& path) const {
    http::Client http({});
    http::Request request;
    request.url = fmt::format("http://127.0.0.1:{}{}", port, path);
    request.timeout = 5s;
    const auto answer = http.send(request);
    return answer ? fmt::format("{}\n{}", answer->status, answer->body) : std::string();
  }
  nlohmann::json delivery() const {
    const std::string answer = get("/status");
    if (!answer.starts_with("200\n")) return nullptr;
    return nlohmann::json::parse(answer.substr(4))["delivery"];
  }
  bool eventually_in_mode(const std::string& mode) const {
    return testkit::eventually(60s, [&] {
      const auto now = delivery();
      return now.is_object() && now["mode"] == mode;
    });
  }
  bool eventually_stored() const {
    return testkit::eventually(60s, [&] { return clickhouse_->count("SELECT count() FROM " + topic) == 1; });
  }

  const int port = testkit::free_port();
  static testkit::KafkaServer* kafka_;
  static testkit::LocalClickHouse* clickhouse_;
  std::string topic;
  std::unique_ptr<testkit::KafkaClient> client;
};
testkit::KafkaServer* DeliveryTest::kafka_ = nullptr;
testkit::LocalClickHouse* DeliveryTest::clickhouse_ = nullptr;

TEST_F(DeliveryTest, CheckSaysWhetherARepeatIsStoredOnceAndHowToFixIt) {
  create_table("SETTINGS non_replicated_deduplication_window = 63");
  const std::string before = check();
  EXPECT_THAT(before, HasSubstr("warning  a repeated insert may be stored twice: non_replicated_deduplication_window"));
  EXPECT_THAT(before, HasSubstr("32 inserts may be in flight (8 for each of 4 partitions)"));
  EXPECT_THAT(before, HasSubstr(alter()));
  clickhouse_->query(alter());
  const std::string after = check();
  EXPECT_THAT(after, HasSubstr("ok       table default." + topic + " and the targets of its views store a repeated"));
  EXPECT_THAT(after, Not(HasSubstr("may be stored twice")));
}

TEST_F(DeliveryTest, CheckWarnsOfOffsetsThatOneBrokerHolds) {
  create_table("SETTINGS non_replicated_deduplication_window = 100000");
  client->commit("first group", topic, 0, 0);  // the broker creates __consumer_offsets for it
  EXPECT_THAT(check(), HasSubstr("warning  __consumer_offsets replication factor: it is 1"));
}

TEST_F(DeliveryTest, ATopicsSettingsAreRead) {
  client->create_topic(topic + "_safe", 2, {{"min.insync.replicas", "2"}, {"unclean.leader.election.enable", "true"}});
  kafka::ConnectionSettings connection;
  connection.bootstrap_servers = kafka_->bootstrap();
  Result<kafka::TopicDurability> found;
  testkit::eventually(30s, [&] {
    found = kafka::topic_durability(connection, topic + "_safe", 10s, null_log());
    return found.has_value();
  });
  ASSERT_TRUE(found) << found.error().text;
  EXPECT_EQ(found->replicas, 1);
  EXPECT_EQ(found->min_insync_replicas, 2);
  EXPECT_EQ(found->unclean_leader_election, true);
  EXPECT_EQ(found->settings_error, "");
  const auto none = kafka::topic_durability(connection, topic + "_none", 10s, null_log());
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
}

TEST_F(DeliveryTest, ABrokerThatDoesNotTellATopicsSettings) {
  testkit::MockCluster mock;
  mock.create_topic("t", 2);
  kafka::ConnectionSettings connection;
  connection.bootstrap_servers = mock.bootstrap();
  const auto found = kafka::topic_durability(connection, "t", 2s, null_log());
  ASSERT_TRUE(found) << found.error().text;
  EXPECT_EQ(found->replicas, 1);
  EXPECT_FALSE(found->min_insync_replicas);
  EXPECT_NE(found->settings_error, "");
}

TEST_F(DeliveryTest, ExactlyOnceWaitsUntilAnOperatorHasChangedTheTable) {
  create_table();
  produce();
  testkit::FreshetProcess check(args("check", {"--delivery", "exactly-once"}));
  EXPECT_EQ(check.process().wait(60s), 1);
  EXPECT_THAT(check.output(), HasSubstr("FAILED   a repeated insert may be stored twice"));
  testkit::FreshetProcess run(run_args("exactly-once"));
  ASSERT_TRUE(testkit::eventually(60s, [&] { return get("/ready").starts_with("503"); })) << run.output();
  EXPECT_THAT(get("/ready"), HasSubstr(alter()));
  EXPECT_THAT(get("/health"), testing::StartsWith("200"));
  EXPECT_THAT(run.output(), HasSubstr("delivery_waits"));
  auto said = delivery();
  EXPECT_EQ(said["mode"], "");
  EXPECT_EQ(said["configured"], "exactly-once");
  EXPECT_EQ(said["findings"][0]["statement"], alter());
  EXPECT_EQ(clickhouse_->count("SELECT count() FROM " + topic), 0u);
  clickhouse_->query(alter());
  ASSERT_TRUE(eventually_in_mode("exactly-once")) << run.output();
  EXPECT_TRUE(eventually_stored()) << run.output();
  EXPECT_EQ(delivery()["suitable"], true);
  EXPECT_THAT(get("/metrics"), HasSubstr("\nfreshet_delivery_exactly_once 1\n"));
  EXPECT_EQ(run.stop(), 0);
}

TEST_F(DeliveryTest, AutoFallsBackAndSaysWhy) {
  create_table();
  produce();
  testkit::FreshetProcess run(run_args("auto"));
  ASSERT_TRUE(eventually_in_mode("at-least-once")) << run.output();
  EXPECT_TRUE(eventually_stored()) << run.output();
  EXPECT_EQ(delivery()["configured"], "auto");
  EXPECT_THAT(delivery()["reason"], HasSubstr(alter()));
  EXPECT_THAT(get("/metrics"), HasSubstr("\nfreshet_delivery_exactly_once 0\n"));
  EXPECT_EQ(run.stop(), 0);
  const std::string output = run.output();
  const size_t first = output.find("delivery_fallback");
  ASSERT_NE(first, std::string::npos) << output;
  EXPECT_EQ(output.find("delivery_fallback", first + 1), std::string::npos) << output;
  EXPECT_THAT(output, HasSubstr(alter()));
}

TEST_F(DeliveryTest, WithoutAServerAutoWaitsAndCanBeStopped) {
  std::vector<std::string> command = run_args("auto");
  for (std::string& word : command) {
    if (word == clickhouse_->url()) word = fmt::format("http://127.0.0.1:{}", testkit::free_port());
  }
  testkit::FreshetProcess run(command);
  EXPECT_TRUE(testkit::eventually(60s, [&] {
    return run.output().find("delivery_not_audited") != std::string::npos && get("/health").starts_with("200");
  })) << run.output();
  EXPECT_EQ(run.output().find("delivery_fallback"), std::string::npos);
  EXPECT_EQ(run.stop(), 0) << run.output();
}

TEST_F(DeliveryTest, ATableThatChangesLaterIsReported) {
  create_table("SETTINGS non_replicated_deduplication_window = 1000");
  settings::Pipeline pipeline;
  pipeline.kafka.connection.bootstrap_servers = kafka_->bootstrap();
  pipeline.kafka.topic = topic;
  pipeline.clickhouse.urls = {clickhouse_->url()};
  pipeline.clickhouse.table = "default." + topic;
  pipeline.delivery = settings::DeliveryChoice::Auto;
  RealClock clock;
  testkit::RecordingLog log;
  Metrics metrics;
  app::DeliveryDecision decision(pipeline, clock, log, metrics, nullptr);
  const auto decided = decision.decide([] { return Status(); }, {});
  ASSERT_TRUE(decided);
  EXPECT_EQ(*decided, Delivery::ExactlyOnce);
  const app::DeliveryMetrics exported(metrics);
  EXPECT_EQ(exported.exactly_once.value(), 1);

  clickhouse_->query("ALTER TABLE " + topic + " MODIFY SETTING non_replicated_deduplication_window = 0");
  decision.audit_again({});
  decision.audit_again({});
  EXPECT_EQ(log.count("delivery_not_kept"), 1u) << "once for each change";
  EXPECT_EQ(exported.exactly_once.value(), 0);
  EXPECT_EQ(decision.status().mode, "exactly-once");
  EXPECT_FALSE(decision.status().suitable);
  EXPECT_THAT(decision.status().reason, HasSubstr(alter()));

  clickhouse_->query(alter());
  decision.audit_again({});
  EXPECT_EQ(log.count("delivery_possible"), 1u);
  EXPECT_EQ(exported.exactly_once.value(), 1);
  EXPECT_TRUE(decision.status().findings.empty() || decision.status().suitable);
}

TEST_F(DeliveryTest, WhereRowsGoToNoTableDeliveryIsAtLeastOnce) {
  settings::Pipeline pipeline;
  pipeline.stream.skip_write = true;
  pipeline.delivery = settings::DeliveryChoice::ExactlyOnce;
  RealClock clock;
  testkit::RecordingLog log;
  Metrics metrics;
  app::DeliveryDecision decision(pipeline, clock, log, metrics, nullptr);
  const auto decided = decision.decide([] { return Status(); }, {});
  ASSERT_TRUE(decided);
  EXPECT_EQ(*decided, Delivery::AtLeastOnce);
  EXPECT_EQ(log.count("delivery_fallback"), 1u);
}

// At least once, a table that stores a repeat again is a warning, once.
TEST_F(DeliveryTest, ARunWarnsOnceOfATableThatStoresARepeatAgain) {
  create_table();
  produce();
  testkit::FreshetProcess run(args("run"));
  EXPECT_TRUE(testkit::eventually(60s, [&] { return run.output().find("repeats_stored") != std::string::npos; }))
      << run.output();
  EXPECT_THAT(run.output(), HasSubstr(alter()));
  EXPECT_EQ(run.stop(), 0);
}

}  // namespace
}  // namespace freshet
