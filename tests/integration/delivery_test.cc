// Which delivery the table and the broker permit, as an operator sees it.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>

#include "app/delivery_decision.h"
#include "kafka/topic_durability.h"
#include "testkit/admin_client.h"
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
    return testkit::streaming_command(command, kafka_->bootstrap(), topic, clickhouse_->url(), more);
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
  std::vector<std::string> run_args(const std::vector<std::string>& more = {}) const {
    auto all = args("run", {"--max-batch-time-ms", "100", "--admin-listen", fmt::format("127.0.0.1:{}", port)});
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  settings::Pipeline pipeline() const {
    settings::Pipeline out;  // --delivery auto
    out.kafka.connection.bootstrap_servers = kafka_->bootstrap();
    out.kafka.topic = topic;
    out.clickhouse.urls = {clickhouse_->url()};
    out.clickhouse.table = "default." + topic;
    return out;
  }
  nlohmann::json delivery() const {
    const nlohmann::json status = admin.status();
    return status.is_object() ? status["delivery"] : nlohmann::json();
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
  const testkit::AdminClient admin{port};
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
  testkit::FreshetProcess run(run_args({"--delivery", "exactly-once"}));
  ASSERT_TRUE(testkit::eventually(60s, [&] { return admin.ask("ready").status == 503; })) << run.output();
  EXPECT_THAT(admin.ask("ready").body, HasSubstr(alter()));
  EXPECT_EQ(admin.ask("health").status, 200);
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
  EXPECT_THAT(admin.ask("metrics").body, HasSubstr("\nfreshet_delivery_exactly_once 1\n"));
  EXPECT_EQ(run.stop(), 0);
}

TEST_F(DeliveryTest, ByDefaultItIsExactlyOnceWhereTheTablePermitsIt) {
  create_table("SETTINGS non_replicated_deduplication_window = 1000");
  produce();
  EXPECT_THAT(check(), HasSubstr("ok       delivery: exactly once"));
  testkit::FreshetProcess run(run_args());
  ASSERT_TRUE(eventually_in_mode("exactly-once")) << run.output();
  EXPECT_TRUE(eventually_stored()) << run.output();
  EXPECT_EQ(delivery()["configured"], "auto");
  EXPECT_EQ(run.stop(), 0);
  EXPECT_THAT(run.output(), HasSubstr("delivery_decided"));
}

TEST_F(DeliveryTest, ByDefaultItFallsBackAndSaysWhy) {
  create_table();
  produce();
  EXPECT_THAT(check(), HasSubstr("warning  delivery: at least once"));
  testkit::FreshetProcess run(run_args());
  ASSERT_TRUE(eventually_in_mode("at-least-once")) << run.output();
  EXPECT_TRUE(eventually_stored()) << run.output();
  EXPECT_EQ(delivery()["configured"], "auto");
  EXPECT_THAT(delivery()["reason"], HasSubstr(alter()));
  EXPECT_THAT(admin.ask("metrics").body, HasSubstr("\nfreshet_delivery_exactly_once 0\n"));
  EXPECT_EQ(run.stop(), 0);
  const std::string output = run.output();
  const size_t first = output.find("delivery_fallback");
  ASSERT_NE(first, std::string::npos) << output;
  EXPECT_EQ(output.find("delivery_fallback", first + 1), std::string::npos) << output;
  EXPECT_THAT(output, HasSubstr(alter()));
}

TEST_F(DeliveryTest, WithoutAServerAutoWaitsAndCanBeStopped) {
  std::vector<std::string> command = run_args();
  for (std::string& word : command) {
    if (word == clickhouse_->url()) word = fmt::format("http://127.0.0.1:{}", testkit::free_port());
  }
  testkit::FreshetProcess run(command);
  EXPECT_TRUE(testkit::eventually(60s, [&] {
    return run.output().find("delivery_not_audited") != std::string::npos && admin.ask("health").status == 200;
  })) << run.output();
  EXPECT_EQ(run.output().find("delivery_fallback"), std::string::npos);
  EXPECT_EQ(run.stop(), 0) << run.output();
}

// At `latest`, the group starts where the topic ended when the process started, not where it ends after the wait.
TEST_F(DeliveryTest, WhatArrivesWhileItWaitsForAServerIsReadAtLatestToo) {
  testkit::LocalClickHouse server;
  const std::string columns = "(id UInt64) ENGINE = MergeTree ORDER BY id";
  server.query(fmt::format("CREATE TABLE {} {}", topic, columns));
  server.stop();
  produce();
  std::vector<std::string> command = run_args({"--auto-offset-reset", "latest"});
  for (std::string& word : command) {
    if (word == clickhouse_->url()) word = server.url();
  }
  testkit::FreshetProcess run(command);
  EXPECT_TRUE(testkit::eventually(60s, [&] {
    const auto committed = client->committed(topic, topic);
    return std::all_of(committed.begin(), committed.end(), [](const auto& one) { return one.second >= 0; });
  })) << run.output();
  EXPECT_THAT(run.output(), HasSubstr("waits_for_table"));
  client->produce(topic, {-1, -1, std::nullopt, R"({"id":2})", {}, 0});
  client->flush();
  server.start();
  EXPECT_TRUE(testkit::eventually(60s, [&] { return server.query("SELECT id FROM " + topic) == "2"; })) << run.output();
  EXPECT_EQ(run.stop(), 0) << run.output();
}

struct DecisionTest : DeliveryTest {
  void decide(const settings::Pipeline& of) {
    pipeline = of;
    decision = std::make_unique<app::DeliveryDecision>(pipeline, clock, log, metrics, nullptr);
    decided = decision->decide([] { return Status(); }, {});
  }

  RealClock clock;
  testkit::RecordingLog log;
  Metrics metrics;
  settings::Pipeline pipeline;
  std::unique_ptr<app::DeliveryDecision> decision;
  Result<Delivery> decided;
};

TEST_F(DecisionTest, ATableThatLosesItsWindowIsReported) {
  create_table("SETTINGS non_replicated_deduplication_window = 1000");
  decide(DeliveryTest::pipeline());
  ASSERT_TRUE(decided);
  EXPECT_EQ(*decided, Delivery::ExactlyOnce);
  const app::DeliveryMetrics exported(metrics);
  EXPECT_EQ(exported.exactly_once.value(), 1);

  clickhouse_->query("ALTER TABLE " + topic + " MODIFY SETTING non_replicated_deduplication_window = 0");
  decision->audit_again({});
  decision->audit_again({});
  EXPECT_EQ(log.count("delivery_not_kept"), 1u) << "once for each change";
  EXPECT_EQ(exported.exactly_once.value(), 0);
  EXPECT_EQ(decision->status().mode, "exactly-once");
  EXPECT_FALSE(decision->status().suitable);
  EXPECT_THAT(decision->status().reason, HasSubstr(alter()));

  clickhouse_->query(alter());
  decision->audit_again({});
  EXPECT_EQ(log.count("delivery_possible"), 1u);
  EXPECT_EQ(exported.exactly_once.value(), 1);
  EXPECT_TRUE(decision->status().findings.empty() || decision->status().suitable);
}

TEST_F(DecisionTest, ATableThatGetsItsWindowLaterIsReported) {
  create_table();
  clickhouse_->query(fmt::format("CREATE TABLE {}_target (id UInt64) ENGINE = MergeTree ORDER BY id", topic));
  clickhouse_->query(fmt::format("CREATE MATERIALIZED VIEW {0}_view TO {0}_target AS SELECT id FROM {0}", topic));
  decide(DeliveryTest::pipeline());
  ASSERT_TRUE(decided);
  EXPECT_EQ(*decided, Delivery::AtLeastOnce);
  // One line has the statements for the table and the view's target.
  const auto said = log.of("delivery_fallback");
  ASSERT_EQ(said.size(), 1u);
  const std::string statements = said[0].fields.at("statement");
  EXPECT_THAT(statements, testing::StartsWith(alter() + "; ALTER TABLE "));
  std::istringstream each(statements);
  for (std::string one; std::getline(each, one, ';');) clickhouse_->query(one);

  decision->audit_again({});
  decision->audit_again({});
  EXPECT_EQ(log.count("delivery_possible"), 1u);
  EXPECT_EQ(decision->status().mode, "at-least-once");
  EXPECT_TRUE(decision->status().suitable);
  EXPECT_THAT(decision->status().reason, HasSubstr("it can now: restart freshet"));
  EXPECT_EQ(app::DeliveryMetrics(metrics).exactly_once.value(), 0);
}

TEST_F(DecisionTest, WhereRowsGoToNoTableDeliveryIsAtLeastOnce) {
  settings::Pipeline no_table;
  no_table.stream.skip_write = true;
  decide(no_table);
  ASSERT_TRUE(decided);
  EXPECT_EQ(*decided, Delivery::AtLeastOnce);
  EXPECT_EQ(log.count("delivery_fallback"), 0u) << "nobody asked for more";
  no_table.delivery = settings::DeliveryChoice::ExactlyOnce;
  decide(no_table);
  ASSERT_TRUE(decided);
  EXPECT_EQ(*decided, Delivery::AtLeastOnce);
  EXPECT_EQ(log.count("delivery_fallback"), 1u);
}

// At least once, a table that stores a repeat again is a warning, once.
TEST_F(DeliveryTest, ARunWarnsOnceOfATableThatStoresARepeatAgain) {
  create_table();
  produce();
  testkit::FreshetProcess run(args("run", {"--delivery", "at-least-once"}));
  EXPECT_TRUE(testkit::eventually(60s, [&] { return run.output().find("repeats_stored") != std::string::npos; }))
      << run.output();
  EXPECT_THAT(run.output(), HasSubstr(alter()));
  EXPECT_EQ(run.stop(), 0);
}

}  // namespace
}  // namespace freshet
