#include "steady_load.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <cstdlib>
#include <ctime>
#include <iostream>
#include <map>
#include <memory>
#include <stdexcept>
#include <string_view>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "cpu_time.h"
#include "insert_sink.h"
#include "testkit/fake_clickhouse.h"
#include "testkit/freshet_process.h"
#include "testkit/kafka_client.h"

namespace freshet::bench {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Wall = std::chrono::system_clock;

constexpr milliseconds kStep{100};  // how often acknowledged inserts are looked at

// Produces messages with ascending ids at a steady rate, to each partition in turn.
class Producer {
 public:
  Producer(const std::string& bootstrap, std::string topic, const SteadyLoad& load)
      : client_(bootstrap), topic_(std::move(topic)), load_(load), thread_([this](const auto& stop) { run(stop); }) {}

  uint64_t produced() const { return next_; }

 private:
  void run(const std::stop_token& stop) {
    constexpr milliseconds kTick{5};
    const auto start = std::chrono::steady_clock::now();
    const std::string note(170, 'x');
    testkit::Record record;
    for (auto now = start; !stop.stop_requested(); now += kTick) {
      std::this_thread::sleep_until(now);
      const double due = to_seconds(now - start) * static_cast<double>(load_.rate);
      for (; static_cast<double>(next_) < due; ++next_) {
        record.partition = static_cast<int32_t>(next_ % static_cast<uint64_t>(load_.partitions));
        record.value = fmt::format(R"({{"id":{},"note":"{}"}})", next_.load(), note);
        client_.produce(topic_, record);
      }
    }
    client_.flush();
  }

  testkit::KafkaClient client_;  // used by the thread only
  const std::string topic_;
  const SteadyLoad load_;
  std::atomic<uint64_t> next_{0};
  std::jthread thread_;
};

// The rows of the acknowledged inserts.
class Rows {
 public:
  // Rows of messages that the broker got between these times count.
  void measure_between(SystemTime from, SystemTime to) {
    from_ = from;
    to_ = to;
  }

  void add(const InsertSink::Insert& insert) {
    if (insert.acknowledged >= from_ && insert.acknowledged < to_) {
      ++inserts_;
      ++by_second_[std::chrono::duration_cast<seconds>(insert.acknowledged - from_).count()];
    }
    const std::string rows = testkit::decode_blocks(insert.body);
    std::string_view left = rows;
    for (size_t end = left.find('\n'); !left.empty(); end = left.find('\n')) {
      add_row(left.substr(0, end), insert.acknowledged);
      left.remove_prefix(end == std::string_view::npos ? left.size() : end + 1);
    }
  }

  uint64_t inserts() const { return inserts_; }
  uint64_t acknowledged_meanwhile() const { return acknowledged_meanwhile_; }  // between from and to
  uint64_t most_inserts_in_a_second() const {
    uint64_t most = 0;
    for (const auto& [second, inserts] : by_second_) most = std::max(most, inserts);
    return most;
  }
  // Each id below `count` has one row.
  bool complete(uint64_t count) {
    while (below_ < seen_.size() && seen_[below_]) ++below_;
    return below_ >= count;
  }
  // Seconds; `part` of the rows have at most this latency.
  double latency(double part) {
    if (latencies_.empty()) throw std::runtime_error("no rows in the measured time");
    const auto at =
        latencies_.begin() + static_cast<ptrdiff_t>(part * static_cast<double>(latencies_.size() - 1) + 0.5);
    std::nth_element(latencies_.begin(), at, latencies_.end());
    return *at;
  }

 private:
  void add_row(std::string_view row, SystemTime acknowledged) {
    if (row.empty()) return;
    const uint64_t id = number_after(row, R"("id":)");
    if (id >= seen_.size()) seen_.resize(std::max<size_t>(id + 1, 2 * seen_.size()));
    if (seen_[id]) throw std::runtime_error(fmt::format("the row {} was inserted twice", id));
    seen_[id] = true;
    if (acknowledged >= from_ && acknowledged < to_) ++acknowledged_meanwhile_;
    const SystemTime appended = time_after(row, R"("at":")");
    if (appended < from_ || appended >= to_) return;
    latencies_.push_back(to_seconds(acknowledged - appended));
  }

  static std::string_view after(std::string_view row, std::string_view name) {
    const size_t at = row.find(name);
    if (at == std::string_view::npos) throw std::runtime_error(fmt::format("{} is missing in {}", name, row));
    return row.substr(at + name.size());
  }

  static uint64_t number_after(std::string_view row, std::string_view name) {
    const std::string_view text = after(row, name);
    uint64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
  }

  // "2026-02-03 04:05:06.789", in UTC
  static SystemTime time_after(std::string_view row, std::string_view name) {
    const std::string text(after(row, name).substr(0, 23));
    std::tm calendar{};
    const char* const fraction = strptime(text.c_str(), "%Y-%m-%d %H:%M:%S", &calendar);
    if (fraction == nullptr || *fraction != '.') throw std::runtime_error(fmt::format("not a time: {}", text));
    return SystemTime(seconds(timegm(&calendar)) + milliseconds(std::atoi(fraction + 1)));
  }

  SystemTime from_ = SystemTime::max();
  SystemTime to_ = SystemTime::max();
  uint64_t inserts_ = 0;
  uint64_t acknowledged_meanwhile_ = 0;
  std::map<int64_t, uint64_t> by_second_;
  std::vector<bool> seen_;  // by id
  size_t below_ = 0;
  std::vector<double> latencies_;
};

// CPU time of the processes, in seconds.
struct CpuTimes {
  double freshet = 0;
  double broker = 0;
  double clickhouse = 0;
};

// freshet, its table and its load.
class Steady {
 public:
  Steady(const SteadyLoad& load, const std::string& name, testkit::KafkaServer& kafka,
         const testkit::ClickHouseServer& clickhouse)
      : load_(load), kafka_(kafka), clickhouse_(clickhouse), sink_(clickhouse.port()) {
    sink_.store();
    sink_.keep();
    testkit::KafkaClient(kafka.bootstrap())
        .create_topic(name, load.partitions, {{"message.timestamp.type", "LogAppendTime"}});
    clickhouse.query(
        fmt::format("CREATE TABLE {} (id UInt64, note String, at DateTime64(3, 'UTC')) ENGINE = MergeTree ORDER BY id "
                    "SETTINGS non_replicated_deduplication_window = 100000",
                    name));
    freshet_ = std::make_unique<testkit::FreshetProcess>(std::vector<std::string>{
        "run", "--bootstrap-server", kafka.bootstrap(), "--topic", name, "--consumer-group", name, "--clickhouse-url",
        sink_.url(), "--table", "default." + name, "--json-timestamp-column", "at", "--delivery", load.delivery,
        "--insert-format", "json-each-row"});
    producer_ = std::make_unique<Producer>(kafka.bootstrap(), name, load);
  }

  SteadyResult run() {
    wait_until("freshet to insert the first rows", [&] { return rows_.complete(1); });
    const SystemTime from = Wall::now() + load_.warm_up;
    const SystemTime to = from + load_.measured;
    rows_.measure_between(from, to);
    look_until(from);
    const CpuTimes before = cpu();
    const uint64_t behind = producer_->produced();
    look_until(to);
    const CpuTimes after = cpu();
    const uint64_t produced = producer_->produced();
    // The load goes on, so that the last batches of the measured time are as large as the others.
    wait_until("the rows of the measured time", [&] { return rows_.complete(produced); });
    const double time = to_seconds(load_.measured);
    if (static_cast<double>(produced - behind) < 0.95 * time * static_cast<double>(load_.rate)) {
      std::cerr << "the machine does not carry the load: use a lower --rate\n";
    }
    SteadyResult result;
    const auto rows = static_cast<double>(std::max<uint64_t>(1, rows_.acknowledged_meanwhile()));
    result.rows_per_second = rows / time;
    result.inserts_per_second = static_cast<double>(rows_.inserts()) / time;
    result.most_inserts_in_a_second = rows_.most_inserts_in_a_second();
    result.p50_seconds = rows_.latency(0.5);
    result.p99_seconds = rows_.latency(0.99);
    result.max_seconds = rows_.latency(1);
    result.freshet_us = (after.freshet - before.freshet) / rows * 1e6;
    result.broker_us = (after.broker - before.broker) / rows * 1e6;
    result.clickhouse_us = (after.clickhouse - before.clickhouse) / rows * 1e6;
    return result;
  }

 private:
  CpuTimes cpu() const {
    return {cpu_seconds(freshet_->process().pid()), cpu_seconds(kafka_.process().pid()),
            cpu_seconds(clickhouse_.pid())};
  }

  void look() {
    for (const InsertSink::Insert& insert : sink_.take()) rows_.add(insert);
  }

  void look_until(SystemTime until) {
    for (; Wall::now() + kStep < until; std::this_thread::sleep_for(kStep)) look();
    std::this_thread::sleep_until(until);
  }

  template <typename Condition>
  void wait_until(const char* what, Condition met) {
    const bool in_time = testkit::eventually(seconds(120), [&] {
      look();
      return met();
    });
    if (!in_time) throw std::runtime_error(fmt::format("waited for {}:\n{}", what, freshet_->output()));
  }

  const SteadyLoad& load_;
  testkit::KafkaServer& kafka_;
  const testkit::ClickHouseServer& clickhouse_;
  InsertSink sink_;
  Rows rows_;
  std::unique_ptr<testkit::FreshetProcess> freshet_;  // before the sink ends
  std::unique_ptr<Producer> producer_;
};

}  // namespace

SteadyResult measure(const SteadyLoad& load, const std::string& name, testkit::KafkaServer& kafka,
                     const testkit::ClickHouseServer& clickhouse) {
  return Steady(load, name, kafka, clickhouse).run();
}

}  // namespace freshet::bench
