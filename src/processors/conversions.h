// Small conversions that several data sets share (common 5.2 and 5.5).
#pragma once

#include <cstdint>
#include <optional>

#include "processors/processors_settings.h"

namespace freshet::processors {

// Truncates toward zero and saturates; NaN is 0.
uint32_t to_u32(double value);
uint64_t to_u64(double value);
int64_t to_i64(double value);

// Seconds to ticks of a DateTime64(6): multiplied as doubles, then truncated, as the reference does it.
uint64_t microseconds(double seconds);

// Verdict::origin_timestamp_ms: kNoTimestamp outside what the reference can hold.
int64_t origin_from_seconds(double seconds);
int64_t origin_from_seconds(int64_t seconds);
// None for what is outside.
std::optional<int64_t> in_calendar(std::optional<int64_t> seconds);

uint16_t clamp_retention(std::optional<uint16_t> days, const SnubaEnvironment& environment);

}  // namespace freshet::processors
