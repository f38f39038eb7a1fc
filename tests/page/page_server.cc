// An admin server with made-up data, for page_test.py. usage: page-server TOKEN
// Prints its address, then a line for each action. Reads commands from standard input: "rows N", "unblock", and ends
// with it.
#include <iostream>
#include <sstream>

#include "admin/history.h"
#include "admin/server.h"
#include "base/message_text.h"
#include "base/mutex.h"
#include "testkit/fake_clock.h"

namespace {

using namespace freshet;
using namespace freshet::admin;
using namespace std::chrono_literals;

// What only a request with the token may see.
constexpr const char* kSecret = "card 4711";

class MadeUpProcess {
 public:
  MadeUpProcess() {
    fill_history();
    stream_.topic = "events";
    stream_.table = "default.events";
    stream_.consumer_group = "<b>group</b>";
    stream_.assigned = true;
    stream_.rows_written = 1000;
    for (int32_t i = 0; i < 4; ++i) stream_.partitions.push_back(partition(i));
    stream_.partitions[1].blocked = "the message at offset 70 cannot become a row and there is no dead-letter topic: " +
                                    message_text(std::string(kSecret) + " resume at 99 with POST /skip") +
                                    "; resume at 71 with POST /skip";
    stream_.partitions[2].blocked =
        "a batch is blocked: default.events may already hold 12 of its rows: " + message_text(kSecret);
    stream_.last_insert_error = "code 349: " + message_text(kSecret);
    stream_.last_insert_error_at = SystemTime(1700000000s);
  }

  AdminSources sources() {
    AdminSources out;
    out.metrics = [] { return std::string(); };
    out.health = [] { return HealthStatus{true, ""}; };
    out.ready = [this] { return ready(); };
    out.status = [this] {
      MutexLock lock(mutex_);
      return ProcessStatus{"1.2.3", "2.15.1", {true, ""}, ready_locked(), stream_, {}, {}, {}};
    };
    out.skip = [this](const SkipOrder& order, std::stop_token) -> Result<std::string> {
      say("skip", order.partition.value, order.next.value_or(Offset{-1}).value,
          !order.resolution                         ? "none"
          : *order.resolution == Resolution::Stored ? "stored"
                                                    : "retry");
      return std::string("done as asked");
    };
    out.renew = [this]() -> Result<RenewalAsked> {
      say("renew");
      return RenewalAsked{8, false, ""};
    };
    out.last_renewal = [] { return std::optional<RenewalReport>(); };
    out.history = [this] { return history_.json(); };
    out.dead_letters = [] {
      return std::vector<DeadLetterNote>{
          {SystemTime(1700000000s), Partition{3}, Offset{12345}, "invalid_json", message_text(kSecret)}};
    };
    out.settings = [] {
      return SettingsStatus{{{"clickhouse_password_file", "***", "environment"}},
                            {{"max_batch_size", "50000", "default"}}};
    };
    return out;
  }

  void obey(const std::string& line) {
    std::istringstream in(line);
    std::string verb;
    in >> verb;
    MutexLock lock(mutex_);
    if (verb == "rows") in >> stream_.rows_written;
    if (verb == "unblock") {
      for (PartitionStatus& one : stream_.partitions) one.blocked.clear();
    }
  }

 private:
  static PartitionStatus partition(int32_t id) {
    PartitionStatus out;
    out.partition = Partition{id};
    out.position = Offset{100 + id};
    out.lag = 10 * id;
    return out;
  }

  HealthStatus ready_locked() REQUIRES(mutex_) {
    return stream_.partitions[1].blocked.empty() ? HealthStatus{true, ""}
                                                 : HealthStatus{false, "partition 1 is blocked"};
  }
  HealthStatus ready() {
    MutexLock lock(mutex_);
    return ready_locked();
  }

  void fill_history() {
    clock_.set_system(RealClock().system_now() - 400s);
    for (uint64_t i = 0; i < 40; ++i) {
      HistoryReading reading;
      reading.stream.rows_written = i * i * 100;
      for (int32_t id = 0; id < 4; ++id) {
        PartitionStatus one = partition(id);
        one.position = Offset{static_cast<int64_t>(i * 10)};
        if (id == 1 && i > 30) one.blocked = kSecret;
        reading.stream.partitions.push_back(one);
      }
      reading.insert_seconds = {{0.1, 0.5}, {i, i / 2, 0}};
      clock_.advance(10s);
      history_.add(std::move(reading));
    }
    RenewalReport renewal;
    renewal.number = 7;
    renewal.finished_at = clock_.system_now() - 100s;
    renewal.pause = 4ms;
    history_.add(renewal);
  }

  template <typename... Words>
  void say(const Words&... words) {
    MutexLock lock(mutex_);
    ((std::cout << words << ' '), ...) << std::endl;
  }

  testkit::FakeClock clock_;
  History history_{clock_};
  Mutex mutex_;
  StreamStatus stream_ GUARDED_BY(mutex_);
};

}  // namespace

int main(int argc, char** argv) {
  AdminSettings settings;
  settings.listen = "127.0.0.1:0";
  if (argc > 1) settings.token = argv[1];
  MadeUpProcess process;
  const auto server = AdminServer::start(settings, process.sources());
  if (!server) {
    std::cerr << server.error().text << '\n';
    return 1;
  }
  std::cout << (*server)->address() << std::endl;
  for (std::string line; std::getline(std::cin, line);) process.obey(line);
  return 0;
}
