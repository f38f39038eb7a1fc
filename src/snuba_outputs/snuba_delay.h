// How long Snuba's consumer waits before it sends the same insert again.
#pragma once

#include <cstdint>
#include <optional>
#include <random>

#include "base/clock.h"
#include "model/options.h"

namespace freshet::snuba_outputs {

// The reference's delays before the first further attempts (docs/snuba.md): initial * 2^k, with a jitter of half the
// factor up and down, in whole milliseconds. Threads: one at a time.
class SnubaDelay {
 public:
  explicit SnubaDelay(uint64_t seed) : random_(seed) {}
  // `failures`: number of failed attempts, from 1. Empty if the policy allows no further attempt.
  std::optional<Duration> next(const InsertOptions& policy, uint32_t failures);

 private:
  std::mt19937_64 random_;
};

}  // namespace freshet::snuba_outputs
