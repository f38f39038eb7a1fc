#include "outcomes/outcome_latency.h"

namespace freshet::outcomes {

void OutcomeLatency::observe(const SealedBatch& batch, const char* at, SystemTime now) {
  TimestampSummary broker;
  for (const auto& chunk : batch.chunks) broker.merge(chunk->stats.broker);
  if (broker.count == 0) return;
  metrics_.latency(at, "mean").observe(broker.mean_age_seconds(now));
  metrics_.latency(at, "max").observe(broker.max_age_seconds(now));
}

}  // namespace freshet::outcomes
