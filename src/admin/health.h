// Decides liveness and readiness from the state of the stream. No I/O.
#pragma once

#include <string>

#include "base/clock.h"
#include "model/status.h"

namespace freshet::admin {

struct HealthStatus {
  bool ok = false;
  std::string reason;  // for people; empty if ok
};

// Liveness: the main loop has run within the last 30 s. An outage of ClickHouse or Kafka does not make the process
// unhealthy, because a restart would not help. `last_turn` is zero before the first iteration; then the time since
// `started` counts.
HealthStatus health(SteadyTime now, SteadyTime started, SteadyTime last_turn);

// Progress as in Snuba's health check `snuba` with `experimental_healthcheck` (docs/snuba.md, Health): since the last
// call, offsets were committed, or no messages arrived and no partition is paused. Must be called regularly. Threads:
// one at a time.
class Progress {
 public:
  HealthStatus assess(const StreamStatus& status);

 private:
  uint64_t consumed_ = 0;
  int64_t committed_ = 0;
};

// Readiness: partitions are assigned, none is blocked, the process is not stopping or waiting for a dependency, and
// something has moved within the last 30 s, or since there was nothing to do. Must be called regularly. Threads: one at
// a time.
class Readiness {
 public:
  HealthStatus assess(SteadyTime now, const StreamStatus& status);

 private:
  uint64_t progress_ = 0;  // sum of all counters and positions that can move
  bool idle_ = true;       // at the last call
  SteadyTime moved_at_{};  // or idle for the last time
};

}  // namespace freshet::admin
