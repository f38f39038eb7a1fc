// Quantized rebalance (docs/renewal.md, Joins and leaves on a clock tick): members join and leave on the same tick of
// the wall clock, so that a deployment causes one rebalance instead of one for each member.
#pragma once

#include "base/clock.h"
#include "supervisor/renewal_plan.h"

namespace freshet::supervisor {

// A wait for the next tick that does not block: for the first join, a stop, and a renewal that leaves the group. It
// follows the live option. Threads: one.
class TickWait {
 public:
  TickWait(Clock& clock, const RenewalPlan& plan);

  // True once the tick has come, or if there is no tick to wait for.
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
