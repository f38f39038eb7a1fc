// freshet-demo: runs a broker, ClickHouse, a generator of events and freshet in one terminal.
#include <fmt/format.h>
#include <librdkafka/rdkafka.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <mutex>
#include <stop_token>
#include <thread>

#include "app/demo_introduction.h"
#include "app/live_view.h"
#include "app/service.h"
#include "app/signals.h"
#include "base/clock.h"
#include "generator.h"
#include "testkit/kafka_client.h"
#include "testkit/servers.h"
#include "testkit/web_events.h"

namespace {

using namespace freshet;
using namespace std::chrono_literals;

constexpr const char* kTopic = "web-events";
constexpr const char* kDeadTopic = "web-events-dead";
constexpr const char* kTable = "web_events";
constexpr int kPartitions = 4;

constexpr const char* kUsage = R"(usage: ./dev demo [--kafka] [--seconds N] [--rate EVENTS] [--plain]

`./dev demo --help` explains these.
)";

struct Options {
  bool kafka = false;
  bool plain = isatty(STDOUT_FILENO) == 0;
  uint64_t seconds = 0;
  uint64_t rate = 20'000;
};

// The broker of the demo: embedded, or a real Kafka.
struct Broker {
  explicit Broker(bool real) {
    if (real) {
      kafka = std::make_unique<testkit::KafkaServer>();
      testkit::KafkaClient client(kafka->bootstrap());
      client.create_topic(kTopic, kPartitions);
      client.create_topic(kDeadTopic, 1);
    } else {
      mock = std::make_unique<testkit::MockCluster>();
      mock->create_topic(kTopic, kPartitions);
      mock->create_topic(kDeadTopic, 1);
    }
  }
  std::string bootstrap() const { return kafka ? kafka->bootstrap() : mock->bootstrap(); }

  std::unique_ptr<testkit::KafkaServer> kafka;
  std::unique_ptr<testkit::MockCluster> mock;
};

// Lets Ctrl-C end a wait.
class Interrupt {
 public:
  void set() {
    {
      const std::lock_guard lock(mutex_);
      set_ = true;
    }
    changed_.notify_all();
    stop_.request_stop();
  }
  std::stop_token token() const { return stop_.get_token(); }
  bool wait(std::chrono::milliseconds limit) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, limit, [this] { return set_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool set_ = false;
  std::stop_source stop_;
};

size_t terminal_width() {
  winsize size{};
  return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20 ? size.ws_col : 100;
}

bool parse(int argc, char** argv, Options& options) {
  for (int i = 1; i < argc; ++i) {
    const std::string flag = argv[i];
    if (flag == "--kafka") {
      options.kafka = true;
    } else if (flag == "--plain") {
      options.plain = true;
    } else if ((flag == "--seconds" || flag == "--rate") && i + 1 < argc && std::atoll(argv[i + 1]) > 0) {
      (flag == "--seconds" ? options.seconds : options.rate) = static_cast<uint64_t>(std::atoll(argv[++i]));
    } else {
      return false;
    }
  }
  return true;
}

// librdkafka's embedded broker has no static members in the classic group protocol: a member that leaves and rejoins
// waits for seconds. In that of KIP-848 it keeps a static member's partitions; only newer versions have that.
bool renews_on(const Broker& broker) { return broker.kafka || rd_kafka_version() >= 0x020a0000; }

// The configuration of freshet, in a file that the user can use for other commands, too, until the demo ends.
void write_config(const std::string& path, const Broker& broker, const testkit::ClickHouseServer& clickhouse) {
  std::ofstream file(path);
  file << fmt::format(
      "# Written by ./dev demo; its servers end with it.\n"
      "bootstrap_server: {}\ntopic: {}\nconsumer_group: freshet-demo\ndead_letter_topic: {}\n"
      "clickhouse_url: {}\ntable: default.{}\nadmin_listen: 127.0.0.1:0\n"
      "max_batch_time_ms: 500\ncommit_interval_ms: 250\n",
      broker.bootstrap(), kTopic, kDeadTopic, clickhouse.url(), kTable);
  if (renews_on(broker) && broker.mock) {
    file << "group_instance_id: freshet-demo\nset:\n  kafka.group.protocol: consumer\n";
  }
  if (!file.flush()) throw std::runtime_error(fmt::format("cannot write {}", path));
}

settings::Loaded settings_of(const std::string& config) {
  const auto loaded = settings::load("run", {"--config", config}, {});
  if (!loaded) throw std::runtime_error(fmt::format("{}", fmt::join(loaded.error(), "\n")));
  return *loaded;
}

class Demo {
 public:
  // `folder` is that of the programs.
  Demo(const Options& options, const std::string& folder) : options_(options), folder_(folder) {}

  void interrupt() { interrupt_.set(); }

  int run() {
    std::cerr << "starting a broker and a local ClickHouse ..." << std::endl;
    Broker broker(options_.kafka);
    renews_ = renews_on(broker);
    testkit::LocalClickHouse clickhouse;
    clickhouse.query(
        fmt::format("CREATE TABLE {} ({}) ENGINE = MergeTree ORDER BY event_id "
                    "SETTINGS non_replicated_deduplication_window = 100000",
                    kTable, testkit::kWebEventColumns));
    testkit::TempFolder folder;
    std::ofstream log(folder.path("freshet.log"));
    RealClock clock;
    const std::string config = folder.path("events.yaml");
    write_config(config, broker, clickhouse);
    auto service = app::Service::open(settings_of(config), clock, &log, interrupt_.token());
    if (!service) throw std::runtime_error(service.error().text);
    std::jthread runner([&](std::stop_token stop) { (*service)->run(stop); });
    demo::Generator::Settings events;
    events.bootstrap = broker.bootstrap();
    events.topic = kTopic;
    events.partitions = kPartitions;
    events.per_second = options_.rate;
    demo::Generator generator(events, [&] { return lead(**service); });
    generator_ = &generator;
    std::cout << app::to_text({folder_ + "/freshet", config, (*service)->admin_address(), clickhouse.url(), kTable,
                               options_.rate, renews_})
              << std::flush;
    watch(**service, generator);
    generator.stop();
    std::cout << "stopped producing; waiting for the rest ..." << std::endl;
    testkit::eventually(60s, [&] {
      const StreamStatus status = (*service)->status();
      return status.rows_written + status.dead_letters >= generator.produced();
    });
    runner.request_stop();
    runner.join();
    return summary(**service, generator, clickhouse, broker, folder);
  }

 private:
  // Produced messages that are neither rows nor dead letters yet. Nothing is consumed before the first assignment.
  int64_t lead(const app::Service& service) {
    const StreamStatus status = service.status();
    const demo::Generator* generator = generator_.load();
    consuming_ = consuming_ || status.assigned;  // stays true during a renewal
    if (!consuming_ || generator == nullptr) return INT64_MAX / 2;
    return static_cast<int64_t>(generator->produced()) -
           static_cast<int64_t>(status.rows_written + status.dead_letters);
  }

  void renew_on_schedule(app::Service& service, std::chrono::steady_clock::duration passed) {
    if (!renews_ || passed < next_renewal_ || !service.status().assigned) return;
    next_renewal_ = passed + 5s;
    service.renewals().request(RenewalReason::Operator, "demo");
  }

  void watch(app::Service& service, const demo::Generator& generator) {
    app::LiveView view;
    const auto start = std::chrono::steady_clock::now();
    const auto step = options_.plain ? 1000ms : 250ms;
    while (!interrupt_.wait(step)) {
      const auto passed = std::chrono::steady_clock::now() - start;
      renew_on_schedule(service, passed);
      const app::LiveNumbers numbers{service.status(),       service.consumer(), generator.produced(),
                                     generator.malformed(),  to_seconds(passed), service.admin_address(),
                                     service.delivery().mode};
      std::cout << (options_.plain ? view.line(numbers) : view.render(numbers, terminal_width())) << std::flush;
      if (options_.seconds > 0 && passed >= std::chrono::seconds(options_.seconds)) return;
    }
  }

  static int summary(const app::Service& service, const demo::Generator& generator,
                     const testkit::ClickHouseServer& clickhouse, const Broker& broker,
                     const testkit::TempFolder& folder) {
    const uint64_t valid = generator.produced() - generator.malformed();
    const uint64_t rows = clickhouse.count(fmt::format("SELECT count() FROM {}", kTable));
    const uint64_t distinct = clickhouse.count(fmt::format("SELECT uniqExact(event_id) FROM {}", kTable));
    testkit::KafkaClient client(broker.bootstrap());
    const auto dead_letters = static_cast<uint64_t>(client.count(kDeadTopic));
    const bool good = rows == valid && distinct == valid && dead_letters == generator.malformed() && valid > 0;
    std::cout << fmt::format(
        "\nproduced       {:>10} events, {} of them malformed\n"
        "in ClickHouse  {:>10} rows, {} distinct ({} expected)\n"
        "dead letters   {:>10} ({} expected)\n"
        "batches        {:>10}\n{}\n",
        generator.produced(), generator.malformed(), rows, distinct, valid, dead_letters, generator.malformed(),
        service.status().batches_written, good ? "Every event arrived exactly once." : "The counts differ.");
    if (!good) std::cout << "freshet's log:\n" << std::ifstream(folder.path("freshet.log")).rdbuf();
    return good ? 0 : 1;
  }

  const Options options_;
  const std::string folder_;
  Interrupt interrupt_;
  std::atomic<const demo::Generator*> generator_{nullptr};
  bool consuming_ = false;  // used only by the generator's thread
  bool renews_ = false;
  std::chrono::steady_clock::duration next_renewal_ = 5s;
};

}  // namespace

int main(int argc, char** argv) {
  Options options;
  if (!parse(argc, argv, options)) {
    std::cerr << kUsage;
    return 2;
  }
  const std::string folder = std::filesystem::path(argv[0]).parent_path();
  Demo demo(options, folder.empty() ? "." : folder);
  const app::SignalWatcher signals({SIGINT, SIGTERM, SIGHUP}, [&demo, count = 0](int) mutable {
    if (++count > 1) _exit(1);
    demo.interrupt();
  });
  try {
    return demo.run();
  } catch (const std::exception& e) {
    std::cerr << "demo: " << e.what() << '\n';
    return 1;
  }
}
