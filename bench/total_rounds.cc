#include "total_rounds.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <sstream>
#include <stdexcept>
#include <string_view>
#include <thread>
#include <utility>

#include "base/clock.h"
#include "cpu_time.h"
#include "testkit/freshet_process.h"
#include "testkit/kafka_client.h"
#include "testkit/web_events.h"

namespace freshet::bench {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr minutes kPatience{20};

// What freshet's log says last: insert_format ... format=NAME
std::string format_in(const std::string& log) {
  constexpr std::string_view kKey = " format=";
  const size_t event = log.rfind("insert_format");
  const size_t begin = event == std::string::npos ? event : log.find(kKey, event);
  if (begin == std::string::npos) return "?";
  const size_t name = begin + kKey.size();
  return log.substr(name, log.find_first_of(" \n", name) - name);
}

}  // namespace

TotalRounds::TotalRounds(testkit::KafkaServer& kafka, const testkit::ClickHouseServer& clickhouse, Backlog backlog,
                         TotalOptions options)
    : kafka_(kafka), clickhouse_(clickhouse), backlog_(std::move(backlog)), options_(std::move(options)) {}

TotalCost TotalRounds::kafka_engine() {
  return measure([this] {
    clickhouse_.query(fmt::format(
        "CREATE TABLE queue ({}) ENGINE = Kafka SETTINGS kafka_broker_list = '{}', kafka_topic_list = '{}', "
        "kafka_group_name = '{}', kafka_format = 'JSONEachRow'{}{}",
        testkit::kWebEventColumns, kafka_.bootstrap(), backlog_.topic, group(),
        options_.engine_settings.empty() ? "" : ", ", options_.engine_settings));
    clickhouse_.query("CREATE MATERIALIZED VIEW reader TO stored AS SELECT * FROM queue");
    // The engine commits offsets after it has stored their rows. The broker is asked, so that the server has no
    // queries to answer.
    testkit::KafkaClient client(kafka_.bootstrap());
    const auto stored = [&] {
      std::this_thread::sleep_for(milliseconds(100));
      int64_t committed = 0;
      for (const auto& [partition, offset] : client.committed(group(), backlog_.topic))
        committed += std::max<int64_t>(0, offset);
      return committed == static_cast<int64_t>(backlog_.messages);
    };
    if (!testkit::eventually(kPatience, stored)) throw std::runtime_error("the Kafka engine does not store every row");
    clickhouse_.query("DROP TABLE reader");
    clickhouse_.query("DROP TABLE queue");
    return 0.0;
  });
}

TotalCost TotalRounds::freshet() {
  return measure([this] {
    const testkit::TempFolder folder;
    std::vector<std::string> command = {testkit::freshet_program(),
                                        "run",
                                        "--bootstrap-server",
                                        kafka_.bootstrap(),
                                        "--topic",
                                        backlog_.topic,
                                        "--consumer-group",
                                        group(),
                                        "--clickhouse-url",
                                        clickhouse_.url(),
                                        "--table",
                                        "default.stored",
                                        "--stop-at-timestamp",
                                        "4000000000",
                                        "--drain-timeout-ms",
                                        "120000"};
    command.insert(command.end(), options_.freshet.begin(), options_.freshet.end());
    testkit::ChildProcess freshet(command, folder.path("out"));
    if (freshet.wait(kPatience) != 0) throw std::runtime_error(freshet.output());
    if (freshet.output().find(fmt::format("rows_written={}", backlog_.messages)) == std::string::npos) {
      throw std::runtime_error("freshet did not write every row:\n" + freshet.output());
    }
    format_ = format_in(freshet.output());
    return cpu_seconds(freshet.usage());
  });
}

// `load` brings the rows into the table and returns the CPU time of its own process.
template <typename Load>
TotalCost TotalRounds::measure(Load load) {
  ++round_;
  clickhouse_.query(fmt::format("CREATE TABLE stored ({}) ENGINE = MergeTree ORDER BY event_id{}{}",
                                testkit::kWebEventColumns, options_.table_settings.empty() ? "" : " SETTINGS ",
                                options_.table_settings));
  TotalCost cost;
  cost.idle = idle();
  const auto times_before = server_times();
  const uint64_t parts_before = event("MergeTreeDataWriterBlocks");
  const uint64_t merged_before = event("MergedRows");
  const double server_before = cpu_seconds(clickhouse_.pid());
  const double broker_before = cpu_seconds(kafka_.process().pid());
  const auto start = std::chrono::steady_clock::now();
  const double freshet = load();
  wait_until_merged();
  cost.seconds = to_seconds(std::chrono::steady_clock::now() - start);
  const double server = cpu_seconds(clickhouse_.pid()) - server_before - cost.idle * cost.seconds;
  const double broker = cpu_seconds(kafka_.process().pid()) - broker_before;
  check_rows();
  const auto rows = static_cast<double>(backlog_.messages);
  cost.server_us = server / rows * 1e6;
  cost.freshet_us = freshet / rows * 1e6;
  cost.broker_us = broker / rows * 1e6;
  cost.parts = event("MergeTreeDataWriterBlocks") - parts_before;
  for (const auto& [name, time] : server_times()) {
    const auto before = times_before.find(name);
    cost.server_times[name] = (time - (before == times_before.end() ? 0 : before->second)) / rows;
  }
  cost.merged_rows = static_cast<double>(event("MergedRows") - merged_before) / rows;
  clickhouse_.query("DROP TABLE stored");
  return cost;
}

double TotalRounds::idle() const {
  std::this_thread::sleep_for(seconds(1));  // what the last query left
  const double before = cpu_seconds(clickhouse_.pid());
  const auto start = std::chrono::steady_clock::now();
  std::this_thread::sleep_for(seconds(options_.quiet_seconds));
  return (cpu_seconds(clickhouse_.pid()) - before) / to_seconds(std::chrono::steady_clock::now() - start);
}

// Merges start a moment after an insert, and one after another.
void TotalRounds::wait_until_merged() const {
  constexpr milliseconds kStep{500};
  milliseconds quiet{0};
  const auto merged = [&] {
    std::this_thread::sleep_for(kStep);
    quiet = clickhouse_.count("SELECT count() FROM system.merges") == 0 ? quiet + kStep : milliseconds(0);
    return quiet >= seconds(options_.quiet_seconds);
  };
  if (!testkit::eventually(kPatience, merged)) throw std::runtime_error("merges do not end");
}

void TotalRounds::check_rows() const {
  const std::string found =
      clickhouse_.query("SELECT count(), uniqExact(event_id), min(event_id), max(event_id) FROM stored");
  const uint64_t rows = backlog_.messages;
  if (found == fmt::format("{}\t{}\t0\t{}", rows, rows, rows - 1)) return;
  throw std::runtime_error(fmt::format(
      "not every row is stored once: count, different, first and last event_id of {} rows are {}", rows, found));
}

uint64_t TotalRounds::event(const std::string& name) const {
  return clickhouse_.count(fmt::format("SELECT sum(value) FROM system.events WHERE event = '{}'", name));
}

std::map<std::string, double> TotalRounds::server_times() const {
  std::istringstream lines(clickhouse_.query(
      "SELECT event, if(event LIKE '%Milliseconds', 1000, 1) * value FROM system.events WHERE event LIKE "
      "'%Microseconds' OR event LIKE '%Milliseconds'"));
  std::map<std::string, double> times;
  std::string name;
  for (double microseconds = 0; lines >> name >> microseconds;) times[name] = microseconds;
  return times;
}

std::string TotalRounds::group() const { return fmt::format("total-{}", round_); }

}  // namespace freshet::bench
