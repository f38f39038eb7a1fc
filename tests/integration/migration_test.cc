// A group moves from Snuba to freshet and back: its offsets and its commit-log topic.
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
using testing::IsEmpty;
using testkit::Record;
using namespace std::chrono_literals;

constexpr const char* kTopic = "generic-events";
constexpr const char* kCommitLog = "snuba-generic-events-commit-log";
constexpr const char* kGroup = "generic_events_group";
constexpr int32_t kPartitions = 5;

struct MigrationTest : testing::Test {
  MigrationTest() {
    client.create_topic(kTopic, kPartitions, {{"retention.ms", "-1"}});
    for (const char* topic : {kCommitLog, "snuba-dead-letter-generic-events"}) client.create_topic(topic, 1);
    std::ifstream table(std::string(FRESHET_SOURCE_DIR) + "/tests/e2e/tables/search_issues.sql");
    clickhouse.query(std::string(std::istreambuf_iterator<char>(table), {}));
    std::ifstream golden(std::string(FRESHET_SOURCE_DIR) + "/tests/golden/SearchIssuesMessageProcessor/" + kCase);
    message = nlohmann::json::parse(golden)["text"];
  }

  void produce(int each) {
    for (int32_t p = 0; p < kPartitions; ++p) {
      for (int i = 0; i < each; ++i) {
        client.produce(kTopic, {p, -1, std::nullopt, message, {}, 1'715'933'360'000 + ++produced * 10});
      }
    }
    client.flush();
  }
  testkit::FreshetProcess start() const {
    return testkit::FreshetProcess(
        {"rust-consumer", "--storage", "search_issues", "--consumer-group", kGroup, "--auto-offset-reset=latest",
         "--max-batch-time-ms", "200", "--no-strict-offset-reset", "--max-poll-interval-ms", "300000"},
        {{"SNUBA_SETTINGS", "self_hosted"},
         {"DEFAULT_BROKERS", kafka.bootstrap()},
         {"CLICKHOUSE_HOST", "127.0.0.1"},
         {"CLICKHOUSE_HTTP_PORT", std::to_string(clickhouse.port())}});
  }
  bool all_committed(int64_t each) {
    return testkit::eventually(60s, [&] {
      const auto offsets = client.committed(kGroup, kTopic);
      return std::all_of(offsets.begin(), offsets.end(), [&](const auto& one) { return one.second == each; });
    });
  }
  std::vector<std::string> stored_places() {
    std::vector<std::string> places;
    std::istringstream lines(clickhouse.query(
        "SELECT concat(toString(partition), ':', toString(offset)) FROM search_issues_local_v2 ORDER BY 1"));
    for (std::string line; std::getline(lines, line);) places.push_back(line);
    return places;
  }

  static constexpr const char* kCase = "client-time-true.json";
  testkit::KafkaServer kafka;
  testkit::LocalClickHouse clickhouse;
  testkit::KafkaClient client{kafka.bootstrap()};
  std::string message;
  int64_t produced = 0;
};

TEST_F(MigrationTest, EitherGoesOnWhereTheOtherStopped) {
  // Metadata of others beside an offset is kept, even if it looks like ours.
  const std::vector<std::string> metadata = {"", "consumer-7 at 2026-01-01", std::string("\xff\x00\xfe", 3),
                                             "freshet/1 partitions=", std::string(3000, 'm')};
  produce(3);
  for (int32_t p = 0; p < kPartitions; ++p) client.commit(kGroup, kTopic, p, 2, metadata[static_cast<size_t>(p)]);
  // As Snuba's Python writes it, as its oldest readers expect it, and for another group.
  client.produce(kCommitLog, {0,
                              -1,
                              fmt::format("{}:0:{}", kTopic, kGroup),
                              R"({"offset": 2, "orig_message_ts": 1715933360.02, "received_p99": null})",
                              {},
                              0});
  client.produce(
      kCommitLog,
      {0, -1, fmt::format("{}:1:{}", kTopic, kGroup), "2", {{"orig_message_ts", "2024-05-17T08:09:20.000000Z"}}, 0});
  client.produce(kCommitLog, {0, -1, "other:0:group", "{}", {}, 0});
  client.flush();
  {
    auto freshet = start();
    EXPECT_TRUE(all_committed(3)) << freshet.output();
    EXPECT_EQ(freshet.stop(), 0) << freshet.output();
  }
  EXPECT_THAT(stored_places(), ElementsAre("0:2", "1:2", "2:2", "3:2", "4:2"));

  // Back: a plain consumer, for which a missing committed offset would be an error, gets exactly the new messages.
  produce(2);
  const auto read = client.read_as_member(kGroup, kTopic, 2 * kPartitions);
  for (const Record& record : read) EXPECT_GE(record.offset, 3) << record.partition;
  EXPECT_TRUE(all_committed(5));

  // And freshet again, with offsets that have no metadata now.
  produce(1);
  {
    auto freshet = start();
    EXPECT_TRUE(all_committed(6)) << freshet.output();
    EXPECT_EQ(freshet.stop(), 0) << freshet.output();
  }
  EXPECT_THAT(stored_places(), ElementsAre("0:2", "0:5", "1:2", "1:5", "2:2", "2:5", "3:2", "3:5", "4:2", "4:5"));

  // A reader of the commit log must see offset and time of each partition only increase.
  std::map<std::string, std::vector<nlohmann::json>> log;
  for (const Record& record : client.read_all(kCommitLog)) {
    if (record.key == "other:0:group" || !record.headers.empty()) continue;
    log[*record.key].push_back(nlohmann::json::parse(*record.value));
  }
  EXPECT_EQ(log.size(), static_cast<size_t>(kPartitions));
  for (const auto& [key, records] : log) {
    for (size_t i = 1; i < records.size(); ++i) {
      EXPECT_GT(records[i].at("offset"), records[i - 1].at("offset")) << key;
      EXPECT_GT(records[i].at("orig_message_ts"), records[i - 1].at("orig_message_ts")) << key;
    }
    EXPECT_EQ(records.back().at("offset"), 6) << key;
  }
}

}  // namespace
}  // namespace freshet
