// Conversions that several data sets share (docs/snuba-data-sets.md, 7).
#pragma once

#include <cstdint>
#include <optional>

#include "processors/processors_settings.h"

namespace freshet::processors {

// Truncates toward zero and saturates; NaN is 0.
uint32_t to_u32(double value);
uint64_t to_u64(double value);
int64_t to_i64(double value);

// Seconds to ticks of a DateTime64(6): multiplies as doubles, then truncates, as Snuba does.
uint64_t microseconds(double seconds);

// For ProcessResult::origin_timestamp_ms: kNoTimestamp where Snuba cannot represent the time.
int64_t origin_from_seconds(double seconds);
int64_t origin_from_seconds(int64_t seconds);
// None if the time is outside the range that Snuba can represent.
std::optional<int64_t> in_calendar(std::optional<int64_t> seconds);

uint16_t clamp_retention(std::optional<uint16_t> days, const SnubaEnvironment& environment);

}  // namespace freshet::processors
