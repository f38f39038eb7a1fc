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
  // Call often. Logs `progress` (what was consumed, stored and dead-lettered, what failed, the lag) at most once a
  // minute, and not if nothing of that happened in that minute and there is no lag.
  void observe(const StreamStatus& status, SteadyTime now, Log& log);

 private:
  struct Counts {
    uint64_t messages = 0;
    uint64_t rows = 0;
    uint64_t dead_letters = 0;
    uint64_t insert_errors = 0;
    uint64_t kafka_errors = 0;

    static Counts of(const StreamStatus& status);
    Counts operator-(const Counts& earlier) const;
    bool operator==(const Counts&) const = default;
  };

  SteadyTime last_;
  Counts counts_;
};

}  // namespace freshet::stream
