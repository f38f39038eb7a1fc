// The values of counters.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/metrics.h"

namespace freshet::testkit {

// The sum over all labels; 0 if there is no such counter.
inline uint64_t counter_total(Metrics& metrics, std::string_view name) {
  uint64_t total = 0;
  metrics.visit([&](const Metrics::Family& family) {
    if (family.name != name) return;
    for (const auto& sample : family.samples) total += sample.counter->value();
  });
  return total;
}

}  // namespace freshet::testkit
