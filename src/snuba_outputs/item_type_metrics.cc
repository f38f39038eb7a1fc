#include "snuba_outputs/item_type_metrics.h"

namespace freshet::snuba_outputs {

void ItemTypeMetrics::stored(const SealedBatch& batch, SystemTime) {
  for (const auto& chunk : batch.chunks) {
    for (const TypeTotals& type : chunk->stats.types) {
      const Labels labels = {{"item_type", type.label}};
      metrics_.counter("freshet_stored_items_total", "Stored items by type.", labels).add(type.count);
      metrics_.counter("freshet_stored_item_bytes_total", "Payload bytes of stored items by type.", labels)
          .add(type.bytes);
    }
  }
}

}  // namespace freshet::snuba_outputs
