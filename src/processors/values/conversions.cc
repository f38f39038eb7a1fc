#include "processors/values/conversions.h"

namespace freshet::processors {

std::optional<int64_t> in_calendar(std::optional<int64_t> seconds) {
  return seconds && origin_from_seconds(*seconds) != kNoTimestamp ? seconds : std::nullopt;
}

uint16_t clamp_retention(const std::optional<uint16_t>& days, const SnubaEnvironment& environment) {
  const uint16_t wanted = days.value_or(environment.default_retention_days);
  if (environment.valid_retention_days.contains(wanted)) return wanted;
  return wanted <= environment.lower_retention_days ? environment.lower_retention_days
                                                    : environment.default_retention_days;
}

}  // namespace freshet::processors
