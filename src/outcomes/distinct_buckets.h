// The size of a batch of accepted outcomes: the number of records that it will produce.
#pragma once

#include <unordered_set>

#include "outcomes/aggregator.h"
#include "ports/batch_measure.h"

namespace freshet::outcomes {

struct BucketHash {
  size_t operator()(const Bucket& bucket) const noexcept;
};

class DistinctBuckets final : public BatchMeasure {
 public:
  explicit DistinctBuckets(int64_t interval_seconds) : interval_seconds_(interval_seconds) {}

  uint64_t add(const ProcessedChunk& chunk) override;
  void clear() override { seen_.clear(); }

 private:
  const int64_t interval_seconds_;
  std::unordered_set<Bucket, BucketHash> seen_;
};

}  // namespace freshet::outcomes
