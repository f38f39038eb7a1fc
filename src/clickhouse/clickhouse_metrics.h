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
  Counter& verified;
  Counter& incomplete;

  explicit ClickHouseMetrics(Metrics& metrics)
      : registry(metrics),
        insert_seconds(metrics.histogram("freshet_insert_seconds",
                                         "Duration of one insert attempt, from the request to the response.",
                                         latency_buckets())),
        compressed_bytes(
            metrics.counter("freshet_insert_compressed_bytes_total", "Compressed bytes of acknowledged inserts.")),
        unverified(metrics.counter("freshet_inserts_unverified_total",
                                   "Inserts acknowledged after an attempt with an unknown outcome, on a table that "
                                   "deduplicates and is not replicated, whose rows could not be counted.")),
        verified(counted(metrics, "complete")),
        incomplete(counted(metrics, "incomplete")) {}

  // Low cardinality: the error classes, and the codes that occur in practice.
  Counter& errors(const char* error_class, int code) const {
    return registry.counter("freshet_insert_errors_total",
                            "Failed insert attempts by ClickHouse's error code. Code 0 is a network error.",
                            {{"class", error_class}, {"code", std::to_string(code)}});
  }
  // Low cardinality: the codes that occur in practice.
  Counter& sent_as_json(int code) const {
    return registry.counter("freshet_inserts_sent_as_json_total",
                            "Inserts of typed rows that were sent as JSONEachRow because the server, or a proxy before "
                            "it, refused the Native format, by ClickHouse's error code or the proxy's HTTP status.",
                            {{"code", std::to_string(code)}});
  }

 private:
  static Counter& counted(Metrics& metrics, const char* result) {
    return metrics.counter("freshet_inserts_counted_total",
                           "Inserts acknowledged after an attempt with an unknown outcome, whose rows were counted in "
                           "the table. The missing rows of an incomplete one are inserted again.",
                           {{"result", result}});
  }
};

}  // namespace freshet::clickhouse
