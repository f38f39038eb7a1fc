#include "snuba_outputs/item_type_metrics.h"

#include <gtest/gtest.h>

namespace freshet::snuba_outputs {
namespace {

TEST(ItemTypeMetricsTest, SumsTheChunksOfStoredBatches) {
  Metrics metrics;
  ItemTypeMetrics observer(metrics);
  SealedBatch batch;
  for (int i = 0; i < 2; ++i) {
    auto chunk = std::make_shared<ProcessedChunk>();
    chunk->stats.types = {{"span", 2, 100}, {"log", 1, 7}};
    batch.chunks.push_back(std::move(chunk));
  }
  observer.sealed(batch, {});
  observer.stored(batch, {});
  const auto value = [&](const char* name, const char* type) {
    return metrics.counter(name, "", {{"item_type", type}}).value();
  };
  EXPECT_EQ(value("freshet_stored_items_total", "span"), 4u);
  EXPECT_EQ(value("freshet_stored_item_bytes_total", "span"), 200u);
  EXPECT_EQ(value("freshet_stored_items_total", "log"), 2u);
  EXPECT_EQ(value("freshet_stored_item_bytes_total", "log"), 14u);
}

}  // namespace
}  // namespace freshet::snuba_outputs
