#include "stream/pipeline_state.h"

#include "stream/null_offset_gate.h"

namespace freshet::stream {
namespace {

// Rows that wait for batches of their partitions may take this share of the memory; the rest is for what is read and
// inserted meanwhile.
constexpr uint64_t kShareThatWaits = 4;

}  // namespace

PipelineState::PipelineState(StreamSettings stream_settings, const LiveOptions& live_options, bool dead_letters,
                             std::unique_ptr<OffsetGate> offset_gate, StreamMetrics& stream_metrics, Log& stream_log,
                             SteadyTime now)
    : settings(std::move(stream_settings)),
      options(live_options),
      has_dead_letters(dead_letters),
      metrics(stream_metrics),
      log(stream_log),
      budget(std::make_shared<ByteBudget>(settings.memory_limit)),
      flow(budget),
      intake(budget, settings.concurrency, settings.source_keeps_messages, settings.source_queue_bytes),
      committer(settings.commit_interval),
      drain(settings.drain_timeout),
      batcher(TokenScope{{}, settings.topic, settings.consumer_group}, settings.delivery,
              settings.max_inserts_per_second,
              settings.delivery == Delivery::ExactlyOnce ? settings.memory_limit / kShareThatWaits : UINT64_MAX),
      batches(settings.batch_deadline),
      dlq(live_options, now),
      gate(offset_gate && !settings.skip_write ? std::move(offset_gate) : std::make_unique<NullOffsetGate>()) {
  metrics.in_flight_bytes_max.set(static_cast<double>(settings.memory_limit));
  totals.status.topic = settings.topic;
  totals.status.table = settings.table;
  totals.status.consumer_group = settings.consumer_group;
}

void PipelineState::begin(const std::shared_ptr<const SealedBatch>& batch) {
  for (const BatchPart& part : batch->parts) {
    if (TrackedPartition* partition = partitions.find(part.partition, part.assignment)) partition->batch_begins();
  }
  for (const auto& observer : observers) observer->sealed(*batch, totals.wall);
  gate->sealed(*batch);
  batches.add(batch);
}

}  // namespace freshet::stream
