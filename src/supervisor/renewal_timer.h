// Requests a renewal when the interval of the running consumer is over.
#pragma once

#include <optional>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "supervisor/backoff.h"
#include "supervisor/renewal_plan.h"
#include "supervisor/renewal_requests.h"

namespace freshet::supervisor {

// Applies changes of the plan to the running consumer. Requests a failed renewal again after a backoff. Counts
// freshet_periodic_restarts_total once for each interval at whose end it requested a renewal, also if one was requested
// already, but not for each attempt. Threads: the loop's.
class RenewalTimer {
 public:
  // `jitter`: share of the interval, 0..1. The references must outlive the timer.
  RenewalTimer(RenewalPlan& plan, RenewalRequests& requests, Clock& clock, Log& log, Metrics& metrics, double jitter);

  // A consumer begins. `uniform01`: a random number from [0, 1), one for each consumer.
  void consumer_started(SteadyTime now, double uniform01);
  // Call once per loop iteration.
  void poll(SteadyTime now);
  // When poll() is due; none = not before something else happens.
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
  bool counted_ = false;                             // for the interval of this consumer
  bool over_ = false;                                // it was renewed: this consumer requests nothing more
};

}  // namespace freshet::supervisor
