#include "delivery/token_bucket.h"

#include <algorithm>
#include <chrono>

namespace freshet::delivery {

TokenBucket::TokenBucket(double per_second, double burst, SteadyTime now)
    : per_second_(per_second), burst_(burst), tokens_(burst), refilled_at_(now) {}

bool TokenBucket::take(SteadyTime now) {
  if (per_second_ <= 0) return true;
  tokens_ = std::min(burst_, tokens_ + to_seconds(now - refilled_at_) * per_second_);
  refilled_at_ = now;
  if (tokens_ < 1) return false;
  tokens_ -= 1;
  return true;
}

void TokenBucket::fill(SteadyTime now) {
  tokens_ = burst_;
  refilled_at_ = now;
}

bool TokenBucket::set_limit(double per_second, double burst, SteadyTime now) {
  if (per_second == per_second_ && burst == burst_) return false;
  per_second_ = per_second;
  burst_ = burst;
  fill(now);
  return true;
}

}  // namespace freshet::delivery
