// freshet-bench: consumes a backlog alternately with freshet and with the cheapest librdkafka consumer
// (bare_consumer.cc), or with the two deliveries of freshet, and compares them.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "backlog.h"
#include "base/clock.h"
#include "base/freed_memory.h"
#include "cpu_time.h"
#include "insert_sink.h"
#include "options.h"
#include "program.h"
#include "testkit/freshet_process.h"
#include "testkit/servers.h"
#include "testkit/web_events.h"

namespace {

using namespace freshet;

constexpr const char* kUsage =
    R"(usage: ./dev bench [--messages N] [--partitions N] [--bytes N] [--runs N] [--storage NAME]
                   [--delivery exactly-once|at-least-once | --compare-delivery] [--store] [--raw-insert]
                   [-- FRESHET-OPTIONS]

Defaults: 1000000 messages in 8 partitions, 3 runs of each program. Messages are web events of --bytes (750). --storage
outcomes_raw or errors drains the drop-in's data set through `freshet rust-consumer` instead: outcomes are as they come,
errors are filled up to --bytes. What was produced is printed. --raw-insert also runs what only checks the messages and
inserts them as they are, uncompressed and with LZ4 (raw_insert.cc).
)";

constexpr const char* kAtLeastOnce = "at-least-once";
constexpr const char* kExactlyOnce = "exactly-once";

struct Options {
  uint64_t messages = 1'000'000;
  int partitions = 8;
  size_t bytes = 750;
  int runs = 3;
  std::string storage;   // empty: web events with `freshet run`
  std::string delivery;  // empty: freshet's default
  bool compare = false;  // both deliveries instead of the bare consumer
  bool store = false;    // ClickHouse stores the rows
  bool raw_insert_too = false;
  std::vector<std::string> freshet;
};

struct Run {
  double wall = 0;
  double cpu = 0;
  double broker_cpu = 0;
  double clickhouse_cpu = 0;
  double peak_mib = 0;
  double faults = 0;     // minor page faults
  uint64_t inserts = 0;  // of freshet
};

bool parse(int argc, char** argv, Options& options) {
  return bench::Options()
             .number("--messages", options.messages)
             .number("--partitions", options.partitions)
             .number("--bytes", options.bytes)
             .number("--runs", options.runs)
             .text("--storage", options.storage, {"outcomes_raw", "errors"})
             .text("--delivery", options.delivery, {kAtLeastOnce, kExactlyOnce})
             .flag("--compare-delivery", options.compare)
             .flag("--store", options.store)
             .flag("--raw-insert", options.raw_insert_too)
             .rest(options.freshet)
             .parse(argc, argv) &&
         (options.delivery.empty() || !options.compare) && (options.storage.empty() || !options.store) &&
         !(options.raw_insert_too && (options.compare || options.store));
}

// Produces the backlog. Returns the total size of the payloads.
uint64_t fill(const std::string& bootstrap, const Options& options) {
  const bench::Backlog backlog{"bench", options.partitions, options.messages};
  const uint64_t bytes = options.storage.empty()
                             ? bench::produce(bootstrap, backlog, bench::web_events(options.bytes))
                             : bench::produce_snuba(bootstrap, backlog, options.storage, options.bytes);
  give_freed_memory_back();  // a child's peak (ru_maxrss) begins with the memory of its parent
  return bytes;
}

// What the runs share: the servers, and the backlog.
class Bench {
 public:
  explicit Bench(const Options& options) : options_(options) {
    std::cerr << fmt::format("producing {} messages into {} partitions ...\n", options.messages, options.partitions);
    const uint64_t bytes = fill(kafka_.bootstrap(), options);
    std::cout << fmt::format("{} messages of {} bytes on average in {} partitions\n", options.messages,
                             bytes / options.messages, options.partitions);
    if (!options.compare && options.delivery != kExactlyOnce && !options.store) {
      sink_ = std::make_unique<bench::InsertSink>();
      return;
    }
    // Exactly-once delivery needs a table that freshet can audit.
    clickhouse_ = std::make_unique<testkit::LocalClickHouse>();
    clickhouse_->query(
        fmt::format("CREATE TABLE {} ({}) ENGINE = MergeTree ORDER BY event_id SETTINGS "
                    "non_replicated_deduplication_window = 100000",
                    options.storage.empty() ? "bench" : options.storage + "_local", testkit::kWebEventColumns));
    sink_ = std::make_unique<bench::InsertSink>(clickhouse_->port());
    if (options.store) sink_->store();
  }

  Run bare_consumer() { return measure(consumer("bare-consumer")); }

  Run raw_insert(const std::string& compression) {
    std::vector<std::string> command = consumer("raw-insert");
    command.push_back(std::to_string(sink_->port()));
    command.push_back(compression);
    return measure(command);
  }

  // `delivery`: empty = freshet's default.
  Run freshet(const std::string& delivery) {
    std::vector<std::string> command = command_of(delivery, fmt::format("freshet-{}", ++number_));
    command.insert(command.end(), options_.freshet.begin(), options_.freshet.end());
    std::string output;
    Run run = measure(command, &output);
    const std::string written =
        (options_.storage.empty() ? "rows_written=" : "\"rows_written\":") + std::to_string(options_.messages);
    if (output.find(written) == std::string::npos) {
      throw std::runtime_error("freshet did not write every row:\n" + output);
    }
    if (options_.store) clickhouse_->query("TRUNCATE TABLE bench");
    return run;
  }

 private:
  std::vector<std::string> consumer(const std::string& name) {
    return {program_.substr(0, program_.rfind('/') + 1) + name, kafka_.bootstrap(), "bench",
            fmt::format("bare-{}", ++number_), std::to_string(options_.messages)};
  }

  double clickhouse_cpu() const { return clickhouse_ ? bench::cpu_seconds(clickhouse_->pid()) : 0; }

  Run measure(const std::vector<std::string>& command, std::string* output = nullptr) {
    const double broker_before = bench::cpu_seconds(kafka_.process().pid());
    const double clickhouse_before = clickhouse_cpu();
    const uint64_t inserts_before = sink_->inserts();
    testkit::ChildProcess child(command, folder_.path(fmt::format("{}.out", number_)),
                                {{"DEFAULT_BROKERS", kafka_.bootstrap()},
                                 {"CLICKHOUSE_HOST", "127.0.0.1"},
                                 {"CLICKHOUSE_HTTP_PORT", std::to_string(sink_->port())}});
    const auto start = std::chrono::steady_clock::now();
    if (child.wait(std::chrono::minutes(10)) != 0) throw std::runtime_error(child.output());
    Run run;
    run.wall = to_seconds(std::chrono::steady_clock::now() - start);
    run.cpu = bench::cpu_seconds(child.usage());
    run.broker_cpu = bench::cpu_seconds(kafka_.process().pid()) - broker_before;
    run.clickhouse_cpu = clickhouse_cpu() - clickhouse_before;
    run.peak_mib = static_cast<double>(child.usage().ru_maxrss) / 1024;
    run.faults = static_cast<double>(child.usage().ru_minflt);
    run.inserts = sink_->inserts() - inserts_before;
    if (output != nullptr) *output = child.output();
    return run;
  }

  std::vector<std::string> command_of(const std::string& delivery, const std::string& group) const {
    std::vector<std::string> command = {program_};
    if (!options_.storage.empty()) {
      command.insert(command.end(), {"rust-consumer", "--storage", options_.storage, "--consumer-group", group,
                                     "--raw-events-topic", "bench"});
    } else {
      command.insert(command.end(),
                     {"run", "--bootstrap-server", kafka_.bootstrap(), "--topic", "bench", "--consumer-group", group,
                      "--clickhouse-url", sink_->url(), "--table", "default.bench"});
    }
    command.insert(command.end(), {"--stop-at-timestamp", "4000000000"});
    if (!delivery.empty()) command.insert(command.end(), {"--delivery", delivery});
    return command;
  }

  const Options& options_;
  const std::string program_ = testkit::freshet_program();
  testkit::KafkaServer kafka_;
  const testkit::TempFolder folder_;
  std::unique_ptr<testkit::LocalClickHouse> clickhouse_;
  std::unique_ptr<bench::InsertSink> sink_;
  int number_ = 0;
};

Run median(std::vector<Run> runs) {
  std::sort(runs.begin(), runs.end(), [](const Run& a, const Run& b) { return a.cpu < b.cpu; });
  return runs[runs.size() / 2];
}

void print(const char* name, const Run& run, uint64_t messages) {
  const auto n = static_cast<double>(messages);
  std::cout << fmt::format(
      "{:<19} {:>10.0f} rows/s  {:>10.0f} rows per CPU second  {:>6.2f} us CPU and {:>5.3f} page faults per "
      "message  {:>4.0f} MiB peak",
      name, n / run.wall, n / run.cpu, run.cpu / n * 1e6, run.faults / n, run.peak_mib);
  if (run.inserts > 0) {
    std::cout << fmt::format("  {:>5} inserts of {:>7.0f} rows", run.inserts, n / static_cast<double>(run.inserts));
  }
  std::cout << '\n' << std::flush;
}

struct Program {
  const char* name;
  std::function<Run()> run;
  std::vector<Run> runs;
};

// freshet and the programs that do less, in turns. The first one is the measure of the others.
void compare_programs(Bench& bench, const Options& options) {
  std::vector<Program> programs = {{"bare consumer", [&] { return bench.bare_consumer(); }, {}}};
  if (options.raw_insert_too) {
    programs.push_back({"raw insert, plain", [&] { return bench.raw_insert("none"); }, {}});
    programs.push_back({"raw insert, LZ4", [&] { return bench.raw_insert("lz4"); }, {}});
  }
  programs.push_back({"freshet", [&] { return bench.freshet(options.delivery); }, {}});
  for (int i = 0; i < options.runs; ++i) {
    for (Program& program : programs) {
      program.runs.push_back(program.run());
      print(program.name, program.runs.back(), options.messages);
    }
  }
  std::cout << fmt::format("\nmedian of {} runs\n", options.runs);
  for (const Program& program : programs) print(program.name, median(program.runs), options.messages);
  const double least = median(programs.front().runs).cpu;
  for (const Program& program : programs) {
    if (&program == &programs.front()) continue;
    std::cout << fmt::format("CPU time, {} / {}: {:.2f}\n", program.name, programs.front().name,
                             median(program.runs).cpu / least);
  }
}

struct Pair {
  Run exactly;
  Run at_least;
};

void print_ratios(const char* what, const std::vector<Pair>& pairs, double (*of)(const Run&)) {
  std::vector<double> ratios;
  for (const Pair& pair : pairs) ratios.push_back(of(pair.exactly) / of(pair.at_least));
  std::sort(ratios.begin(), ratios.end());
  std::cout << fmt::format("{:<44} median {:.3f}, {:.3f} to {:.3f}\n", what, ratios[ratios.size() / 2], ratios.front(),
                           ratios.back());
}

// Pairs of runs with both deliveries. The first one of a pair alternates.
void compare_deliveries(Bench& bench, const Options& options) {
  std::vector<Pair> pairs;
  for (int i = 0; i < options.runs; ++i) {
    auto& [exactly, at_least] = pairs.emplace_back();
    if (i % 2 == 0) at_least = bench.freshet(kAtLeastOnce);
    exactly = bench.freshet(kExactlyOnce);
    if (i % 2 == 1) at_least = bench.freshet(kAtLeastOnce);
    print(kAtLeastOnce, at_least, options.messages);
    print(kExactlyOnce, exactly, options.messages);
  }
  std::cout << fmt::format("\n{} pairs, exactly once / at least once\n", options.runs);
  print_ratios("CPU time of freshet", pairs, [](const Run& run) { return run.cpu; });
  print_ratios("CPU time of freshet and the broker", pairs, [](const Run& run) { return run.cpu + run.broker_cpu; });
  if (options.store) {
    print_ratios("CPU time of freshet, broker and ClickHouse", pairs,
                 [](const Run& run) { return run.cpu + run.broker_cpu + run.clickhouse_cpu; });
  }
  print_ratios("time", pairs, [](const Run& run) { return run.wall; });
}

void run(const Options& options) {
  Bench bench(options);
  options.compare ? compare_deliveries(bench, options) : compare_programs(bench, options);
}

}  // namespace

int main(int argc, char** argv) { return bench::run_program(argc, argv, kUsage, parse, run); }
