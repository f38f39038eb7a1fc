// The live option eap_items_drop_invalid_timestamps of older Snuba (docs/snuba-data-sets.md, 9).
#pragma once

#include <array>
#include <cstdint>

#include "processors/data_sets/eap_items/eap_item_types.h"
#include "processors/environment.h"
#include "processors/values/generated_values.h"

namespace freshet::processors {

// Threads: one.
class FarTimeFilter {
 public:
  // Returns the counter of refused items of this type.
  using CounterOf = Counter& (*)(Metrics& metrics, const char* item_type, bool is_future);
  FarTimeFilter(bool june, const ProcessorEnvironment& environment, const GeneratedValues& values,
                CounterOf counter_of);

  // Reads the option.
  void begin_chunk();
  // True if the item's time is too far from the chunk's time; counts it.
  bool refuses(int64_t event_seconds, int32_t item_type);

 private:
  const bool june_;
  const ProcessorEnvironment environment_;
  const GeneratedValues& values_;
  const CounterOf counter_of_;
  bool on_ = false;
  std::array<Counter*, 2 * kEapItemTypes.size()> refused_{};  // created on first use
};

}  // namespace freshet::processors
