// The drop-in against real Kafka and ClickHouse: what it writes beside the rows, byte for byte.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "testkit/freshet_process.h"
#include "testkit/kafka_client.h"
#include "testkit/servers.h"

namespace freshet {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using testkit::Record;
using namespace std::chrono_literals;

std::string golden(const std::string& file) {
  std::ifstream in(std::string(FRESHET_SOURCE_DIR) + "/tests/golden/" + file);
  return nlohmann::ordered_json::parse(in)["message"].dump();
}

struct SideTopicsTest : testing::Test {
  static void SetUpTestSuite() {
    kafka_ = new testkit::KafkaServer();
    clickhouse_ = new testkit::LocalClickHouse();
  }
  static void TearDownTestSuite() {
    delete kafka_;
    delete clickhouse_;
  }

  void SetUp() override { client = std::make_unique<testkit::KafkaClient>(kafka_->bootstrap()); }

  std::map<std::string, std::string> environment(std::map<std::string, std::string> more = {}) const {
    std::map<std::string, std::string> all = {{"DEFAULT_BROKERS", kafka_->bootstrap()},
                                              {"CLICKHOUSE_HOST", "127.0.0.1"},
                                              {"CLICKHOUSE_HTTP_PORT", std::to_string(clickhouse_->port())},
                                              {"CLICKHOUSE_SECURE", ""},
                                              {"SNUBA_SETTINGS", "self_hosted"}};
    all.merge(more);
    return all;
  }
  static std::vector<std::string> args(const std::string& storage, const std::string& group,
                                       std::vector<std::string> more = {}) {
    std::vector<std::string> all = {"rust-consumer",
                                    "--storage",
                                    storage,
                                    "--consumer-group",
                                    group,
                                    "--auto-offset-reset=earliest",
                                    "--max-batch-time-ms",
                                    "200",
                                    "--no-strict-offset-reset",
                                    "--max-poll-interval-ms",
                                    "300000",
                                    "--clickhouse-setting",
                                    "input_format_skip_unknown_fields=1"};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  int64_t committed(const std::string& group, const std::string& topic, int32_t partition) {
    return client->committed(group, topic)[partition];
  }

  static testkit::KafkaServer* kafka_;
  static testkit::LocalClickHouse* clickhouse_;
  std::unique_ptr<testkit::KafkaClient> client;
};

testkit::KafkaServer* SideTopicsTest::kafka_ = nullptr;
testkit::LocalClickHouse* SideTopicsTest::clickhouse_ = nullptr;

std::string value_of(const Record& record) { return record.value.value_or("null"); }

TEST_F(SideTopicsTest, ErrorsWriteCommitLogAndReplacementsAndGoOnWhereAnotherImplementationStopped) {
  for (const char* topic : {"events", "snuba-commit-log", "event-replacements"}) {
    client->create_topic(topic, topic == std::string("events") ? 2 : 1);
  }
  clickhouse_->query(
      "CREATE TABLE errors_local (project_id UInt64, event_id String) ENGINE = MergeTree ORDER BY event_id");
  const std::string event = golden("ErrorsProcessor/event-of-a-web-service.json");
  // The other implementation had read two messages, and said so in the commit log.
  client->produce("events", {0, -1, std::nullopt, event, {}, 1'696'381'940'000});
  client->produce("events", {0, -1, std::nullopt, event, {}, 1'696'381'941'000});
  client->flush();
  client->commit("snuba-consumers", "events", 0, 2);
  client->produce("snuba-commit-log", {-1,
                                       -1,
                                       "events:0:snuba-consumers",
                                       R"({"offset": 2, "orig_message_ts": 1696381941.0, "received_p99": null})",
                                       {},
                                       0});
  client->produce("events", {0, -1, std::nullopt, event, {}, 1'696'381'946'123});
  client->produce("events", {0, -1, std::nullopt, R"([2,"start_merge",{"project_id":7,"transaction_id":"a"}])", {}, 0});
  client->produce("events", {0, -1, std::nullopt, "no event", {}, 0});
  client->produce("events", {0, -1, std::nullopt, R"([2,"end_merge",{"project_id":7,"transaction_id":"a"}])", {}, 0});
  client->produce("events", {0, -1, std::nullopt, event, {}, 1'696'381'947'000});
  client->produce("events", {0, -1, std::nullopt, R"([2,"end_unmerge",{"project_id":9}])", {{"h", "v"}}, 0});
  client->produce("events", {1, -1, std::nullopt, event, {}, 1'696'381'948'000});
  client->flush();

  testkit::FreshetProcess freshet(args("errors", "snuba-consumers"), environment());
  EXPECT_TRUE(testkit::eventually(40s, [&] {
    return committed("snuba-consumers", "events", 0) == 8 && committed("snuba-consumers", "events", 1) == 1;
  })) << freshet.output();
  EXPECT_EQ(freshet.stop(), 0) << freshet.output();
  EXPECT_EQ(clickhouse_->count("SELECT count() FROM errors_local"), 3u);

  std::map<std::string, std::vector<std::string>> log;
  for (const Record& record : client->read_all("snuba-commit-log")) {
    EXPECT_THAT(record.headers, IsEmpty());
    log[record.key.value_or("")].push_back(value_of(record));
  }
  ASSERT_GE(log["events:0:snuba-consumers"].size(), 2u);
  EXPECT_THAT(log["events:0:snuba-consumers"].back(),
              testing::StartsWith(R"({"offset":7,"orig_message_ts":1696381947.0,"received_p99":)"));
  ASSERT_EQ(log["events:1:snuba-consumers"].size(), 1u);
  EXPECT_THAT(log["events:1:snuba-consumers"][0],
              testing::StartsWith(R"({"offset":1,"orig_message_ts":1696381948.0,"received_p99":)"));

  const auto replacements = client->read_all("event-replacements");
  ASSERT_EQ(replacements.size(), 3u);
  EXPECT_EQ(replacements[0].key, "7");
  EXPECT_EQ(replacements[0].value, R"([2,"start_merge",{"project_id":7,"transaction_id":"a"}])");
  EXPECT_EQ(replacements[1].value, R"([2,"end_merge",{"project_id":7,"transaction_id":"a"}])");
  EXPECT_EQ(replacements[2].key, "9");
  EXPECT_THAT(replacements[2].headers, IsEmpty());
}

TEST_F(SideTopicsTest, DeadLettersCarryTheTwoHeadersOfTheReferenceAndAllOfThemWhenAsked) {
  for (const char* topic : {"ingest-replay-events", "snuba-dead-letter-replays"}) client->create_topic(topic, 2);
  clickhouse_->query("CREATE TABLE replays_local (project_id UInt64) ENGINE = MergeTree ORDER BY project_id");
  client->produce("ingest-replay-events", {1, -1, "k", "no replay", {{"a", "1"}, {"original_partition", "x"}}, 0});
  client->produce("ingest-replay-events", {1, -1, std::nullopt, std::nullopt, {}, 0});
  client->flush();
  const auto letters_become = [&](int64_t n) {
    return testkit::eventually(40s, [&] { return client->count("snuba-dead-letter-replays") == n; });
  };
  {
    testkit::FreshetProcess freshet(args("replays", "g"), environment());
    EXPECT_TRUE(letters_become(2)) << freshet.output();
    EXPECT_EQ(freshet.stop(), 0) << freshet.output();
  }
  EXPECT_EQ(committed("g", "ingest-replay-events", 1), 2);
  std::map<std::string, Record> letters;
  for (const Record& letter : client->read_all("snuba-dead-letter-replays")) letters[value_of(letter)] = letter;
  ASSERT_TRUE(letters.contains("no replay"));
  EXPECT_EQ(letters["no replay"].key, "k");
  EXPECT_THAT(letters["no replay"].headers, ElementsAre(Pair("a", "1"), Pair("original_partition", "x"),
                                                        Pair("original_partition", "1"), Pair("original_offset", "0")));
  ASSERT_TRUE(letters.contains("null"));
  EXPECT_FALSE(letters["null"].key);
  EXPECT_THAT(letters["null"].headers, ElementsAre(Pair("original_partition", "1"), Pair("original_offset", "1")));

  client->produce("ingest-replay-events", {0, -1, std::nullopt, "again none", {}, 0});
  client->flush();
  testkit::FreshetProcess freshet(args("replays", "g", {"--dlq-provenance"}), environment());
  EXPECT_TRUE(letters_become(3)) << freshet.output();
  EXPECT_EQ(freshet.stop(), 0);
  for (const Record& letter : client->read_all("snuba-dead-letter-replays")) letters[value_of(letter)] = letter;
  EXPECT_THAT(letters["again none"].headers, testing::Contains(Pair("consumer_group", "g")));
  EXPECT_THAT(letters["again none"].headers, testing::Contains(Pair("original_partition", "0")));
}

TEST_F(SideTopicsTest, NothingIsCommittedWhileTheCommitLogTakesNothing) {
  const std::string topic = "transactions-of-nobody";
  client->create_topic(topic, 1);
  // The commit-log topic does not exist, and comes later.
  const std::string event = golden("ErrorsProcessor/event-of-a-web-service.json");
  client->produce(topic, {0, -1, std::nullopt, event, {}, 0});
  client->flush();
  clickhouse_->query(
      "CREATE TABLE IF NOT EXISTS errors_local (project_id UInt64, event_id String) ENGINE = MergeTree ORDER BY "
      "event_id");
  const uint64_t before = clickhouse_->count("SELECT count() FROM errors_local");
  testkit::FreshetProcess freshet(
      args("errors", "late", {"--raw-events-topic", topic, "--commit-log-topic", "late-commit-log"}), environment());
  EXPECT_TRUE(testkit::eventually(40s, [&] { return clickhouse_->count("SELECT count() FROM errors_local") > before; }))
      << freshet.output();
  EXPECT_FALSE(testkit::eventually(3s, [&] { return committed("late", topic, 0) >= 1; }));
  client->create_topic("late-commit-log", 1);
  EXPECT_TRUE(testkit::eventually(40s, [&] { return committed("late", topic, 0) == 1; })) << freshet.output();
  const auto log = client->read_all("late-commit-log");
  ASSERT_EQ(log.size(), 1u);
  EXPECT_EQ(log[0].key, topic + ":0:late");
  EXPECT_EQ(freshet.stop(), 0);
}

TEST_F(SideTopicsTest, SkippedWritesLeaveNoTrace) {
  const std::string topic = "skipped";
  client->create_topic(topic, 1);
  for (int i = 0; i < 3; ++i) client->produce(topic, {0, -1, std::nullopt, "no replay", {}, 0});
  client->flush();
  const int64_t letters = client->count("snuba-dead-letter-replays");
  testkit::FreshetProcess freshet(args("replays", "skipping", {"--raw-events-topic", topic, "--skip-write"}),
                                  environment());
  EXPECT_TRUE(testkit::eventually(40s, [&] { return committed("skipping", topic, 0) == 3; })) << freshet.output();
  EXPECT_EQ(freshet.stop(), 0);
  EXPECT_EQ(client->count("snuba-dead-letter-replays"), letters);
}

}  // namespace
}  // namespace freshet
