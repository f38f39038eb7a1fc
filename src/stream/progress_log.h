// Logs the progress of a stream once a minute.
#pragma once

#include <cstdint>

#include "base/clock.h"
#include "base/log.h"
#include "model/status.h"

namespace freshet::stream {

// Threads: one.
class ProgressLog {
 public:
  explicit ProgressLog(SteadyTime now) : last_(now) {}
  // Call often. Logs `progress` (rows, rows_per_second, lag, dead_letters) at most once a minute, and not if in that
  // minute nothing was stored or dead-lettered and there is no lag.
  void observe(const StreamStatus& status, SteadyTime now, Log& log);

 private:
  SteadyTime last_;
  uint64_t rows_ = 0;
  uint64_t dead_letters_ = 0;
};

}  // namespace freshet::stream
