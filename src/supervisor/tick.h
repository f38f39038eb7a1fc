// Quantised rebalance (contract 13): members join and leave on the same tick of the wall clock, so that a deployment is
// one rebalance and not one for each member.
#pragma once

#include "base/clock.h"
#include "supervisor/renewal_plan.h"

namespace freshet::supervisor {

// One wait for the next tick, looked at by those who have other things to do meanwhile: the first join, a stop, and a
// renewal that leaves the group. It follows the live option. Threads: one; blocks nobody.
class TickWait {
 public:
  TickWait(Clock& clock, const RenewalPlan& plan);

  // True once the tick has come, or there is none to wait for.
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
