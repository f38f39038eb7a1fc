// Which errors the stream was told of: each at most once a minute for one partition.
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
  // Whether `error` is to be reported now; it then counts as reported. One that ends the consumer always is.
  bool is_due(const Error& error, int32_t partition, SteadyTime now);
  // The connections stand again: their errors are reported again when they come back. False: there were none.
  bool clear_connections();

 private:
  LogLimiter<std::pair<int, int32_t>> reported_;  // by code and partition
};

}  // namespace freshet::kafka
