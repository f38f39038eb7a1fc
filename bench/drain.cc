// freshet-bench: consumes a backlog alternately with freshet and with a bare librdkafka consumer, and compares them.
#include <fmt/format.h>
#include <httplib.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "base/clock.h"
#include "testkit/freshet_process.h"
#include "testkit/kafka_client.h"
#include "testkit/servers.h"
#include "testkit/web_events.h"

namespace {

using namespace freshet;

constexpr const char* kUsage =
    R"(usage: ./dev bench [--messages N] [--partitions N] [--bytes N] [--runs N] [--storage NAME] [-- FRESHET-OPTIONS]

Defaults: 1000000 messages in 8 partitions, 3 runs of each program. Messages are web events of --bytes (750). --storage
outcomes_raw or errors drains the drop-in's data set through `freshet rust-consumer` instead: outcomes are as they come,
errors are filled up to --bytes. What was produced is printed.
)";

struct Options {
  uint64_t messages = 1'000'000;
  int partitions = 8;
  size_t bytes = 750;
  int runs = 3;
  std::string storage;  // empty: web events with `freshet run`
  std::vector<std::string> freshet;
};

struct Run {
  double wall = 0;
  double cpu = 0;
  double peak_mib = 0;
};

// A fake ClickHouse: acknowledges and drops inserts, and returns no rows for queries.
class Sink {
 public:
  Sink() {
    server_.new_task_queue = [] { return new httplib::ThreadPool(8); };  // the library takes ownership
    server_.set_keep_alive_max_count(1'000'000);
    server_.set_tcp_nodelay(true);
    server_.Post("/", [this](const httplib::Request&, httplib::Response& answer, const httplib::ContentReader& read) {
      answer.set_header("X-ClickHouse-Summary", "{}");  // freshet expects this header of a ClickHouse server
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
    if (flag == "--storage" && i + 1 < argc) {
      options.storage = argv[++i];
      if (options.storage != "outcomes_raw" && options.storage != "errors") return false;
      continue;
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
  return {to_seconds(std::chrono::steady_clock::now() - start), seconds(usage.ru_utime) + seconds(usage.ru_stime),
          static_cast<double>(usage.ru_maxrss) / 1024};
}

// Builds a message of the storage's topic with a unique id.
std::string snuba_message(const Options& options, uint64_t id) {
  const std::string event_id = fmt::format("{:032x}", id);
  if (options.storage == "outcomes_raw") {
    return fmt::format(
        R"text({{"timestamp":"2026-02-03T04:05:06.789000Z","org_id":1,"project_id":{},"key_id":3,"outcome":2,"reason":"quota","event_id":"{}","category":1,"quantity":1}})text",
        id % 1000, event_id);
  }
  std::string frames;
  while (frames.size() + 1000 < options.bytes) {
    frames += fmt::format(
        R"text({}{{"function":"handle_request_{}","module":"shop.api.views","filename":"shop/api/views.py","abs_path":"/srv/shop/api/views.py","lineno":{},"in_app":true,"context_line":"    return self.step(request)","pre_context":["def handle(self, request):","    # one step after another"],"post_context":["",""],"vars":{{"request":"<Request GET>","step":"{}"}}}})text",
        frames.empty() ? "" : ",", frames.size(), frames.size() % 900, id);
  }
  return fmt::format(
      R"text([2,"insert",{{"group_id":{},"event_id":"{}","organization_id":1,"project_id":{},"message":"","platform":"python","datetime":"2026-02-03T04:05:06.789000Z","primary_hash":"d41d8cd98f00b204e9800998ecf8427e","retention_days":90,"data":{{"received":1770091506.5,"type":"error","title":"CheckoutError: card declined","culprit":"shop.api.views","level":"error","version":"7","tags":[["environment","production"],["release","shop@8.1"],["url","https://shop.example/api/checkout"]],"user":{{"id":"{}","ip_address":"192.0.2.7"}},"sdk":{{"name":"sentry.python","version":"2.1.0","integrations":["django","redis"]}},"exception":{{"values":[{{"type":"CheckoutError","value":"card declined","stacktrace":{{"frames":[{}]}}}}]}}}}}},{{}}])text",
      id % 1000, event_id, id % 100, id % 5000, frames);
}

// Produces the backlog. Returns the total size of the payloads.
uint64_t fill(const std::string& bootstrap, const Options& options) {
  testkit::KafkaClient client(bootstrap);
  if (options.storage == "errors") {
    client.create_topic("snuba-commit-log", 1);
    client.create_topic("event-replacements", 1);
  }
  client.create_topic("bench", options.partitions, {{"max.message.bytes", "20000000"}});
  testkit::WebEvents events(1, options.bytes);
  testkit::Record record;
  uint64_t bytes = 0;
  for (uint64_t id = 0; id < options.messages; ++id) {
    record.partition = static_cast<int32_t>(id % static_cast<uint64_t>(options.partitions));
    record.value = options.storage.empty() ? events.valid(id, 1'790'000'000'000) : snuba_message(options, id);
    bytes += record.value->size();
    client.produce("bench", record);
  }
  client.flush();
  return bytes;
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

std::vector<std::string> command_of(const Options& options, const std::string& freshet, const std::string& bootstrap,
                                    const std::string& url, int number) {
  const std::string group = fmt::format("freshet-{}", number);
  if (!options.storage.empty()) {
    return {freshet, "rust-consumer",      "--storage", options.storage,       "--consumer-group",
            group,   "--raw-events-topic", "bench",     "--stop-at-timestamp", "4000000000"};
  }
  return {freshet,
          "run",
          "--bootstrap-server",
          bootstrap,
          "--topic",
          "bench",
          "--consumer-group",
          group,
          "--clickhouse-url",
          url,
          "--table",
          "default.bench",
          "--stop-at-timestamp",
          "4000000000"};
}

int run(const Options& options) {
  std::cerr << fmt::format("producing {} messages into {} partitions ...\n", options.messages, options.partitions);
  testkit::KafkaServer kafka;
  const uint64_t bytes = fill(kafka.bootstrap(), options);
  std::cout << fmt::format("{} messages of {} bytes on average in {} partitions\n", options.messages,
                           bytes / options.messages, options.partitions);
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
    std::vector<std::string> command = command_of(options, freshet, kafka.bootstrap(), sink.url(), i);
    command.insert(command.end(), options.freshet.begin(), options.freshet.end());
    testkit::ChildProcess program(command, folder.path(fmt::format("freshet-{}.out", i)),
                                  {{"DEFAULT_BROKERS", kafka.bootstrap()},
                                   {"CLICKHOUSE_HOST", "127.0.0.1"},
                                   {"CLICKHOUSE_HTTP_PORT", sink.url().substr(sink.url().rfind(':') + 1)}});
    ours.push_back(measure(program));
    const std::string written =
        (options.storage.empty() ? "rows_written=" : "\"rows_written\":") + std::to_string(options.messages);
    if (program.output().find(written) == std::string::npos) {
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
