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

inline Gauge& build_info(Metrics& metrics, const char* version, const char* librdkafka) {
  return metrics.gauge("freshet_build_info", "Always 1. The labels are the versions.",
                       {{"version", version}, {"librdkafka", librdkafka}});
}

}  // namespace freshet::app
