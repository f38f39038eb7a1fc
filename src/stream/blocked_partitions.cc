#include "stream/blocked_partitions.h"

#include <fmt/format.h>

#include <string>
#include <utility>
#include <vector>

#include "stream/stream_events.h"

namespace freshet::stream {

bool BlockedPartitions::contains(Partition id) const {
  const TrackedPartition* partition = state_.partitions.find(id);
  return partition != nullptr && partition->state.owned() && partition->blocks.any();
}

void BlockedPartitions::log_due(SteadyTime now) {
  for (auto& [id, partition] : state_.partitions) {
    if (!partition.blocks.take_log_due(now)) continue;
    const Blocks::Block& block = partition.blocks.first();
    state_.log.emit(PartitionBlocked{state_.settings.topic, id.value, to_string(block.reason), block.text,
                                     advice(block.reason, id, blocked_at(partition, block.reason)),
                                     partition.offsets.committable().value});
  }
}

void BlockedPartitions::unblock_all(BlockReason reason) {
  for (auto& [id, partition] : state_.partitions) unblock(partition, reason);
}

void BlockedPartitions::unblock(TrackedPartition& partition, BlockReason reason) {
  if (partition.blocks.remove(reason) && !partition.blocks.any()) log_resumed(partition);
}

void BlockedPartitions::log_resumed(const TrackedPartition& partition) {
  state_.log.emit(
      PartitionResumed{state_.settings.topic, partition.partition.value, partition.offsets.position().value});
}

// The first message that blocks the partition for this reason; nullopt if no particular message does.
std::optional<Offset> BlockedPartitions::blocked_at(const TrackedPartition& partition, BlockReason reason) const {
  switch (reason) {
    case BlockReason::InvalidMessage:
      return partition.offsets.first_dead_letter();
    case BlockReason::DlqRejected:
      return state_.dlq.first_rejected(partition.partition);
    case BlockReason::SideRecordRejected:
      return state_.gate->first_record(partition.partition);
    case BlockReason::UnreadableBatch:
      return partition.unreadable_at();
    case BlockReason::NoValidOffset:
    case BlockReason::DlqRateLimited:
    case BlockReason::BatchBlocked:
      break;
  }
  return std::nullopt;
}

Status BlockedPartitions::may_skip(const TrackedPartition& partition, BlockReason reason, Offset next) const {
  const int32_t id = partition.partition.value;
  const Offset position = partition.offsets.position();
  // The source is looking the offset up. Neither the position to resume from nor the offset to commit from is known
  // yet, and the result would arrive after the skip.
  if (partition.offset_state() == OffsetState::OutOfRange && !partition.blocks.has(BlockReason::NoValidOffset) &&
      next > position) {
    return failure(ErrorKind::Retry,
                   fmt::format("the offset at which partition {} resumes is being looked up; try again", id));
  }
  if (reason == BlockReason::NoValidOffset && next < position &&
      (!partition.offsets.idle() || state_.committer.outstanding())) {
    return failure(ErrorKind::Retry,
                   fmt::format("offsets below {} are still being written; try again", position.value));
  }
  if (const auto at = blocked_at(partition, reason); at && next <= *at) {
    return failure(ErrorKind::Invalid,
                   fmt::format("partition {} is blocked at offset {}; choose a later one", id, at->value));
  }
  return {};
}

// Drops the messages below `next` that no destination accepts. Returns how many.
Result<uint64_t> BlockedPartitions::drop_below(TrackedPartition& partition, BlockReason reason, Offset next) {
  const Partition id = partition.partition;
  if (reason == BlockReason::SideRecordRejected) {
    const auto dropped = state_.gate->drop_records(id, partition.assignment, next);
    if (dropped.empty()) {
      return failure(ErrorKind::Retry,
                     fmt::format("the side record of partition {} is being sent right now; try again", id.value));
    }
    for (const auto& record : dropped) partition.offsets.side_record_finished(record.offset);
    return dropped.size();
  }
  std::vector<DlqWriter::Finished> dropped;
  if (reason == BlockReason::DlqRejected) state_.dlq.drop_rejected(id, partition.assignment, next, dropped);
  if (reason == BlockReason::InvalidMessage) {
    for (const Offset offset : partition.offsets.dead_letters_below(next))
      dropped.push_back({id, partition.assignment, offset});
  }
  for (const auto& dead_letter : dropped) dead_letters_.closed(dead_letter);
  return dropped.size();
}

// Resumes reading at `next`, regardless of the position. Returns how many offsets are skipped unread.
uint64_t BlockedPartitions::skip_to(TrackedPartition& partition, BlockReason reason, Offset next, Commands& commands) {
  const Offset position = partition.offsets.position();
  if (next <= position && reason != BlockReason::NoValidOffset) return 0;
  if (reason == BlockReason::NoValidOffset) {
    CommitProgress& progress = state_.committer.of(partition.partition);
    if (next < position || !progress.acknowledged()) progress.decided_by_operator();
    if (next < position) partition.forget_plan(next);
    partition.find_offset();
  }
  partition.offsets.move_to(next);
  commands.seek.emplace_back(partition.partition, next);
  return next > position ? static_cast<uint64_t>(next.value - position.value) : 0;
}

Result<SkipResult> BlockedPartitions::skip(Partition id, Offset next, SteadyTime now, Commands& commands) {
  TrackedPartition* partition = state_.partitions.find(id);
  if (partition == nullptr || !partition->state.owned()) {
    return failure(ErrorKind::Invalid, fmt::format("partition {} is not owned by this process", id.value));
  }
  if (!partition->blocks.any()) {
    return failure(ErrorKind::Invalid, fmt::format("partition {} is not blocked", id.value));
  }
  const Blocks::Block* block = partition->blocks.first_but(BlockReason::BatchBlocked);
  if (block == nullptr) {
    return failure(ErrorKind::Invalid,
                   fmt::format("partition {} waits for a batch that is being sent again; try later", id.value));
  }
  const BlockReason reason = block->reason;
  if (const Status may = may_skip(*partition, reason, next); !may) return tl::make_unexpected(may.error());
  const Result<uint64_t> dropped = drop_below(*partition, reason, next);
  if (!dropped) return tl::make_unexpected(dropped.error());
  SkipResult done;
  done.partition = id;
  done.messages_dropped = *dropped;
  state_.metrics.dropped("skipped").add(done.messages_dropped);
  done.rate_limit_lifted = reason == BlockReason::DlqRateLimited;
  if (done.rate_limit_lifted) state_.dlq.lift_rate_limit(now);
  done.offsets_skipped = skip_to(*partition, reason, next, commands);
  unblock(*partition, reason);
  block_again(*partition, reason);
  if (partition->blocks.any()) done.still_blocked = partition->blocks.first().text;
  state_.log.emit(PartitionSkipped{state_.settings.topic, id.value, next.value, done.messages_dropped,
                                   done.offsets_skipped, done.still_blocked});
  return done;
}

// Blocks the partition again if the same cause exists at or above the offset to resume from.
void BlockedPartitions::block_again(TrackedPartition& partition, BlockReason reason) {
  if (reason == BlockReason::InvalidMessage && partition.offsets.has_dead_letters()) {
    const Offset at = partition.offsets.first_dead_letter().value_or(partition.offsets.committable());
    partition.blocks.add(
        reason,
        fmt::format("the message at offset {} cannot become a row and there is no dead-letter topic", at.value));
  } else if (reason == BlockReason::DlqRejected) {
    if (auto rejected = state_.dlq.first_rejection(partition.partition))
      partition.blocks.add(reason, *std::move(rejected));
  }
}

}  // namespace freshet::stream
