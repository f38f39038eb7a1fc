#include "supervisor/tick.h"

#include "supervisor/schedule.h"

namespace freshet::supervisor {

TickWait::TickWait(Clock& clock, const RenewalPlan& plan) : clock_(&clock), plan_(&plan) { look_at(plan.get().tick); }

bool TickWait::over() {
  if (over_ || clock_->steady_now() >= deadline_) return over_ = true;
  const std::chrono::seconds tick = plan_->get().tick;
  if (tick != tick_) look_at(tick);
  return over_;
}

void TickWait::look_at(std::chrono::seconds tick) {
  tick_ = tick;
  const Duration left = until_tick(clock_->system_now(), tick);
  deadline_ = clock_->steady_now() + left;
  over_ = left == Duration::zero();
}

}  // namespace freshet::supervisor
