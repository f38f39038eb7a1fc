#include "snuba_outputs/snuba_delay.h"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace freshet::snuba_outputs {

using std::chrono::milliseconds;

std::optional<Duration> SnubaDelay::next(const InsertOptions& policy, uint32_t failures) {
  if (failures > policy.max_retries) return std::nullopt;
  double jitter = 0;
  if (policy.retry_jitter_factor > 0) {
    const double half = policy.retry_jitter_factor / 2;
    jitter = std::uniform_real_distribution<double>(-half, half)(random_);
  }
  const double ms = policy.retry_initial_backoff_ms * std::ldexp(1.0, static_cast<int>(failures) - 1) * (1 + jitter);
  constexpr double kLongest = 3'600'000;  // one hour, regardless of the options
  return milliseconds(std::llround(std::clamp(ms, 0.0, kLongest)));
}

}  // namespace freshet::snuba_outputs
