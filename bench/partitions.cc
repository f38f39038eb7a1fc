// freshet-bench-partitions: how rows per second, inserts per second and latency depend on the number of partitions,
// with both deliveries. Run it with `./dev bench partitions`.
#include <fmt/format.h>

#include <iostream>
#include <string>
#include <vector>

#include "backlog.h"
#include "base/clock.h"
#include "cpu_time.h"
#include "insert_sink.h"
#include "options.h"
#include "program.h"
#include "steady_load.h"
#include "testkit/freshet_process.h"
#include "testkit/kafka_client.h"
#include "testkit/web_events.h"

namespace {

using namespace freshet;

constexpr const char* kUsage =
    R"(usage: ./dev bench partitions [--partitions N,N,...] [--rate N] [--warm-up SECONDS] [--seconds SECONDS]
                              [--messages N]

Defaults: 1,8,64,256 partitions, 5000 messages a second, measured for 60 s after 30 s; then a backlog of 1000000 messages.
--messages 0 or --seconds 0 leaves one of both out.
)";

struct Options {
  std::vector<int> partitions = {1, 8, 64, 256};
  int rate = 5'000;
  int warm_up = 30;
  int seconds = 60;
  int messages = 1'000'000;
};

constexpr const char* kDeliveries[] = {"at-least-once", "exactly-once"};

bool parse(int argc, char** argv, Options& options) {
  return bench::Options()
      .numbers("--partitions", options.partitions)
      .number("--rate", options.rate)
      .number("--warm-up", options.warm_up, 0)
      .number("--seconds", options.seconds, 0)
      .number("--messages", options.messages, 0)
      .parse(argc, argv);
}

void steady(const Options& options, testkit::KafkaServer& kafka, const testkit::ClickHouseServer& clickhouse) {
  std::cout << fmt::format(
      "{} messages a second, of which {} s are measured. ClickHouse stores the rows. The latency of a row is the time "
      "from the broker's\ntimestamp of its message (LogAppendTime) until ClickHouse has answered its insert. CPU time "
      "per "
      "row, in microseconds. Rows are JSONEachRow with both deliveries.\n\n",
      options.rate, options.seconds);
  std::cout << fmt::format("{:>10} {:<14} {:>8} {:>11} {:>8} {:>8} {:>8} {:>8} {:>9} {:>9} {:>11}\n", "partitions",
                           "delivery", "rows/s", "inserts/s", "most", "p50", "p99", "max", "freshet", "broker",
                           "ClickHouse");
  for (const int partitions : options.partitions) {
    for (const char* delivery : kDeliveries) {
      const bench::SteadyLoad load{partitions, delivery, static_cast<uint64_t>(options.rate),
                                   std::chrono::seconds(options.warm_up), std::chrono::seconds(options.seconds)};
      const std::string name =
          fmt::format("steady_{}_{}", partitions, delivery == kDeliveries[0] ? "least" : "exactly");
      const bench::SteadyResult result = bench::measure(load, name, kafka, clickhouse);
      std::cout << fmt::format(
                       "{:>10} {:<14} {:>8.0f} {:>11.2f} {:>8} {:>6.2f} s {:>6.2f} s {:>6.2f} s {:>9.1f} {:>9.1f} "
                       "{:>11.1f}\n",
                       partitions, delivery, result.rows_per_second, result.inserts_per_second,
                       result.most_inserts_in_a_second, result.p50_seconds, result.p99_seconds, result.max_seconds,
                       result.freshet_us, result.broker_us, result.clickhouse_us)
                << std::flush;
      clickhouse.query("DROP TABLE " + name);
    }
  }
  std::cout << '\n';
}

void drain(const std::string& topic, const std::string& delivery, const testkit::KafkaServer& kafka,
           const bench::InsertSink& sink, int partitions, int messages) {
  const testkit::TempFolder folder;
  const uint64_t before = sink.inserts();
  const auto start = std::chrono::steady_clock::now();
  testkit::ChildProcess freshet(
      {testkit::freshet_program(), "run", "--bootstrap-server", kafka.bootstrap(), "--topic", topic, "--consumer-group",
       topic + delivery, "--clickhouse-url", sink.url(), "--table", "default.drained", "--stop-at-timestamp",
       "4000000000", "--delivery", delivery, "--insert-format", "json-each-row"},
      folder.path("out"));
  if (freshet.wait(std::chrono::minutes(10)) != 0) throw std::runtime_error(freshet.output());
  const double time = to_seconds(std::chrono::steady_clock::now() - start);
  if (freshet.output().find(fmt::format("rows_written={}", messages)) == std::string::npos) {
    throw std::runtime_error("freshet did not write every row:\n" + freshet.output());
  }
  const auto inserts = static_cast<double>(sink.inserts() - before);
  std::cout << fmt::format("{:>10} {:<14} {:>8.0f} {:>11.2f} {:>8.0f} rows each {:>9.2f}\n", partitions, delivery,
                           messages / time, inserts / time, messages / inserts,
                           bench::cpu_seconds(freshet.usage()) / messages * 1e6)
            << std::flush;
}

void drains(const Options& options, const testkit::KafkaServer& kafka, const testkit::ClickHouseServer& clickhouse) {
  clickhouse.query(
      fmt::format("CREATE TABLE drained ({}) ENGINE = MergeTree ORDER BY event_id "
                  "SETTINGS non_replicated_deduplication_window = 100000",
                  testkit::kWebEventColumns));
  const bench::InsertSink sink(clickhouse.port());
  std::cout << fmt::format(
      "A backlog of {} messages of 750 bytes. Inserts are acknowledged and dropped, so that the rate is freshet's own. "
      "CPU time of\nfreshet per row, in microseconds.\n\n",
      options.messages);
  std::cout << fmt::format("{:>10} {:<14} {:>8} {:>11} {:>18} {:>9}\n", "partitions", "delivery", "rows/s", "inserts/s",
                           "", "freshet");
  for (const int partitions : options.partitions) {
    const std::string topic = fmt::format("drain_{}", partitions);
    bench::produce(kafka.bootstrap(), {topic, partitions, static_cast<uint64_t>(options.messages)},
                   bench::web_events(750));
    for (const char* delivery : kDeliveries) drain(topic, delivery, kafka, sink, partitions, options.messages);
    testkit::KafkaClient(kafka.bootstrap()).delete_topic(topic);
  }
}

void run(const Options& options) {
  testkit::KafkaServer kafka;
  const testkit::LocalClickHouse clickhouse;
  if (options.seconds > 0) steady(options, kafka, clickhouse);
  if (options.messages > 0) drains(options, kafka, clickhouse);
}

}  // namespace

int main(int argc, char** argv) { return bench::run_program(argc, argv, kUsage, parse, run); }
