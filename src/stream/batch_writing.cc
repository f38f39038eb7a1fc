#include "stream/batch_writing.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/message_text.h"
#include "stream/insert_token.h"

namespace freshet::stream {
namespace {

constexpr uint32_t kMaxInserts = 200;     // inserts per batch while searching for bad messages
constexpr uint32_t kRejectedInARow = 10;  // more single messages than this, all rejected alike, are not bad data
constexpr size_t kSmallestAlike = 3;      // "all messages are rejected alike" means little in a smaller batch
constexpr uint32_t kTooLargeInARow = 3;   // single messages in a row; then no insert size is accepted
constexpr uint32_t kMaxPieces = 1000;     // inserts per batch before it is blocked
constexpr Duration kOperatorRetry = std::chrono::seconds(30);
constexpr Duration kFieldsRetry = std::chrono::seconds(10);
constexpr const char* kNoFieldMatches =
    "no field of the messages is a column of the table; nothing is inserted, the table is looked at again every 10 s: "
    "add the columns, correct --table or --topic, or POST /skip the partition to store rows of defaults";
constexpr const char* kTableDiffers =
    "ClickHouse rejects every row of the batch alike: the table and the messages differ; blocked, retried every 30 s: "
    "alter the table, or POST /skip the partition to treat the rows as bad data";

}  // namespace

RejectedMessage rejected_message(const SealedBatch& batch, const BlockedPiece& piece) {
  const auto [chunk, message] = BatchMessages(batch).place(piece.piece.begin);
  return {chunk, message, piece.code, piece.text};
}

void RejectionMemory::accepted() {
  MutexLock lock(mutex_);
  in_a_row_ = 0;
}

uint32_t RejectionMemory::rejected(int code) {
  MutexLock lock(mutex_);
  if (code != code_) in_a_row_ = 0;
  code_ = code;
  return ++in_a_row_;
}

void RejectionMemory::skip(Partition partition) {
  {
    MutexLock lock(mutex_);
    ++skips_[partition];
    in_a_row_ = 0;
  }
  skipped_.notify_all();
}

uint64_t RejectionMemory::count(const SealedBatch& batch) const {
  uint64_t count = 0;
  for (const Span& span : batch.spans) {
    if (const auto found = skips_.find(span.partition); found != skips_.end()) count += found->second;
  }
  return count;
}

uint64_t RejectionMemory::skips(const SealedBatch& batch) {
  MutexLock lock(mutex_);
  return count(batch);
}

bool RejectionMemory::wait_for_skip(const SealedBatch& batch, Clock& clock, std::stop_token stop, SteadyTime deadline,
                                    uint64_t seen) {
  MutexLock lock(mutex_);
  return clock.wait_until(skipped_, mutex_, stop, deadline, [&]() REQUIRES(mutex_) { return count(batch) > seen; });
}

BatchWriting::BatchWriting(RowWriter& writer, RejectionMemory& memory, InsertLimit& limit, Clock& clock)
    : writer_(writer), memory_(memory), limit_(limit), clock_(clock) {}

BatchResult BatchWriting::write(BatchTask task, const WriteControl& control) {
  begin(std::move(task));
  for (;;) {
    const StepResult result = write_open(control);
    if (result == StepResult::Abandoned) return std::move(result_);
    if (result == StepResult::Done) break;
    const bool skipped = wait_for_operator(
        rejection_, control,
        "200 inserts did not find all rejected messages of the batch; it is blocked and tried again every "
        "30 s: alter the table, or POST /skip the partition to treat the rows as bad data",
        kOperatorRetry);
    if (control.stop.stop_requested()) return std::move(result_);
    search_inserts_ = skipped ? 0 : kMaxInserts - 1;
  }
  result_.written = result_.blocked.empty();
  return std::move(result_);
}

BatchResult BatchWriting::write_planned(BatchTask task, const WriteControl& control) {
  const Piece piece = task.open.front();
  const std::string token = std::move(task.planned_token);
  maybe_stored_ = task.maybe_stored;
  others_stored_ = task.others_stored;
  begin(std::move(task));
  list_items();
  while (!take_planned(piece, insert_planned(piece, token, control), control)) {
  }
  return std::move(result_);
}

WriteOutcome BatchWriting::insert_planned(Piece piece, const std::string& token, const WriteControl& control) {
  if (!maybe_stored_ && exceeds_limit(piece))
    return {WriteOutcome::Kind::TooLarge, 0, "larger than the last insert that was too large", {}};
  const bool whole = piece.begin == 0 && piece.end == items_.size();
  InsertRequest request = whole ? whole_request() : request_of(piece);
  request.token = token;
  return send(std::move(request), control);
}

// False: the same insert is to be sent again.
bool BatchWriting::take_planned(Piece piece, const WriteOutcome& outcome, const WriteControl& control) {
  const bool single = piece.end - piece.begin == 1;
  switch (outcome.kind) {
    case WriteOutcome::Kind::Written:
      memory_.accepted();
      result_.written = true;
      break;
    case WriteOutcome::Kind::Rejected:
      if (single && !others_stored_ && memory_.rejected(outcome.code) > kRejectedInARow) {
        result_.waited_for_operator = true;
        const bool skipped = wait_for_operator(outcome, control, kTableDiffers, kOperatorRetry);
        if (!skipped) return control.stop.stop_requested();
      }
      result_.refused = Refusal{false, outcome.code, outcome.text, outcome.row};
      break;
    case WriteOutcome::Kind::TooLarge:
      take_planned_too_large(piece, outcome);
      break;
    case WriteOutcome::Kind::NoFields:
      without_fields_ = wait_for_operator(outcome, control, kNoFieldMatches, kFieldsRetry);
      return control.stop.stop_requested();
    case WriteOutcome::Kind::MaybeStored:
      block(Blocked::MaybeStored, piece, outcome);
      break;
    case WriteOutcome::Kind::Expired:
      result_.expired = true;
      break;
    case WriteOutcome::Kind::Abandoned:
      break;
  }
  return true;
}

// Smaller inserts would store rows again that this one stored at an earlier attempt: their tokens differ.
void BatchWriting::take_planned_too_large(Piece piece, const WriteOutcome& outcome) {
  if (piece.end - piece.begin == 1) return block(Blocked::TooLarge, piece, outcome);
  const bool maybe_stored = maybe_stored_ || outcome.maybe_stored_before;
  if (maybe_stored && !outcome.always_refused) return block(Blocked::MaybeStored, piece, outcome);
  if (outcome.code != 0) limit_.too_large(bytes_of(piece), clock_.steady_now());
  result_.refused = Refusal{true, outcome.code, outcome.text, {}};
}

void BatchWriting::begin(BatchTask task) {
  batch_ = std::move(task.batch);
  begun_with_ = std::move(task.open);
  items_.clear();
  finished_.clear();
  schema_checked_ = without_fields_ = false;
  search_inserts_ = too_large_in_a_row_ = in_one_go_ = 0;
  rejection_ = too_large_ = {};
  result_ = BatchResult{batch_, false, std::move(task.rejected), 0, {}, {}};
}

void BatchWriting::list_items() {
  uint64_t rows = 0;
  for (uint32_t c = 0; c < batch_->chunks.size(); ++c) {
    const auto& messages = batch_->chunks[c]->messages;
    for (uint32_t m = 0; m < messages.size(); ++m) {
      items_.push_back({c, m, rows});
      rows += messages[m].row_count;
    }
  }
  if (begun_with_.empty()) begun_with_.push_back({0, items_.size()});
  finished_.assign(items_.size(), true);
  for (const Piece& piece : begun_with_) mark(piece, false);
}

// The unfinished messages, cut at the boundaries of `begun_with_`. In reverse order: the caller pops from the back.
std::vector<BatchWriting::PieceInsert> BatchWriting::open_inserts() const {
  std::vector<PieceInsert> pending;
  for (const Piece& piece : begun_with_) {
    const size_t before = pending.size();
    for (size_t i = piece.begin; i < piece.end; ++i) {
      if (finished_[i]) continue;
      if (pending.size() == before || pending.back().piece.end != i) {
        pending.push_back({{i, i}, search_inserts_ > 0, {}});
      }
      pending.back().piece.end = i + 1;
    }
  }
  std::reverse(pending.begin(), pending.end());
  return pending;
}

// The common case is one insert of the whole batch, without building the list of items.
BatchWriting::StepResult BatchWriting::write_open(const WriteControl& control) {
  std::vector<PieceInsert> pending;
  if (items_.empty() && begun_with_.empty() && batch_->row_bytes <= limit_.bytes(clock_.steady_now())) {
    WriteOutcome outcome = send(whole_request(), control);
    if (outcome.kind == WriteOutcome::Kind::Written) {
      memory_.accepted();
      return StepResult::Done;
    }
    list_items();
    pending.push_back({{0, items_.size()}, false, std::move(outcome)});
  } else {
    if (items_.empty()) list_items();
    pending = open_inserts();
  }
  while (!pending.empty()) {
    PieceInsert next = std::move(pending.back());
    pending.pop_back();
    const StepResult result = take_step(std::move(next), pending, control);
    if (result != StepResult::Done) return result;
  }
  return StepResult::Done;
}

BatchWriting::StepResult BatchWriting::take_step(PieceInsert current, std::vector<PieceInsert>& pending,
                                                 const WriteControl& control) {
  if (!current.known) {
    if (current.searching && search_inserts_ >= kMaxInserts) return StepResult::OutOfInserts;
    if (exceeds_limit(current.piece)) {
      halve(current, pending);
      return StepResult::Done;
    }
    if (in_one_go_ >= kMaxPieces) {
      block(Blocked::TooLarge, current.piece, too_large_);
      return StepResult::Done;
    }
    if (current.searching) ++search_inserts_;
  }
  const WriteOutcome outcome = current.known ? *current.known : insert(current.piece, control);
  if (settle(current.piece, outcome)) return StepResult::Done;
  switch (outcome.kind) {
    case WriteOutcome::Kind::Rejected:
      return take_rejection(current, outcome, pending, control);
    case WriteOutcome::Kind::TooLarge:
      take_too_large(current, outcome, pending);
      return StepResult::Done;
    case WriteOutcome::Kind::NoFields:
      without_fields_ = wait_for_operator(outcome, control, kNoFieldMatches, kFieldsRetry);
      if (control.stop.stop_requested()) return StepResult::Abandoned;
      pending.push_back({current.piece, current.searching, {}});
      return StepResult::Done;
    case WriteOutcome::Kind::Abandoned:
    case WriteOutcome::Kind::Expired:
    case WriteOutcome::Kind::Written:
    case WriteOutcome::Kind::MaybeStored:
      break;
  }
  return StepResult::Abandoned;
}

BatchWriting::StepResult BatchWriting::take_rejection(const PieceInsert& current, const WriteOutcome& outcome,
                                                      std::vector<PieceInsert>& pending, const WriteControl& control) {
  if (search_inserts_ == 0) search_inserts_ = 1;
  rejection_ = outcome;
  if (!schema_checked_) {
    bool abandoned = false;
    const bool schema = looks_like_schema_change(outcome, control, abandoned);
    if (abandoned) return StepResult::Abandoned;
    schema_checked_ = !schema;
    if (schema) {
      schema_checked_ = wait_for_operator(outcome, control, kTableDiffers, kOperatorRetry);
      if (control.stop.stop_requested()) return StepResult::Abandoned;
      search_inserts_ = 0;
    }
    // The probes may have stored part of the piece. A table that was altered meanwhile accepts all of it.
    const bool touched = std::any_of(finished_.begin() + static_cast<ptrdiff_t>(current.piece.begin),
                                     finished_.begin() + static_cast<ptrdiff_t>(current.piece.end),
                                     [](bool finished) { return finished; });
    if (schema || touched) {
      pending = open_inserts();
      return StepResult::Done;
    }
  }
  search(current.piece, outcome, pending);
  return StepResult::Done;
}

// Pushed in reverse: the suspect is tried alone first, then the messages before it, then those after it.
void BatchWriting::search(Piece piece, const WriteOutcome& outcome, std::vector<PieceInsert>& pending) {
  const auto [begin, end] = piece;
  if (end - begin == 1) return reject(begin, outcome);
  if (!outcome.row) return halve({piece, true, {}}, pending);
  const uint64_t row = items_[begin].rows_before + *outcome.row;
  const auto after =
      std::upper_bound(items_.begin() + static_cast<ptrdiff_t>(begin), items_.begin() + static_cast<ptrdiff_t>(end),
                       row, [](uint64_t r, const Item& item) { return r < item.rows_before; });
  const size_t suspect = static_cast<size_t>(after - items_.begin()) - 1;
  if (suspect + 1 < end) pending.push_back({{suspect + 1, end}, true, {}});
  if (begin < suspect) pending.push_back({{begin, suspect}, true, {}});
  pending.push_back({{suspect, suspect + 1}, true, {}});
}

// Always halves at the same index, so that a retry produces the same tokens.
void BatchWriting::halve(const PieceInsert& current, std::vector<PieceInsert>& pending) {
  const auto [begin, end] = current.piece;
  const size_t middle = begin + (end - begin) / 2;
  pending.push_back({{middle, end}, current.searching, {}});
  pending.push_back({{begin, middle}, current.searching, {}});
}

void BatchWriting::take_too_large(const PieceInsert& current, const WriteOutcome& outcome,
                                  std::vector<PieceInsert>& pending) {
  too_large_ = outcome;
  if (current.piece.end - current.piece.begin > 1) {
    limit_.too_large(bytes_of(current.piece), clock_.steady_now());
    return halve(current, pending);
  }
  block(Blocked::TooLarge, current.piece, outcome);
  if (++too_large_in_a_row_ < kTooLargeInARow) return;
  // No size is small enough: further inserts would not help.
  for (const PieceInsert& left : pending) block(Blocked::TooLarge, left.piece, outcome);
  pending.clear();
}

uint64_t BatchWriting::bytes_of(Piece piece) const {
  uint64_t bytes = 0;
  for (size_t i = piece.begin; i < piece.end; ++i) bytes += message_of(i).rows_size;
  return bytes;
}

bool BatchWriting::exceeds_limit(Piece piece) {
  if (piece.end - piece.begin < 2) return false;
  const uint64_t limit = limit_.bytes(clock_.steady_now());
  return limit != UINT64_MAX && bytes_of(piece) > limit;
}

const MessageRows& BatchWriting::message_of(size_t item) const {
  return batch_->chunks[items_[item].chunk]->messages[items_[item].message];
}

InsertRequest BatchWriting::whole_request() const {
  InsertRequest whole;
  whole.layout = batch_->layout.get();
  whole.row_count = batch_->row_count;
  whole.row_bytes = batch_->row_bytes;
  whole.token = batch_->insert_token;
  size_t messages = 0;
  for (const auto& chunk : batch_->chunks) {
    whole.rows.push_back(chunk->rows);
    messages += chunk->messages.size();
  }
  whole.divisible = messages > 1;
  return whole;
}

InsertRequest BatchWriting::request_of(Piece piece) const {
  InsertRequest request;
  request.layout = batch_->layout.get();
  for (size_t i = piece.begin; i < piece.end; ++i) {
    const MessageRows& message = message_of(i);
    const std::string_view rows =
        std::string_view(batch_->chunks[items_[i].chunk]->rows).substr(message.rows_begin, message.rows_size);
    // Merge rows that are adjacent in memory.
    if (!request.rows.empty() && request.rows.back().data() + request.rows.back().size() == rows.data()) {
      request.rows.back() = {request.rows.back().data(), request.rows.back().size() + rows.size()};
    } else {
      request.rows.push_back(rows);
    }
    request.row_count += message.row_count;
    request.row_bytes += rows.size();
  }
  request.divisible = piece.end - piece.begin > 1;
  return request;
}

WriteOutcome BatchWriting::insert(Piece piece, const WriteControl& control) {
  if (piece.begin == 0 && piece.end == items_.size()) return send(whole_request(), control);
  InsertRequest request = request_of(piece);
  const std::string token = part_token(batch_->insert_token, piece.begin, piece.end);
  request.token = token;
  return send(std::move(request), control);
}

WriteOutcome BatchWriting::send(InsertRequest request, const WriteControl& control) {
  request.without_fields = without_fields_;
  ++result_.inserts;
  ++in_one_go_;
  return writer_.write(request, control);
}

// True if the piece needs no further work now.
bool BatchWriting::settle(Piece piece, const WriteOutcome& outcome) {
  if (outcome.kind == WriteOutcome::Kind::Written) {
    memory_.accepted();
    too_large_in_a_row_ = 0;
    mark(piece, true);
    return true;
  }
  if (outcome.kind != WriteOutcome::Kind::MaybeStored) return false;
  if (outcome.exceeds_size && piece.end - piece.begin > 1) limit_.too_large(bytes_of(piece), clock_.steady_now());
  block(Blocked::MaybeStored, piece, outcome);
  return true;
}

void BatchWriting::mark(Piece piece, bool finished) {
  std::fill(finished_.begin() + static_cast<ptrdiff_t>(piece.begin),
            finished_.begin() + static_cast<ptrdiff_t>(piece.end), finished);
}

void BatchWriting::block(Blocked why, Piece piece, const WriteOutcome& outcome) {
  mark(piece, true);
  uint64_t rows = 0;
  for (size_t i = piece.begin; i < piece.end; ++i) rows += message_of(i).row_count;
  result_.blocked.push_back({why, piece, rows, outcome.code, outcome.text, outcome.reason});
}

void BatchWriting::reject(size_t item, const WriteOutcome& outcome) {
  finished_[item] = true;
  result_.rejected.push_back({items_[item].chunk, items_[item].message, outcome.code, outcome.text});
}

bool BatchWriting::looks_like_schema_change(const WriteOutcome& whole, const WriteControl& control, bool& abandoned) {
  if (items_.size() < kSmallestAlike) return memory_.rejected(whole.code) > kRejectedInARow;
  // Insert the first, middle and last message alone. Bad data rarely makes all three fail with the same code.
  const std::array<size_t, 3> probes = {0, items_.size() / 2, items_.size() - 1};
  for (const size_t probe : probes) {
    if (finished_[probe]) return false;
    ++search_inserts_;
    const Piece piece{probe, probe + 1};
    const WriteOutcome outcome = insert(piece, control);
    abandoned = outcome.kind == WriteOutcome::Kind::Abandoned;
    if (settle(piece, outcome) || outcome.kind != WriteOutcome::Kind::Rejected || outcome.code != whole.code) {
      return false;
    }
  }
  return true;
}

bool BatchWriting::wait_for_operator(const WriteOutcome& outcome, const WriteControl& control, const char* what,
                                     Duration retry) {
  const uint64_t seen = memory_.skips(*batch_);
  in_one_go_ = 0;
  if (control.on_failure) {
    // With NoFields the operator needs the field names, so do not redact them.
    const bool names = outcome.kind == WriteOutcome::Kind::NoFields;
    const std::string said = names ? outcome.text : message_text(outcome.text);
    control.on_failure(
        {InsertFailure::Class::Operator, outcome.code, fmt::format("{}. {}", what, said), result_.inserts, true});
  }
  return memory_.wait_for_skip(*batch_, clock_, control.stop, clock_.steady_now() + retry, seen);
}

}  // namespace freshet::stream
