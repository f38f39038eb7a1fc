#include "supervisor/supervisor.h"

#include <utility>

namespace freshet::supervisor {

Supervisor::Supervisor(Clock& clock, Log& log, BackoffPolicy backoff, std::function<double()> chance,
                       RunSession run_session)
    : clock_(clock), log_(log), backoff_(backoff), chance_(std::move(chance)), run_session_(std::move(run_session)) {}

void Supervisor::run(std::stop_token stop) {
  for (uint64_t number = 1; !stop.stop_requested(); ++number) {
    const SteadyTime begun = clock_.steady_now();
    const SessionEnd end = run_session_(number, stop);
    const Duration lived = clock_.steady_now() - begun;
    log_.info("session_ended", {{"session", number},
                                {"outcome", to_string(end.outcome)},
                                {"reason", end.reason},
                                {"seconds", std::chrono::duration<double>(lived).count()}});
    if (end.outcome == RunOutcome::Stop) return;
    if (end.outcome == RunOutcome::Fail && !wait_after_failure(end, lived, stop)) return;
  }
}

bool Supervisor::wait_after_failure(const SessionEnd& end, Duration lived, std::stop_token stop) {
  const Duration delay = backoff_.next(lived, chance_());
  log_.warn("session_backoff", {{"reason", end.reason}, {"seconds", std::chrono::duration<double>(delay).count()}});
  return sleep_interruptibly(clock_, stop, delay);
}

}  // namespace freshet::supervisor
