// Exports librdkafka's statistics (its STATISTICS.md), emitted every second, as gauges.
#pragma once

#include <functional>
#include <set>
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

 private:
  void show(const std::set<int32_t>& partitions);

  const ConsumerStatisticsMetrics metrics_;
  std::set<int32_t> shown_;
  bool leaders_connected_ = false;
};

void show_producer_statistics(std::string_view json, const ProducerMetrics& metrics);

}  // namespace freshet::kafka
