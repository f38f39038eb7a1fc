// Which delivery the table and the broker permit, as an operator sees it.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kafka/topic_durability.h"
#include "testkit/freshet_process.h"
#include "testkit/kafka_client.h"
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

// At least once, a table that stores a repeat again is a warning, once.
TEST_F(DeliveryTest, ARunWarnsOnceOfATableThatStoresARepeatAgain) {
  create_table();
  client->produce(topic, {0, -1, std::nullopt, R"({"id":1})", {}, 0});
  client->flush();
  testkit::FreshetProcess run(args("run"));
  EXPECT_TRUE(testkit::eventually(60s, [&] { return run.output().find("repeats_stored") != std::string::npos; }))
      << run.output();
  EXPECT_THAT(run.output(), HasSubstr(alter()));
  EXPECT_EQ(run.stop(), 0);
}

}  // namespace
}  // namespace freshet
