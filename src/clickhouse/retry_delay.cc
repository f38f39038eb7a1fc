#include "clickhouse/retry_delay.h"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace freshet::clickhouse {

using std::chrono::milliseconds;

Duration RetryDelay::next(ErrorClass error_class) {
  if (error_class != last_) failures_ = 0;  // another trouble: the earlier waiting says nothing about it
  last_ = error_class;
  const milliseconds first(error_class == ErrorClass::Overload ? 500 : 100);
  const milliseconds cap(error_class == ErrorClass::Operator ? 60'000 : 10'000);
  const milliseconds full = std::min(cap, first * (int64_t{1} << std::min<uint32_t>(failures_, 16)));
  if (failures_ < 16) ++failures_;
  std::uniform_real_distribution<double> share(0.75, 1.0);
  return std::chrono::duration_cast<Duration>(full * share(random_));
}

std::optional<Duration> SnubaDelay::next(const InsertOptions& policy, uint32_t failures) {
  if (failures > policy.max_retries) return std::nullopt;
  double jitter = 0;
  if (policy.retry_jitter_factor > 0) {
    const double half = policy.retry_jitter_factor / 2;
    jitter = std::uniform_real_distribution<double>(-half, half)(random_);
  }
  const double ms = policy.retry_initial_backoff_ms * std::ldexp(1.0, static_cast<int>(failures) - 1) * (1 + jitter);
  constexpr double kLongest = 3'600'000;  // an hour, whatever is configured
  return milliseconds(std::llround(std::clamp(ms, 0.0, kLongest)));
}

}  // namespace freshet::clickhouse
