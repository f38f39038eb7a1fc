// freshet-bench-threads: the CPU time per message of each kind of thread of freshet, and with it how many workers the
// main loop can feed. Run it with `./dev bench threads`.
#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "backlog.h"
#include "cpu_time.h"
#include "insert_sink.h"
#include "options.h"
#include "program.h"
#include "testkit/freshet_process.h"
#include "testkit/servers.h"
#include "thread_times.h"

namespace {

using namespace freshet;

constexpr const char* kUsage =
    R"(usage: ./dev bench threads [--bytes N,N,...] [--partitions N] [--messages N] [--megabytes N] [--runs N]
                           [--storage outcomes_raw|errors] [-- FRESHET-OPTIONS]

Defaults: messages of 100 bytes to 10 kB in 8 partitions; at most 2000000 messages and 1000 megabytes for each size; the
median of 3 runs. Messages have a number and a text, or are those of a storage of the drop-in.
)";

constexpr auto kLookEvery = std::chrono::milliseconds(5);

struct Options {
  std::vector<size_t> bytes = {100, 750, 10'000};
  int partitions = 8;
  uint64_t messages = 2'000'000;
  uint64_t megabytes = 1000;
  int runs = 3;
  std::string storage;  // empty: a number and a text
  std::vector<std::string> freshet;
};

bool parse(int argc, char** argv, Options& options) {
  return bench::Options()
      .numbers("--bytes", options.bytes)
      .number("--partitions", options.partitions)
      .number("--messages", options.messages)
      .number("--megabytes", options.megabytes)
      .number("--runs", options.runs)
      .text("--storage", options.storage, {"outcomes_raw", "errors"})
      .rest(options.freshet)
      .parse(argc, argv);
}

// Microseconds of CPU time per message.
struct Costs {
  double loop = 0;
  double librdkafka = 0;  // its busiest thread; a broker has one connection for fetches, and each connection a thread
  double workers = 0;
  double writers = 0;
  double others = 0;
};

Costs costs(const bench::ThreadTimes& times, pid_t process, double total, uint64_t messages) {
  Costs costs;
  for (const auto& [id, thread] : times.threads()) {
    if (id == process) costs.loop = thread.seconds;
    if (thread.name.starts_with("rdk:")) costs.librdkafka = std::max(costs.librdkafka, thread.seconds);
    if (thread.name == "worker") costs.workers += thread.seconds;
    if (thread.name == "writer") costs.writers += thread.seconds;
  }
  costs.others = total - costs.loop - costs.librdkafka - costs.workers - costs.writers;
  for (double* one : {&costs.loop, &costs.librdkafka, &costs.workers, &costs.writers, &costs.others}) {
    *one *= 1e6 / static_cast<double>(messages);
  }
  return costs;
}

// The drop-in's log is JSON.
bool wrote_all(const std::string& log, uint64_t rows) {
  return log.find(fmt::format("rows_written={}", rows)) != std::string::npos ||
         log.find(fmt::format("\"rows_written\":{},", rows)) != std::string::npos;
}

class Bench {
 public:
  explicit Bench(const Options& options) : options_(options) {}

  Costs at(size_t bytes) {
    const bench::Backlog backlog{
        fmt::format("threads-{}-{}", options_.storage, bytes), options_.partitions,
        std::max<uint64_t>(1, std::min(options_.messages, options_.megabytes * 1'000'000 / bytes))};
    if (options_.storage.empty()) {
      bench::produce(kafka_.bootstrap(), backlog, bench::texts(bytes));
    } else {
      bench::produce_snuba(kafka_.bootstrap(), backlog, options_.storage, bytes);
    }
    std::vector<Costs> runs;
    for (int i = 0; i < options_.runs; ++i) runs.push_back(run(backlog));
    std::sort(runs.begin(), runs.end(), [](const Costs& a, const Costs& b) { return a.loop < b.loop; });
    return runs[runs.size() / 2];
  }

 private:
  Costs run(const bench::Backlog& backlog) {
    std::vector<std::string> command = command_of(backlog.topic);
    command.insert(command.end(), options_.freshet.begin(), options_.freshet.end());
    testkit::ChildProcess child(command, folder_.path("out"),
                                {{"DEFAULT_BROKERS", kafka_.bootstrap()},
                                 {"CLICKHOUSE_HOST", "127.0.0.1"},
                                 {"CLICKHOUSE_HTTP_PORT", std::to_string(sink_.port())}});
    bench::ThreadTimes times(child.pid());
    do times.look();
    while (!child.wait(kLookEvery));
    if (*child.wait(std::chrono::milliseconds(0)) != 0 || !wrote_all(child.output(), backlog.messages)) {
      throw std::runtime_error("freshet did not write every row:\n" + child.output());
    }
    return costs(times, child.pid(), bench::cpu_seconds(child.usage()), backlog.messages);
  }

  std::vector<std::string> command_of(const std::string& topic) {
    const std::string group = fmt::format("threads-{}", ++number_);
    const std::vector<std::string> stop = {"--stop-at-timestamp", "4000000000"};
    std::vector<std::string> command = {program_};
    if (options_.storage.empty()) {
      // The sink has no deduplication window, which exactly-once delivery needs.
      command.insert(command.end(),
                     {"run", "--bootstrap-server", kafka_.bootstrap(), "--topic", topic, "--consumer-group", group,
                      "--clickhouse-url", sink_.url(), "--table", "default.threads", "--delivery", "at-least-once"});
    } else {
      command.insert(command.end(), {"rust-consumer", "--storage", options_.storage, "--consumer-group", group,
                                     "--raw-events-topic", topic});
    }
    command.insert(command.end(), stop.begin(), stop.end());
    return command;
  }

  const Options& options_;
  const std::string program_ = testkit::freshet_program();
  const testkit::TempFolder folder_;
  testkit::KafkaServer kafka_;
  const bench::InsertSink sink_;
  int number_ = 0;
};

void run(const Options& options) {
  Bench bench(options);
  std::cout
      << "Microseconds of CPU time per message; messages per second at which the main loop and librdkafka's busiest\n"
         "thread each need a whole core; how many workers and writers keep up with the main loop then\n\n"
         "| bytes | main loop | librdkafka | workers | writers | others | main loop, messages/s | librdkafka, "
         "messages/s | workers | writers |\n|---|---|---|---|---|---|---|---|---|---|\n";
  for (const size_t bytes : options.bytes) {
    const Costs cost = bench.at(bytes);
    std::cout << fmt::format(
                     "| {} | {:.3f} | {:.3f} | {:.3f} | {:.3f} | {:.3f} | {:.0f} | {:.0f} | {:.1f} | {:.1f} |\n", bytes,
                     cost.loop, cost.librdkafka, cost.workers, cost.writers, cost.others, 1e6 / cost.loop,
                     1e6 / cost.librdkafka, cost.workers / cost.loop, cost.writers / cost.loop)
              << std::flush;
  }
}

}  // namespace

int main(int argc, char** argv) { return bench::run_program(argc, argv, kUsage, parse, run); }
