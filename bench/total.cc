// freshet-bench-total: all CPU time between a Kafka topic and a MergeTree table, with ClickHouse's own Kafka table
// engine and with freshet. Run it with `./dev bench total`.
#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <string>
#include <vector>

#include "backlog.h"
#include "insert_formats.h"
#include "options.h"
#include "program.h"
#include "testkit/servers.h"
#include "total_rounds.h"

namespace {

using namespace freshet;
using bench::TotalCost;

constexpr const char* kUsage =
    R"(usage: ./dev bench total [--messages N] [--partitions N] [--bytes N] [--runs N] [--only engine|freshet]
                         [--server-times] [--quiet-seconds N] [--table-settings TEXT] [--engine-settings TEXT] [--rows N] [--insert-rows N]
                         [--formats NAME,NAME,...] [-- FRESHET-OPTIONS]

Defaults: 1000000 web events of 700 bytes in 8 partitions, 3 pairs of runs. The idle server is measured for 5 s
before each run, and a run ends when no merge has run for as long.
--server-times: also the server's own counters of times (system.events), microseconds per row.
--table-settings: of the MergeTree table, for example "max_bytes_to_merge_at_max_space_in_pool = 1" (no merges).
--engine-settings: further ones of the Kafka table, for example "kafka_num_consumers = 2".

Then --rows (20000) rows of web events, errors, transactions and replays, in inserts of --insert-rows (2000), in each of
--formats (JSONEachRow,Native). --messages 0 or --rows 0 leaves one of both out.
)";

struct Options {
  bench::Backlog backlog{"events", 8, 1'000'000};
  size_t bytes = 700;
  int runs = 3;
  std::string only;  // "engine" or "freshet"; empty = both, in pairs
  bool times = false;
  bench::TotalOptions rounds;
  bench::FormatOptions formats;
};

bool parse(int argc, char** argv, Options& options) {
  return bench::Options()
      .number("--messages", options.backlog.messages, 0)
      .number("--partitions", options.backlog.partitions)
      .number("--bytes", options.bytes)
      .number("--runs", options.runs)
      .text("--only", options.only, {"engine", "freshet"})
      .flag("--server-times", options.times)
      .number("--quiet-seconds", options.rounds.quiet_seconds)
      .text("--table-settings", options.rounds.table_settings)
      .text("--engine-settings", options.rounds.engine_settings)
      .number("--rows", options.formats.rows, 0)
      .number("--insert-rows", options.formats.insert_rows)
      .texts("--formats", options.formats.formats)
      .rest(options.rounds.freshet)
      .parse(argc, argv);
}

void print_head() {
  std::cout << fmt::format("{:<14} {:>8} {:>8} {:>8} {:>8} {:>8} {:>8} {:>8} {:>8}\n", "", "server", "freshet", "sum",
                           "broker", "idle", "parts", "merged", "seconds");
}

void print(const char* name, const TotalCost& cost) {
  std::cout << fmt::format("{:<14} {:>8.2f} {:>8.2f} {:>8.2f} {:>8.2f} {:>7.1f}% {:>8} {:>8.2f} {:>8.1f}\n", name,
                           cost.server_us, cost.freshet_us, cost.sum_us(), cost.broker_us, cost.idle * 100, cost.parts,
                           cost.merged_rows, cost.seconds)
            << std::flush;
}

void print_times(const TotalCost& cost) {
  constexpr double kWorthALine = 0.005;
  for (const auto& [name, microseconds] : cost.server_times) {
    if (microseconds >= kWorthALine) std::cout << fmt::format("  {:<60} {:>8.2f}\n", name, microseconds);
  }
}

TotalCost median(std::vector<TotalCost> costs) {
  std::sort(costs.begin(), costs.end(), [](const auto& a, const auto& b) { return a.sum_us() < b.sum_us(); });
  return costs[costs.size() / 2];
}

void compare_ways(const testkit::ClickHouseServer& clickhouse, const Options& options) {
  testkit::KafkaServer kafka;
  const uint64_t bytes = bench::produce(kafka.bootstrap(), options.backlog, bench::web_events(options.bytes));
  std::cout << fmt::format(
      "{} messages of {} bytes on average in {} partitions. Microseconds of CPU time per row, without the server's "
      "idle "
      "time\n(idle: percent of a core); merged: rows that merges wrote, per row.\n\n",
      options.backlog.messages, bytes / options.backlog.messages, options.backlog.partitions);
  print_head();
  bench::TotalRounds rounds(kafka, clickhouse, options.backlog, options.rounds);
  std::vector<TotalCost> engine;
  std::vector<TotalCost> freshet;
  std::vector<double> ratios;
  for (int i = 0; i < options.runs; ++i) {
    if (options.only != "freshet") {
      engine.push_back(rounds.kafka_engine());
      print("Kafka engine", engine.back());
      if (options.times) print_times(engine.back());
    }
    if (options.only != "engine") {
      freshet.push_back(rounds.freshet());
      print("freshet", freshet.back());
      if (options.times) print_times(freshet.back());
    }
    if (options.only.empty()) ratios.push_back(engine.back().sum_us() / freshet.back().sum_us());
  }
  std::sort(ratios.begin(), ratios.end());
  if (ratios.empty()) return;
  std::cout << "\nmedians of the sums\n";
  print("Kafka engine", median(engine));
  print("freshet", median(freshet));
  std::cout << fmt::format(
      "Kafka engine / freshet: median {:.2f}, {:.2f} to {:.2f}; freshet's inserts were {}; every run stored each row "
      "once\n\n",
      ratios[ratios.size() / 2], ratios.front(), ratios.back(), rounds.format());
}

void run(Options& options) {
  options.formats.runs = options.runs;
  const testkit::LocalClickHouse clickhouse;
  if (options.backlog.messages > 0) compare_ways(clickhouse, options);
  if (options.formats.rows > 0) bench::compare_formats(clickhouse, options.formats);
}

}  // namespace

int main(int argc, char** argv) { return bench::run_program(argc, argv, kUsage, parse, run); }
