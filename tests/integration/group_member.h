// One freshet in this process: a member of the group that a test renews.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <memory>
#include <sstream>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "app/service.h"
#include "settings/settings.h"
#include "testkit/child_process.h"
#include "testkit/kafka_client.h"
#include "testkit/servers.h"

namespace freshet::testkit {

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
  std::optional<RenewalReport> renew(Duration limit = std::chrono::seconds(30)) {
    const auto asked = service_->renewals().ask(RenewalReason::Operator, "test");
    return service_->renewals().wait(asked.number, clock_.steady_now() + limit, {});
  }
  StreamStatus status() const { return service_->status(); }
  app::Service& service() { return *service_; }
  void request_stop() { thread_.request_stop(); }
  bool ended() const { return ended_; }
  // The log is closed with it.
  void stop() {
    thread_.request_stop();
    if (thread_.joinable()) thread_.join();
    service_.reset();
    log_.flush();
  }
  std::string log() {
    std::ifstream file(folder_.path("log"));
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
  }

 private:
  RealClock clock_;
  TempFolder folder_;
  std::ofstream log_;
  std::unique_ptr<app::Service> service_;
  std::atomic<bool> ended_{false};
  std::jthread thread_;
};

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
  // Ends the load; how many messages there are.
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
