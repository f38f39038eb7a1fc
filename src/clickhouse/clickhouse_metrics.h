// The metrics of this module.
#pragma once

#include <string>

#include "base/metrics.h"

namespace freshet::clickhouse {

struct ClickHouseMetrics {
  Metrics& registry;
  Histogram& insert_seconds;
  Counter& compressed_bytes;
  Counter& unverified;

  explicit ClickHouseMetrics(Metrics& metrics)
      : registry(metrics),
        insert_seconds(metrics.histogram("freshet_insert_seconds",
                                         "Seconds of one insert attempt, from the request to its answer",
                                         latency_buckets())),
        compressed_bytes(metrics.counter("freshet_insert_compressed_bytes_total",
                                         "Bytes of acknowledged inserts as they were sent")),
        unverified(metrics.counter("freshet_inserts_unverified_total",
                                   "Inserts acknowledged after an attempt whose end is unknown, on a table that is not "
                                   "replicated and recognises repeats")) {}

  // Few distinct values: the classes, and the codes that servers use in practice.
  Counter& errors(const char* error_class, int code) const {
    return registry.counter("freshet_insert_errors_total", "Failed insert attempts; code 0 is no ClickHouse exception",
                            {{"class", error_class}, {"code", std::to_string(code)}});
  }
};

}  // namespace freshet::clickhouse
