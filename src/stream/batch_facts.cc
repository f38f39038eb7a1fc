#include "stream/batch_facts.h"

#include <algorithm>

namespace freshet::stream {
namespace {

void observe(const TimestampSummary& summary, const char* of, double now_ms, StreamMetrics& metrics) {
  if (summary.count == 0) return;
  const double mean = now_ms - summary.sum_ms / static_cast<double>(summary.count);
  const double oldest = now_ms - static_cast<double>(summary.min_ms);
  metrics.latency(of, "mean").observe(std::max(0.0, mean) / 1000);
  metrics.latency(of, "max").observe(std::max(0.0, oldest) / 1000);
}

}  // namespace

void count_facts(const SealedBatch& batch, SystemTime now, StreamMetrics& metrics) {
  TimestampSummary broker;
  TimestampSummary origin;
  TimestampSummary received;
  for (const auto& chunk : batch.chunks) {
    broker.merge(chunk->facts.broker);
    origin.merge(chunk->facts.origin);
    received.merge(chunk->facts.received);
    for (const ItemTypeCount& type : chunk->facts.item_types) {
      metrics.item_count(type.item_type).add(type.count);
      metrics.item_bytes(type.item_type).add(type.bytes);
    }
  }
  const double now_ms = std::chrono::duration<double, std::milli>(now.time_since_epoch()).count();
  observe(broker, "broker", now_ms, metrics);
  observe(origin, "origin", now_ms, metrics);
  observe(received, "received", now_ms, metrics);
  metrics.batch_rows.set(static_cast<double>(batch.row_count));
  metrics.batch_bytes.set(static_cast<double>(batch.row_bytes));
}

}  // namespace freshet::stream
