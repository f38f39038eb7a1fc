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

// The rows have the format that they had before, so that they can be compared.
bool same_format(const PlannedSpan& span, const SealedBatch& batch) {
  return span.check && span.check->layout != 0 && span.check->layout == batch.plan_check.layout;
}

bool same_messages(const PlannedSpan& span, const SealedBatch& batch) {
  return span.check && span.check->messages == batch.plan_check.messages;
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

// The rows of one insert fit into one statement. If the columns changed, those of the span may need several.
void PlannedInserts::replay_planned(TrackedPartition& partition, PartitionReplay::Rebuilt rebuilt, SteadyTime now) {
  const PlannedSpan& span = rebuilt.span;
  if (rebuilt.chunks.empty()) {
    if (span.rows > 0) changed<PlannedMessagesChanged>(partition, span, 0, "messages_changed");
    return partition.plan.stored(span.offsets);
  }
  std::vector<std::shared_ptr<SealedBatch>> batches;
  Offset first = span.offsets.first;
  for (auto begin = rebuilt.chunks.begin(); begin != rebuilt.chunks.end();) {
    const auto end = std::find_if(begin, rebuilt.chunks.end(),
                                  [&](const auto& one) { return !fit_one_insert(*one->layout, *(*begin)->layout); });
    const Offset last = end == rebuilt.chunks.end() ? span.offsets.last : (*(end - 1))->offsets.last;
    batches.push_back(state_.batcher.seal_span({begin, end}, {first, last}, span.salt, now));
    first = last.next();
    begin = end;
  }
  bool other_rows = false;
  bool kept = false;
  if (batches.size() > 1) {
    replay_split(partition, span, batches);
  } else {
    other_rows = take_planned_token(partition, span, *batches.front());
    kept = batches.front()->token_hash == span.token_hash;
  }
  for (auto& batch : batches) {
    state_.begin(batch);
    const OffsetRange offsets = batch->spans.front().offsets;
    if (batch->row_count == 0) {
      partition.plan.stored(offsets);
      outcomes_.result({std::move(batch), true, {}, 0, {}}, now);
      continue;
    }
    const bool other_format = !same_format(span, *batch);
    PlannedPiece& piece = insert(partition, std::move(batch));
    piece.maybe_stored = kept;  // nobody has sent anything with a new token
    piece.other_format = other_format;
    piece.other_rows = other_rows;
    piece.salt = span.salt;
  }
}

void PlannedInserts::replay_split(TrackedPartition& partition, const PlannedSpan& span,
                                  const std::vector<std::shared_ptr<SealedBatch>>& batches) {
  std::vector<PlannedSpan> pieces;
  uint64_t rows = 0;
  for (const auto& batch : batches) {
    pieces.push_back({batch->spans.front().offsets, SpanState::Planned, batch->row_count, batch->token_hash, span.salt,
                      batch->plan_check});
    rows += batch->row_count;
  }
  changed<PlannedMessagesChanged>(partition, span, rows, "messages_changed");
  partition.plan.split(span.offsets, pieces);
}

// The same messages keep their token, whatever their rows look like now: the table may have those of the first insert.
// True: they keep it although another processor has made other rows of them.
bool PlannedInserts::take_planned_token(TrackedPartition& partition, const PlannedSpan& span, SealedBatch& batch) {
  if (batch.token_hash == span.token_hash) return false;
  if (!same_messages(span, batch)) {
    changed<PlannedMessagesChanged>(partition, span, batch.row_count, "messages_changed");
    partition.plan.replace(span.offsets, batch.row_count, batch.token_hash, span.salt, batch.plan_check);
    return false;
  }
  const bool other_rows = same_format(span, batch) || span.rows != batch.row_count;
  if (other_rows) changed<PlannedRowsChanged>(partition, span, batch.row_count, "rows_changed");
  InsertToken token = token_with_hash(state_.batcher.scope(), batch.spans, span.token_hash);
  batch.insert_token = std::move(token.text);
  batch.token_hash = token.hash;
  return other_rows;
}

template <typename Event>
void PlannedInserts::changed(const TrackedPartition& partition, const PlannedSpan& span, uint64_t rows,
                             const char* reason) {
  state_.metrics.guarantee_ended(reason).add();
  state_.log.emit(Event{state_.settings.topic, partition.partition.value, span.offsets.first.value,
                        span.offsets.last.value, span.rows, rows});
}

}  // namespace freshet::stream
