// The older generation's option eap_items_drop_invalid_timestamps (spec of EAPItemsProcessor, 13.4; contract 15.2).
#pragma once

#include <array>
#include <cstdint>

#include "processors/eap_item_types.h"
#include "processors/environment.h"

namespace freshet::processors {

// Threads: one.
class FarTimeFilter {
 public:
  // `metric` lives for ever; counts what is refused, by type of item and direction.
  FarTimeFilter(bool june, const ProcessorEnvironment& environment, const char* metric);

  // Reads the clock and the option.
  void begin_chunk();
  int64_t now_ms() const { return now_ms_; }
  // Whether an item of this time is too far from now, which is counted.
  bool refuses(int64_t event_seconds, int32_t item_type);

 private:
  const bool june_;
  const ProcessorEnvironment environment_;
  const char* const metric_;
  bool on_ = false;
  int64_t now_ms_ = 0;
  std::array<Counter*, 2 * kEapItemTypes.size()> refused_{};  // made when first needed
};

}  // namespace freshet::processors
