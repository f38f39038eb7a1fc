#include "supervisor/renewal_timer.h"

#include <fmt/format.h>

#include "supervisor/backoff.h"
#include "supervisor/schedule.h"

namespace freshet::supervisor {
namespace {

constexpr BackoffPolicy kAfterFailure{.initial = std::chrono::seconds(5), .cap = std::chrono::minutes(5)};

bool same(const RenewalOptions& a, const RenewalOptions& b) {
  return a.enabled == b.enabled && a.interval == b.interval;
}

}  // namespace

RenewalTimer::RenewalTimer(RenewalPlan& plan, RenewalDesk& desk, Clock& clock, Log& log, double jitter, double chance,
                           SteadyTime begun)
    : plan_(plan),
      desk_(desk),
      clock_(clock),
      log_(log),
      jitter_(jitter),
      chance_(chance),
      begun_(begun),
      thread_([this](std::stop_token stop) { watch(stop); }) {}

void RenewalTimer::watch(std::stop_token stop) {
  RenewalOptions options = plan_.get();
  SteadyTime due = renewal_due(begun_, begun_, options.interval, jitter_, chance_);
  Backoff backoff(kAfterFailure);
  while (true) {
    const SteadyTime deadline = options.enabled ? due : never(clock_.steady_now());
    const RenewalOptions next = plan_.wait(options, deadline, stop);
    if (stop.stop_requested()) return;
    const SteadyTime now = clock_.steady_now();
    if (!same(next, options)) {
      due = renewal_due(begun_, now, next.interval, jitter_, chance_);
      log_change(options, next, due);
      options = next;
      continue;
    }
    options = next;
    if (!options.enabled || now < due) continue;
    const auto asked = desk_.ask(RenewalReason::Timer, fmt::format("every {} s", options.interval.count()));
    const auto report = desk_.wait(asked.number, never(now), stop);
    if (!report) return;
    // The one that was joined made this session; otherwise this session is over.
    if (report->result == RenewalResult::Renewed && !asked.joined) return;
    if (report->result != RenewalResult::Renewed) due = clock_.steady_now() + backoff.next(Duration::zero(), chance_);
  }
}

void RenewalTimer::log_change(const RenewalOptions& from, const RenewalOptions& to, SteadyTime due) const {
  const double left = std::chrono::duration<double>(due - clock_.steady_now()).count();
  log_.info("renewal_timer_changed", {{"enabled_old", from.enabled},
                                      {"enabled", to.enabled},
                                      {"interval_old", from.interval.count()},
                                      {"interval", to.interval.count()},
                                      {"due_in_seconds", to.enabled ? left : -1.0}});
}

}  // namespace freshet::supervisor
