#include "supervisor/renewal_timer.h"

#include <fmt/format.h>

#include <utility>

#include "supervisor/schedule.h"
#include "supervisor/supervisor_events.h"
#include "supervisor/supervisor_metrics.h"

namespace freshet::supervisor {
namespace {

constexpr BackoffPolicy kAfterFailure{.initial = std::chrono::seconds(5), .cap = std::chrono::minutes(5)};

bool same(const RenewalOptions& a, const RenewalOptions& b) {
  return a.enabled == b.enabled && a.interval == b.interval;
}

}  // namespace

RenewalTimer::RenewalTimer(RenewalPlan& plan, RenewalRequests& requests, Clock& clock, Log& log, Metrics& metrics,
                           double jitter)
    : plan_(plan),
      requests_(requests),
      log_(log),
      intervals_(periodic_restarts(metrics)),
      jitter_(jitter),
      backoff_(kAfterFailure) {
  consumer_started(clock.steady_now(), 0);
}

void RenewalTimer::consumer_started(SteadyTime now, double uniform01) {
  begun_ = now;
  uniform01_ = uniform01;
  options_ = plan_.get();
  due_ = renewal_due(begun_, begun_, options_.interval, jitter_, uniform01_);
  backoff_ = Backoff(kAfterFailure);
  asked_.reset();
  counted_ = false;
  over_ = false;
}

void RenewalTimer::poll(SteadyTime now) {
  const RenewalOptions options = plan_.get();
  if (!same(options, options_)) {
    due_ = renewal_due(begun_, now, options.interval, jitter_, uniform01_);
    log_change(options_, options, now);
  }
  options_ = options;
  if (asked_) read_answer(now);
  if (asked_ || over_ || !options_.enabled || now < due_) return;
  asked_ = requests_.request(RenewalReason::Timer, fmt::format("every {} s", options_.interval.count()));
  if (!std::exchange(counted_, true)) intervals_.add();
}

void RenewalTimer::read_answer(SteadyTime now) {
  const auto report = requests_.last();
  if (!report || report->number < asked_->number) return;
  const bool coalesced = std::exchange(asked_, std::nullopt)->coalesced;
  if (report->result != RenewalResult::Renewed) {
    due_ = now + backoff_.next(Duration::zero(), uniform01_);
  } else {
    over_ = !coalesced;  // the request that it was coalesced with may have created this consumer
  }
}

std::optional<SteadyTime> RenewalTimer::deadline() const {
  if (asked_ || over_ || !options_.enabled) return std::nullopt;
  return due_;
}

void RenewalTimer::log_change(const RenewalOptions& from, const RenewalOptions& to, SteadyTime now) const {
  const double left = to_seconds(due_ - now);
  log_.emit(RenewalTimerChanged{from.enabled, to.enabled, from.interval.count(), to.interval.count(),
                                to.enabled ? left : -1.0});
}

}  // namespace freshet::supervisor
