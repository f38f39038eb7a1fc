// The delay before the next Kafka consumer after a failed one.
#pragma once

#include <cstdint>

#include "base/clock.h"

namespace freshet::supervisor {

struct BackoffPolicy {
  Duration initial = std::chrono::seconds(1);
  Duration cap = std::chrono::seconds(60);
  double jitter = 0.2;  // 0..1: share of the delay that may be subtracted at random
};

// Doubles from `initial` to `cap`; a consumer that lived for `cap` counts as a success and starts over.
// `uniform01`: a random number from [0, 1).
class Backoff {
 public:
  explicit Backoff(BackoffPolicy policy) : policy_(policy) {}
  Duration next(Duration consumer_lived, double uniform01);

 private:
  BackoffPolicy policy_;
  uint32_t failures_ = 0;
};

}  // namespace freshet::supervisor
