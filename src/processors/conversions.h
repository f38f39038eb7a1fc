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

// Milliseconds of the whole seconds in `seconds`; none outside what the reference can hold.
std::optional<int64_t> origin_from_seconds(double seconds);

uint16_t clamp_retention(std::optional<uint16_t> days, const SnubaEnvironment& environment);

}  // namespace freshet::processors
