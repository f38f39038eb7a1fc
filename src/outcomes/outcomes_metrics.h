// The metrics of this module. docs/metrics.md says how to react to each.
#pragma once

#include <cstdint>
#include <string>

#include "base/metrics.h"

namespace freshet::outcomes {

// Each metric exists from its first value on.
struct OutcomesMetrics {
  explicit OutcomesMetrics(Metrics& m) : registry(m) {}

  Counter& messages(uint32_t data_category) const {
    return registry.counter("freshet_accepted_outcomes_messages_total",
                            "Counts read from trace items, by data category.", of(data_category));
  }
  Counter& quantity(uint32_t data_category) const {
    return registry.counter("freshet_accepted_outcomes_quantity_total",
                            "Sum of the quantities of accepted outcomes, by data category.", of(data_category));
  }
  Counter& buckets(uint32_t data_category) const {
    return registry.counter("freshet_accepted_outcomes_buckets_total", "Outcome records produced, by data category.",
                            of(data_category));
  }
  // Only duplicates of spans are recognised.
  Counter& duplicates() const {
    return registry.counter("freshet_accepted_outcomes_duplicates_total",
                            "Repeated trace items, which are counted once.", {{"item_type", "span"}});
  }
  Histogram& produce_seconds() const {
    return registry.histogram("freshet_accepted_outcomes_produce_seconds",
                              "Time from the first record of a batch to the last acknowledgement.", latency_buckets());
  }
  // `at`: flush (the batch is sealed) or produce (the broker has its records). `stat`: mean or max of a batch.
  Histogram& latency(const char* at, const char* stat) const {
    return registry.histogram("freshet_accepted_outcomes_latency_seconds",
                              "Age of the messages of a batch when it is sealed and when it is acknowledged.",
                              {0.1, 0.3, 1, 3, 10, 30, 60, 300, 1800, 3600, 21600, 86400},
                              {{"at", at}, {"stat", stat}});
  }

  Metrics& registry;

 private:
  static Labels of(uint32_t data_category) { return {{"data_category", std::to_string(data_category)}}; }
};

}  // namespace freshet::outcomes
