#include "stream/batches_in_flight.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/message_text.h"
#include "stream/stream_events.h"

namespace freshet::stream {
namespace {

constexpr size_t kRangesInALine = 8;
constexpr Duration kTooLargeAgain = std::chrono::seconds(30);
constexpr Duration kSameTokenAgain = std::chrono::seconds(5);

std::string offset_ranges_text(const SealedBatch& batch) {
  std::string text;
  for (size_t i = 0; i < std::min(batch.spans.size(), kRangesInALine); ++i) {
    const Span& span = batch.spans[i];
    fmt::format_to(std::back_inserter(text), "{}{}:{}-{}", i == 0 ? "" : ", ", span.partition.value,
                   span.offsets.first.value, span.offsets.last.value);
  }
  if (batch.spans.size() > kRangesInALine) text += fmt::format(" and {} more", batch.spans.size() - kRangesInALine);
  return text;
}

bool holds_rows_of(const SealedBatch& batch, Partition partition) {
  return std::any_of(batch.spans.begin(), batch.spans.end(),
                     [&](const Span& span) { return span.partition == partition; });
}

uint64_t held_by(const SealedBatch& batch) {
  uint64_t bytes = 0;
  for (const auto& chunk : batch.chunks) bytes += chunk->charge.bytes();
  return bytes;
}

bool maybe_stored(const std::vector<BlockedPiece>& pieces) {
  return std::any_of(pieces.begin(), pieces.end(),
                     [](const BlockedPiece& piece) { return piece.why == Blocked::MaybeStored; });
}

std::string said(const BlockedPiece& piece) {
  return fmt::format("{}{}{}", piece.reason, piece.reason.empty() ? "" : ": ", message_text(piece.text));
}

std::string blocked_text(const SealedBatch& batch, const std::vector<BlockedPiece>& pieces, const std::string& table,
                         bool again) {
  const int32_t partition = batch.spans.empty() ? 0 : batch.spans.front().partition.value;
  if (!maybe_stored(pieces)) {
    return fmt::format(
        "a batch is blocked: a message in it is too large for any insert (partition:offsets {}). freshet "
        "retries every 30 s: raise the limit that the error names, or POST /skip with "
        "{{\"partition\": {}, \"offset\": 0}} to drop the message as bad data. {}",
        offset_ranges_text(batch), partition, said(pieces.front()));
  }
  if (again) {
    return fmt::format(
        "an insert failed after {} may have taken its rows (partition:offsets {}). freshet sends it again every 5 s "
        "with the same token, so no row is stored twice. {}",
        table, offset_ranges_text(batch), said(pieces.front()));
  }
  uint64_t rows = 0;
  const BlockedPiece* first = nullptr;
  for (const BlockedPiece& piece : pieces) {
    if (piece.why != Blocked::MaybeStored) continue;
    rows += piece.rows;
    if (first == nullptr) first = &piece;
  }
  return fmt::format(
      "a batch is blocked: {} may already hold {} of its rows (partition:offsets {}), and they are not sent again. "
      "Check whether it has them, then POST /skip with {{\"partition\": {}, \"resolution\": \"stored\"}} to continue "
      "after them, or \"retry\" to send them again (they may then be stored twice). {}",
      table, rows, offset_ranges_text(batch), partition, said(*first));
}

}  // namespace

void BatchesInFlight::add(std::shared_ptr<const SealedBatch> batch) {
  const uint64_t id = batch->id;
  batches_.emplace(id, Sealed{std::move(batch)});
}

void BatchesInFlight::failed(uint64_t id, const InsertFailure& failure, const char* destination) {
  const auto found = batches_.find(id);
  if (found == batches_.end()) return;
  found->second.last_failure = fmt::format("{}: {}", destination, failure.text);
  if (failure.blocked) found->second.last_failure += fmt::format(" (partition:offsets {})", offset_ranges(id));
  found->second.waits_for_operator = failure.blocked;
  found->second.held_for_operator = failure.blocked ? held_by(*found->second.batch) : 0;
}

std::string BatchesInFlight::offset_ranges(uint64_t id) const {
  const auto found = batches_.find(id);
  return found != batches_.end() ? offset_ranges_text(*found->second.batch) : std::string();
}

std::vector<uint64_t> BatchesInFlight::take_unowned(const std::function<bool(const BatchPart&)>& alive) {
  std::vector<uint64_t> unowned;
  for (auto& [id, sealed] : batches_) {
    const auto& parts = sealed.batch->parts;
    if (sealed.unowned || std::any_of(parts.begin(), parts.end(), alive)) continue;
    sealed.unowned = true;
    unowned.push_back(id);
  }
  return unowned;
}

void BatchesInFlight::block(BatchResult result, const std::string& table, bool repeats_recognised, SteadyTime now) {
  Sealed& sealed = batches_.at(result.batch->id);
  const bool again = sealed.batch->planned && repeats_recognised;
  sealed.last_failure = blocked_text(*sealed.batch, result.blocked, table, again);
  sealed.waits_for_operator = false;
  sealed.held_for_operator = held_by(*sealed.batch);
  sealed.delays = true;
  sealed.again_at.reset();
  if (!maybe_stored(result.blocked)) {
    sealed.again_at = now + kTooLargeAgain;
  } else if (again) {
    sealed.again_at = now + kSameTokenAgain;
  }
  sealed.blocked = std::move(result.blocked);
  sealed.rejected = std::move(result.rejected);
}

std::optional<uint64_t> BatchesInFlight::blocked_with(Partition partition) const {
  for (const auto& [id, sealed] : batches_) {
    if (!sealed.blocked.empty() && holds_rows_of(*sealed.batch, partition)) return id;
  }
  return std::nullopt;
}

BatchTask BatchesInFlight::unblock(uint64_t id) {
  Sealed& sealed = batches_.at(id);
  BatchTask task(sealed.batch);
  for (const BlockedPiece& piece : sealed.blocked) task.open.push_back(piece.piece);
  task.rejected = std::move(sealed.rejected);
  sealed.blocked.clear();
  sealed.rejected.clear();
  sealed.last_failure.clear();
  sealed.again_at.reset();
  sealed.held_for_operator = 0;
  return task;
}

bool BatchesInFlight::delays(Partition partition) const {
  return std::any_of(batches_.begin(), batches_.end(), [&](const auto& entry) {
    return entry.second.delays && holds_rows_of(*entry.second.batch, partition);
  });
}

std::vector<uint64_t> BatchesInFlight::due_again(SteadyTime now) const {
  std::vector<uint64_t> due;
  for (const auto& [id, sealed] : batches_) {
    if (sealed.again_at && now >= *sealed.again_at) due.push_back(id);
  }
  return due;
}

std::optional<SteadyTime> BatchesInFlight::next_again() const {
  std::optional<SteadyTime> next;
  for (const auto& [id, sealed] : batches_) {
    if (sealed.again_at && (!next || *sealed.again_at < *next)) next = sealed.again_at;
  }
  return next;
}

size_t BatchesInFlight::active() const {
  return static_cast<size_t>(
      std::count_if(batches_.begin(), batches_.end(), [](const auto& entry) { return entry.second.blocked.empty(); }));
}

size_t BatchesInFlight::active_for_operator() const {
  return static_cast<size_t>(std::count_if(batches_.begin(), batches_.end(), [](const auto& entry) {
    return entry.second.blocked.empty() && entry.second.waits_for_operator;
  }));
}

uint64_t BatchesInFlight::held_for_operator() const {
  uint64_t bytes = 0;
  for (const auto& [id, sealed] : batches_) bytes += sealed.held_for_operator;
  return bytes;
}

uint64_t BatchesInFlight::rows() const {
  uint64_t rows = 0;
  for (const auto& [id, sealed] : batches_) {
    if (sealed.blocked.empty()) rows += sealed.batch->row_count;
  }
  return rows;
}

bool BatchesInFlight::waits_for_operator_with(Partition partition) const {
  return std::any_of(batches_.begin(), batches_.end(), [&](const auto& entry) {
    return entry.second.waits_for_operator && holds_rows_of(*entry.second.batch, partition);
  });
}

const BatchesInFlight::Sealed* BatchesInFlight::oldest_active() const {
  const auto found =
      std::find_if(batches_.begin(), batches_.end(), [](const auto& entry) { return entry.second.blocked.empty(); });
  return found == batches_.end() ? nullptr : &found->second;
}

// A blocked batch is never overdue: it waits for an operator and is reported separately.
bool BatchesInFlight::is_overdue(const Sealed& sealed, SteadyTime now) const {
  return sealed.blocked.empty() && deadline_ > Duration::zero() && now - sealed.batch->sealed_at >= deadline_;
}

size_t BatchesInFlight::overdue(SteadyTime now) const {
  return static_cast<size_t>(std::count_if(batches_.begin(), batches_.end(),
                                           [&](const auto& entry) { return is_overdue(entry.second, now); }));
}

std::string BatchesInFlight::not_ready_reason(SteadyTime now) const {
  const auto failed = std::find_if(batches_.begin(), batches_.end(),
                                   [](const auto& entry) { return !entry.second.last_failure.empty(); });
  std::string text = failed != batches_.end() ? failed->second.last_failure : std::string();
  const Sealed* const active = oldest_active();
  if (active == nullptr || !is_overdue(*active, now)) return text;
  const Sealed& oldest = *active;
  return fmt::format("a batch is overdue: {} rows (partition:offsets {}) are not stored after {} s{}{}",
                     oldest.batch->row_count, offset_ranges_text(*oldest.batch),
                     whole_seconds(now - oldest.batch->sealed_at), text.empty() ? "" : "; ", text);
}

void BatchesInFlight::log_overdue(SteadyTime now, const std::string& topic, Log& log) {
  const size_t count = overdue(now);
  if (count == 0) {
    if (overdue_logged_.resolve()) log.emit(BatchOverdueResolved{topic});
    return;
  }
  if (!overdue_logged_.admit({}, now)) return;
  const Sealed& oldest = *oldest_active();
  log.emit(BatchOverdue{topic, count, oldest.batch->row_count, offset_ranges_text(*oldest.batch),
                        whole_seconds(now - oldest.batch->sealed_at), oldest.last_failure});
}

}  // namespace freshet::stream
