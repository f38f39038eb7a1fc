// freshet-bench-cost: CPU time per message over the number of partitions and over the size of messages, of freshet and
// of a bare librdkafka consumer, as a table and as a plot. Run it with `./dev bench cost`.
#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "backlog.h"
#include "cpu_time.h"
#include "insert_sink.h"
#include "options.h"
#include "plot.h"
#include "program.h"
#include "testkit/freshet_process.h"
#include "testkit/kafka_client.h"
#include "testkit/servers.h"

namespace {

using namespace freshet;

constexpr const char* kUsage =
    R"(usage: ./dev bench cost [--partitions N,N,...] [--bytes N,N,...] [--messages N] [--megabytes N] [--runs N]
                        [--plot FILE] [-- FRESHET-OPTIONS]

Defaults: web events of 750 bytes in 1,4,16,64,256 partitions, then messages of 100 bytes to 1 MB in 8 partitions; at most
1000000 messages and 400 megabytes for each point; the median of 3 runs of each program.
)";

constexpr size_t kWebEventBytes = 750;
constexpr int kPartitions = 8;

struct Options {
  std::vector<int> partitions = {1, 4, 16, 64, 256};
  std::vector<size_t> bytes = {100, 300, 1'000, 3'000, 10'000, 30'000, 100'000, 300'000, 1'000'000};
  uint64_t messages = 1'000'000;
  uint64_t megabytes = 400;
  int runs = 3;
  std::string plot;  // empty: none
  std::vector<std::string> freshet;
};

bool parse(int argc, char** argv, Options& options) {
  return bench::Options()
      .numbers("--partitions", options.partitions)
      .numbers("--bytes", options.bytes)
      .number("--messages", options.messages)
      .number("--megabytes", options.megabytes)
      .number("--runs", options.runs)
      .text("--plot", options.plot)
      .rest(options.freshet)
      .parse(argc, argv);
}

// Microseconds of CPU time per message.
struct Cost {
  double freshet = 0;
  double bare = 0;
};

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

class Bench {
 public:
  explicit Bench(const Options& options) : options_(options) {
    // What a start and a stop cost is not a cost of messages.
    start_ = seconds({"start", kPartitions, 1}, bench::texts(100));
    std::cout << fmt::format(
        "Inserts are JSONEachRow: their server has no table that freshet could describe.\n"
        "Not included: a start and a stop, {:.0f} ms of freshet, {:.0f} ms of the bare consumer.\n\n",
        start_.freshet * 1e3, start_.bare * 1e3);
  }

  Cost at(int partitions, size_t bytes, const bench::MessageOf& message_of) {
    const uint64_t messages = std::min(options_.messages, options_.megabytes * 1'000'000 / bytes);
    const bench::Backlog backlog{fmt::format("cost-{}-{}", partitions, bytes), partitions,
                                 std::max<uint64_t>(1, messages)};
    const Cost total = seconds(backlog, message_of);
    const auto each = 1e6 / static_cast<double>(backlog.messages);
    // Never 0, which a logarithmic axis does not have: with few messages, the start decides.
    return {std::max(1e-3, (total.freshet - start_.freshet) * each), std::max(1e-3, (total.bare - start_.bare) * each)};
  }

 private:
  // CPU seconds of a whole run, start and stop included.
  Cost seconds(const bench::Backlog& backlog, const bench::MessageOf& message_of) {
    bench::produce(kafka_.bootstrap(), backlog, message_of);
    std::vector<double> freshet;
    std::vector<double> bare;
    for (int i = 0; i < options_.runs; ++i) {
      bare.push_back(bare_consumer(backlog));
      freshet.push_back(run_freshet(backlog));
    }
    testkit::KafkaClient(kafka_.bootstrap()).delete_topic(backlog.topic);
    return {median(freshet), median(bare)};
  }

  double run_freshet(const bench::Backlog& backlog) {
    std::vector<std::string> command = {program_,
                                        "run",
                                        "--bootstrap-server",
                                        kafka_.bootstrap(),
                                        "--topic",
                                        backlog.topic,
                                        "--consumer-group",
                                        group(),
                                        "--clickhouse-url",
                                        sink_.url(),
                                        "--table",
                                        "default.cost",
                                        "--stop-at-timestamp",
                                        "4000000000"};
    command.insert(command.end(), options_.freshet.begin(), options_.freshet.end());
    return run(command, fmt::format("rows_written={}", backlog.messages));
  }

  double bare_consumer(const bench::Backlog& backlog) {
    return run({program_.substr(0, program_.rfind('/')) + "/bare-consumer", kafka_.bootstrap(), backlog.topic, group(),
                std::to_string(backlog.messages)},
               "");
  }

  // The program must print `expected`.
  double run(const std::vector<std::string>& command, const std::string& expected) {
    testkit::ChildProcess child(command, folder_.path("out"));
    if (child.wait(std::chrono::minutes(10)) != 0) throw std::runtime_error(child.output());
    if (child.output().find(expected) == std::string::npos) {
      throw std::runtime_error("freshet did not write every row:\n" + child.output());
    }
    return bench::cpu_seconds(child.usage());
  }

  std::string group() { return fmt::format("cost-{}", ++number_); }

  const Options& options_;
  const std::string program_ = testkit::freshet_program();
  const testkit::TempFolder folder_;
  testkit::KafkaServer kafka_;
  const bench::InsertSink sink_;
  Cost start_;
  int number_ = 0;
};

std::vector<bench::Series> empty_series() { return {{"freshet", {}}, {"bare consumer", {}}}; }

void add(std::vector<bench::Series>& series, double x, const Cost& cost) {
  series[0].points.emplace_back(x, cost.freshet);
  series[1].points.emplace_back(x, cost.bare);
}

// Prints a line of the table. `per_byte`: also for each byte of a message.
void print(double x, const Cost& cost, size_t per_byte = 0) {
  std::cout << fmt::format("| {} | {:.2f} | {:.2f} | {:.2f} |", x, cost.freshet, cost.bare, cost.freshet / cost.bare);
  if (per_byte > 0) std::cout << fmt::format(" {:.2f} |", cost.freshet * 1e3 / static_cast<double>(per_byte));
  std::cout << '\n' << std::flush;
}

constexpr const char* kYLabel = "CPU time per message (\u00b5s)";

bench::Panel over_partitions(Bench& bench, const Options& options) {
  std::cout << fmt::format("Web events of {} bytes; microseconds of CPU time per message\n\n", kWebEventBytes)
            << "| partitions | freshet | bare consumer | ratio |\n|---|---|---|---|\n";
  bench::Panel panel{fmt::format("partitions (messages of {} bytes)", kWebEventBytes), kYLabel, false, empty_series()};
  for (const int partitions : options.partitions) {
    const Cost cost = bench.at(partitions, kWebEventBytes, bench::web_events(kWebEventBytes));
    add(panel.series, partitions, cost);
    print(partitions, cost);
  }
  return panel;
}

bench::Panel over_bytes(Bench& bench, const Options& options) {
  std::cout << fmt::format(
                   "\nMessages with a number and a text, {} partitions; microseconds of CPU time per message\n\n",
                   kPartitions)
            << "| bytes | freshet | bare consumer | ratio | freshet, ns per byte |\n|---|---|---|---|---|\n";
  bench::Panel panel{fmt::format("bytes per message ({} partitions)", kPartitions), kYLabel, true, empty_series()};
  for (const size_t bytes : options.bytes) {
    const Cost cost = bench.at(kPartitions, bytes, bench::texts(bytes));
    add(panel.series, static_cast<double>(bytes), cost);
    print(static_cast<double>(bytes), cost, bytes);
  }
  return panel;
}

void run(const Options& options) {
  Bench bench(options);
  std::vector<bench::Panel> panels;
  panels.push_back(over_partitions(bench, options));
  panels.push_back(over_bytes(bench, options));
  if (options.plot.empty()) return;
  std::ofstream file(options.plot);
  file << bench::svg(panels);
  if (!file.flush()) throw std::runtime_error("cannot write " + options.plot);
}

}  // namespace

int main(int argc, char** argv) { return bench::run_program(argc, argv, kUsage, parse, run); }
