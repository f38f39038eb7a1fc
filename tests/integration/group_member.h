// A freshet in this process, as a member of a group that a test renews.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <memory>
#include <random>
#include <sstream>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "app/service.h"
#include "settings/settings.h"
#include "testkit/child_process.h"
#include "testkit/freshet_process.h"
#include "testkit/kafka_client.h"
#include "testkit/servers.h"

namespace freshet::testkit {

// A clock that can block one thread that reads it.
class FreezingClock final : public Clock {
 public:
  void freeze(std::thread::id thread, Duration how_long) {
    frozen_ = thread;
    until_ = (real_.steady_now() + how_long).time_since_epoch().count();
  }
  SteadyTime steady_now() const override {
    if (const SteadyTime until{Duration(until_)}; until > real_.steady_now() && frozen_ == std::this_thread::get_id()) {
      std::this_thread::sleep_until(until);
    }
    return real_.steady_now();
  }
  SystemTime system_now() const override { return real_.system_now(); }
  bool wait_until(CondVar& cv, Mutex& mutex, std::stop_token stop, SteadyTime deadline,
                  const std::function<bool()>& ready) override {
    return real_.wait_until(cv, mutex, std::move(stop), deadline, ready);
  }

 private:
  RealClock real_;
  std::atomic<std::thread::id> frozen_;
  std::atomic<Duration::rep> until_{0};
};

class GroupMember {
 public:
  explicit GroupMember(const std::vector<std::string>& args) : log_(folder_.path("log")) {
    const auto loaded = settings::load("run", args, {});
    if (!loaded) throw std::runtime_error(loaded.error().front());
    auto service = app::Service::open(*loaded, clock_, &log_);
    if (!service) throw std::runtime_error(service.error().text);
    service_ = *std::move(service);
    thread_ = std::jthread([this](std::stop_token stop) {
      service_->run(stop);
      ended_ = true;
    });
  }
  ~GroupMember() { stop(); }

  // Waits for the report; none after `limit`.
  std::optional<RenewalReport> renew(Duration limit = std::chrono::seconds(60)) {
    const auto asked = service_->renewals().request(RenewalReason::Operator, "test");
    return service_->renewals().wait(asked.number, clock_.steady_now() + limit, {});
  }
  StreamStatus status() const { return service_->status(); }
  app::Service& service() { return *service_; }
  void request_stop() { thread_.request_stop(); }
  bool ended() const { return ended_; }
  // Blocks the loop for that long, but not the Kafka client.
  void freeze_loop(Duration how_long) { clock_.freeze(thread_.get_id(), how_long); }
  // Closes the log, too.
  void stop() {
    thread_.request_stop();
    if (thread_.joinable()) thread_.join();
    service_.reset();
    log_.flush();
  }
  // Of its partitions and batches, for messages of tests.
  std::string positions() const {
    const StreamStatus now = status();
    std::string text =
        fmt::format("{} batches in flight, last insert error: {}", now.batches_in_flight, now.last_insert_error);
    for (const PartitionStatus& one : now.partitions) {
      text += fmt::format("; partition {}: position {}, committed {}, end {}", one.partition.value, one.position.value,
                          one.committed.value_or(Offset{-1}).value, one.end.value_or(Offset{-1}).value);
    }
    return text;
  }
  std::string log() {
    std::ifstream file(folder_.path("log"));
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
  }

 private:
  FreezingClock clock_;
  TempFolder folder_;
  std::ofstream log_;
  std::unique_ptr<app::Service> service_;
  std::atomic<bool> ended_{false};
  std::jthread thread_;
};

// A stop must end with its drain deadline (8 s), whoever does not answer. A stop that hangs takes the session timeout
// (45 s) or forever.
inline bool stops_in_time(GroupMember& member) {
  const auto begun = std::chrono::steady_clock::now();
  member.stop();
  return std::chrono::steady_clock::now() - begun < std::chrono::seconds(40);
}

inline std::vector<std::string> member_args(const KafkaServer& kafka, const std::string& clickhouse_url,
                                            const std::string& topic, const std::vector<std::string>& more = {}) {
  std::vector<std::string> args = {"--bootstrap-server",
                                   kafka.bootstrap(),
                                   "--topic",
                                   topic,
                                   "--consumer-group",
                                   topic,
                                   "--clickhouse-url",
                                   clickhouse_url,
                                   "--table",
                                   "default." + topic,
                                   "--max-batch-time-ms",
                                   "100"};
  args.insert(args.end(), more.begin(), more.end());
  return args;
}

// A constant load of JSON messages with ascending ids, round robin over the partitions.
class Load {
 public:
  Load(const KafkaServer& kafka, std::string topic, int partitions, std::chrono::microseconds every)
      : client_(kafka.bootstrap()), topic_(std::move(topic)), thread_([this, partitions, every](std::stop_token stop) {
          auto next = std::chrono::steady_clock::now();
          while (!stop.stop_requested()) {
            const uint64_t id = produced_.fetch_add(1);
            client_.produce(topic_, {static_cast<int32_t>(id % static_cast<uint64_t>(partitions)),
                                     -1,
                                     std::nullopt,
                                     fmt::format(R"({{"id":{}}})", id),
                                     {},
                                     0});
            next += every;
            std::this_thread::sleep_until(next);
          }
          client_.flush();
        }) {}
  // Ends the load; returns the number of messages.
  uint64_t stop() {
    thread_.request_stop();
    if (thread_.joinable()) thread_.join();
    return produced_;
  }

 private:
  KafkaClient client_;
  const std::string topic_;
  std::atomic<uint64_t> produced_{0};
  std::jthread thread_;
};

// Runs the program `times` times and sends it SIGTERM at a random moment of a renewal. Each must exit with status 0
// within `limit`.
struct Terminated {
  int times = 0;
  int during_renewal = 0;  // it had started and not ended
  double longest = 0;      // seconds from the signal to the end
  std::string logs{};      // of all processes
  std::string text() const {
    return fmt::format("{} processes terminated, {} of them during a renewal, the longest took {:.2f} s", times,
                       during_renewal, longest);
  }
};
inline Terminated terminate_while_renewing(std::vector<std::string> args, int times, std::chrono::seconds limit) {
  args.insert(args.begin(), "run");
  std::minstd_rand random(std::random_device{}());
  Terminated result;
  for (int i = 0; i < times; ++i) {
    FreshetProcess process(args);
    const auto said = [&](std::string_view what) {
      const std::string log = process.output();
      int count = 0;
      for (size_t at = 0; (at = log.find(what, at)) != std::string::npos; at += what.size()) ++count;
      return count;
    };
    const auto comes = [&](std::string_view what) {
      EXPECT_TRUE(eventually(std::chrono::seconds(120), [&] { return said(what) > 0; })) << process.output();
    };
    comes("partitions_assigned");
    process.process().signal(SIGUSR1);
    comes("result=renewed");  // later renewals start at once, because the broker's abilities are known
    process.process().signal(SIGUSR1);
    if (i % 2 == 0) {  // after it has certainly started
      const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(5);
      while (said("renewal_started") < 2 && std::chrono::steady_clock::now() < give_up) std::this_thread::yield();
    }
    const std::chrono::microseconds moment(random() % (i % 2 == 0 ? 10'000 : 30'000));
    std::this_thread::sleep_for(moment);
    const auto begun = std::chrono::steady_clock::now();
    EXPECT_EQ(process.stop(limit), 0) << fmt::format("{} us after it was asked to renew\n", moment.count())
                                      << process.output();
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
    result.longest = std::max(result.longest, took.count());
    ++result.times;
    if (said("renewal_started") > said("result=renewed")) ++result.during_renewal;
    result.logs += fmt::format("--- process {}, terminated after {:.2f} s\n{}", i + 1, took.count(), process.output());
  }
  return result;
}

struct Pauses {
  std::vector<double> ms;
  void add(const RenewalReport& report) {
    if (report.pause) ms.push_back(std::chrono::duration<double, std::milli>(*report.pause).count());
  }
  double at(double share) {
    if (ms.empty()) return -1;
    std::sort(ms.begin(), ms.end());
    return ms[std::min(ms.size() - 1, static_cast<size_t>(share * static_cast<double>(ms.size())))];
  }
  std::string text() {
    return fmt::format("{} renewals with a pause: p50 {:.1f} ms, p99 {:.1f} ms, max {:.1f} ms", ms.size(), at(0.5),
                       at(0.99), at(1));
  }
};

}  // namespace freshet::testkit
