// freshet-bench: drains a backlog with freshet and with a bare librdkafka consumer, in turns, and compares them.
#include <fmt/format.h>
#include <httplib.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "testkit/freshet_process.h"
#include "testkit/kafka_client.h"
#include "testkit/servers.h"
#include "testkit/web_events.h"

namespace {

using namespace freshet;

constexpr const char* kUsage =
    R"(usage: ./dev bench [--messages N] [--partitions N] [--bytes N] [--runs N] [-- FRESHET-OPTIONS]

Defaults: 1000000 messages of 750 bytes in 8 partitions, 3 runs of each program.
)";

struct Options {
  uint64_t messages = 1'000'000;
  int partitions = 8;
  size_t bytes = 750;
  int runs = 3;
  std::vector<std::string> freshet;
};

struct Run {
  double wall = 0;
  double cpu = 0;
  double peak_mib = 0;
};

// Takes inserts and forgets them; answers questions with nothing.
class Sink {
 public:
  Sink() {
    server_.new_task_queue = [] { return new httplib::ThreadPool(8); };  // the library takes ownership
    server_.set_keep_alive_max_count(1'000'000);
    server_.set_tcp_nodelay(true);
    server_.Post("/", [this](const httplib::Request&, httplib::Response&, const httplib::ContentReader& read) {
      read([this](const char*, size_t size) {
        bytes_ += size;
        return true;
      });
    });
    port_ = server_.bind_to_any_port("127.0.0.1");
    thread_ = std::jthread([this] { server_.listen_after_bind(); });
  }
  ~Sink() { server_.stop(); }
  std::string url() const { return fmt::format("http://127.0.0.1:{}", port_); }

 private:
  httplib::Server server_;
  int port_ = 0;
  std::atomic<uint64_t> bytes_{0};
  std::jthread thread_;
};

bool parse(int argc, char** argv, Options& options) {
  for (int i = 1; i < argc; ++i) {
    const std::string flag = argv[i];
    if (flag == "--") {
      options.freshet.assign(argv + i + 1, argv + argc);
      return true;
    }
    const long long value = i + 1 < argc ? std::atoll(argv[i + 1]) : 0;
    if (value <= 0) return false;
    ++i;
    if (flag == "--messages") {
      options.messages = static_cast<uint64_t>(value);
    } else if (flag == "--partitions") {
      options.partitions = static_cast<int>(value);
    } else if (flag == "--bytes") {
      options.bytes = static_cast<size_t>(value);
    } else if (flag == "--runs") {
      options.runs = static_cast<int>(value);
    } else {
      return false;
    }
  }
  return true;
}

double seconds(const timeval& t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6; }

Run measure(testkit::ChildProcess& child) {
  const auto start = std::chrono::steady_clock::now();
  if (child.wait(std::chrono::minutes(10)) != 0) throw std::runtime_error(child.output());
  const rusage& usage = child.usage();
  return {std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(),
          seconds(usage.ru_utime) + seconds(usage.ru_stime), static_cast<double>(usage.ru_maxrss) / 1024};
}

void fill(const std::string& bootstrap, const Options& options) {
  testkit::KafkaClient client(bootstrap);
  client.create_topic("bench", options.partitions, {{"max.message.bytes", "20000000"}});
  testkit::WebEvents events(1, options.bytes);
  testkit::Record record;
  for (uint64_t id = 0; id < options.messages; ++id) {
    record.partition = static_cast<int32_t>(id % static_cast<uint64_t>(options.partitions));
    record.value = events.valid(id, 1'790'000'000'000);
    client.produce("bench", record);
  }
  client.flush();
}

Run median(std::vector<Run> runs) {
  std::sort(runs.begin(), runs.end(), [](const Run& a, const Run& b) { return a.cpu < b.cpu; });
  return runs[runs.size() / 2];
}

void print(const char* name, const Run& run, uint64_t messages) {
  const auto n = static_cast<double>(messages);
  std::cout << fmt::format(
      "{:<14} {:>10.0f} rows/s  {:>10.0f} rows per CPU second  {:>6.2f} us CPU per message  {:>6.0f} MiB peak\n", name,
      n / run.wall, n / run.cpu, run.cpu / n * 1e6, run.peak_mib);
}

int run(const Options& options) {
  std::cerr << fmt::format("producing {} messages of {} bytes into {} partitions ...\n", options.messages,
                           options.bytes, options.partitions);
  testkit::KafkaServer kafka;
  fill(kafka.bootstrap(), options);
  const Sink sink;
  const testkit::TempFolder folder;
  const std::string freshet = testkit::freshet_program();
  const std::string bare = freshet.substr(0, freshet.rfind('/')) + "/bare-consumer";
  std::vector<Run> ours;
  std::vector<Run> theirs;
  for (int i = 0; i < options.runs; ++i) {
    testkit::ChildProcess reader(
        {bare, kafka.bootstrap(), "bench", fmt::format("bare-{}", i), std::to_string(options.messages)},
        folder.path("bare.out"));
    theirs.push_back(measure(reader));
    std::vector<std::string> command = {freshet,
                                        "run",
                                        "--bootstrap-server",
                                        kafka.bootstrap(),
                                        "--topic",
                                        "bench",
                                        "--consumer-group",
                                        fmt::format("freshet-{}", i),
                                        "--clickhouse-url",
                                        sink.url(),
                                        "--table",
                                        "default.bench",
                                        "--stop-at-timestamp",
                                        "4000000000"};
    command.insert(command.end(), options.freshet.begin(), options.freshet.end());
    testkit::ChildProcess program(command, folder.path(fmt::format("freshet-{}.out", i)));
    ours.push_back(measure(program));
    if (program.output().find(fmt::format("rows_written={}", options.messages)) == std::string::npos) {
      throw std::runtime_error("freshet did not write every row:\n" + program.output());
    }
    print("bare consumer", theirs.back(), options.messages);
    print("freshet", ours.back(), options.messages);
  }
  std::cout << fmt::format("\nmedian of {} runs\n", options.runs);
  print("bare consumer", median(theirs), options.messages);
  print("freshet", median(ours), options.messages);
  std::cout << fmt::format("CPU time, freshet / bare consumer: {:.2f}\n", median(ours).cpu / median(theirs).cpu);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  if (!parse(argc, argv, options)) {
    std::cerr << kUsage;
    return 2;
  }
  try {
    return run(options);
  } catch (const std::exception& e) {
    std::cerr << "bench: " << e.what() << '\n';
    return 1;
  }
}
