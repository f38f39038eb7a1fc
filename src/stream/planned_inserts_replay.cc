// PlannedInserts: what the last owners of the partitions had planned is inserted again.
#include <algorithm>
#include <string>
#include <utility>

#include "stream/planned_inserts.h"
#include "stream/stream_events.h"

namespace freshet::stream {
namespace {

// The server's code and text are not in the plan.
const RejectedMessage kRejectedBefore{0, 0, 0, "rejected before the partition changed its owner"};

bool one_layout(const ProcessedChunk& one, const ProcessedChunk& other) {
  return one.layout == other.layout || *one.layout == *other.layout;
}

}  // namespace

void PlannedInserts::replay(SteadyTime now) {
  for (auto& [id, partition] : state_.partitions) {
    if (!partition.replay.active() || !partition.state.batches()) continue;
    if (const auto end = partition.replay.take_truncation(now)) {
      partition.plan.end_at(*end);
      state_.metrics.guarantee_ended("truncated").add();
      state_.log.emit(PlanTruncated{state_.settings.topic, id.value, end->value});
    }
    while (auto rebuilt = partition.replay.take(partition.offsets.next_to_leave())) {
      replay_span(partition, *std::move(rebuilt), now);
    }
  }
}

void PlannedInserts::replay_span(TrackedPartition& partition, PartitionReplay::Rebuilt rebuilt, SteadyTime now) {
  if (rebuilt.span.state == SpanState::Planned) return replay_planned(partition, std::move(rebuilt), now);
  if (rebuilt.chunks.empty()) return;
  const OffsetRange offsets{rebuilt.chunks.front()->offsets.first, rebuilt.chunks.back()->offsets.last};
  auto batch = state_.batcher.seal_span(std::move(rebuilt.chunks), offsets, 0, now);
  state_.begin(batch);
  BatchResult known{batch, true, {}, 0, {}};
  known.stored_before = rebuilt.span.state == SpanState::Stored;
  if (rebuilt.span.state == SpanState::Rejected) {
    const BatchMessages messages(*batch);
    for (size_t i = 0; i < messages.count(); ++i) {
      const auto [chunk, message] = messages.place(i);
      known.rejected.push_back(kRejectedBefore);
      known.rejected.back().chunk = chunk;
      known.rejected.back().message = message;
    }
  }
  outcomes_.result(std::move(known), now);
}

// The rows of one insert have one layout. If the processor changed, the rows of the span may have several.
void PlannedInserts::replay_planned(TrackedPartition& partition, PartitionReplay::Rebuilt rebuilt, SteadyTime now) {
  const PlannedSpan& span = rebuilt.span;
  if (rebuilt.chunks.empty()) {
    if (span.rows > 0) changed(partition, span, 0);
    return partition.plan.stored(span.offsets);
  }
  std::vector<std::shared_ptr<const SealedBatch>> batches;
  Offset first = span.offsets.first;
  for (auto begin = rebuilt.chunks.begin(); begin != rebuilt.chunks.end();) {
    const auto end =
        std::find_if(begin, rebuilt.chunks.end(), [&](const auto& one) { return !one_layout(*one, **begin); });
    const Offset last = end == rebuilt.chunks.end() ? span.offsets.last : (*(end - 1))->offsets.last;
    batches.push_back(state_.batcher.seal_span({begin, end}, {first, last}, span.salt, now));
    first = last.next();
    begin = end;
  }
  if (batches.size() > 1) {
    std::vector<PlannedSpan> pieces;
    for (const auto& batch : batches) {
      const OffsetRange& offsets = batch->spans.front().offsets;
      pieces.push_back({offsets, SpanState::Planned, batch->row_count, batch->token_hash, span.salt});
    }
    changed(partition, span, batches.front()->row_count);
    partition.plan.split(span.offsets, pieces);
  } else if (batches.front()->token_hash != span.token_hash) {
    changed(partition, span, batches.front()->row_count);
    partition.plan.replace(span.offsets, batches.front()->row_count, batches.front()->token_hash, span.salt);
  }
  for (auto& batch : batches) {
    state_.begin(batch);
    const OffsetRange offsets = batch->spans.front().offsets;
    if (batch->row_count == 0) {
      partition.plan.stored(offsets);
      outcomes_.result({std::move(batch), true, {}, 0, {}}, now);
      continue;
    }
    PlannedPiece& piece = insert(partition, std::move(batch));
    piece.maybe_stored = true;
    piece.salt = span.salt;
  }
}

// The messages, the processor or its options are not what they were: rows of the earlier insert may be in the table.
void PlannedInserts::changed(const TrackedPartition& partition, const PlannedSpan& span, uint64_t rows) {
  state_.metrics.guarantee_ended("rows_changed").add();
  state_.log.emit(PlannedRowsChanged{state_.settings.topic, partition.partition.value, span.offsets.first.value,
                                     span.offsets.last.value, span.rows, rows});
}

}  // namespace freshet::stream
