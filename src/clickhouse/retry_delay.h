// How long to wait before the same insert is sent again.
#pragma once

#include <cstdint>
#include <random>

#include "base/clock.h"
#include "clickhouse/error_table.h"

namespace freshet::clickhouse {

// Threads: one at a time. Doubles from 100 ms (overload: 500 ms) to 10 s, for the operator's errors to 60 s; the last
// quarter of each delay is random, so that many writers do not come back at once.
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
