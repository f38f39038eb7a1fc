#include "supervisor/supervisor.h"

#include <utility>

namespace freshet::supervisor {

Supervisor::Supervisor(Clock& clock, Log& log, BackoffPolicy backoff, std::function<double()> chance,
                       RunSession run_session, WaitBetween wait)
    : clock_(clock),
      log_(log),
      backoff_(backoff),
      chance_(std::move(chance)),
      run_session_(std::move(run_session)),
      wait_(std::move(wait)) {}

void Supervisor::run(std::stop_token stop) {
  bool goes_on = false;
  for (uint64_t number = 1; goes_on || !stop.stop_requested(); ++number) {
    const SteadyTime begun = clock_.steady_now();
    const SessionEnd end = run_session_(number, stop);
    const Duration lived = clock_.steady_now() - begun;
    log_.info("session_ended", {{"session", number},
                                {"outcome", to_string(end.outcome)},
                                {"reason", end.reason},
                                {"seconds", std::chrono::duration<double>(lived).count()}});
    goes_on = end.goes_on;
    if (end.outcome == RunOutcome::Stop) return;
    if (end.outcome == RunOutcome::Fail && !wait_after_failure(end, lived, stop)) return;
  }
}

bool Supervisor::wait_after_failure(const SessionEnd& end, Duration lived, std::stop_token stop) {
  const Duration delay = (end.stolen ? stolen_backoff_ : backoff_).next(lived, chance_());
  log_.warn("session_backoff", {{"reason", end.reason}, {"seconds", std::chrono::duration<double>(delay).count()}});
  wait_(clock_.steady_now() + delay, stop);
  return !stop.stop_requested();
}

}  // namespace freshet::supervisor
