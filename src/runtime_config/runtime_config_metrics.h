// The metrics of this module. docs/metrics.md says how to react to each.
#pragma once

#include <string>

#include "base/metrics.h"

namespace freshet::runtime_config {

struct RuntimeConfigMetrics {
  explicit RuntimeConfigMetrics(Metrics& m)
      : registry(m),
        up(m.gauge("freshet_runtime_config_up", "1 if the store of live options can be read, else 0.")),
        read_seconds(m.histogram("freshet_runtime_config_read_seconds",
                                 "Duration of one read of the store of live options.", latency_buckets())) {}

  Counter& refused(const std::string& key) const {
    return registry.counter("freshet_runtime_config_refused_total", "Live options with a bad value.", {{"key", key}});
  }

  Metrics& registry;
  Gauge& up;
  Histogram& read_seconds;
};

}  // namespace freshet::runtime_config
