#include "outcomes/outcome_latency.h"

#include <gtest/gtest.h>

namespace freshet::outcomes {
namespace {

TEST(OutcomeLatencyTest, ObservesTheMeanAndTheOldestWhenABatchIsSealedAndWhenItIsStored) {
  Metrics metrics;
  OutcomeLatency latency(metrics);
  SealedBatch batch;
  auto chunk = std::make_shared<ProcessedChunk>();
  chunk->stats.broker.add(10'000);
  chunk->stats.broker.add(14'000);
  batch.chunks = {chunk};
  latency.sealed(batch, SystemTime(std::chrono::seconds(20)));
  latency.stored(batch, SystemTime(std::chrono::seconds(30)));
  latency.stored(SealedBatch(), SystemTime(std::chrono::seconds(40)));  // an empty batch: no observation
  const auto sum = [&](const char* at, const char* stat) {
    return metrics.histogram("freshet_accepted_outcomes_latency_seconds", "", {}, {{"at", at}, {"stat", stat}}).sum();
  };
  EXPECT_DOUBLE_EQ(sum("flush", "mean"), 8);
  EXPECT_DOUBLE_EQ(sum("flush", "max"), 10);
  EXPECT_DOUBLE_EQ(sum("produce", "mean"), 18);
  EXPECT_DOUBLE_EQ(sum("produce", "max"), 20);
}

}  // namespace
}  // namespace freshet::outcomes
