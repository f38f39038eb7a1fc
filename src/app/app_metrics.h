// The metrics of this module. docs/metrics.md says how to react to each.
#pragma once

#include <string>
#include <string_view>

#include "base/metrics.h"

namespace freshet::app {

struct DeliveryMetrics {
  Gauge& exactly_once;
  Gauge& horizon_seconds;

  explicit DeliveryMetrics(Metrics& metrics)
      : exactly_once(metrics.gauge("freshet_delivery_exactly_once",
                                   "1 if delivery is exactly once and the table permits it, otherwise 0.")),
        horizon_seconds(metrics.gauge("freshet_delivery_horizon_seconds",
                                      "How long the table recognises a repeated insert at the present number of "
                                      "inserts. 0: no limit is known.")) {}
};

inline Gauge& insert_format_in_use(Metrics& metrics, std::string_view format) {
  return metrics.gauge("freshet_insert_format", "1 for the format in which rows are written, otherwise 0.",
                       {{"format", std::string(format)}});
}

// As /health and /ready answer; set when the metrics are read.
inline Gauge& healthy(Metrics& metrics) {
  return metrics.gauge("freshet_healthy", "1 if the main loop runs, otherwise 0. GET /health says why.");
}
inline Gauge& ready(Metrics& metrics) {
  return metrics.gauge("freshet_ready", "1 if the process is ready, otherwise 0. GET /ready says why.");
}

// What this process reads and writes: joined with other metrics, it selects them by consumer group or table.
inline Gauge& consumer_info(Metrics& metrics, const std::string& topic, const std::string& group,
                            const std::string& table) {
  return metrics.gauge("freshet_consumer_info", "Always 1. The labels are the topic, consumer group and table.",
                       {{"topic", topic}, {"consumer_group", group}, {"table", table}});
}

inline Gauge& memory_limit_bytes(Metrics& metrics) {
  return metrics.gauge("freshet_memory_limit_bytes", "The value of --memory-limit-bytes.");
}

inline Gauge& build_info(Metrics& metrics, const char* version, const char* librdkafka) {
  return metrics.gauge("freshet_build_info", "Always 1. The labels are the versions.",
                       {{"version", version}, {"librdkafka", librdkafka}});
}

}  // namespace freshet::app
