#include "stream/batch_writing.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "stream/insert_token.h"

namespace freshet::stream {
namespace {

constexpr uint32_t kMaxInserts = 200;    // inserts per batch while searching for bad messages
constexpr size_t kSmallestAlike = 3;     // "all messages are rejected alike" means little in a smaller batch
constexpr uint32_t kTooLargeInARow = 3;  // single messages in a row; then no insert size is accepted
constexpr uint32_t kMaxPieces = 1000;    // inserts per batch before it is blocked

}  // namespace

BatchWriting::BatchWriting(RowWriter& writer, RejectionMemory& memory, InsertLimit& limit, Clock& clock)
    : writer_(writer), memory_(memory), limit_(limit), clock_(clock) {}

BatchResult BatchWriting::write(BatchTask task, const WriteControl& control) {
  begin(std::move(task));
  for (;;) {
    const StepResult result = write_open(control);
    if (result == StepResult::Abandoned) return std::move(result_);
    if (result == StepResult::Done) break;
    const bool skipped = wait_for_operator(rejection_, kTooManyInserts, control);
    if (control.stop.stop_requested()) return std::move(result_);
    search_inserts_ = skipped ? 0 : kMaxInserts - 1;
  }
  result_.written = result_.blocked.empty();
  return std::move(result_);
}

void BatchWriting::begin(BatchTask task) {
  batch_ = std::move(task.batch);
  begun_with_ = std::move(task.open);
  requests_.reset();
  finished_.clear();
  schema_checked_ = without_fields_ = false;
  search_inserts_ = too_large_in_a_row_ = in_one_go_ = 0;
  rejection_ = too_large_ = {};
  result_ = BatchResult{batch_, false, std::move(task.rejected), 0, {}, {}};
}

void BatchWriting::list_messages() {
  requests_.emplace(*batch_);
  if (begun_with_.empty()) begun_with_.push_back({0, requests_->count()});
  finished_.assign(requests_->count(), true);
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

// The common case is one insert of the whole batch, without a list of the messages.
BatchWriting::StepResult BatchWriting::write_open(const WriteControl& control) {
  std::vector<PieceInsert> pending;
  if (!requests_ && begun_with_.empty() && batch_->row_bytes <= limit_.bytes(clock_.steady_now())) {
    WriteOutcome outcome = insert_whole(control);
    if (outcome.kind == WriteOutcome::Kind::Written) {
      memory_.accepted();
      return StepResult::Done;
    }
    list_messages();
    pending.push_back({{0, requests_->count()}, false, std::move(outcome)});
  } else {
    if (!requests_) list_messages();
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
      without_fields_ = wait_for_operator(outcome, kNoFieldMatches, control);
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
      schema_checked_ = wait_for_operator(outcome, kTableDiffers, control);
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
  const size_t suspect = requests_->with_row(piece, *outcome.row);
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
    limit_.too_large(requests_->bytes(current.piece), clock_.steady_now());
    return halve(current, pending);
  }
  block(Blocked::TooLarge, current.piece, outcome);
  if (++too_large_in_a_row_ < kTooLargeInARow) return;
  // No size is small enough: further inserts would not help.
  for (const PieceInsert& left : pending) block(Blocked::TooLarge, left.piece, outcome);
  pending.clear();
}

bool BatchWriting::exceeds_limit(Piece piece) {
  if (piece.end - piece.begin < 2) return false;
  const uint64_t limit = limit_.bytes(clock_.steady_now());
  return limit != UINT64_MAX && requests_->bytes(piece) > limit;
}

WriteOutcome BatchWriting::insert(Piece piece, const WriteControl& control) {
  if (requests_->is_whole(piece)) return insert_whole(control);
  return send(requests_->request(piece), part_token(batch_->insert_token, piece.begin, piece.end), control);
}

WriteOutcome BatchWriting::insert_whole(const WriteControl& control) {
  return send(whole_request(*batch_), batch_->insert_token, control);
}

WriteOutcome BatchWriting::send(InsertRequest request, std::string_view token, const WriteControl& control) {
  request.token = token;
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
  if (outcome.exceeds_size && piece.end - piece.begin > 1)
    limit_.too_large(requests_->bytes(piece), clock_.steady_now());
  block(Blocked::MaybeStored, piece, outcome);
  return true;
}

void BatchWriting::mark(Piece piece, bool finished) {
  std::fill(finished_.begin() + static_cast<ptrdiff_t>(piece.begin),
            finished_.begin() + static_cast<ptrdiff_t>(piece.end), finished);
}

void BatchWriting::block(Blocked why, Piece piece, const WriteOutcome& outcome) {
  mark(piece, true);
  result_.blocked.push_back({why, piece, requests_->rows(piece), outcome.code, outcome.text, outcome.reason});
}

void BatchWriting::reject(size_t message, const WriteOutcome& outcome) {
  finished_[message] = true;
  const auto [chunk, place] = requests_->place(message);
  result_.rejected.push_back({chunk, place, outcome.code, outcome.text});
}

bool BatchWriting::looks_like_schema_change(const WriteOutcome& whole, const WriteControl& control, bool& abandoned) {
  const size_t count = requests_->count();
  if (count < kSmallestAlike) return memory_.rejected(whole.code) > kRejectedInARow;
  // Insert the first, middle and last message alone. Bad data rarely makes all three fail with the same code.
  const std::array<size_t, 3> probes = {0, count / 2, count - 1};
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

bool BatchWriting::wait_for_operator(const WriteOutcome& outcome, const OperatorWait& wait,
                                     const WriteControl& control) {
  in_one_go_ = 0;
  return memory_.wait_for_operator(*batch_, outcome, result_.inserts, wait, control, clock_);
}

}  // namespace freshet::stream
