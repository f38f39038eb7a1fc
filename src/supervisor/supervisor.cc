#include "supervisor/supervisor.h"

#include <utility>

#include "supervisor/supervisor_events.h"

namespace freshet::supervisor {

Supervisor::Supervisor(Clock& clock, Log& log, BackoffPolicy backoff, std::function<double()> uniform01,
                       RunSession run_session, WaitBetween wait)
    : clock_(clock),
      log_(log),
      backoff_(backoff),
      uniform01_(std::move(uniform01)),
      run_session_(std::move(run_session)),
      wait_(std::move(wait)) {}

void Supervisor::run(std::stop_token stop) {
  bool member_already = false;
  for (uint64_t number = 1; member_already || !stop.stop_requested(); ++number) {
    const SteadyTime begun = clock_.steady_now();
    const SessionOutcome outcome = run_session_(number, stop);
    const Duration lived = clock_.steady_now() - begun;
    log_.emit(SessionEnded{number, name_of(outcome), error_of(outcome), std::chrono::duration<double>(lived).count()});
    if (std::holds_alternative<SessionStopped>(outcome)) return;
    const auto* renewed = std::get_if<SessionRenewed>(&outcome);
    member_already = renewed != nullptr && renewed->member_already;
    const auto* failed = std::get_if<SessionFailed>(&outcome);
    if (failed != nullptr && !wait_after(*failed, lived, stop)) return;
  }
}

bool Supervisor::wait_after(const SessionFailed& failure, Duration lived, std::stop_token stop) {
  const Duration delay = (failure.fenced_by_other ? fenced_backoff_ : backoff_).next(lived, uniform01_());
  log_.emit(SessionBackoff{failure.error, std::chrono::duration<double>(delay).count()});
  wait_(clock_.steady_now() + delay, stop);
  return !stop.stop_requested();
}

}  // namespace freshet::supervisor
