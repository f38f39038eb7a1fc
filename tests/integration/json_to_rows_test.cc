// The main job with real Kafka and real ClickHouse; the program is started as an operator starts it.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <iostream>
#include <memory>

#include "testkit/freshet_process.h"
#include "testkit/kafka_client.h"
#include "testkit/servers.h"

namespace freshet {
namespace {

using testkit::Record;
using namespace std::chrono_literals;

struct JsonToRowsTest : testing::Test {
  static void SetUpTestSuite() {
    kafka_ = new testkit::KafkaServer();
    clickhouse_ = new testkit::OldClickHouse();
  }
  static void TearDownTestSuite() {
    delete kafka_;
    delete clickhouse_;
  }

  void SetUp() override {
    const std::string name = testing::UnitTest::GetInstance()->current_test_info()->name();
    topic = "t_" + name;
    dead = topic + "_dead";
    group = "g_" + name;
    client = std::make_unique<testkit::KafkaClient>(kafka_->bootstrap());
    client->create_topic(topic, 4);
    client->create_topic(dead, 1);
    clickhouse_->query(fmt::format("CREATE TABLE {} (id UInt64, name String) ENGINE = MergeTree ORDER BY id", topic));
  }

  std::vector<std::string> args(std::vector<std::string> more = {}) const {
    std::vector<std::string> all = {"run",
                                    "--bootstrap-server",
                                    kafka_->bootstrap(),
                                    "--topic",
                                    topic,
                                    "--consumer-group",
                                    group,
                                    "--clickhouse-url",
                                    clickhouse_->url(),
                                    "--table",
                                    "default." + topic,
                                    "--max-batch-time-ms",
                                    "200",
                                    "--drain-timeout-ms",
                                    "30000"};  // what is abandoned would be stored twice
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }

  void produce(uint64_t from, uint64_t to) {
    for (uint64_t id = from; id < to; ++id) {
      client->produce(topic, {-1, -1, std::nullopt, fmt::format(R"({{"id":{},"name":"n{}"}})", id, id), {}, 0});
    }
    client->flush();
  }
  uint64_t rows() const { return clickhouse_->count("SELECT count() FROM " + topic); }
  uint64_t distinct() const { return clickhouse_->count("SELECT uniqExact(id) FROM " + topic); }
  bool rows_become(uint64_t n, std::chrono::seconds limit = 90s) {
    return testkit::eventually(limit, [&] { return rows() >= n; });
  }
  // Where rows may be stored twice.
  bool distinct_become(uint64_t n) {
    return testkit::eventually(90s, [&] { return distinct() >= n; });
  }
  int64_t committed() {
    int64_t sum = 0;
    for (const auto& [partition, offset] : client->committed(group, topic)) sum += std::max<int64_t>(0, offset);
    return sum;
  }

  static testkit::KafkaServer* kafka_;
  static testkit::OldClickHouse* clickhouse_;
  std::string topic;
  std::string dead;
  std::string group;
  std::unique_ptr<testkit::KafkaClient> client;
};

testkit::KafkaServer* JsonToRowsTest::kafka_ = nullptr;
testkit::OldClickHouse* JsonToRowsTest::clickhouse_ = nullptr;

TEST_F(JsonToRowsTest, EveryMessageIsARowAndCommittedWhenItStops) {
  produce(0, 20'000);
  testkit::FreshetProcess freshet(args());
  EXPECT_TRUE(rows_become(20'000)) << freshet.output();
  EXPECT_EQ(freshet.stop(), 0) << freshet.output();
  EXPECT_EQ(rows(), 20'000u);
  EXPECT_EQ(distinct(), 20'000u);
  EXPECT_EQ(committed(), 20'000);
}

TEST_F(JsonToRowsTest, ARestartGoesOnWhereItStopped) {
  produce(0, 1'000);
  {
    testkit::FreshetProcess freshet(args());
    EXPECT_TRUE(rows_become(1'000)) << freshet.output();
    EXPECT_EQ(freshet.stop(), 0);
  }
  produce(1'000, 2'000);
  testkit::FreshetProcess freshet(args());
  EXPECT_TRUE(rows_become(2'000)) << freshet.output();
  EXPECT_EQ(freshet.stop(), 0);
  EXPECT_EQ(rows(), 2'000u);
  EXPECT_EQ(distinct(), 2'000u);
}

TEST_F(JsonToRowsTest, InvalidAndRejectedMessagesBecomeDeadLettersWithTheirReason) {
  produce(0, 500);
  client->produce(topic, {2, -1, "the key", R"({"id":500,"name":)", {{"trace", "abc"}}, 0});
  client->produce(topic, {1, -1, std::nullopt, R"({"id":"no number","name":"x"})", {}, 0});
  client->produce(topic, {1, -1, std::nullopt, std::nullopt, {}, 0});
  produce(501, 1'000);
  testkit::FreshetProcess freshet(args({"--dead-letter-topic", dead}));
  EXPECT_TRUE(rows_become(999)) << freshet.output();
  EXPECT_TRUE(testkit::eventually(60s, [&] { return client->count(dead) == 2; })) << freshet.output();
  EXPECT_EQ(freshet.stop(), 0);
  EXPECT_EQ(rows(), 999u);
  EXPECT_EQ(committed(), 1'002);
  const auto dead_letters = client->read_all(dead);
  ASSERT_EQ(dead_letters.size(), 2u);
  const Record& broken = dead_letters[0].key ? dead_letters[0] : dead_letters[1];
  const Record& refused = dead_letters[0].key ? dead_letters[1] : dead_letters[0];
  EXPECT_EQ(broken.value, R"({"id":500,"name":)");
  EXPECT_EQ(broken.key, "the key");
  std::map<std::string, std::string> headers(broken.headers.begin(), broken.headers.end());
  EXPECT_EQ(headers["trace"], "abc");
  EXPECT_EQ(headers["original_topic"], topic);
  EXPECT_EQ(headers["original_partition"], "2");
  EXPECT_EQ(headers["consumer_group"], group);
  EXPECT_NE(headers["reason"].find("at byte 17"), std::string::npos) << headers["reason"];
  EXPECT_EQ(refused.value, R"({"id":"no number","name":"x"})");
  headers = {refused.headers.begin(), refused.headers.end()};
  EXPECT_NE(headers["reason"].find("code 27"), std::string::npos) << headers["reason"];
}

TEST_F(JsonToRowsTest, ClickHouseMayBeAwayAndComeBack) {
  testkit::FreshetProcess freshet(args());
  produce(0, 2'000);
  EXPECT_TRUE(rows_become(2'000)) << freshet.output();
  clickhouse_->stop();
  produce(2'000, 4'000);
  EXPECT_TRUE(testkit::eventually(60s, [&] { return freshet.output().find("insert") != std::string::npos; }));
  clickhouse_->start();
  EXPECT_TRUE(distinct_become(4'000)) << freshet.output();
  EXPECT_EQ(freshet.stop(), 0) << freshet.output();
  EXPECT_EQ(distinct(), 4'000u);
}

TEST_F(JsonToRowsTest, ABrokerThatRestartsIsNoReasonToEnd) {
  // The session outlives the restart on any machine. A member whose session is over has nothing to read until it is
  // assigned partitions again.
  testkit::FreshetProcess freshet(
      args({"--set", "kafka.session.timeout.ms=1500000", "--max-poll-interval-ms", "1800000"}));
  produce(0, 1'000);
  EXPECT_TRUE(rows_become(1'000)) << freshet.output();
  kafka_->stop();
  kafka_->start();
  EXPECT_TRUE(testkit::eventually(60s, [&] { return freshet.output().find("kafka_recovered") != std::string::npos; }))
      << "it would not be ready before the next message: " << freshet.output();
  produce(1'000, 2'000);
  EXPECT_TRUE(distinct_become(2'000)) << freshet.output();
  EXPECT_EQ(freshet.stop(), 0) << freshet.output();
  EXPECT_EQ(distinct(), 2'000u);
  EXPECT_EQ(committed(), 2'000);
}

TEST_F(JsonToRowsTest, MembersThatJoinAndLeaveUnderLoadDeliverEachMessageOnce) {
  auto first = std::make_unique<testkit::FreshetProcess>(args());
  produce(0, 5'000);
  EXPECT_TRUE(rows_become(2'000)) << first->output();
  testkit::FreshetProcess second(args());
  produce(5'000, 15'000);
  EXPECT_EQ(first->stop(), 0) << first->output();
  produce(15'000, 20'000);
  EXPECT_TRUE(rows_become(20'000, 60s)) << second.output();
  EXPECT_EQ(second.stop(), 0) << second.output();
  EXPECT_EQ(distinct(), 20'000u);
  EXPECT_EQ(rows(), 20'000u);
}

TEST_F(JsonToRowsTest, AKilledMemberLosesNothing) {
  auto first = std::make_unique<testkit::FreshetProcess>(args({"--set", "kafka.session.timeout.ms=6000"}));
  produce(0, 5'000);
  EXPECT_TRUE(rows_become(1)) << first->output();
  first->process().signal(SIGKILL);
  first->process().wait(60s);
  const auto uncommitted = static_cast<uint64_t>(5'000 - committed());
  produce(5'000, 6'000);
  testkit::FreshetProcess second(args({"--set", "kafka.session.timeout.ms=6000"}));
  EXPECT_TRUE(testkit::eventually(60s, [&] { return distinct() == 6'000u; })) << second.output();
  EXPECT_EQ(second.stop(), 0) << second.output();
  // Rows that were inserted and not yet committed may be repeated, and no others.
  const uint64_t repeated = rows() - distinct();
  std::cout << fmt::format("killed with {} messages not committed: {} rows repeated\n", uncommitted, repeated);
  EXPECT_LE(repeated, uncommitted);
}

TEST_F(JsonToRowsTest, LatestWithALeaveBeforeTheFirstCommitSkipsNothing) {
  produce(0, 100);
  {
    testkit::FreshetProcess freshet(args({"--auto-offset-reset", "latest"}));
    EXPECT_TRUE(testkit::eventually(60s, [&] { return committed() == 100; })) << freshet.output();
    EXPECT_EQ(freshet.stop(), 0);
  }
  produce(100, 110);
  testkit::FreshetProcess freshet(args({"--auto-offset-reset", "latest"}));
  EXPECT_TRUE(rows_become(10)) << freshet.output();
  EXPECT_EQ(freshet.stop(), 0);
  EXPECT_EQ(rows(), 10u);
}

TEST_F(JsonToRowsTest, ANewPartitionStartsAtItsBeginningAlsoUnderLatest) {
  produce(0, 100);
  testkit::FreshetProcess freshet(args({"--auto-offset-reset", "latest"}));
  EXPECT_TRUE(testkit::eventually(60s, [&] { return committed() == 100; })) << freshet.output();
  client->add_partitions(topic, 5);
  ASSERT_TRUE(testkit::eventually(60s, [&] { return client->partitions(topic) == 5; }));
  testkit::KafkaClient fresh(kafka_->bootstrap());
  for (int id = 0; id < 10; ++id) {
    fresh.produce(topic, {4, -1, std::nullopt, fmt::format(R"({{"id":{},"name":"x"}})", 1000 + id), {}, 0});
  }
  fresh.flush();
  EXPECT_TRUE(rows_become(10, 60s)) << freshet.output();
  EXPECT_EQ(freshet.stop(), 0);
  EXPECT_EQ(rows(), 10u);
}

TEST_F(JsonToRowsTest, StopAtTimestampStopsEachPartitionBeforeIt) {
  for (int id = 0; id < 100; ++id) {
    client->produce(
        topic, {id % 4, -1, std::nullopt, fmt::format(R"({{"id":{},"name":"x"}})", id), {}, 1'700'000'000'000 + id});
  }
  client->flush();
  testkit::FreshetProcess freshet(args({"--stop-at-timestamp", "1700000000049"}));
  EXPECT_EQ(freshet.process().wait(60s), 0) << freshet.output();
  EXPECT_EQ(rows(), 50u);
  EXPECT_EQ(clickhouse_->count("SELECT max(id) FROM " + topic), 49u);
  EXPECT_EQ(committed(), 50);
}

// A transaction's marker takes an offset without a message: the position stays below the end offset.
TEST_F(JsonToRowsTest, StopAtTimestampEndsBehindTransactionMarkersToo) {
  std::vector<Record> records;
  for (int id = 0; id < 30; ++id) {
    records.push_back({id % 3, -1, std::nullopt, fmt::format(R"({{"id":{},"name":"x"}})", id), {}, 1'700'000'000'000});
  }
  client->produce_in_transaction(topic, records);
  const int64_t end = client->count(topic);
  EXPECT_GE(end, 33);
  testkit::FreshetProcess freshet(args({"--stop-at-timestamp", "1700000000049"}));
  EXPECT_EQ(freshet.process().wait(60s), 0) << freshet.output();
  EXPECT_EQ(rows(), 30u) << freshet.output();
  EXPECT_EQ(committed(), end);
}

TEST_F(JsonToRowsTest, OneRowInTenThousandThatTheTableRejectsIsFoundAndTheRestIsStoredOnce) {
  constexpr uint64_t kMessages = 100'000;
  for (uint64_t id = 0; id < kMessages; ++id) {
    const char* form = id % 10'000 == 4'321 ? R"({{"id":"{}","name":[1]}})" : R"({{"id":{},"name":"n"}})";
    client->produce(topic, {-1, -1, std::nullopt, fmt::format(fmt::runtime(form), id), {}, 0});
  }
  client->flush();
  testkit::FreshetProcess freshet(args({"--dead-letter-topic", dead}));
  EXPECT_TRUE(rows_become(kMessages - 10, 90s)) << freshet.output();
  EXPECT_TRUE(testkit::eventually(60s, [&] { return client->count(dead) >= 10; })) << freshet.output();
  EXPECT_EQ(freshet.stop(), 0) << freshet.output();
  EXPECT_EQ(rows(), kMessages - 10);
  EXPECT_EQ(distinct(), kMessages - 10);
  EXPECT_EQ(client->count(dead), 10);
  EXPECT_EQ(committed(), static_cast<int64_t>(kMessages));
}

// Two members share the partitions, one leaves, and each message becomes one row.
struct AssignmentTest : JsonToRowsTest {
  void share_and_leave(const std::vector<std::string>& more) {
    testkit::FreshetProcess first(args(more));
    produce(0, 2'000);
    EXPECT_TRUE(rows_become(2'000)) << first.output();
    testkit::FreshetProcess second(args(more));
    produce(2'000, 10'000);
    EXPECT_TRUE(rows_become(10'000)) << first.output() << second.output();
    EXPECT_TRUE(testkit::eventually(60s, [&] {
      return second.output().find("partitions_assigned") != std::string::npos;
    })) << second.output();
    EXPECT_EQ(first.stop(), 0);
    produce(10'000, 11'000);
    EXPECT_TRUE(rows_become(11'000)) << second.output();
    EXPECT_EQ(second.stop(), 0);
    EXPECT_EQ(distinct(), 11'000u);
    EXPECT_EQ(rows(), 11'000u);
  }
};

TEST_F(AssignmentTest, RoundRobin) { share_and_leave({"--set", "kafka.partition.assignment.strategy=roundrobin"}); }
TEST_F(AssignmentTest, CooperativeSticky) {
  share_and_leave({"--set", "kafka.partition.assignment.strategy=cooperative-sticky"});
}
// KIP-848, if the library supports it; otherwise refused at start.
TEST_F(AssignmentTest, ConsumerGroupProtocol) {
  const std::vector<std::string> more = {"--set", "kafka.group.protocol=consumer"};
  if (rd_kafka_version() >= 0x02040000) return share_and_leave(more);
  testkit::FreshetProcess refused(args(more));
  EXPECT_EQ(refused.process().wait(60s), 2);
  EXPECT_NE(refused.output().find("kafka.group.protocol=consumer"), std::string::npos) << refused.output();
}

}  // namespace
}  // namespace freshet
