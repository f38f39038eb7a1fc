// Requests a renewal when the interval of the running consumer has passed.
#pragma once

#include <optional>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "supervisor/backoff.h"
#include "supervisor/renewal_plan.h"
#include "supervisor/renewal_requests.h"

namespace freshet::supervisor {

// Applies option changes to the running consumer. Repeats a failed renewal after a backoff. Increments
// freshet_periodic_restarts_total once per interval that ended with a request, even if one was already open, and not
// once per attempt. Threads: the consumer loop's.
class RenewalTimer {
 public:
  // `jitter`: share of the interval, 0..1. The references must outlive the timer.
  RenewalTimer(RenewalPlan& plan, RenewalRequests& requests, Clock& clock, Log& log, Metrics& metrics, double jitter);

  // A consumer starts. `uniform01`: a random number from [0, 1), generated once per consumer.
  void consumer_started(SteadyTime now, double uniform01);
  // Call once per loop iteration.
  void poll(SteadyTime now);
  // When poll() is due; none = only when something else changes.
  std::optional<SteadyTime> deadline() const;

 private:
  void read_answer(SteadyTime now);
  void log_change(const RenewalOptions& from, const RenewalOptions& to, SteadyTime now) const;

  RenewalPlan& plan_;
  RenewalRequests& requests_;
  Log& log_;
  Counter& intervals_;
  const double jitter_;
  double uniform01_ = 0;
  RenewalOptions options_;
  SteadyTime begun_{};
  SteadyTime due_{};
  Backoff backoff_;
  std::optional<RenewalRequests::Requested> asked_;  // not answered yet
  bool counted_ = false;                             // the interval of this consumer was counted
  bool over_ = false;                                // this consumer was renewed and requests nothing more
};

}  // namespace freshet::supervisor
