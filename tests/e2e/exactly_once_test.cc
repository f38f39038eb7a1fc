// Snuba's consumers with exactly-once delivery: which tables permit it, and what a crash leaves in one.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <regex>

#include "app/delivery_decision.h"
#include "composition.h"
#include "snuba/load.h"
#include "testkit/freshet_process.h"
#include "testkit/recording_log.h"

namespace freshet {
namespace {

using e2e::Service;
using testing::HasSubstr;
using namespace std::chrono_literals;

constexpr const char* kWindow = "non_replicated_deduplication_window = 100000";

struct ExactlyOnceTest : testing::Test {
  static void SetUpTestSuite() {
    kafka_ = new testkit::KafkaServer();
    clickhouse_ = new testkit::LocalClickHouse();
    testkit::KafkaClient client(kafka_->bootstrap());
    e2e::create_topics(client);
  }
  static void TearDownTestSuite() {
    delete kafka_;
    delete clickhouse_;
  }

  static std::map<std::string, std::string> environment() {
    auto out = e2e::environment({kafka_->bootstrap(), clickhouse_->port(), 0});
    for (const char* redis : {"REDIS_HOST", "REDIS_PORT"}) out.erase(redis);
    return out;
  }
  // Creates the table, with this engine.
  static void create_table(const std::string& storage, const std::string& engine) {
    clickhouse_->query(fmt::format("DROP TABLE IF EXISTS {}", e2e::storage(storage).table));
    clickhouse_->query(std::regex_replace(e2e::table_definition(storage), std::regex("= MergeTree "), engine));
  }
  // The statement that makes the storage's table suitable.
  static std::string alter(const std::string& storage) {
    return fmt::format("ALTER TABLE default.{} MODIFY SETTING {}", e2e::storage(storage).table, kWindow);
  }
  // Which delivery --delivery auto chooses for a consumer of the composition.
  Delivery automatic(const Service& service) {
    std::vector<std::string> args = {"--storage",   service.storage, "--consumer-group",
                                     service.group, "--delivery",    "auto"};
    args.insert(args.end(), service.more.begin(), service.more.end());
    const auto loaded = snuba::load(service.command, args, environment());
    if (!loaded) throw std::runtime_error(loaded.error().front());
    app::DeliveryDecision decision(loaded->settings.pipeline, clock, log, metrics, nullptr);
    return decision.decide([] { return failure(ErrorKind::Fatal, "it waits"); }, {}).value();
  }

  static testkit::KafkaServer* kafka_;
  static testkit::LocalClickHouse* clickhouse_;
  RealClock clock;
  testkit::RecordingLog log;
  Metrics metrics;
};
testkit::KafkaServer* ExactlyOnceTest::kafka_ = nullptr;
testkit::LocalClickHouse* ExactlyOnceTest::clickhouse_ = nullptr;

TEST_F(ExactlyOnceTest, TheTablesOfAllServicesTakeItOnceTheyHaveAWindow) {
  for (const Service& service : e2e::composition()) {
    SCOPED_TRACE(service.name);
    if (service.command != std::string("rust-consumer")) {
      EXPECT_EQ(automatic(service), Delivery::AtLeastOnce) << "its rows go to a topic";
      continue;
    }
    for (const char* engine : {"= MergeTree ", "= ReplacingMergeTree "}) {
      create_table(service.storage, engine);
      EXPECT_EQ(automatic(service), Delivery::AtLeastOnce);
      ASSERT_EQ(log.of("delivery_fallback").back().fields["statement"], alter(service.storage));
      clickhouse_->query(alter(service.storage));
      EXPECT_EQ(automatic(service), Delivery::ExactlyOnce);
    }
  }
}

class KilledConsumer {
 public:
  explicit KilledConsumer(std::map<std::string, std::string> environment) : environment_(std::move(environment)) {}
  // As an orchestrator starts it: with the same instance id each time, so that nobody waits for the session's timeout.
  void start() {
    process_ = std::make_unique<testkit::FreshetProcess>(
        std::vector<std::string>{"rust-consumer", "--storage", "outcomes_raw", "--consumer-group", "outcomes",
                                 "--auto-offset-reset=earliest", "--max-batch-time-ms", "100", "--max-batch-size",
                                 "100", "--no-strict-offset-reset", "--max-poll-interval-ms", "300000",
                                 "--group-instance-id", "first", "--delivery", "exactly-once"},
        environment_);
  }
  void kill() {
    process_->process().signal(SIGKILL);
    process_->process().wait(60s);
  }
  testkit::FreshetProcess& process() { return *process_; }

 private:
  const std::map<std::string, std::string> environment_;
  std::unique_ptr<testkit::FreshetProcess> process_;
};

TEST_F(ExactlyOnceTest, AConsumerThatIsKilledLeavesEachRowOnce) {
  create_table("outcomes_raw", "= MergeTree ");  // ReplacingMergeTree would hide duplicates
  testkit::KafkaClient client(kafka_->bootstrap());
  uint64_t produced = 0;
  const auto produce = [&](uint64_t count) {
    for (const uint64_t end = produced + count; produced < end; ++produced) {
      testkit::Record record;
      record.partition = static_cast<int32_t>(produced % e2e::kPartitions);
      record.value = fmt::format(
          R"({{"timestamp":"2026-03-28T18:50:44.000000Z","outcome":0,"org_id":1,"project_id":{0},"key_id":1,)"
          R"("category":1,"quantity":1,"event_id":"{0:032x}"}})",
          produced);
      client.produce("outcomes", record);
    }
    client.flush();
  };
  const auto stored = [&](const std::string& what = "count()") {
    return clickhouse_->count("SELECT " + what + " FROM outcomes_raw_local");
  };
  produce(1000);
  KilledConsumer consumer(environment());
  consumer.start();
  ASSERT_TRUE(testkit::eventually(60s, [&] {
    return consumer.process().output().find("delivery_waits") != std::string::npos;
  })) << consumer.process().output();
  EXPECT_THAT(consumer.process().output(), HasSubstr(alter("outcomes_raw")));
  clickhouse_->query(alter("outcomes_raw"));
  for (int kills = 0; kills < 3; ++kills) {
    const uint64_t before = stored();
    produce(1500);
    EXPECT_TRUE(testkit::eventually(60s, [&] { return stored() > before; })) << consumer.process().output();
    produce(1500);  // it is killed while these are read or inserted
    consumer.kill();
    consumer.start();
  }
  EXPECT_TRUE(testkit::eventually(60s, [&] {
    int64_t committed = 0;
    for (const auto& [partition, offset] : client.committed("outcomes", "outcomes")) committed += offset;
    return committed == static_cast<int64_t>(produced);
  })) << consumer.process().output();
  EXPECT_EQ(consumer.process().stop(), 0);
  EXPECT_EQ(stored(), produced);
  EXPECT_EQ(stored("uniqExact(event_id)"), produced);
}

}  // namespace
}  // namespace freshet
