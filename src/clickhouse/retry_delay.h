// Exponential backoff with jitter for inserts.
#pragma once

#include <cstdint>
#include <random>

#include "base/clock.h"
#include "clickhouse/error_table.h"

namespace freshet::clickhouse {

// Doubles from 100 ms (Overload: 500 ms) up to 10 s (Operator: 60 s). The last quarter of each delay is random, so that
// writers do not retry at the same time. Threads: one at a time.
class RetryDelay {
 public:
  explicit RetryDelay(uint64_t seed) : random_(seed) {}
  Duration next(ErrorClass error_class);
  void reset() { failures_ = 0; }

 private:
  std::mt19937_64 random_;
  ErrorClass last_ = ErrorClass::Transient;
  uint32_t failures_ = 0;
};

}  // namespace freshet::clickhouse
