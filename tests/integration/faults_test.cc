// ClickHouse with every fault that a proxy can inject. The counts are exact because the table deduplicates by insert
// token.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "testkit/fault_proxy.h"
#include "testkit/freshet_process.h"
#include "testkit/kafka_client.h"
#include "testkit/servers.h"

namespace freshet {
namespace {

using testkit::Fault;
using namespace std::chrono_literals;

struct FaultsTest : testing::Test {
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
    proxy = std::make_unique<testkit::FaultProxy>(static_cast<uint16_t>(clickhouse_->port()));
    client = std::make_unique<testkit::KafkaClient>(kafka_->bootstrap());
    client->create_topic(topic, 4);
    client->create_topic(topic + "_dead", 1);
    clickhouse_->query(
        fmt::format("CREATE TABLE {} (id UInt64, name String) ENGINE = MergeTree ORDER BY id "
                    "SETTINGS non_replicated_deduplication_window = 10000",
                    topic));
    start({"--max-batch-time-ms", "100", "--clickhouse-request-timeout-ms", "2000", "--clickhouse-connect-timeout-ms",
           "1000", "--admin-listen", "127.0.0.1:0"});
  }
  void start(std::vector<std::string> more = {}) {
    more.insert(more.end(), {"--dead-letter-topic", topic + "_dead"});
    freshet = std::make_unique<testkit::FreshetProcess>(
        testkit::streaming_command("run", kafka_->bootstrap(), topic, proxy->url(), more));
  }

  void produce(uint64_t count) {
    for (uint64_t i = 0; i < count; ++i, ++next) {
      std::string value = fmt::format(R"({{"id":{},"name":"n"}})", next);
      if (next % 500 == 499) value = "{broken";
      client->produce(topic, {-1, -1, std::nullopt, value, {}, 0});
    }
    client->flush();
  }
  uint64_t rows() const { return clickhouse_->count("SELECT count() FROM " + topic); }

  // Exactly the valid rows are stored, and every invalid message is in the dead-letter topic.
  void expect_all() {
    const uint64_t bad = next / 500;
    EXPECT_TRUE(testkit::eventually(90s, [&] { return rows() >= next - bad; })) << freshet->output();
    EXPECT_TRUE(testkit::eventually(60s, [&] { return client->count(topic + "_dead") >= static_cast<int64_t>(bad); }));
    EXPECT_EQ(freshet->stop(), 0) << freshet->output();
    EXPECT_EQ(rows(), next - bad);
    EXPECT_EQ(clickhouse_->count("SELECT uniqExact(id) FROM " + topic), next - bad);
    EXPECT_EQ(client->count(topic + "_dead"), static_cast<int64_t>(bad));
  }

  // A few requests meet the fault while messages arrive.
  void meet(const Fault& fault, size_t times = 3) {
    produce(2'000);
    EXPECT_TRUE(testkit::eventually(60s, [&] { return rows() > 0; })) << freshet->output();
    const size_t before = proxy->faults();
    proxy->set(fault, times);
    produce(2'000);
    EXPECT_TRUE(proxy->wait_for_faults(before + 1)) << freshet->output();
    produce(2'000);
    EXPECT_TRUE(proxy->wait_for_faults(before + times)) << freshet->output();
    expect_all();
  }

  static testkit::KafkaServer* kafka_;
  static testkit::LocalClickHouse* clickhouse_;
  std::string topic;
  uint64_t next = 0;
  std::unique_ptr<testkit::FaultProxy> proxy;
  std::unique_ptr<testkit::KafkaClient> client;
  std::unique_ptr<testkit::FreshetProcess> freshet;
};

testkit::KafkaServer* FaultsTest::kafka_ = nullptr;
testkit::LocalClickHouse* FaultsTest::clickhouse_ = nullptr;

TEST_F(FaultsTest, ClosesMidBody) { meet(Fault::of(Fault::Kind::CloseMidBody)); }
TEST_F(FaultsTest, LosesTheAnswer) { meet(Fault::of(Fault::Kind::LoseAnswer)); }
TEST_F(FaultsTest, ClosesMidAnswer) { meet(Fault::of(Fault::Kind::CloseMidAnswer)); }
TEST_F(FaultsTest, TooManyParts) { meet(Fault::exception(252, "Too many parts (300). (TOO_MANY_PARTS)"), 2); }
TEST_F(FaultsTest, UnknownTable) {
  meet(Fault::exception(60, "Table default.x does not exist. (UNKNOWN_TABLE)", 404), 2);
}

TEST_F(FaultsTest, Answers500) {
  Fault fault = Fault::of(Fault::Kind::Answer);
  fault.text = "Internal Server Error";
  meet(fault);
}

TEST_F(FaultsTest, Hangs) {
  produce(1'000);
  EXPECT_TRUE(testkit::eventually(60s, [&] { return rows() > 0; })) << freshet->output();
  proxy->set(Fault::of(Fault::Kind::Hang));
  produce(1'000);
  EXPECT_TRUE(proxy->wait_for_faults(2));
  proxy->clear();
  expect_all();
}

TEST_F(FaultsTest, RefusesConnections) {
  produce(1'000);
  EXPECT_TRUE(testkit::eventually(60s, [&] { return rows() > 0; })) << freshet->output();
  proxy->refuse_connections(true);
  produce(1'000);
  EXPECT_TRUE(testkit::eventually(60s, [&] { return freshet->output().find("insert") != std::string::npos; }));
  proxy->refuse_connections(false);
  expect_all();
}

// Shutdown while ClickHouse hangs ends within the drain deadline, and the next start loses nothing.
TEST_F(FaultsTest, AStopDoesNotWaitForAServerThatHangs) {
  produce(1'000);
  EXPECT_TRUE(testkit::eventually(60s, [&] { return rows() > 0; })) << freshet->output();
  proxy->set(Fault::of(Fault::Kind::Hang));
  produce(1'000);
  EXPECT_TRUE(proxy->wait_for_faults(1));
  EXPECT_EQ(freshet->stop(), 0) << freshet->output();
  EXPECT_NE(freshet->output().find("batches_abandoned"), std::string::npos) << freshet->output();
  proxy->clear();
  start();
  const uint64_t bad = next / 500;
  EXPECT_TRUE(testkit::eventually(60s, [&] {
    return clickhouse_->count("SELECT uniqExact(id) FROM " + topic) == next - bad;
  })) << freshet->output();
  EXPECT_EQ(freshet->stop(), 0);
}

}  // namespace
}  // namespace freshet
