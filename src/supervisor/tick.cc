#include "supervisor/tick.h"

#include "supervisor/schedule.h"

namespace freshet::supervisor {

TickWait::TickWait(Clock& clock, const RenewalPlan& plan) : clock_(clock), plan_(plan) { look_at(plan.get().tick); }

bool TickWait::over() {
  if (over_ || clock_.steady_now() >= deadline_) return over_ = true;
  const std::chrono::seconds tick = plan_.get().tick;
  if (tick != tick_) look_at(tick);
  return over_;
}

void TickWait::look_at(std::chrono::seconds tick) {
  tick_ = tick;
  const Duration left = until_tick(clock_.system_now(), tick);
  deadline_ = clock_.steady_now() + left;
  over_ = left == Duration::zero();
}

bool wait_for_tick(Clock& clock, RenewalPlan& plan, Log& log, std::string_view before, std::stop_token stop) {
  RenewalOptions seen = plan.get();
  TickWait wait(clock, plan);
  if (!wait.over()) {
    const auto left = std::chrono::duration<double>(wait.deadline() - clock.steady_now());
    log.info("waiting_for_tick", {{"before", before}, {"delay", seen.tick.count()}, {"seconds", left.count()}});
  }
  while (!stop.stop_requested() && !wait.over()) seen = plan.wait(seen, wait.deadline(), stop);
  return !stop.stop_requested();
}

}  // namespace freshet::supervisor
