// The metrics of this module. docs/metrics.md says how to react to each.
#pragma once

#include <string>

#include "base/metrics.h"

namespace freshet::snuba_outputs {

// Each metric exists from its first value on.
struct SnubaOutputsMetrics {
  explicit SnubaOutputsMetrics(Metrics& m) : registry(m) {}

  // `topic`: the name of a side topic. `result`: success or failed.
  Counter& side_records(const char* topic, const char* result) const {
    return registry.counter("freshet_side_records_total", "Records produced to the side topics.",
                            {{"topic", topic}, {"result", result}});
  }
  Counter& stored_items(const std::string& item_type) const {
    return registry.counter("freshet_stored_items_total", "Stored items by type.", {{"item_type", item_type}});
  }
  Counter& stored_item_bytes(const std::string& item_type) const {
    return registry.counter("freshet_stored_item_bytes_total", "Payload bytes of stored items by type.",
                            {{"item_type", item_type}});
  }
  // `status`: the HTTP status, or network_error. `attempt`: a number up to `max_attempts`, then "later".
  Counter& insert_failed_attempts(const std::string& status, bool timed_out, const std::string& attempt,
                                  const std::string& max_attempts) const {
    return registry.counter("freshet_insert_failed_attempts_total", "Failed insert attempts by HTTP status.",
                            {{"status", status},
                             {"timeout", timed_out ? "true" : "false"},
                             {"attempt", attempt},
                             {"max_attempts", max_attempts}});
  }

  Metrics& registry;
};

// Messages by whether they contain something like an IPv4 address.
struct Ipv4Metrics {
  explicit Ipv4Metrics(Metrics& m)
      : with(messages(m, "true")), without(messages(m, "false")), invalid_payload(messages(m, "invalid_payload")) {}

  Counter& with;
  Counter& without;
  Counter& invalid_payload;

 private:
  static Counter& messages(Metrics& metrics, const char* outcome) {
    return metrics.counter("freshet_ipv4_pattern_messages_total",
                           "Messages by whether they contain something like an IPv4 address.", {{"outcome", outcome}});
  }
};

}  // namespace freshet::snuba_outputs
