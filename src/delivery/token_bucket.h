// A sustained rate with a burst.
#pragma once

#include "base/clock.h"

namespace freshet::delivery {

// Threads: one at a time.
class TokenBucket {
 public:
  // Full at first. `per_second` 0: no limit.
  TokenBucket(double per_second, double burst, SteadyTime now);

  // False: no token is left.
  bool take(SteadyTime now);
  void fill(SteadyTime now);
  // Another limit fills the bucket. False: it is the same limit.
  bool set_limit(double per_second, double burst, SteadyTime now);
  double per_second() const { return per_second_; }

 private:
  double per_second_;
  double burst_;
  double tokens_;
  SteadyTime refilled_at_;
};

}  // namespace freshet::delivery
