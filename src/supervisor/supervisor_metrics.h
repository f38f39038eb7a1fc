// The metrics of this module. docs/metrics.md says how to react to each.
#pragma once

#include "base/metrics.h"

namespace freshet::supervisor {

struct RenewalMetrics {
  explicit RenewalMetrics(Metrics& m)
      : registry(m),
        pause_seconds(m.histogram("freshet_renewal_pause_seconds",
                                  "Time from the last message of a consumer to the first message of the next one.",
                                  latency_buckets())),
        consumer_age_seconds(m.gauge("freshet_consumer_age_seconds", "Age of the running Kafka consumer.")),
        reconnects(m.counter("freshet_consumer_reconnects_total", "Kafka consumers created after the first one.")) {}

  Counter& renewals(const char* reason, const char* mode, const char* result) const {
    return registry.counter("freshet_renewals_total", "Renewals of the Kafka consumer.",
                            {{"reason", reason}, {"mode", mode}, {"result", result}});
  }

  Metrics& registry;
  Histogram& pause_seconds;
  Gauge& consumer_age_seconds;
  Counter& reconnects;
};

struct WatchdogMetrics {
  explicit WatchdogMetrics(Metrics& m)
      : partitions_stuck(m.gauge("freshet_partitions_stuck", "Partitions with lag that deliver nothing.")),
        refetches(actions(m, "refetch")),
        renewals(actions(m, "renew")) {}

  Gauge& partitions_stuck;
  Counter& refetches;
  Counter& renewals;

 private:
  static Counter& actions(Metrics& metrics, const char* action) {
    return metrics.counter("freshet_watchdog_actions_total", "Actions of the progress watchdog.", {{"action", action}});
  }
};

// Of the renewal timer.
inline Counter& periodic_restarts(Metrics& metrics) {
  return metrics.counter("freshet_periodic_restarts_total",
                         "Intervals after which the timer requested a new consumer.");
}

}  // namespace freshet::supervisor
