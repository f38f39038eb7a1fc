#include "stream/batch_outcomes.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/message_text.h"
#include "stream/batch_stats.h"
#include "stream/dlq_context.h"
#include "stream/stream_events.h"

namespace freshet::stream {
namespace {

bool maybe_stored(const BlockedPiece& piece) { return piece.why == Blocked::MaybeStored; }

const char* name_of(std::optional<Resolution> resolution) {
  if (!resolution) return "bad data";
  return *resolution == Resolution::Stored ? "stored" : "retry";
}

}  // namespace

// --- stored, or not -------------------------------------------------------------------------------------------------

void BatchOutcomes::result(BatchResult result, SteadyTime now) {
  if (!result.blocked.empty()) return block(std::move(result), now);
  const SealedBatch& batch = *result.batch;
  state_.batches.finish(batch.id);
  for (const BatchPart& part : batch.parts) {
    if (TrackedPartition* partition = state_.partitions.find(part.partition, part.assignment)) partition->batch_ends();
  }
  if (batch.row_count > 0 && result.inserts > 0) {
    state_.metrics.batch_write_seconds(result.written).observe(to_seconds(result.took));
  }
  if (!result.written) return;
  unblock_written(batch);
  uint64_t rows = batch.row_count;
  uint64_t bytes = batch.row_bytes;
  std::vector<std::vector<Offset>> rejected(batch.chunks.size());
  for (const RejectedMessage& message : result.rejected) {
    const MessageRows& lost = batch.chunks[message.chunk]->messages[message.message];
    rejected[message.chunk].push_back(lost.offset);
    rows -= lost.row_count;
    bytes -= lost.rows_size;
  }
  if (!result.stored_before) count_written(batch, rows, bytes, now);
  for (size_t c = 0; c < batch.chunks.size(); ++c) {
    TrackedPartition* partition = state_.partitions.find(batch.chunks[c]->partition, batch.chunks[c]->assignment);
    if (partition != nullptr) partition->offsets.rows_rejected(batch.chunks[c]->sequence, rejected[c]);
  }
  OffsetGate::Finished finished;
  state_.gate->stored(result.batch, state_.totals.wall, finished);
  finish(finished);
  for (const RejectedMessage& message : result.rejected) add_dead_letter(batch, message);
}

void BatchOutcomes::add_dead_letter(const SealedBatch& batch, const RejectedMessage& message) {
  const ProcessedChunk& chunk = *batch.chunks[message.chunk];
  TrackedPartition* partition = state_.partitions.find(chunk.partition, chunk.assignment);
  if (partition == nullptr) return;
  auto dead_letter = std::make_shared<DeadLetterRecord>(
      decode_dlq_context(chunk, chunk.messages[message.message], state_.settings.topic));
  dead_letter->reason_code = "rejected_by_table";
  dead_letter->reason = fmt::format("ClickHouse rejects the row (code {}): {}", message.code, message.text);
  dead_letter->charge = Charge(state_.budget, dead_letter->bytes());
  dead_letters_.add(std::move(dead_letter), *partition);
}

void BatchOutcomes::finish(const OffsetGate::Finished& finished) {
  for (const auto& part : finished.parts) {
    TrackedPartition* partition = state_.partitions.find(part.partition, part.assignment);
    if (partition == nullptr) continue;  // stored, but another owner commits it: it is read and stored again
    for (const uint64_t chunk : part.chunks) partition->offsets.batch_finished(chunk);
  }
  for (const auto& record : finished.records) {
    TrackedPartition* partition = state_.partitions.find(record.partition, record.assignment);
    if (partition == nullptr) continue;
    partition->offsets.side_record_finished(record.offset);
  }
}

void BatchOutcomes::count_written(const SealedBatch& batch, uint64_t rows, uint64_t bytes, SteadyTime now) {
  count_stats(batch, state_.totals.wall, state_.metrics);
  for (const auto& observer : state_.observers) observer->stored(batch, state_.totals.wall);
  if (batch.row_count == 0) return;
  if (state_.totals.status.batches_written == 0) {
    state_.log.emit(FirstBatchStored{state_.settings.topic, state_.settings.table, rows, bytes});
  }
  state_.totals.status.rows_written += rows;
  state_.totals.status.bytes_written += bytes;
  ++state_.totals.status.batches_written;
  state_.metrics.rows.add(rows);
  state_.metrics.bytes.add(bytes);
  state_.metrics.batches.add();
  state_.batcher.recover(now);
  state_.metrics.batch_slowdown.set(state_.batcher.slowed());
}

void BatchOutcomes::insert_failed(uint64_t batch, const InsertFailure& failure, SteadyTime now) {
  state_.totals.insert_failed(failure.text);
  state_.batches.failed(batch, failure, state_.settings.destination.system.c_str());
  if (failure.blocked) {
    state_.log.emit(
        BatchRejected{state_.settings.topic, state_.batches.offset_ranges(batch), failure.code, failure.text});
  }
  if (failure.failure_class != InsertFailure::Class::Overload) return;
  state_.batcher.slow_down(now);
  state_.metrics.batch_slowdown.set(state_.batcher.slowed());
}

void BatchOutcomes::abandon_unowned_batches(Commands& commands) {
  const auto unowned = state_.batches.take_unowned(
      [&](const BatchPart& part) { return state_.partitions.find(part.partition, part.assignment) != nullptr; });
  for (const uint64_t id : unowned) {
    if (state_.batches.blocked(id).empty()) {
      commands.abandon.push_back(id);
      continue;
    }
    drop_blocked(id);
  }
  if (commands.abandon.empty()) return;
  state_.log.emit(BatchesDropped{state_.settings.topic, commands.abandon.size()});
}

// --- blocked --------------------------------------------------------------------------------------------------------

// Releases the writer. The batch's partitions deliver nothing until it is resolved: after a restart, no more rows can
// be stored twice than are in flight now.
void BatchOutcomes::block(BatchResult result, SteadyTime now) {
  const std::shared_ptr<const SealedBatch> batch = result.batch;
  bool alive = false;
  for (const BatchPart& part : batch->parts) {
    TrackedPartition* const partition = state_.partitions.find(part.partition, part.assignment);
    if (partition == nullptr) continue;
    partition->batch_ends();
    alive = true;
  }
  if (!alive) return drop_blocked(batch->id);
  const BlockedPiece first = result.blocked.front();
  state_.batches.block(std::move(result), state_.settings.table.empty() ? "the table" : state_.settings.table,
                       state_.plans_inserts(), now);
  const std::string& reason = state_.batches.last_failure_of(batch->id);
  state_.totals.insert_failed(message_text(first.text));
  state_.log.emit(BatchBlocked{state_.settings.topic, state_.batches.offset_ranges(batch->id), first.code, reason});
  for (const BatchPart& part : batch->parts) {
    TrackedPartition* partition = state_.partitions.find(part.partition, part.assignment);
    if (partition != nullptr) partition->blocks.add(BlockReason::BatchBlocked, reason);
  }
}

// The new owners of its partitions send its rows again.
void BatchOutcomes::drop_blocked(uint64_t batch) {
  state_.log.emit(BlockedBatchDropped{state_.settings.topic, state_.batches.offset_ranges(batch)});
  state_.batches.finish(batch);
}

void BatchOutcomes::retry_due(SteadyTime now, Commands& commands) {
  for (const uint64_t batch : state_.batches.due_again(now)) write_again(batch, commands);
}

void BatchOutcomes::write_again(uint64_t id, Commands& commands) {
  BatchTask task = state_.batches.unblock(id);
  for (const BatchPart& part : task.batch->parts) {
    if (TrackedPartition* partition = state_.partitions.find(part.partition, part.assignment))
      partition->batch_begins();
  }
  send_again(std::move(task), commands);
}

void BatchOutcomes::send_again(BatchTask task, Commands& commands) {
  if (task.batch->planned) {
    state_.unblocked.push_back(std::move(task));
  } else {
    commands.again.push_back(std::move(task));
  }
}

void BatchOutcomes::unblock_written(const SealedBatch& batch) {
  for (const BatchPart& part : batch.parts) {
    TrackedPartition* partition = state_.partitions.find(part.partition, part.assignment);
    if (partition == nullptr) continue;
    if (!state_.batches.delays(part.partition)) blocked_.unblock(*partition, BlockReason::BatchBlocked);
    if (const auto next = state_.batches.blocked_with(part.partition)) {
      partition->blocks.set_text(BlockReason::BatchBlocked, state_.batches.last_failure_of(*next));
    }
  }
}

bool BatchOutcomes::blocks(Partition id) const {
  const TrackedPartition* partition = state_.partitions.find(id);
  return partition != nullptr && partition->state.owned() && state_.batches.blocked_with(id) &&
         partition->blocks.only(BlockReason::BatchBlocked);
}

Status BatchOutcomes::may_resolve(Partition partition, std::optional<Resolution> resolution) const {
  const TrackedPartition* const owned = state_.partitions.find(partition);
  if (owned == nullptr || !owned->state.owned()) {
    return failure(ErrorKind::Invalid, fmt::format("partition {} is not owned by this process", partition.value));
  }
  const auto id = state_.batches.blocked_with(partition);
  if (!id) {
    return failure(ErrorKind::Invalid, fmt::format("no blocked batch has rows of partition {}", partition.value));
  }
  const auto& pieces = state_.batches.blocked(*id);
  const bool any_stored = std::any_of(pieces.begin(), pieces.end(), maybe_stored);
  if (resolution == Resolution::Stored && !any_stored) {
    return failure(ErrorKind::Invalid,
                   fmt::format("nothing of the batch with rows of partition {} can be stored: its "
                               "insert is too large; POST /skip it without a resolution to drop the "
                               "message as bad data, or with \"retry\"",
                               partition.value));
  }
  if (!resolution && any_stored) return failure(ErrorKind::Invalid, state_.batches.last_failure_of(*id));
  return {};
}

Result<SkipResult> BatchOutcomes::resolve(Partition partition, std::optional<Resolution> resolution, SteadyTime now,
                                          Commands& commands) {
  if (const Status may = may_resolve(partition, resolution); !may) return tl::make_unexpected(may.error());
  const uint64_t id = *state_.batches.blocked_with(partition);
  const std::vector<BlockedPiece> pieces = state_.batches.blocked(id);
  SkipResult done;
  done.partition = partition;
  done.resolved = resolution;
  done.batch = !resolution;
  BatchTask left = state_.batches.unblock(id);
  left.open.clear();
  for (const BlockedPiece& piece : pieces) {
    if (maybe_stored(piece)) done.resolved_rows += piece.rows;
    if (maybe_stored(piece) && resolution == Resolution::Stored) continue;
    if (!resolution && piece.piece.end - piece.piece.begin == 1) {
      left.rejected.push_back(rejected_message(*left.batch, piece));
    } else {
      left.open.push_back(piece.piece);
    }
  }
  state_.log.emit(
      BatchResolved{state_.settings.topic, state_.batches.offset_ranges(id), name_of(resolution), done.resolved_rows});
  for (const BatchPart& part : left.batch->parts) {
    if (TrackedPartition* one = state_.partitions.find(part.partition, part.assignment)) one->batch_begins();
  }
  if (!left.open.empty() || left.batch->planned) {
    send_again(std::move(left), commands);
  } else {
    this->result({left.batch, true, std::move(left.rejected), 0, {}, {}}, now);
  }
  return done;
}

}  // namespace freshet::stream
