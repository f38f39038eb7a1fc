// The life of a batch: sealed, stored, or blocked until an operator decides.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/message_text.h"
#include "stream/batch_stats.h"
#include "stream/dlq_context.h"
#include "stream/pipeline.h"
#include "stream/stream_events.h"

namespace freshet::stream {

// --- sealed ---------------------------------------------------------------------------------------------------------

// Everything is paused and no batch in flight will release memory: no further rows will arrive for the batch.
bool Pipeline::no_more_rows_come() const {
  // Work that was handed back needs room, which only the queued rows can make.
  return batches_.active() == 0 && work_.stands_still() &&
         std::all_of(partitions_.begin(), partitions_.end(),
                     [&](const auto& entry) { return !entry.second.state.owned() || paused(entry.second); });
}

void Pipeline::seal_batches(SteadyTime now, Commands& commands) {
  if (!may_seal()) return;
  const size_t slots = size_t{2} * options_.clickhouse_concurrency;
  const bool flush = drain_.draining();
  while (!batcher_.empty() &&
         (flush || (batches_.active() < slots && batcher_.due(options_, now, no_more_rows_come())))) {
    seal_one(now, commands);
  }
}

void Pipeline::seal_one(SteadyTime now, Commands& commands) {
  metrics_.batch_age_seconds.observe(to_seconds(now - batcher_.oldest()));
  std::shared_ptr<const SealedBatch> batch = batcher_.seal(options_, now);
  for (const BatchPart& part : batch->parts) {
    if (TrackedPartition* partition = partitions_.find(part.partition, part.assignment)) partition->batch_begins();
  }
  for (const auto& observer : observers_) observer->sealed(*batch, wall_);
  gate_->sealed(*batch);
  batches_.add(batch);
  if (batch->row_count == 0) return on_batch({std::move(batch), true, {}, 0, {}}, now);  // nothing to insert
  commands.batches.push_back(std::move(batch));
}

// --- stored, or not -------------------------------------------------------------------------------------------------

void Pipeline::on_batch(BatchResult result, SteadyTime now) {
  if (!result.blocked.empty()) return block_batch(std::move(result), now);
  const SealedBatch& batch = *result.batch;
  batches_.finish(batch.id);
  for (const BatchPart& part : batch.parts) {
    if (TrackedPartition* partition = partitions_.find(part.partition, part.assignment)) partition->batch_ends();
  }
  if (batch.row_count > 0 && result.inserts > 0) {
    metrics_.batch_write_seconds(result.written).observe(to_seconds(result.took));
  }
  if (!result.written) return;
  unblock_written(batch);
  uint64_t rows = batch.row_count;
  uint64_t bytes = batch.row_bytes;
  std::vector<std::vector<Offset>> refused(batch.chunks.size());
  for (const RefusedMessage& message : result.refused) {
    const MessageRows& lost = batch.chunks[message.chunk]->messages[message.message];
    refused[message.chunk].push_back(lost.offset);
    rows -= lost.row_count;
    bytes -= lost.rows_size;
  }
  count_written(batch, rows, bytes, now);
  for (size_t c = 0; c < batch.chunks.size(); ++c) {
    TrackedPartition* partition = partitions_.find(batch.chunks[c]->partition, batch.chunks[c]->assignment);
    if (partition != nullptr) partition->offsets.rows_refused(batch.chunks[c]->sequence, refused[c]);
  }
  OffsetGate::Finished finished;
  gate_->stored(result.batch, wall_, finished);
  finish_stored(finished);
  for (const RefusedMessage& message : result.refused) {
    const ProcessedChunk& chunk = *batch.chunks[message.chunk];
    TrackedPartition* partition = partitions_.find(chunk.partition, chunk.assignment);
    if (partition == nullptr) continue;
    auto dead_letter =
        std::make_shared<DeadLetterRecord>(decode_dlq_context(chunk, chunk.messages[message.message], settings_.topic));
    dead_letter->reason_code = "refused_by_table";
    dead_letter->reason = fmt::format("ClickHouse refuses the row (code {}): {}", message.code, message.text);
    dead_letter->charge = Charge(budget_, dead_letter->bytes());
    add_dead_letter(std::move(dead_letter), *partition);
  }
}

void Pipeline::finish_stored(const OffsetGate::Finished& finished) {
  for (const auto& part : finished.parts) {
    TrackedPartition* partition = partitions_.find(part.partition, part.assignment);
    if (partition == nullptr) continue;  // stored, but another owner commits it: it is read and stored again
    for (const uint64_t chunk : part.chunks) partition->offsets.batch_finished(chunk);
  }
  for (const auto& record : finished.records) {
    TrackedPartition* partition = partitions_.find(record.partition, record.assignment);
    if (partition == nullptr) continue;
    partition->offsets.side_record_finished(record.offset);
  }
}

void Pipeline::count_written(const SealedBatch& batch, uint64_t rows, uint64_t bytes, SteadyTime now) {
  count_stats(batch, wall_, metrics_);
  for (const auto& observer : observers_) observer->stored(batch, wall_);
  if (batch.row_count == 0) return;
  if (totals_.batches_written == 0) {
    log_.emit(FirstBatchStored{settings_.topic, settings_.table, rows, bytes});
  }
  totals_.rows_written += rows;
  totals_.bytes_written += bytes;
  ++totals_.batches_written;
  metrics_.rows.add(rows);
  metrics_.bytes.add(bytes);
  metrics_.batches.add();
  batcher_.recover(now);
  metrics_.batch_slowdown.set(batcher_.slowed());
}

void Pipeline::on_insert_failure(uint64_t batch, const InsertFailure& failure, SteadyTime now) {
  totals_.last_insert_error = failure.text;
  totals_.last_insert_error_at = wall_;
  batches_.failed(batch, failure, settings_.destination.system.c_str());
  if (failure.blocked) {
    log_.emit(BatchRejected{settings_.topic, batches_.spans(batch), failure.code, failure.text});
  }
  if (failure.failure_class != InsertFailure::Class::Overload) return;
  batcher_.slow_down(now);
  metrics_.batch_slowdown.set(batcher_.slowed());
}

// Otherwise they would be retried, and occupy a writer, for as long as ClickHouse is unavailable or rejects them.
void Pipeline::abandon_orphans(Commands& commands) {
  if (!std::exchange(dropped_, false)) return;
  const auto orphans = batches_.take_orphans(
      [&](const BatchPart& part) { return partitions_.find(part.partition, part.assignment) != nullptr; });
  for (const uint64_t id : orphans) {
    if (batches_.blocked(id).empty()) {
      commands.abandon.push_back(id);
      continue;
    }
    give_up_blocked(id);
  }
  if (commands.abandon.empty()) return;
  log_.emit(BatchesDropped{settings_.topic, commands.abandon.size()});
}

// --- blocked --------------------------------------------------------------------------------------------------------

// Releases the writer. The batch's partitions deliver nothing until it is resolved: after a restart, no more rows can
// be stored twice than are in flight now.
void Pipeline::block_batch(BatchResult result, SteadyTime now) {
  const std::shared_ptr<const SealedBatch> batch = result.batch;
  bool alive = false;
  for (const BatchPart& part : batch->parts) {
    TrackedPartition* const partition = partitions_.find(part.partition, part.assignment);
    if (partition == nullptr) continue;
    partition->batch_ends();
    alive = true;
  }
  if (!alive) return give_up_blocked(batch->id);
  const BlockedPiece first = result.blocked.front();
  batches_.block(std::move(result), settings_.table.empty() ? "the table" : settings_.table, now);
  const std::string& reason = batches_.last_failure_of(batch->id);
  totals_.last_insert_error = message_text(first.text);
  totals_.last_insert_error_at = wall_;
  log_.emit(BatchBlocked{settings_.topic, batches_.spans(batch->id), first.code, reason});
  for (const BatchPart& part : batch->parts) {
    TrackedPartition* partition = partitions_.find(part.partition, part.assignment);
    if (partition != nullptr) partition->blocks.add(BlockReason::BatchBlocked, reason);
  }
}

// The new owners of its partitions send its rows again.
void Pipeline::give_up_blocked(uint64_t batch) {
  log_.emit(BlockedBatchDropped{settings_.topic, batches_.spans(batch)});
  batches_.finish(batch);
}

void Pipeline::write_again(uint64_t id, Commands& commands) {
  BatchTask task = batches_.unblock(id);
  for (const BatchPart& part : task.batch->parts) {
    if (TrackedPartition* partition = partitions_.find(part.partition, part.assignment)) partition->batch_begins();
  }
  commands.again.push_back(std::move(task));
}

void Pipeline::unblock_written(const SealedBatch& batch) {
  for (const BatchPart& part : batch.parts) {
    TrackedPartition* partition = partitions_.find(part.partition, part.assignment);
    if (partition == nullptr) continue;
    if (!batches_.delays(part.partition)) unblock(*partition, BlockReason::BatchBlocked);
    if (const auto next = batches_.blocked_with(part.partition)) {
      partition->blocks.set_text(BlockReason::BatchBlocked, batches_.last_failure_of(*next));
    }
  }
}

bool Pipeline::is_blocked_by_batch(Partition id) const {
  const TrackedPartition* partition = partitions_.find(id);
  return partition != nullptr && partition->state.owned() && batches_.blocked_with(id) &&
         partition->blocks.only(BlockReason::BatchBlocked);
}

Result<SkipResult> Pipeline::resolve(Partition partition, std::optional<Resolution> resolution, SteadyTime now,
                                     Commands& commands) {
  const TrackedPartition* const owned = partitions_.find(partition);
  if (owned == nullptr || !owned->state.owned()) {
    return failure(ErrorKind::Invalid, fmt::format("partition {} is not owned by this process", partition.value));
  }
  const auto id = batches_.blocked_with(partition);
  if (!id) {
    return failure(ErrorKind::Invalid, fmt::format("no blocked batch has rows of partition {}", partition.value));
  }
  const std::vector<BlockedPiece> pieces = batches_.blocked(*id);
  const auto stored = [](const BlockedPiece& piece) { return piece.why == Blocked::MaybeStored; };
  const bool maybe_stored = std::any_of(pieces.begin(), pieces.end(), stored);
  if (resolution == Resolution::Stored && !maybe_stored) {
    return failure(ErrorKind::Invalid,
                   fmt::format("nothing of the batch with rows of partition {} can be stored: its "
                               "insert is too large; POST /skip it without a resolution to give the "
                               "message up, or with \"retry\"",
                               partition.value));
  }
  if (!resolution && maybe_stored) {
    return failure(ErrorKind::Invalid, batches_.last_failure_of(*id));
  }
  SkipResult done;
  done.partition = partition;
  done.resolved = resolution;
  done.batch = !resolution;
  BatchTask left = batches_.unblock(*id);
  left.open.clear();
  for (const BlockedPiece& piece : pieces) {
    if (stored(piece)) done.resolved_rows += piece.rows;
    if (stored(piece) && resolution == Resolution::Stored) continue;
    if (!resolution && piece.piece.end - piece.piece.begin == 1) {
      left.refused.push_back(refused_message(*left.batch, piece));
    } else {
      left.open.push_back(piece.piece);
    }
  }
  log_.emit(BatchResolved{settings_.topic, batches_.spans(*id),
                          !resolution                         ? "bad data"
                          : *resolution == Resolution::Stored ? "stored"
                                                              : "retry",
                          done.resolved_rows});
  for (const BatchPart& part : left.batch->parts) {
    if (TrackedPartition* one = partitions_.find(part.partition, part.assignment)) one->batch_begins();
  }
  if (!left.open.empty()) {
    commands.again.push_back(std::move(left));
  } else {
    on_batch({left.batch, true, std::move(left.refused), 0, {}, {}}, now);
  }
  return done;
}

}  // namespace freshet::stream
