// Conversions that several data sets share (docs/snuba-data-sets.md, 7).
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>

#include "ports/processor.h"
#include "processors/processors_settings.h"

namespace freshet::processors {

// Truncates toward zero and saturates; NaN is 0.
template <typename Int>
Int saturated(double value) {
  using Limits = std::numeric_limits<Int>;
  // 2^bits is exact as a double, the type's maximum is not.
  constexpr double kAbove = static_cast<double>(Int{1} << (Limits::digits - 1)) * 2;
  if (value >= kAbove) return Limits::max();
  if (value <= static_cast<double>(Limits::min())) return Limits::min();
  return std::isnan(value) ? 0 : static_cast<Int>(value);
}
inline uint32_t to_u32(double value) { return saturated<uint32_t>(value); }
inline uint64_t to_u64(double value) { return saturated<uint64_t>(value); }
inline int64_t to_i64(double value) { return saturated<int64_t>(value); }

// Seconds to ticks of a DateTime64(6): multiplies as doubles, then truncates, as Snuba does.
inline uint64_t microseconds(double seconds) { return to_u64(seconds * 1e6); }

// For ProcessResult::origin_timestamp_ms: kNoTimestamp where Snuba cannot represent the time.
inline int64_t origin_from_seconds(int64_t seconds) {
  return seconds < -8334601228800 || seconds > 8210266876799 ? kNoTimestamp : seconds * 1000;
}
inline int64_t origin_from_seconds(double seconds) { return origin_from_seconds(to_i64(seconds)); }
// None if the time is outside the range that Snuba can represent.
std::optional<int64_t> in_calendar(std::optional<int64_t> seconds);

uint16_t clamp_retention(const std::optional<uint16_t>& days, const SnubaEnvironment& environment);

}  // namespace freshet::processors
