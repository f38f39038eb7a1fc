// One log line a minute that says how the stream gets on, while it does.
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
  // To be told again and again. Logs `progress` (rows, rows_per_second, lag, dead_letters) once a minute at most, and
  // nothing for a minute in which nothing was stored, dead-lettered or left to be read.
  void observe(const StreamStatus& status, SteadyTime now, Log& log);

 private:
  SteadyTime last_;
  uint64_t rows_ = 0;
  uint64_t dead_letters_ = 0;
};

}  // namespace freshet::stream
