// How long Snuba's consumer waits before it retries an insert.
#pragma once

#include <cstdint>
#include <optional>
#include <random>

#include "base/clock.h"
#include "model/options.h"

namespace freshet::snuba_outputs {

// Snuba's delays before its retries (docs/snuba.md): initial * 2^k, in whole milliseconds, with a random jitter of up
// to half the factor in either direction. Threads: one at a time.
class SnubaDelay {
 public:
  explicit SnubaDelay(uint64_t seed) : random_(seed) {}
  // `failures` is the number of failed attempts, from 1. nullopt if the policy allows no further attempt.
  std::optional<Duration> next(const InsertOptions& policy, uint32_t failures);

 private:
  std::mt19937_64 random_;
};

}  // namespace freshet::snuba_outputs
