#include "supervisor/backoff.h"

#include <algorithm>

namespace freshet::supervisor {

Duration Backoff::next(Duration consumer_lived, double uniform01) {
  if (consumer_lived >= policy_.cap) failures_ = 0;
  const uint32_t doublings = std::min<uint32_t>(failures_++, 20);
  const Duration full = std::min(policy_.cap, policy_.initial * (int64_t{1} << doublings));
  const double share = 1.0 - policy_.jitter * uniform01;
  return Duration(static_cast<int64_t>(static_cast<double>(full.count()) * share));
}

}  // namespace freshet::supervisor
