// Metrics of stored items and their bytes, by type.
#pragma once

#include "base/metrics.h"
#include "ports/batch_observer.h"
#include "snuba_outputs/snuba_outputs_metrics.h"

namespace freshet::snuba_outputs {

class ItemTypeMetrics final : public BatchObserver {
 public:
  explicit ItemTypeMetrics(Metrics& metrics) : metrics_(metrics) {}
  void stored(const SealedBatch& batch, SystemTime now) override;

 private:
  const SnubaOutputsMetrics metrics_;
};

}  // namespace freshet::snuba_outputs
