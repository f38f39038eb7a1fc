#include "stream/batch_stats.h"

namespace freshet::stream {
namespace {

void observe(const TimestampSummary& summary, const char* of, SystemTime now, StreamMetrics& metrics) {
  if (summary.count == 0) return;
  metrics.latency(of, "mean").observe(summary.mean_age_seconds(now));
  metrics.latency(of, "max").observe(summary.max_age_seconds(now));
}

}  // namespace

void count_stats(const SealedBatch& batch, SystemTime now, StreamMetrics& metrics) {
  TimestampSummary broker;
  TimestampSummary origin;
  TimestampSummary received;
  for (const auto& chunk : batch.chunks) {
    broker.merge(chunk->stats.broker);
    origin.merge(chunk->stats.origin);
    received.merge(chunk->stats.received);
  }
  observe(broker, "broker", now, metrics);
  observe(origin, "origin", now, metrics);
  observe(received, "received", now, metrics);
  metrics.batch_rows.set(static_cast<double>(batch.row_count));
  metrics.batch_bytes.set(static_cast<double>(batch.row_bytes));
  if (batch.row_count == 0) return;
  metrics.stored_batch_rows.observe(static_cast<double>(batch.row_count));
  metrics.stored_batch_bytes.observe(static_cast<double>(batch.row_bytes));
}

}  // namespace freshet::stream
