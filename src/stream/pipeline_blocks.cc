// Dead letters and blocked partitions: why a partition is blocked, and how an operator or the source resolves it.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/message_text.h"
#include "stream/pipeline.h"
#include "stream/stream_events.h"

namespace freshet::stream {

// --- dead letters ---------------------------------------------------------------------------------------------------

void Pipeline::add_dead_letter(std::shared_ptr<const DeadLetterRecord> dead_letter, TrackedPartition& partition) {
  if (has_dead_letters_) return dlq_.add(std::move(dead_letter), partition.assignment);
  if (settings_.on_invalid == OnInvalid::Drop || settings_.skip_write) {
    if (dead_letter->suppressed)
      return close_dead_letter({partition.partition, partition.assignment, dead_letter->offset});
    metrics_.dropped(dead_letter->reason_code).add();
    log_.emit(MessageDropped{dead_letter->topic, dead_letter->partition.value, dead_letter->offset.value,
                             dead_letter->reason_code, dead_letter->reason});
    return close_dead_letter({partition.partition, partition.assignment, dead_letter->offset});
  }
  const std::string reason = fmt::format(
      "the message at offset {0} cannot become a row and there is no dead-letter topic: {1}: {2}; go on "
      "from {3} with POST /skip, or start with --dead-letter-topic",
      dead_letter->offset.value, dead_letter->reason_code, message_text(dead_letter->reason),
      dead_letter->offset.value + 1);
  partition.blocks.add(BlockReason::InvalidMessage, reason);
}

void Pipeline::close_dead_letter(const DlqWriter::Finished& finished) {
  TrackedPartition* partition = partitions_.find(finished.partition, finished.assignment);
  if (partition != nullptr) partition->offsets.dead_letter_finished(finished.offset);
}

void Pipeline::send_dead_letters(SteadyTime now, Commands& commands) {
  std::vector<DlqWriter::Blocked> blocked;
  dlq_.take_sendable(now, commands.dead_letters, blocked);
  apply_blocks(blocked);
  if (dlq_.rate_limited()) return;
  for (auto& [id, partition] : partitions_) unblock(partition, BlockReason::DlqRateLimited);
}

void Pipeline::on_dead_letter_result(uint64_t ticket, const Status& status, SteadyTime now) {
  std::vector<DlqWriter::Finished> finished;
  std::vector<DlqWriter::Blocked> blocked;
  const std::string reason = dlq_.reason_code(ticket);
  dlq_.result(ticket, status, now, finished, blocked);
  for (const auto& dead_letter : finished) {
    ++totals_.dead_letters;
    metrics_.dead_letters(reason).add();
    close_dead_letter(dead_letter);
  }
  if (!status && status.error().kind == ErrorKind::Retry) {
    remember_kafka_error(status.error().text);
    log_.emit(DeadLetterDeliveryFailed{settings_.topic, status.error().text});
  }
  apply_blocks(blocked);
}

void Pipeline::apply_blocks(const std::vector<DlqWriter::Blocked>& blocked) {
  for (const DlqWriter::Blocked& one : blocked) {
    TrackedPartition* partition = partitions_.find(one.partition, one.assignment);
    if (partition != nullptr) partition->blocks.add(one.reason, one.text);
  }
}

// --- the source has no valid offset, or finds one -------------------------------------------------------------------

void Pipeline::on_event(NoValidOffset& none, SteadyTime, Commands&) {
  TrackedPartition* partition = partitions_.find(none.partition);
  if (partition == nullptr) return;
  partition->lose_offset(none.state);
  if (!none.reason.empty()) partition->blocks.add(BlockReason::NoValidOffset, none.reason);
}

void Pipeline::on_event(UnreadableBatch& unreadable, SteadyTime, Commands&) {
  TrackedPartition* partition = partitions_.find(unreadable.partition);
  if (partition != nullptr) partition->block_at_unreadable_batch(unreadable.at, unreadable.reason);
}

void Pipeline::on_event(ValidOffset& valid, SteadyTime, Commands& commands) {
  TrackedPartition* partition = partitions_.find(valid.partition);
  if (partition == nullptr) return;
  // The partition is being revoked, and what it would still commit is below the offset that is committed by now.
  if (partition->state.is<Draining>() || !partition->state.owned()) return drop(*partition, &commands);
  if (valid.start < partition->offsets.position()) {
    const bool leaving = partition->state.is<Leaving>();
    drop(*partition, &commands);
    partition = &begin_assignment(valid.partition, valid.start);
    if (leaving) partition->state.leave();
    log_resumed(*partition);
  }
  partition->offsets.move_to(valid.start);
  partition->find_offset();
  committer_.of(valid.partition).known(valid.start);
  source_error_.clear();
  unblock(*partition, BlockReason::NoValidOffset);
}

// --- blocked --------------------------------------------------------------------------------------------------------

// Repeated every minute, because an operator may look at any time.
void Pipeline::log_blocks(SteadyTime now) {
  for (auto& [id, partition] : partitions_) {
    if (!partition.blocks.take_log_due(now)) continue;
    log_.emit(PartitionBlocked{settings_.topic, id.value, to_string(partition.blocks.first().reason),
                               partition.blocks.first().text, partition.offsets.committable().value});
  }
}

void Pipeline::unblock(TrackedPartition& partition, BlockReason reason) {
  if (partition.blocks.remove(reason) && !partition.blocks.any()) log_resumed(partition);
}

void Pipeline::log_resumed(const TrackedPartition& partition) {
  log_.emit(PartitionResumed{settings_.topic, partition.partition.value, partition.offsets.position().value});
}

bool Pipeline::is_blocked(Partition id) const {
  const TrackedPartition* partition = partitions_.find(id);
  return partition != nullptr && partition->state.owned() && partition->blocks.any();
}

// The first message that blocks the partition for this reason; nullopt if no particular message does.
std::optional<Offset> Pipeline::blocked_at(const TrackedPartition& partition, BlockReason reason) const {
  switch (reason) {
    case BlockReason::InvalidMessage:
      return partition.offsets.first_dead_letter();
    case BlockReason::DlqRejected:
      return dlq_.first_rejected(partition.partition);
    case BlockReason::ReplacementRejected:
      return gate_->first_record(partition.partition);
    case BlockReason::UnreadableBatch:
      return partition.unreadable_at();
    case BlockReason::NoValidOffset:
    case BlockReason::DlqRateLimited:
    case BlockReason::BatchBlocked:
      break;
  }
  return std::nullopt;
}

Status Pipeline::may_skip(const TrackedPartition& partition, BlockReason reason, Offset next) const {
  const int32_t id = partition.partition.value;
  const Offset position = partition.offsets.position();
  // The source is looking the offset up. Neither the position to resume from nor the offset to commit from is known
  // yet, and the result would arrive after the skip.
  if (partition.offset_state() == OffsetState::OutOfRange && !partition.blocks.has(BlockReason::NoValidOffset) &&
      next > position) {
    return failure(ErrorKind::Retry, fmt::format("where partition {} goes on is being looked up; try again", id));
  }
  if (reason == BlockReason::NoValidOffset && next < position &&
      (!partition.offsets.idle() || committer_.outstanding())) {
    return failure(ErrorKind::Retry,
                   fmt::format("offsets below {} are still being written; try again", position.value));
  }
  if (const auto at = blocked_at(partition, reason); at && next <= *at) {
    return failure(ErrorKind::Invalid,
                   fmt::format("partition {} is blocked at offset {}; go on from a later one", id, at->value));
  }
  return {};
}

// Drops the messages below `next` that no destination accepts. Returns how many.
Result<uint64_t> Pipeline::give_up_below(TrackedPartition& partition, BlockReason reason, Offset next) {
  const Partition id = partition.partition;
  if (reason == BlockReason::ReplacementRejected) {
    const auto given_up = gate_->drop_records(id, partition.assignment, next);
    if (given_up.empty()) {
      return failure(ErrorKind::Retry,
                     fmt::format("the replacement of partition {} is being tried right now; try again", id.value));
    }
    finish_stored({{}, given_up, {}});
    return given_up.size();
  }
  std::vector<DlqWriter::Finished> dropped;
  if (reason == BlockReason::DlqRejected) dlq_.drop_rejected(id, partition.assignment, next, dropped);
  if (reason == BlockReason::InvalidMessage) {
    for (const Offset offset : partition.offsets.dead_letters_below(next))
      dropped.push_back({id, partition.assignment, offset});
  }
  for (const auto& dead_letter : dropped) close_dead_letter(dead_letter);
  return dropped.size();
}

// Resumes reading at `next`, regardless of the position. Returns how many offsets are skipped unread.
uint64_t Pipeline::skip_to(TrackedPartition& partition, BlockReason reason, Offset next, Commands& commands) {
  const Offset position = partition.offsets.position();
  if (next <= position && reason != BlockReason::NoValidOffset) return 0;
  if (reason == BlockReason::NoValidOffset) {
    CommitProgress& progress = committer_.of(partition.partition);
    if (next < position || !progress.acknowledged()) progress.decided_by_operator();
    partition.find_offset();
  }
  partition.offsets.move_to(next);
  commands.seek.emplace_back(partition.partition, next);
  return next > position ? static_cast<uint64_t>(next.value - position.value) : 0;
}

Result<SkipResult> Pipeline::skip(Partition id, Offset next, SteadyTime now, Commands& commands) {
  TrackedPartition* partition = partitions_.find(id);
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
  const Result<uint64_t> given_up = give_up_below(*partition, reason, next);
  if (!given_up) return tl::make_unexpected(given_up.error());
  SkipResult done;
  done.partition = id;
  done.given_up = *given_up;
  metrics_.dropped("skipped").add(done.given_up);
  done.rate_limit_lifted = reason == BlockReason::DlqRateLimited;
  if (done.rate_limit_lifted) dlq_.lift_rate_limit(now);
  done.not_read = skip_to(*partition, reason, next, commands);
  unblock(*partition, reason);
  block_again(*partition, reason);
  if (partition->blocks.any()) done.still_blocked = partition->blocks.first().text;
  log_.emit(PartitionSkipped{settings_.topic, id.value, next.value, done.given_up, done.not_read, done.still_blocked});
  return done;
}

// Blocks the partition again if the same cause exists at or above the offset to resume from.
void Pipeline::block_again(TrackedPartition& partition, BlockReason reason) {
  if (reason == BlockReason::InvalidMessage && partition.offsets.has_dead_letters()) {
    const Offset at = partition.offsets.first_dead_letter().value_or(partition.offsets.committable());
    partition.blocks.add(
        reason,
        fmt::format("the message at offset {} cannot become a row and there is no dead-letter topic", at.value));
  } else if (reason == BlockReason::DlqRejected) {
    if (auto refused = dlq_.first_rejection(partition.partition)) partition.blocks.add(reason, *std::move(refused));
  }
}

}  // namespace freshet::stream
