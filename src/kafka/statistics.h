// Exports librdkafka's statistics (its STATISTICS.md), emitted every second, as gauges.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "kafka/kafka_metrics.h"
#include "model/ids.h"

namespace freshet::kafka {

constexpr const char* kStatisticsIntervalMs = "1000";

// Threads: one. Text that is not valid statistics has no effect.
class ConsumerStatistics {
 public:
  explicit ConsumerStatistics(ConsumerStatisticsMetrics metrics) : metrics_(std::move(metrics)) {}
  ~ConsumerStatistics();
  ConsumerStatistics(const ConsumerStatistics&) = delete;
  ConsumerStatistics& operator=(const ConsumerStatistics&) = delete;

  // Partitions that are not `owned` get no gauge.
  void update(std::string_view json, const std::function<bool(Partition)>& owned);
  // As of the last update: every broker that leads partitions is connected, or any broker if none leads one.
  bool leaders_connected() const { return leaders_connected_; }
  // As of the last update: see kafka/forgotten_brokers.h.
  bool brokers_forgotten() const { return brokers_forgotten_; }

 private:
  void show(const std::set<int32_t>& partitions);

  const ConsumerStatisticsMetrics metrics_;
  std::set<int32_t> shown_;
  bool leaders_connected_ = false;
  bool brokers_forgotten_ = false;
};

// Exports the statistics of one producer client; a new client needs a new instance. librdkafka counts from the client's
// creation on, and the counters of ProducerMetrics continue with the next client. Threads: one. Text that is not valid
// statistics has no effect. `metrics` must outlive it.
class ProducerStatistics {
 public:
  explicit ProducerStatistics(const ProducerMetrics& metrics) : metrics_(metrics) {}
  void update(std::string_view json);
  // As of the last update: see kafka/forgotten_brokers.h.
  bool brokers_forgotten() const { return brokers_forgotten_; }

 private:
  struct Counted {
    uint64_t request_errors = 0;
    uint64_t request_retries = 0;
  };

  const ProducerMetrics& metrics_;
  std::map<std::string, Counted> counted_;  // by the broker's id; as last reported
  bool brokers_forgotten_ = false;
};

}  // namespace freshet::kafka
