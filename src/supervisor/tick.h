// Quantised rebalances (docs/renewal.md, Joins and leaves on a clock tick): members join and leave on the same tick of
// the wall clock, so that a deployment causes one rebalance instead of one per member.
#pragma once

#include "base/clock.h"
#include "supervisor/renewal_plan.h"

namespace freshet::supervisor {

// A non-blocking wait for the next tick: before the first join, a stop, or a renewal that leaves the group. Applies
// changes of the live option. Threads: one.
class TickWait {
 public:
  TickWait(Clock& clock, const RenewalPlan& plan);

  // True once the tick has come, or if no tick is configured.
  bool over();
  SteadyTime deadline() const { return deadline_; }

 private:
  void look_at(std::chrono::seconds tick);

  Clock* clock_;
  const RenewalPlan* plan_;
  std::chrono::seconds tick_{0};
  SteadyTime deadline_{};
  bool over_ = false;
};

}  // namespace freshet::supervisor
