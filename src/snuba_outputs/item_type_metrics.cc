#include "snuba_outputs/item_type_metrics.h"

namespace freshet::snuba_outputs {

void ItemTypeMetrics::stored(const SealedBatch& batch, SystemTime) {
  for (const auto& chunk : batch.chunks) {
    for (const TypeTotals& type : chunk->stats.types) {
      metrics_.stored_items(type.label).add(type.count);
      metrics_.stored_item_bytes(type.label).add(type.bytes);
    }
  }
}

}  // namespace freshet::snuba_outputs
