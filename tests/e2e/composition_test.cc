// All fourteen consumers of a self-hosted Sentry, and two more, with one Kafka, ClickHouse and Redis. All of them renew
// their Kafka consumer every few seconds while messages arrive. Each test checks one aspect of the result.
#include "composition.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <set>
#include <sstream>

#include "messages.h"
#include "stored_rows.h"
#include "testkit/golden_cases.h"
#include "udp_sink.h"

namespace freshet {
namespace {

using e2e::Consumer;
using e2e::Sent;
using e2e::Service;
using nlohmann::json;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using testkit::eventually;
using testkit::Record;
using namespace std::chrono_literals;

constexpr size_t kWaves = 3;

class Trial {
 public:
  Trial() : client_(kafka_.bootstrap()) {
    e2e::create_topics(client_);
    std::set<std::string> tables;
    for (const Service& service : e2e::composition()) {
      if (tables.insert(service.storage).second) clickhouse_.query(e2e::table_definition(service.storage));
      redis_.set("snuba-config", fmt::format("kafka_consumer_periodic_restart__{}", service.group), "1");
      redis_.set("snuba-config", fmt::format("kafka_consumer_periodic_restart_interval_secs__{}", service.group), "4");
    }
    for (const Service& service : e2e::composition()) {
      if (sent_.contains(service.topic) || service.topic == std::string("outcomes-billing")) continue;
      sent_[service.topic] = e2e::messages_for(service.storage);
    }
    start();
    produce(0);
    delete_health_files();
    wait_for_renewals(1);
    wait_until_all_is_committed("first end");
    clickhouse_.stop();  // nothing is in flight: without a deduplication window, rows in flight could be stored twice
    produce(1);
    delete_health_files();
    clickhouse_.start();
    produce(2);
    wait_for_renewals(3);
    wait_until_all_is_committed("end");
    stop();
  }

  const std::map<std::string, std::vector<Sent>>& sent() const { return sent_; }
  const std::vector<std::unique_ptr<Consumer>>& consumers() const { return consumers_; }
  const std::map<std::string, std::optional<int>>& exits() const { return exits_; }
  std::set<std::string> missed(const std::string& what) const {
    const auto found = missed_.find(what);
    return found == missed_.end() ? std::set<std::string>() : found->second;
  }
  testkit::KafkaClient& client() { return client_; }
  testkit::ClickHouseServer& clickhouse() { return clickhouse_; }
  std::vector<std::string> statsd() const { return agent_.lines(); }

 private:
  void start() {
    size_t number = 0;
    for (const Service& service : e2e::composition()) {
      auto environment = e2e::environment({kafka_.bootstrap(), clickhouse_.port(), redis_.port()});
      // Some with an agent, some with an empty variable; some under the program name `snuba`.
      if (number % 2 == 0) environment["SNUBA_STATSD_ADDR"] = fmt::format("127.0.0.1:{}", agent_.port());
      environment["RECORD_COGS"] = "1";
      consumers_.push_back(std::make_unique<Consumer>(service, environment, number % 3 == 0));
      ++number;
    }
    // At `latest`, messages before the start are not read.
    for_each_until(120s, "start", [&](const Consumer& consumer) {
      const auto offsets = client_.committed(consumer.service().group, consumer.service().topic);
      return std::all_of(offsets.begin(), offsets.end(), [](const auto& one) { return one.second >= 0; });
    });
  }

  void produce(size_t wave) {
    for (const auto& [topic, messages] : sent_) {
      for (size_t i = messages.size() * wave / kWaves; i < messages.size() * (wave + 1) / kWaves; ++i) {
        client_.produce(topic, messages[i].record);
      }
    }
    client_.flush();
  }

  // Waits for each consumer until the condition is true; those that exceed `limit` are recorded under `what`.
  void for_each_until(std::chrono::seconds limit, const std::string& what,
                      const std::function<bool(const Consumer&)>& is_so) {
    std::vector<const Consumer*> left;
    for (const auto& consumer : consumers_) left.push_back(consumer.get());
    eventually(limit, [&] {
      std::erase_if(left, [&](const Consumer* consumer) { return is_so(*consumer); });
      return left.empty();
    });
    for (const Consumer* consumer : left) {
      const Service& service = consumer->service();
      std::string offsets;
      for (const auto& [partition, offset] : client_.committed(service.group, service.topic)) {
        offsets += fmt::format(" {}", offset);
      }
      missed_[what].insert(fmt::format("{} (committed{} of {})", service.name, offsets, client_.count(service.topic)));
    }
  }

  void wait_for_renewals(size_t count) {
    for_each_until(120s, "renewal",
                   [&](const Consumer& consumer) { return consumer.times_in_output("\"renewal_ended\"") >= count; });
  }

  // As the Compose file's health check: deletes the file and checks later that it exists again.
  void delete_health_files() {
    for (const auto& consumer : consumers_) std::filesystem::remove(consumer->health_file());
    for_each_until(60s, "health file", [](const Consumer& consumer) {
      return !consumer.has_health_file() || std::filesystem::exists(consumer.health_file());
    });
  }

  void wait_until_all_is_committed(const std::string& what) {
    for_each_until(120s, what, [&](const Consumer& consumer) {
      int64_t committed = 0;
      for (const auto& [partition, offset] : client_.committed(consumer.service().group, consumer.service().topic)) {
        committed += std::max<int64_t>(offset, 0);
      }
      return committed == client_.count(consumer.service().topic);
    });
  }

  void stop() {
    for (const auto& consumer : consumers_) consumer->process().signal(SIGTERM);
    for (const auto& consumer : consumers_) exits_[consumer->service().name] = consumer->process().wait(60s);
  }

  testkit::KafkaServer kafka_;
  testkit::LocalClickHouse clickhouse_;
  testkit::RedisServer redis_;
  testkit::KafkaClient client_;
  e2e::UdpSink agent_;
  std::map<std::string, std::vector<Sent>> sent_;  // by topic
  std::vector<std::unique_ptr<Consumer>> consumers_;
  std::map<std::string, std::optional<int>> exits_;
  std::map<std::string, std::set<std::string>> missed_;  // by condition
};

struct CompositionTest : testing::Test {
  static void SetUpTestSuite() { trial = new Trial(); }
  static void TearDownTestSuite() { delete trial; }
  void TearDown() override {
    if (!HasFailure() || shown_) return;
    shown_ = true;
    for (const auto& consumer : trial->consumers()) {
      std::cout << "--- " << consumer->service().name << '\n';
      std::istringstream log(consumer->output());
      for (std::string line; std::getline(log, line);) {
        if (line.find("\"level\":\"INFO\"") == std::string::npos) std::cout << line.substr(0, 600) << '\n';
      }
    }
  }

  static Trial* trial;
  static bool shown_;
};

Trial* CompositionTest::trial = nullptr;
bool CompositionTest::shown_ = false;

TEST_F(CompositionTest, EveryCommandStartsReadsEverythingAndEndsWithZero) {
  EXPECT_THAT(trial->missed("start"), IsEmpty());
  EXPECT_THAT(trial->missed("first end"), IsEmpty());
  EXPECT_THAT(trial->missed("end"), IsEmpty());
  for (const auto& [name, status] : trial->exits()) EXPECT_EQ(status, 0) << name;
}

TEST_F(CompositionTest, EveryServiceRenewedItsConsumerAgainAndAgain) {
  EXPECT_THAT(trial->missed("renewal"), IsEmpty());
  for (const auto& consumer : trial->consumers()) {
    EXPECT_EQ(consumer->times_in_output("\"renewal_failed\""), 0u) << consumer->service().name;
  }
}

TEST_F(CompositionTest, TheHealthFileComesBackAlsoWhileClickHouseIsDown) {
  EXPECT_THAT(trial->missed("health file"), IsEmpty());
}

// By default inserts are Native. The table of querylog lacks a column of the data set, which the server leaves out.
TEST_F(CompositionTest, EveryServiceSaysWhichFormatItsInsertsHave) {
  const std::set<std::string> native = {"errors",
                                        "outcomes",
                                        "outcomes-billing",
                                        "querylog",
                                        "replays",
                                        "metrics",
                                        "generic-metrics-counters",
                                        "profiling-profiles",
                                        "profiling-functions",
                                        "profiling-profile-chunks",
                                        "llm-proxy-cost"};
  for (const auto& consumer : trial->consumers()) {
    const std::string name = consumer->service().name;
    const bool has_table = consumer->service().command == std::string("rust-consumer");
    EXPECT_EQ(consumer->times_in_output("\"insert_format\"") > 0, has_table) << name;
    if (native.contains(name)) {
      EXPECT_GT(consumer->times_in_output("\"format\":\"Native\""), 0u) << name << consumer->output();
    }
  }
}

// Rows of a case that the table accepts must be there, unchanged and once; rows beyond the columns' types may be there.
struct Expected {
  const Sent* sent;
  json row;
  bool certain;
};

std::string nearest(const json& expected, const std::vector<json>& rows, const char* key) {
  for (const json& row : rows) {
    if (!expected.contains(key) || expected.value(key, json()) != row.value(key, json(nullptr))) continue;
    json part = json::object();
    for (const auto& [name, value] : expected.items()) part[name] = row.value(name, json());
    const std::string found = testkit::difference(expected, part);
    if (!found.empty()) return found;
  }
  return "no row with its " + std::string(key);
}

bool matches(const json& expected, const json& row) {
  for (const auto& [name, value] : expected.items()) {
    if (!row.contains(name) || !testkit::difference(value, row.at(name)).empty()) return false;
  }
  return true;
}

// Certain rows first, most specific first, so that no other row takes their place.
std::vector<Expected> expected_rows(const std::vector<const Sent*>& messages, const e2e::Columns& columns) {
  std::vector<Expected> all;
  for (const Sent* sent : messages) {
    for (const json& row : sent->rows) {
      all.push_back({sent, e2e::as_stored(row, columns), !e2e::beyond_the_types(row, columns)});
    }
  }
  const auto open = [](const Expected& one) {
    const std::string text = one.row.dump();
    return std::count(text.begin(), text.end(), '<');
  };
  std::stable_sort(all.begin(), all.end(), [&](const Expected& a, const Expected& b) {
    return std::pair(!a.certain, open(a)) < std::pair(!b.certain, open(b));
  });
  return all;
}

TEST_F(CompositionTest, TheTablesHoldTheRowsOfFreshetProcessOnceAndNothingElse) {
  std::map<std::string, std::vector<const Sent*>> by_storage;
  for (const Service& service : e2e::composition()) {
    if (!trial->sent().contains(service.topic) || service.command != std::string("rust-consumer")) continue;
    for (const Sent& sent : trial->sent().at(service.topic)) by_storage[service.storage].push_back(&sent);
  }
  for (const auto& [storage, messages] : by_storage) {
    const std::string table = e2e::storage(storage).table;
    const auto columns = e2e::columns_of(trial->clickhouse(), table);
    std::vector<json> stored = e2e::read_rows(trial->clickhouse(), table, columns);
    const size_t all = stored.size();
    size_t certain = 0;
    size_t otherwise = 0;  // rows that a column's type changes or the table rejects
    // The second consumer of outcomes stores what the consumer of accepted outcomes sends.
    if (storage == "outcomes_raw") otherwise += trial->client().read_all("outcomes-billing").size();
    for (const Expected& one : expected_rows(messages, columns)) {
      const auto found =
          std::find_if(stored.begin(), stored.end(), [&](const json& row) { return matches(one.row, row); });
      certain += one.certain ? 1 : 0;
      if (found != stored.end()) {
        stored.erase(found);
        continue;
      }
      ++otherwise;
      EXPECT_FALSE(one.certain) << storage << ", " << one.sent->name << ": "
                                << nearest(one.row, stored, columns.contains("offset") ? "offset" : "project_id")
                                << "\n"
                                << one.row.dump();
    }
    std::cout << fmt::format("{}: {} messages, {} rows stored, {} known beforehand\n", table, messages.size(), all,
                             certain);
    EXPECT_GT(certain, 0u) << storage;
    EXPECT_LE(stored.size(), otherwise) << storage << " holds rows that nobody sent, or some twice: "
                                        << (stored.empty() ? json() : stored.front());
  }
}

// Each message once, with its value, key and headers unchanged, then Snuba's two headers.
TEST_F(CompositionTest, DeadLettersAreTheInvalidMessagesWithTheHeadersOfTheReference) {
  for (const Service& service : e2e::composition()) {
    const e2e::Storage& storage = e2e::storage(service.storage);
    if (*storage.dead_letters == '\0' || service.command != std::string("rust-consumer")) continue;
    const auto columns = e2e::columns_of(trial->clickhouse(), storage.table);
    std::map<std::pair<std::string, std::string>, std::vector<Record>> dead_letters;  // by partition and offset
    for (const Record& dead_letter : trial->client().read_all(storage.dead_letters)) {
      ASSERT_GE(dead_letter.headers.size(), 2u);
      const auto& partition = dead_letter.headers[dead_letter.headers.size() - 2];
      const auto& offset = dead_letter.headers.back();
      EXPECT_EQ(partition.first, "original_partition");
      EXPECT_EQ(offset.first, "original_offset");
      dead_letters[{partition.second, offset.second}].push_back(dead_letter);
    }
    size_t invalid = 0;
    for (const Sent& sent : trial->sent().at(service.topic)) {
      const auto found = dead_letters.find({std::to_string(sent.record.partition), std::to_string(sent.record.offset)});
      const size_t count = found == dead_letters.end() ? 0 : found->second.size();
      const bool may_be_refused = std::any_of(sent.rows.begin(), sent.rows.end(),
                                              [&](const json& row) { return e2e::beyond_the_types(row, columns); });
      // accepted-outcomes-consumer reads the same topic and uses the same dead-letter topic.
      const size_t wanted = sent.result == "invalid" ? 1 : 0;
      const size_t most = wanted + (may_be_refused || service.storage == std::string("eap_items") ? 1 : 0);
      EXPECT_GE(count, wanted) << service.name << ", " << sent.name;
      EXPECT_LE(count, most) << service.name << ", " << sent.name;
      invalid += wanted;
      if (count == 0) continue;
      for (const Record& dead_letter : found->second) {
        EXPECT_EQ(dead_letter.key, sent.record.key) << sent.name;
        EXPECT_EQ(dead_letter.value, sent.record.value) << sent.name;
        auto headers = sent.record.headers;
        headers.emplace_back("original_partition", found->first.first);
        headers.emplace_back("original_offset", found->first.second);
        EXPECT_EQ(dead_letter.headers, headers) << sent.name;
      }
      dead_letters.erase(found);
    }
    EXPECT_GT(invalid, 0u) << service.name;
    EXPECT_THAT(dead_letters, IsEmpty()) << service.name;
  }
}

TEST_F(CompositionTest, TheCommitLogTellsOfEachPartitionUpToItsEndInOrder) {
  for (const Service& service : e2e::composition()) {
    const e2e::Storage& storage = e2e::storage(service.storage);
    if (*storage.commit_log == '\0' || service.command != std::string("rust-consumer")) continue;
    std::map<std::string, std::vector<json>> log;  // by key
    for (const Record& record : trial->client().read_all(storage.commit_log)) {
      EXPECT_THAT(record.headers, IsEmpty());
      const std::string value = record.value.value_or("");
      EXPECT_THAT(value,
                  testing::MatchesRegex(
                      R"(\{"offset":[0-9]+,"orig_message_ts":[0-9]+\.[0-9]+,"received_p99":(null|-?[0-9.e+]+)\})"));
      log[record.key.value_or("")].push_back(json::parse(value));
    }
    EXPECT_EQ(log.size(), static_cast<size_t>(e2e::kPartitions)) << service.name;
    for (int32_t p = 0; p < e2e::kPartitions; ++p) {
      const auto& records = log[fmt::format("{}:{}:{}", service.topic, p, service.group)];
      ASSERT_FALSE(records.empty()) << service.name;
      for (size_t i = 1; i < records.size(); ++i) {
        EXPECT_LT(records[i - 1].at("offset"), records[i].at("offset")) << service.name;
      }
      const auto& all = trial->sent().at(service.topic);
      const auto last =
          std::find_if(all.rbegin(), all.rend(), [p](const Sent& one) { return one.record.partition == p; });
      EXPECT_EQ(records.back().at("offset"), last->record.offset + 1) << service.name;
      EXPECT_EQ(records.back().at("orig_message_ts"), static_cast<double>(last->record.timestamp_ms) / 1000);
      EXPECT_EQ(records.back().at("received_p99").is_null(), !storage.origin_timestamps) << service.name;
    }
  }
}

TEST_F(CompositionTest, ReplacementsAreTheMessagesAsTheyWereInTheirOrder) {
  std::map<int32_t, std::vector<std::pair<std::string, std::string>>> sent;
  for (const Sent& one : trial->sent().at("events")) {
    if (one.result == "replacement") sent[one.record.partition].emplace_back(one.key, one.record.value.value_or(""));
  }
  std::vector<std::pair<std::string, std::string>> found;
  for (const Record& record : trial->client().read_all("event-replacements")) {
    EXPECT_THAT(record.headers, IsEmpty());
    found.emplace_back(record.key.value_or(""), record.value.value_or(""));
  }
  size_t count = 0;
  for (const auto& [partition, expected] : sent) {
    count += expected.size();
    auto at = found.begin();
    for (const auto& one : expected) {
      at = std::find(at, found.end(), one);
      ASSERT_NE(at, found.end()) << one.second;
      ++at;
    }
  }
  EXPECT_GT(count, 0u);
  EXPECT_EQ(found.size(), count);
}

TEST_F(CompositionTest, CogsSumUpTheBytesOfWhatWasStored) {
  std::map<std::pair<std::string, std::string>, uint64_t> found;
  for (const Record& record : trial->client().read_all("shared-resources-usage")) {
    EXPECT_FALSE(record.key);
    EXPECT_THAT(record.headers, IsEmpty());
    const json account = json::parse(record.value.value_or(""));
    EXPECT_EQ(account.at("usage_unit"), "bytes");
    EXPECT_EQ(account.at("timestamp").get<int64_t>() % 60, 0);
    found[{account.at("shared_resource_id"), account.at("app_feature")}] += account.at("amount").get<uint64_t>();
  }
  std::map<std::string, uint64_t> expected;
  std::map<std::string, uint64_t> sums;
  for (const auto& [topic, resource] : {std::pair{"snuba-items", "eap_items_processor"},
                                        {"snuba-generic-metrics", "generic_metrics_processor_counters"}}) {
    for (const Sent& sent : trial->sent().at(topic)) {
      if (sent.result == "rows") expected[resource] += sent.record.value.value_or("").size();
    }
    for (const auto& [key, amount] : found) sums[resource] += key.first == resource ? amount : 0;
  }
  EXPECT_EQ(sums, expected);
}

// Consumers with an agent report what they wrote, with Snuba's tags.
TEST_F(CompositionTest, TheAgentHearsOfWhatWasWritten) {
  // The last datagrams may not be read yet.
  const auto heard = [&](const std::string& start, const std::string& tags) {
    return eventually(60s, [&] {
      const auto lines = trial->statsd();
      return std::any_of(lines.begin(), lines.end(), [&](const std::string& line) {
        return line.starts_with(start) && line.find(tags) != std::string::npos;
      });
    });
  };
  const auto lines = trial->statsd();
  EXPECT_TRUE(
      std::all_of(lines.begin(), lines.end(), [](const std::string& line) { return line.starts_with("snuba."); }));
  for (size_t i = 0; i < e2e::composition().size(); i += 2) {
    const Service& service = e2e::composition()[i];
    const std::string tags = fmt::format("storage:{},consumer_group:{}", service.storage, service.group);
    if (!trial->sent().contains(service.topic) || service.command != std::string("rust-consumer")) continue;
    EXPECT_TRUE(heard("snuba.consumer.insertions.batch_write_msgs:", tags)) << service.name;
    EXPECT_TRUE(heard("snuba.consumer.invalid_message:", tags)) << service.name;
    EXPECT_TRUE(heard("snuba.consumer.arroyo.consumer.librdkafka.fetch_queue_count:",
                      fmt::format("|g|#topic:{},partition:0,", service.topic)))
        << service.name;
    EXPECT_TRUE(
        heard("snuba.consumer.arroyo.strategies.run_task_in_threads.threads:2.0|g|#strategy_name:clickhouse", tags))
        << service.name;
    if (*e2e::storage(service.storage).dead_letters == '\0') continue;
    EXPECT_TRUE(heard("snuba.consumer.arroyo.producer.produce_status:", "#status:success,producer_name:dead_letter,"))
        << service.name;
    EXPECT_TRUE(heard("snuba.consumer.arroyo.producer.librdkafka.p99_rtt:", "#producer_name:dead_letter,broker_id:1,"))
        << service.name;
  }
}

}  // namespace
}  // namespace freshet
