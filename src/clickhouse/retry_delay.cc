#include "clickhouse/retry_delay.h"

#include <algorithm>
#include <chrono>

namespace freshet::clickhouse {

using std::chrono::milliseconds;

Duration RetryDelay::next(ErrorClass error_class) {
  if (error_class != last_) failures_ = 0;  // another problem: the backoff restarts
  last_ = error_class;
  const milliseconds first(error_class == ErrorClass::Overload ? 500 : 100);
  const milliseconds cap(error_class == ErrorClass::Operator ? 60'000 : 10'000);
  const milliseconds full = std::min(cap, first * (int64_t{1} << std::min<uint32_t>(failures_, 16)));
  if (failures_ < 16) ++failures_;
  std::uniform_real_distribution<double> share(0.75, 1.0);
  return std::chrono::duration_cast<Duration>(full * share(random_));
}

}  // namespace freshet::clickhouse
