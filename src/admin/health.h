// Alive and ready, decided from what the stream shows. Pure logic.
#pragma once

#include <string>

#include "base/clock.h"
#include "model/status.h"

namespace freshet::admin {

struct HealthStatus {
  bool ok = false;
  std::string reason;  // for a person; "" when ok
};

// Alive: the loop turned lately. A ClickHouse or Kafka that is down does not make a process unhealthy: killing it would
// not help. `last_turn` zero: not yet; then the time since `started` counts.
HealthStatus health(SteadyTime now, SteadyTime started, SteadyTime last_turn);

// Progress, as in Snuba's health check `snuba` with `experimental_healthcheck` (docs/snuba.md, Health): since the last
// call offsets were committed, or no messages arrived and backpressure holds none back. Threads: one at a time; call it
// regularly.
class Progress {
 public:
  HealthStatus assess(const StreamStatus& status);

 private:
  uint64_t consumed_ = 0;
  int64_t committed_ = 0;
};

// Ready: positions move, or there is nothing to do. Threads: one at a time; ask it regularly.
class Readiness {
 public:
  HealthStatus assess(SteadyTime now, const StreamStatus& status);

 private:
  uint64_t progress_ = 0;  // sum of what moves
  SteadyTime moved_at_{};
};

}  // namespace freshet::admin
