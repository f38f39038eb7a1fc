#include "outcomes/outcome_latency.h"

namespace freshet::outcomes {

void OutcomeLatency::observe(const SealedBatch& batch, const char* at, SystemTime now) {
  TimestampSummary broker;
  for (const auto& chunk : batch.chunks) broker.merge(chunk->stats.broker);
  if (broker.count == 0) return;
  const auto histogram = [&](const char* stat) -> Histogram& {
    return metrics_.histogram("freshet_accepted_outcomes_latency_seconds",
                              "Age of the messages of a batch when it is sealed and when it is acknowledged.",
                              {0.1, 0.3, 1, 3, 10, 30, 60, 300, 1800, 3600, 21600, 86400},
                              {{"at", at}, {"stat", stat}});
  };
  histogram("mean").observe(broker.mean_age_seconds(now));
  histogram("max").observe(broker.max_age_seconds(now));
}

}  // namespace freshet::outcomes
