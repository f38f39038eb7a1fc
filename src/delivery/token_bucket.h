// A rate limit with bursts.
#pragma once

#include "base/clock.h"

namespace freshet::delivery {

// Threads: one at a time.
class TokenBucket {
 public:
  // Starts full. `per_second` 0 = no limit.
  TokenBucket(double per_second, double burst, SteadyTime now);

  // False if no token is left.
  bool take(SteadyTime now);
  void fill(SteadyTime now);
  // A new limit fills the bucket. False if the limit did not change.
  bool set_limit(double per_second, double burst, SteadyTime now);
  double per_second() const { return per_second_; }

 private:
  double per_second_;
  double burst_;
  double tokens_;
  SteadyTime refilled_at_;
};

}  // namespace freshet::delivery
