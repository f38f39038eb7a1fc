// Limits how often errors are reported to the stream: each error once a minute per partition.
#pragma once

#include <cstdint>
#include <utility>

#include "base/clock.h"
#include "base/log_limiter.h"
#include "base/result.h"

namespace freshet::kafka {

inline constexpr int32_t kNoPartition = -1;  // an error of the whole client

// Threads: the loop only.
class ReportedErrors {
 public:
  // True if `error` is due to be reported; it then counts as reported. An error that ends the consumer is always due.
  bool is_due(const Error& error, int32_t partition, SteadyTime now);
  // The connections work again: their errors are reported again when they recur. False: no such error was reported.
  bool clear_connections();

 private:
  LogLimiter<std::pair<int, int32_t>> reported_;  // by code and partition
};

}  // namespace freshet::kafka
