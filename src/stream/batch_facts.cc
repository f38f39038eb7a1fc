#include "stream/batch_facts.h"

#include <algorithm>

namespace freshet::stream {
namespace {

double milliseconds(SystemTime time) {
  return std::chrono::duration<double, std::milli>(time.time_since_epoch()).count();
}

void observe(const TimestampSummary& summary, double now_ms, Histogram& mean, Histogram& oldest) {
  mean.observe(std::max(0.0, now_ms - summary.sum_ms / static_cast<double>(summary.count)) / 1000);
  oldest.observe(std::max(0.0, now_ms - static_cast<double>(summary.min_ms)) / 1000);
}

void observe(const TimestampSummary& summary, const char* of, double now_ms, StreamMetrics& metrics) {
  if (summary.count == 0) return;
  observe(summary, now_ms, metrics.latency(of, "mean"), metrics.latency(of, "max"));
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
  const double now_ms = milliseconds(now);
  observe(broker, "broker", now_ms, metrics);
  observe(origin, "origin", now_ms, metrics);
  observe(received, "received", now_ms, metrics);
  metrics.batch_rows.set(static_cast<double>(batch.row_count));
  metrics.batch_bytes.set(static_cast<double>(batch.row_bytes));
}

void count_outcome_latency(const SealedBatch& batch, const char* at, SystemTime now, StreamMetrics& metrics) {
  TimestampSummary broker;
  for (const auto& chunk : batch.chunks) broker.merge(chunk->facts.broker);
  if (broker.count == 0) return;
  observe(broker, milliseconds(now), metrics.outcome_latency(at, "mean"), metrics.outcome_latency(at, "max"));
}

}  // namespace freshet::stream
