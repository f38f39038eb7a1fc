#include "processors/values/conversions.h"

#include <cmath>
#include <limits>

#include "ports/processor.h"

namespace freshet::processors {
namespace {

template <typename T>
T saturate(double value) {
  if (std::isnan(value)) return 0;
  // 2^bits is exact as a double, the type's maximum is not.
  constexpr double kAbove =
      std::is_signed_v<T> ? 9223372036854775808.0 : static_cast<double>(T{1} << (sizeof(T) * 8 - 1)) * 2;
  if (value >= kAbove) return std::numeric_limits<T>::max();
  if (value <= static_cast<double>(std::numeric_limits<T>::min())) return std::numeric_limits<T>::min();
  return static_cast<T>(value);
}

}  // namespace

uint32_t to_u32(double value) { return saturate<uint32_t>(value); }
uint64_t to_u64(double value) { return saturate<uint64_t>(value); }
int64_t to_i64(double value) { return saturate<int64_t>(value); }

uint64_t microseconds(double seconds) { return to_u64(seconds * 1e6); }

int64_t origin_from_seconds(double seconds) { return origin_from_seconds(to_i64(seconds)); }

int64_t origin_from_seconds(int64_t seconds) {
  return seconds < -8334601228800 || seconds > 8210266876799 ? kNoTimestamp : seconds * 1000;
}

std::optional<int64_t> in_calendar(std::optional<int64_t> seconds) {
  return seconds && origin_from_seconds(*seconds) != kNoTimestamp ? seconds : std::nullopt;
}

uint16_t clamp_retention(std::optional<uint16_t> days, const SnubaEnvironment& environment) {
  const uint16_t wanted = days.value_or(environment.default_retention_days);
  if (environment.valid_retention_days.contains(wanted)) return wanted;
  return wanted <= environment.lower_retention_days ? environment.lower_retention_days
                                                    : environment.default_retention_days;
}

}  // namespace freshet::processors
