// Asks for the next session when the interval of the running one is over.
#pragma once

#include <stop_token>
#include <thread>

#include "base/clock.h"
#include "base/log.h"
#include "supervisor/renewal_desk.h"
#include "supervisor/renewal_plan.h"

namespace freshet::supervisor {

// One for each session: made when it begins, destroyed (which ends and joins its thread) before the next one's is made.
// Takes changes of the plan on the running session. A renewal that fails is asked for again after a back-off.
class RenewalTimer {
 public:
  // `jitter`: share of the interval, 0..1; `chance`: uniform in [0, 1), drawn for this session. `begun`: when the
  // session began. The references outlive the timer.
  RenewalTimer(RenewalPlan& plan, RenewalDesk& desk, Clock& clock, Log& log, double jitter, double chance,
               SteadyTime begun);

 private:
  void watch(std::stop_token stop);
  void log_change(const RenewalOptions& from, const RenewalOptions& to, SteadyTime due) const;

  RenewalPlan& plan_;
  RenewalDesk& desk_;
  Clock& clock_;
  Log& log_;
  const double jitter_;
  const double chance_;
  const SteadyTime begun_;
  std::jthread thread_;
};

}  // namespace freshet::supervisor
