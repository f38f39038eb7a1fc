#include "supervisor/supervisor.h"

#include <utility>

#include "supervisor/supervisor_events.h"

namespace freshet::supervisor {

Supervisor::Supervisor(Clock& clock, Log& log, BackoffPolicy backoff, std::function<double()> uniform01,
                       RunConsumer run_consumer, WaitBetween wait)
    : clock_(clock),
      log_(log),
      backoff_(backoff),
      uniform01_(std::move(uniform01)),
      run_consumer_(std::move(run_consumer)),
      wait_(std::move(wait)) {}

void Supervisor::run(std::stop_token stop) {
  bool member_already = false;
  for (uint64_t number = 1; member_already || !stop.stop_requested(); ++number) {
    const SteadyTime begun = clock_.steady_now();
    const ConsumerOutcome outcome = run_consumer_(number, stop);
    const Duration lived = clock_.steady_now() - begun;
    log_.emit(ConsumerEnded{number, name_of(outcome), error_of(outcome), to_seconds(lived)});
    if (std::holds_alternative<ConsumerStopped>(outcome)) return;
    const auto* renewed = std::get_if<ConsumerRenewed>(&outcome);
    member_already = renewed != nullptr && renewed->member_already;
    const auto* failed = std::get_if<ConsumerFailed>(&outcome);
    if (failed != nullptr && !wait_after(*failed, lived, stop)) return;
  }
}

bool Supervisor::wait_after(const ConsumerFailed& failure, Duration lived, std::stop_token stop) {
  const Duration delay = (failure.fenced_by_other ? fenced_backoff_ : backoff_).next(lived, uniform01_());
  log_.emit(ConsumerBackoff{failure.error, to_seconds(delay)});
  wait_(clock_.steady_now() + delay, stop);
  return !stop.stop_requested();
}

}  // namespace freshet::supervisor
