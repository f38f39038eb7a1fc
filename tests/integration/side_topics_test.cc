// The drop-in with real Kafka and ClickHouse: what it writes beside the rows, byte for byte.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

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

// The part of protobuf that a trace item needs.
std::string varint(uint64_t value) {
  std::string out;
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>(value | 0x80));
  out.push_back(static_cast<char>(value));
  return out;
}
std::string number(uint32_t field, uint64_t value) { return varint(field << 3) + varint(value); }
std::string bytes(uint32_t field, const std::string& value) {
  return varint(field << 3 | 2) + varint(value.size()) + value;
}
std::string trace_item(char id, uint64_t type, uint64_t received, const std::string& outcomes = {}) {
  return number(1, 11) + number(2, 22) + bytes(3, "0af7651916cd43dd8448eb211c80319c") + bytes(4, std::string(16, id)) +
         number(5, type) + bytes(6, number(1, received)) + number(100, 90) + bytes(101, number(1, received)) +
         number(102, 90) + (outcomes.empty() ? "" : bytes(110, outcomes));
}
std::string count_of(uint32_t category, uint64_t quantity) {
  return bytes(1, number(1, category) + number(2, quantity));
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
    client->create_topic(topic, topic == std::string("events") ? 2 : 1, {{"retention.ms", "-1"}});  // old messages
  }
  clickhouse_->query(
      "CREATE TABLE errors_local (project_id UInt64, event_id String) ENGINE = MergeTree ORDER BY event_id");
  const std::string event = golden("ErrorsProcessor/event-of-a-web-service.json");
  // Snuba had read two messages and written that to the commit log.
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
  EXPECT_TRUE(testkit::eventually(60s, [&] {
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
  const auto dead_letters_become = [&](int64_t n) {
    return testkit::eventually(60s, [&] { return client->count("snuba-dead-letter-replays") == n; });
  };
  {
    testkit::FreshetProcess freshet(args("replays", "g"), environment());
    EXPECT_TRUE(dead_letters_become(2)) << freshet.output();
    EXPECT_EQ(freshet.stop(), 0) << freshet.output();
  }
  EXPECT_EQ(committed("g", "ingest-replay-events", 1), 2);
  std::map<std::string, Record> dead_letters;
  for (const Record& dead_letter : client->read_all("snuba-dead-letter-replays"))
    dead_letters[value_of(dead_letter)] = dead_letter;
  ASSERT_TRUE(dead_letters.contains("no replay"));
  EXPECT_EQ(dead_letters["no replay"].key, "k");
  EXPECT_THAT(dead_letters["no replay"].headers,
              ElementsAre(Pair("a", "1"), Pair("original_partition", "x"), Pair("original_partition", "1"),
                          Pair("original_offset", "0")));
  ASSERT_TRUE(dead_letters.contains("null"));
  EXPECT_FALSE(dead_letters["null"].key);
  EXPECT_THAT(dead_letters["null"].headers, ElementsAre(Pair("original_partition", "1"), Pair("original_offset", "1")));

  client->produce("ingest-replay-events", {0, -1, std::nullopt, "again none", {}, 0});
  client->flush();
  testkit::FreshetProcess freshet(args("replays", "g", {"--dlq-provenance"}), environment());
  EXPECT_TRUE(dead_letters_become(3)) << freshet.output();
  EXPECT_EQ(freshet.stop(), 0);
  for (const Record& dead_letter : client->read_all("snuba-dead-letter-replays"))
    dead_letters[value_of(dead_letter)] = dead_letter;
  EXPECT_THAT(dead_letters["again none"].headers, testing::Contains(Pair("consumer_group", "g")));
  EXPECT_THAT(dead_letters["again none"].headers, testing::Contains(Pair("original_partition", "0")));
}

TEST_F(SideTopicsTest, CheckTakesTheCommandLineOfAServiceAndLeavesNothingBehind) {
  const auto check = [&](std::vector<std::string> line) {
    line.insert(line.begin(), "check");
    testkit::FreshetProcess freshet(line, environment({{"CLICKHOUSE_DATABASE", "default"}}));
    const auto status = freshet.process().wait(60s);
    return fmt::format("{} {}", status.value_or(-1), freshet.output());
  };
  const auto line = args("querylog", "checking");
  EXPECT_THAT(check(line),
              testing::AllOf(testing::StartsWith("1 "), HasSubstr("topic snuba-queries; the topic does not exist"),
                             HasSubstr("querylog_local")));
  for (const char* topic : {"snuba-queries", "snuba-dead-letter-querylog"}) client->create_topic(topic, 1);
  std::ifstream file(std::string(FRESHET_SOURCE_DIR) + "/tests/e2e/tables/querylog.sql");
  clickhouse_->query(std::string(std::istreambuf_iterator<char>(file), {}));
  client->produce("snuba-queries", {0, -1, std::nullopt, golden("QuerylogProcessor/one-query.json"), {}, 0});
  client->flush();
  EXPECT_THAT(check(line),
              testing::AllOf(testing::StartsWith("0 "), HasSubstr("topic snuba-dead-letter-querylog has 1 partitions"),
                             HasSubstr("1 sampled messages become rows"), HasSubstr("runtime options: ")));
  EXPECT_THAT(check({"accepted-outcomes-consumer", "--storage", "eap_items", "--consumer-group", "g"}),
              testing::AllOf(HasSubstr("outcomes-billing"), testing::Not(HasSubstr("ClickHouse"))));
  EXPECT_EQ(committed("checking", "snuba-queries", 0), -1001);
  EXPECT_EQ(clickhouse_->count("SELECT count() FROM querylog_local"), 0u);
}

TEST_F(SideTopicsTest, NothingIsCommittedWhileTheCommitLogTakesNothing) {
  const std::string topic = "transactions-of-nobody";
  client->create_topic(topic, 1);
  // The commit-log topic is created later.
  const std::string event = golden("ErrorsProcessor/event-of-a-web-service.json");
  client->produce(topic, {0, -1, std::nullopt, event, {}, 0});
  client->flush();
  clickhouse_->query(
      "CREATE TABLE IF NOT EXISTS errors_local (project_id UInt64, event_id String) ENGINE = MergeTree ORDER BY "
      "event_id");
  const uint64_t before = clickhouse_->count("SELECT count() FROM errors_local");
  testkit::FreshetProcess freshet(
      args("errors", "late", {"--raw-events-topic", topic, "--commit-log-topic", "late-commit-log"}), environment());
  EXPECT_TRUE(testkit::eventually(60s, [&] { return clickhouse_->count("SELECT count() FROM errors_local") > before; }))
      << freshet.output();
  EXPECT_FALSE(testkit::eventually(3s, [&] { return committed("late", topic, 0) >= 1; }));
  client->create_topic("late-commit-log", 1);
  EXPECT_TRUE(testkit::eventually(60s, [&] { return committed("late", topic, 0) == 1; })) << freshet.output();
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
  const int64_t dead_letters = client->count("snuba-dead-letter-replays");
  testkit::FreshetProcess freshet(args("replays", "skipping", {"--raw-events-topic", topic, "--skip-write"}),
                                  environment());
  EXPECT_TRUE(testkit::eventually(60s, [&] { return committed("skipping", topic, 0) == 3; })) << freshet.output();
  EXPECT_EQ(freshet.stop(), 0);
  EXPECT_EQ(client->count("snuba-dead-letter-replays"), dead_letters);
}

TEST_F(SideTopicsTest, OldMessagesAndWhatFailsItsSchemaGoToTheDeadLetters) {
  client->create_topic("old-and-odd", 1);
  clickhouse_->query(
      "CREATE TABLE IF NOT EXISTS replays_local (project_id UInt64) ENGINE = MergeTree ORDER BY project_id");
  const testkit::TempFolder folder;
  std::filesystem::create_directories(folder.path("options/values/snuba"));
  std::ofstream(folder.path("options/values/snuba/values.json"))
      << R"({"options":{"consumer.dlq_by_age_sample_rate_by_storage":{"replays":1.0},)"
         R"("consumer.dlq_by_age_threshold_seconds":3600}})";
  std::ofstream(folder.path("ingest-replay-events.schema.json"))
      << R"({"type":"object","properties":{"retention_days":{"maximum":365}}})";
  const std::string good = golden("ReplaysProcessor/clicks.json");
  auto odd = nlohmann::json::parse(good);
  odd["retention_days"] = 366;
  client->produce("old-and-odd", {0, -1, std::nullopt, good, {}, 1'500'000'000'000});
  client->produce("old-and-odd", {0, -1, std::nullopt, odd.dump(), {}, 0});
  client->produce("old-and-odd", {0, -1, std::nullopt, good, {}, 0});
  client->flush();
  const uint64_t rows = clickhouse_->count("SELECT count() FROM replays_local");
  const int64_t dead_letters = client->count("snuba-dead-letter-replays");
  testkit::FreshetProcess freshet(
      args("replays", "choosy",
           {"--raw-events-topic", "old-and-odd", "--schema-dir", folder.path(), "--enforce-schema"}),
      environment({{"SENTRY_OPTIONS_DIR", folder.path("options")}}));
  EXPECT_TRUE(testkit::eventually(60s, [&] { return committed("choosy", "old-and-odd", 0) == 3; })) << freshet.output();
  EXPECT_EQ(freshet.stop(), 0);
  EXPECT_EQ(client->count("snuba-dead-letter-replays"), dead_letters + 2) << freshet.output();
  EXPECT_GT(clickhouse_->count("SELECT count() FROM replays_local"), rows);
}

TEST_F(SideTopicsTest, RenewalsUnderLoadKeepTheOrderOfSideTopicsAndRepeatNothing) {
  constexpr int kRounds = 40;  // at least; until there were some renewals
  constexpr int kRowsARound = 50;
  client->create_topic("renewed-events", 2);
  clickhouse_->query(
      "CREATE TABLE IF NOT EXISTS errors_local (project_id UInt64, event_id String) ENGINE = MergeTree "
      "ORDER BY event_id");
  const uint64_t before = clickhouse_->count("SELECT count() FROM errors_local");
  const std::string event = golden("ErrorsProcessor/event-of-a-web-service.json");
  testkit::FreshetProcess freshet(
      args("errors", "renewed",
           {"--raw-events-topic", "renewed-events", "--commit-log-topic", "renewed-commit-log", "--replacements-topic",
            "renewed-replacements", "--create-topics", "--renew", "--renew-interval", "1", "--renew-jitter", "0",
            "--log-level", "info"}),
      environment());
  const auto renewals = [&] {
    const std::string log = freshet.output();
    size_t count = 0;
    for (size_t at = log.find("renewal_ended"); at != std::string::npos; at = log.find("renewal_ended", at + 1)) {
      ++count;
    }
    return count;
  };
  int all_rounds = 0;
  for (; all_rounds < kRounds || (all_rounds < 10 * kRounds && renewals() < 3); ++all_rounds) {
    for (int i = 0; i < kRowsARound; ++i) client->produce("renewed-events", {i % 2, -1, std::nullopt, event, {}, 0});
    for (const int partition : {0, 1}) {
      const std::string replacement =
          fmt::format(R"([2,"end_merge",{{"project_id":{},"round":{}}}])", partition + 1, all_rounds);
      client->produce("renewed-events", {partition, -1, std::nullopt, replacement, {}, 0});
    }
    client->flush();
    std::this_thread::sleep_for(150ms);  // load during several renewals
  }
  const int64_t end = all_rounds * (kRowsARound / 2 + 1);
  EXPECT_TRUE(testkit::eventually(60s, [&] {
    return committed("renewed", "renewed-events", 0) == end && committed("renewed", "renewed-events", 1) == end;
  })) << freshet.output();
  EXPECT_EQ(freshet.stop(), 0);
  EXPECT_EQ(clickhouse_->count("SELECT count() FROM errors_local") - before,
            static_cast<uint64_t>(all_rounds * kRowsARound));
  std::map<std::string, int64_t> told;
  for (const Record& record : client->read_all("renewed-commit-log")) {
    const int64_t next = nlohmann::json::parse(value_of(record))["offset"];
    EXPECT_GT(next, told[*record.key]) << *record.key;
    told[*record.key] = next;
  }
  EXPECT_EQ(told["renewed-events:0:renewed"], end - 1) << "the last message is a replacement";
  std::map<std::string, int> rounds;
  for (const Record& record : client->read_all("renewed-replacements")) {
    EXPECT_EQ(nlohmann::json::parse(value_of(record))[2]["round"], rounds[*record.key]++) << *record.key;
  }
  EXPECT_EQ(rounds, (std::map<std::string, int>{{"1", all_rounds}, {"2", all_rounds}}));
  EXPECT_GE(renewals(), 3u) << freshet.output();
}

TEST_F(SideTopicsTest, TraceItemsHaveACommitLogAndAreAccountedForAtTheEnd) {
  for (const char* topic :
       {"snuba-items", "snuba-items-commit-log", "shared-resources-usage", "snuba-dead-letter-items"}) {
    client->create_topic(topic, 1);
  }
  clickhouse_->query(
      "CREATE TABLE eap_items_1_local (organization_id UInt64, item_type UInt8) ENGINE = MergeTree ORDER BY "
      "organization_id");
  for (const uint64_t type : {1, 1, 3}) {
    client->produce("snuba-items", {0, -1, std::nullopt, trace_item('a', type, 1'790'000'000), {}, 1'790'000'001'500});
  }
  client->flush();
  const size_t size = trace_item('a', 1, 1'790'000'000).size();
  testkit::FreshetProcess freshet(args("eap_items", "eap_items_group", {"--use-rust-processor"}),
                                  environment({{"RECORD_COGS", "1"}}));
  EXPECT_TRUE(testkit::eventually(60s, [&] { return committed("eap_items_group", "snuba-items", 0) == 3; }))
      << freshet.output();
  EXPECT_EQ(freshet.stop(), 0) << freshet.output();
  EXPECT_EQ(clickhouse_->count("SELECT count() FROM eap_items_1_local"), 3u);
  const auto log = client->read_all("snuba-items-commit-log");
  ASSERT_FALSE(log.empty());
  EXPECT_EQ(log.back().key, "snuba-items:0:eap_items_group");
  EXPECT_EQ(log.back().value, R"({"offset":3,"orig_message_ts":1790000001.5,"received_p99":1790000000.0})");
  std::map<std::string, uint64_t> amounts;
  for (const Record& record : client->read_all("shared-resources-usage")) {
    EXPECT_FALSE(record.key);
    EXPECT_THAT(record.headers, IsEmpty());
    EXPECT_THAT(value_of(record),
                testing::MatchesRegex(R"(\{"timestamp":[0-9]+,"shared_resource_id":"eap_items_processor",)"
                                      R"("app_feature":"[a-z_]+","usage_unit":"bytes","amount":[0-9]+\})"));
    const auto json = nlohmann::json::parse(value_of(record));
    EXPECT_EQ(json["timestamp"].get<int64_t>() % 60, 0);
    amounts[json["app_feature"]] += json["amount"].get<uint64_t>();
  }
  EXPECT_THAT(amounts, ElementsAre(Pair("our_logs", size), Pair("spans", 2 * size)));
}

TEST_F(SideTopicsTest, AcceptedOutcomesAreSummedAndCommittedOnceTheBrokerHasThem) {
  client->create_topic("billed-items", 1);
  client->create_topic("outcomes-billing", 1);
  const uint64_t minute = 1'790'000'040;  // the start of a minute
  const std::string outcomes = count_of(4, 2) + count_of(7, 1) + number(2, 5);
  for (const std::string& item :
       {trace_item('a', 1, minute, outcomes), trace_item('b', 1, minute + 59, outcomes),
        trace_item('a', 1, minute, outcomes), trace_item('c', 1, minute), trace_item('d', 1, minute + 60, outcomes)}) {
    client->produce("billed-items", {0, -1, std::nullopt, item, {}, 0});
  }
  client->produce("billed-items", {0, -1, std::nullopt, "no item", {}, 0});
  client->flush();
  const int64_t dead_letters = client->count("snuba-dead-letter-items");
  const std::vector<std::string> command = {"accepted-outcomes-consumer",
                                            "--storage",
                                            "eap_items",
                                            "--consumer-group",
                                            "accepted_outcomes",
                                            "--auto-offset-reset=earliest",
                                            "--max-batch-time-ms",
                                            "2000",  // all messages are one batch, and its sums one record each
                                            "--no-strict-offset-reset",
                                            "--accepted-outcomes-topic",
                                            "outcomes-billing",
                                            "--raw-topic",
                                            "billed-items",
                                            "--commit-frequency-sec",
                                            "1",
                                            "--max-poll-interval-ms",
                                            "300000"};
  testkit::FreshetProcess freshet(command, environment());
  EXPECT_TRUE(testkit::eventually(60s, [&] { return committed("accepted_outcomes", "billed-items", 0) == 6; }))
      << freshet.output();
  EXPECT_EQ(freshet.stop(), 0) << freshet.output();
  std::vector<std::string> values;
  for (const Record& record : client->read_all("outcomes-billing")) {
    EXPECT_FALSE(record.key);
    EXPECT_THAT(record.headers, IsEmpty());
    values.push_back(value_of(record));
  }
  const auto record = [](const char* time, int category, int quantity) {
    return fmt::format(R"({{"timestamp":"2026-09-21T{}.000000Z","org_id":11,"project_id":22,"key_id":5,"outcome":0,)"
                       R"("category":{},"quantity":{}}})",
                       time, category, quantity);
  };
  EXPECT_THAT(values, testing::UnorderedElementsAre(record("14:14:00", 4, 4), record("14:14:00", 7, 2),
                                                    record("14:15:00", 4, 2), record("14:15:00", 7, 1)));
  EXPECT_EQ(client->count("snuba-dead-letter-items"), dead_letters + 1);
}

}  // namespace
}  // namespace freshet
