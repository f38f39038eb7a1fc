#include "stream/dlq_writer.h"

#include <fmt/format.h>

#include <utility>

namespace freshet::stream {
namespace {

constexpr Duration kNotReadyAfter = std::chrono::seconds(5);  // long enough for a leader election or a slow broker

uint64_t id_of(Offset offset) { return static_cast<uint64_t>(offset.value); }
Offset offset_of(uint64_t id) { return Offset{static_cast<int64_t>(id)}; }

}  // namespace

DlqWriter::DlqWriter(const LiveOptions& options, SteadyTime now)
    : limit_(options.dead_letters_per_second, static_cast<double>(options.dead_letter_burst), now) {}

void DlqWriter::add(std::shared_ptr<const DeadLetterRecord> record, AssignmentId assignment) {
  const Partition partition = record->partition;
  const uint64_t id = id_of(record->offset);
  queue_.add({partition, assignment, id, std::move(record)});
}

void DlqWriter::take_sendable(SteadyTime now, std::vector<OutgoingDeadLetter>& out, std::vector<Blocked>& blocked) {
  std::vector<decltype(queue_)::Sendable> sendable;
  const auto admit = [&] { return !rate_limited_ && limit_.take(now); };
  const bool admitted = queue_.take_sendable(now, sendable, admit);
  for (const auto& one : sendable) out.push_back({one.ticket, one.item->payload});
  if (admitted) return;
  rate_limited_ = true;
  block_waiting(blocked);
}

void DlqWriter::block_waiting(std::vector<Blocked>& blocked) {
  for (const auto* item : queue_.waiting_lanes()) {
    if (!told_blocked_.insert(item->partition).second) continue;
    blocked.push_back({item->partition, item->assignment, BlockReason::DlqRateLimited,
                       fmt::format("more than {:g} dead letters per second; fix the producer, then POST /skip the "
                                   "partition or raise the limit",
                                   limit_.per_second())});
  }
}

void DlqWriter::result(uint64_t ticket, const Status& status, SteadyTime now, std::vector<Finished>& finished,
                       std::vector<Blocked>& blocked) {
  if (status) {
    if (const auto done = queue_.acknowledged(ticket, now)) {
      finished.push_back({done->partition, done->assignment, offset_of(done->id)});
    }
    return;
  }
  const auto* item = queue_.find(ticket);
  if (item == nullptr) return;  // its assignment ended
  if (status.error().kind == ErrorKind::Invalid) {
    std::string reason =
        fmt::format("the dead letter of offset {} is rejected by its topic: {}", item->id, status.error().text);
    blocked.push_back({item->partition, item->assignment, BlockReason::DlqRejected, reason});
    queue_.rejected(ticket, std::move(reason), now);
  } else {
    last_error_ = status.error().text;
    queue_.failed(ticket, now);
  }
}

void DlqWriter::drop_rejected(Partition partition, AssignmentId assignment, Offset next,
                              std::vector<Finished>& finished) {
  for (const uint64_t id : queue_.drop_rejected(partition, id_of(next))) {
    finished.push_back({partition, assignment, offset_of(id)});
  }
}

void DlqWriter::drop(Partition partition, AssignmentId assignment) {
  told_blocked_.erase(partition);
  queue_.drop(partition, assignment);
}

void DlqWriter::resume(Partition partition) {
  told_blocked_.erase(partition);
  queue_.resume(partition);
}

void DlqWriter::lift_rate_limit(SteadyTime now) {
  rate_limited_ = false;
  told_blocked_.clear();
  limit_.fill(now);
}

void DlqWriter::set_limit(const LiveOptions& options, SteadyTime now) {
  const auto burst = static_cast<double>(options.dead_letter_burst);
  if (limit_.set_limit(options.dead_letters_per_second, burst, now)) lift_rate_limit(now);
}

std::optional<std::string> DlqWriter::first_rejection(Partition partition) const {
  const auto rejection = queue_.first_rejection(partition);
  return rejection ? std::optional(rejection->reason) : std::nullopt;
}

std::optional<Offset> DlqWriter::first_rejected(Partition partition) const {
  const auto rejection = queue_.first_rejection(partition);
  return rejection ? std::optional(offset_of(rejection->id)) : std::nullopt;
}

std::string DlqWriter::reason_code(uint64_t ticket) const {
  const auto* item = queue_.find(ticket);
  return item == nullptr ? std::string() : item->payload->reason_code;
}

std::string DlqWriter::not_ready_reason(SteadyTime now) const {
  const auto since = queue_.unanswered_since();
  if (!since || now - *since < kNotReadyAfter) return {};
  return fmt::format(
      "no dead-letter write was acknowledged for {} s; commits are blocked: check that the dead-letter topic exists "
      "and "
      "its brokers answer{}{}",
      std::chrono::duration_cast<std::chrono::seconds>(now - *since).count(), last_error_.empty() ? "" : "; ",
      last_error_);
}

}  // namespace freshet::stream
