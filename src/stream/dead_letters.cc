#include "stream/dead_letters.h"

#include <fmt/format.h>

#include <string>
#include <utility>

#include "base/message_text.h"
#include "stream/stream_events.h"

namespace freshet::stream {

void DeadLetters::add(std::shared_ptr<const DeadLetterRecord> dead_letter, TrackedPartition& partition) {
  if (!dead_letter->suppressed) state_.recent_dead_letters.add(*dead_letter, state_.totals.wall);
  if (state_.has_dead_letters) return state_.dlq.add(std::move(dead_letter), partition.assignment);
  if (state_.settings.on_invalid == OnInvalid::Drop || state_.settings.skip_write) {
    if (!dead_letter->suppressed) {
      state_.metrics.dropped(dead_letter->reason_code).add();
      state_.log.emit(MessageDropped{dead_letter->topic, dead_letter->partition.value, dead_letter->offset.value,
                                     dead_letter->reason_code, dead_letter->reason});
    }
    return closed({partition.partition, partition.assignment, dead_letter->offset});
  }
  const std::string reason = fmt::format(
      "the message at offset {0} cannot become a row and there is no dead-letter topic: {1}: {2}; resume "
      "at {3} with POST /skip, or start with --dead-letter-topic",
      dead_letter->offset.value, dead_letter->reason_code, message_text(dead_letter->reason),
      dead_letter->offset.value + 1);
  partition.blocks.add(BlockReason::InvalidMessage, reason);
}

void DeadLetters::closed(const DlqWriter::Finished& finished) {
  TrackedPartition* partition = state_.partitions.find(finished.partition, finished.assignment);
  if (partition != nullptr) partition->offsets.dead_letter_finished(finished.offset);
}

bool DeadLetters::send(SteadyTime now, Commands& commands) {
  std::vector<DlqWriter::Blocked> blocked;
  state_.dlq.take_sendable(now, commands.dead_letters, blocked);
  block(blocked);
  return !state_.dlq.rate_limited();
}

void DeadLetters::result(uint64_t ticket, const Status& status, SteadyTime now) {
  std::vector<DlqWriter::Finished> finished;
  std::vector<DlqWriter::Blocked> blocked;
  const std::string reason = state_.dlq.reason_code(ticket);
  state_.dlq.result(ticket, status, now, finished, blocked);
  for (const auto& dead_letter : finished) {
    ++state_.totals.status.dead_letters;
    state_.metrics.dead_letters(reason).add();
    closed(dead_letter);
  }
  if (!status && status.error().kind == ErrorKind::Retry) {
    state_.totals.kafka_failed(status.error().text);
    state_.log.emit(DeadLetterDeliveryFailed{state_.settings.topic, status.error().text});
  }
  block(blocked);
}

void DeadLetters::block(const std::vector<DlqWriter::Blocked>& blocked) {
  for (const DlqWriter::Blocked& one : blocked) {
    TrackedPartition* partition = state_.partitions.find(one.partition, one.assignment);
    if (partition != nullptr) partition->blocks.add(one.reason, one.text);
  }
}

}  // namespace freshet::stream
