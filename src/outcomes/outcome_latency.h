// Metrics of the age of accepted outcomes, by broker timestamp.
#pragma once

#include "outcomes/outcomes_metrics.h"
#include "ports/batch_observer.h"

namespace freshet::outcomes {

// Observes a batch when it is sealed (`at` = flush) and when the broker has its records (`at` = produce).
class OutcomeLatency final : public BatchObserver {
 public:
  explicit OutcomeLatency(Metrics& metrics) : metrics_(metrics) {}
  void sealed(const SealedBatch& batch, SystemTime now) override { observe(batch, "flush", now); }
  void stored(const SealedBatch& batch, SystemTime now) override { observe(batch, "produce", now); }

 private:
  void observe(const SealedBatch& batch, const char* at, SystemTime now);
  const OutcomesMetrics metrics_;
};

}  // namespace freshet::outcomes
