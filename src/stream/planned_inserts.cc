#include "stream/planned_inserts.h"

#include <algorithm>
#include <string>
#include <utility>

#include "stream/stream_events.h"

namespace freshet::stream {

TrackedPartition* PlannedInserts::partition_of(const Batch& batch) {
  return state_.partitions.find(batch.span().partition, batch.span().assignment);
}

// --- new batches ----------------------------------------------------------------------------------------------------

void PlannedInserts::add(std::shared_ptr<const SealedBatch> batch, SteadyTime now) {
  const Span& span = batch->spans.front();
  TrackedPartition& partition = *state_.partitions.find(span.partition, span.assignment);
  partition.plan.add(span.offsets.last, batch->row_count, batch->token_hash, batch->plan_check);
  if (batch->row_count == 0) {  // nothing to insert
    partition.plan.stored(span.offsets);
    return outcomes_.result({std::move(batch), true, {}, 0, {}}, now);
  }
  insert(partition, std::move(batch));
}

PlannedInserts::PlannedPiece& PlannedInserts::insert(const TrackedPartition& partition,
                                                     std::shared_ptr<const SealedBatch> batch) {
  PlannedPiece whole;
  whole.piece = {0, BatchMessages(*batch).count()};
  whole.offsets = batch->spans.front().offsets;
  whole.token = {batch->insert_token, batch->token_hash};
  whole.check = batch->plan_check;
  whole.rows = batch->row_count;
  whole.version = partition.plan.version();
  Batch& added = batches_[batch->id];
  added.sealed = std::move(batch);
  return added.pieces.emplace_back(std::move(whole));
}

// --- to the writers -------------------------------------------------------------------------------------------------

bool PlannedInserts::has_plan(const Batch& batch, uint64_t version, Offset last) const {
  return state_.committer.of(batch.span().partition).has_plan(version, last);
}

bool PlannedInserts::wants_commit() const {
  return std::any_of(batches_.begin(), batches_.end(), [&](const auto& entry) {
    const Batch& batch = entry.second;
    const TrackedPartition* partition = state_.partitions.find(batch.span().partition, batch.span().assignment);
    if (partition == nullptr) return false;
    if (batch.rejections_planned) return !has_plan(batch, batch.version, batch.span().offsets.last);
    return std::any_of(batch.pieces.begin(), batch.pieces.end(), [&](const PlannedPiece& piece) {
      return piece.step == Step::Waiting && !may_send(batch, piece);
    });
  });
}

bool PlannedInserts::may_send(const Batch& batch, const PlannedPiece& piece) const {
  return has_plan(batch, piece.version, piece.offsets.last) &&
         confirmed_lately(state_.committer.of(batch.span().partition));
}

// This process may have stood still since its last commit, and another one may own the partition.
bool PlannedInserts::confirmed_lately(const CommitProgress& progress) const {
  return state_.since_boot - progress.confirmed_at() <= state_.settings.planned_inserts_valid / 2;
}

size_t PlannedInserts::suspended() const {
  return static_cast<size_t>(std::count_if(batches_.begin(), batches_.end(), [&](const auto& entry) {
    const Batch& batch = entry.second;
    const TrackedPartition* partition = state_.partitions.find(batch.span().partition, batch.span().assignment);
    return partition != nullptr && !partition->state.owned() &&
           std::none_of(batch.pieces.begin(), batch.pieces.end(), [](const PlannedPiece& piece) {
             return piece.step == Step::Writing || piece.step == Step::Blocked;
           });
  }));
}

void PlannedInserts::release(bool begin, SteadyTime now, Commands& commands) {
  for (BatchTask& task : std::exchange(state_.unblocked, {})) resume(std::move(task), commands);
  for (auto next = batches_.begin(); next != batches_.end();) {
    const auto batch = next++;
    if (release_batch(batch->second, begin, commands)) end(batch, now);
  }
}

// True: every message is stored or rejected, or nobody waits for it any more.
bool PlannedInserts::release_batch(Batch& batch, bool begin, Commands& commands) {
  TrackedPartition* const partition = partition_of(batch);
  const auto open = std::find_if(batch.pieces.begin(), batch.pieces.end(), [](const PlannedPiece& piece) {
    return piece.step != Step::Stored && piece.step != Step::Rejected;
  });
  if (partition == nullptr) {
    return open == batch.pieces.end() || open->step == Step::Waiting || open->step == Step::Blocked;
  }
  const bool owned = partition->state.owned();
  if (open != batch.pieces.end()) {
    if (owned && begin && partition->plan_confirmed() && open->step == Step::Waiting) {
      release_piece(batch, *open, commands);
    }
    return false;
  }
  const bool rejected = std::any_of(batch.pieces.begin(), batch.pieces.end(),
                                    [](const PlannedPiece& piece) { return piece.step == Step::Rejected; });
  if (!rejected) return true;
  if (!batch.rejections_planned) plan_rejections(batch, *partition);
  return owned && has_plan(batch, batch.version, batch.span().offsets.last);
}

void PlannedInserts::release_piece(Batch& batch, PlannedPiece& piece, Commands& commands) {
  if (!has_plan(batch, piece.version, piece.offsets.last)) return;
  CommitProgress& progress = state_.committer.of(batch.span().partition);
  if (!confirmed_lately(progress)) return progress.confirm_again();
  send(batch, piece, commands);
}

void PlannedInserts::send(Batch& batch, PlannedPiece& piece, Commands& commands) {
  piece.step = Step::Writing;
  BatchTask task(batch.sealed);
  task.open.push_back(piece.piece);
  if (!piece.unplanned) task.planned_token = piece.token.text;
  task.maybe_stored = std::exchange(piece.maybe_stored, true);
  task.other_format = piece.other_format;
  task.other_rows = piece.other_rows;
  task.repair = piece.salt > 0;
  task.others_stored = batch.any_stored;
  const Duration confirmed = state_.committer.of(batch.span().partition).confirmed_at();
  task.not_after = confirmed + state_.settings.planned_inserts_valid;
  commands.again.push_back(std::move(task));
}

// From then on their messages become dead letters, whoever owns the partition.
void PlannedInserts::plan_rejections(Batch& batch, TrackedPartition& partition) {
  for (const PlannedPiece& piece : batch.pieces) {
    if (piece.step != Step::Rejected) continue;
    partition.plan.rejected(piece.offsets);
    batch.version = partition.plan.version();  // some may have been planned as rejected before
  }
  batch.rejections_planned = true;
}

void PlannedInserts::end(Batches::iterator at, SteadyTime now) {
  const Batch batch = std::move(at->second);
  batches_.erase(at);
  BatchResult result{batch.sealed, partition_of(batch) != nullptr, {}, batch.inserts, batch.took};
  for (const PlannedPiece& piece : batch.pieces) {
    if (piece.step == Step::Rejected) result.rejected.push_back(piece.rejection);
  }
  result.rejected.insert(result.rejected.end(), batch.unplanned_rejections.begin(), batch.unplanned_rejections.end());
  outcomes_.result(std::move(result), now);
}

void PlannedInserts::abandon_waiting(SteadyTime now) {
  for (auto next = batches_.begin(); next != batches_.end();) {
    const auto at = next++;
    const auto& pieces = at->second.pieces;
    // A blocked batch was reported as such.
    if (std::any_of(pieces.begin(), pieces.end(),
                    [](const auto& piece) { return piece.step == Step::Writing || piece.step == Step::Blocked; })) {
      continue;
    }
    const std::shared_ptr<const SealedBatch> sealed = at->second.sealed;
    batches_.erase(at);
    outcomes_.result({sealed, false, {}, 0, {}}, now);
  }
}

// --- results --------------------------------------------------------------------------------------------------------

void PlannedInserts::result(BatchResult result, SteadyTime now) {
  const auto found = batches_.find(result.batch->id);
  TrackedPartition* const partition = found == batches_.end() ? nullptr : partition_of(found->second);
  if (partition == nullptr) {
    if (found != batches_.end()) batches_.erase(found);
    return outcomes_.result(std::move(result), now);
  }
  Batch& batch = found->second;
  const auto writing = std::find_if(batch.pieces.begin(), batch.pieces.end(),
                                    [](const PlannedPiece& piece) { return piece.step == Step::Writing; });
  batch.inserts += result.inserts;
  batch.took += result.took;
  if (!result.blocked.empty()) {
    writing->step = Step::Blocked;
    outcomes_.result(std::move(result), now);
  } else if (writing->unplanned && result.written) {
    writing->step = Step::Stored;
    batch.unplanned_rejections.insert(batch.unplanned_rejections.end(), result.rejected.begin(), result.rejected.end());
  } else if (result.expired) {
    writing->step = Step::Waiting;
    partition->await_plan();
    expired_ = true;
  } else if (result.refused) {
    refused(batch, *writing, *partition, *result.refused);
  } else if (result.written) {
    stored(batch, *writing, *partition, result.waited_for_operator);
  } else if (result.incomplete) {
    repair(batch, *writing, *partition);
  } else {
    batches_.erase(found);
    outcomes_.result(std::move(result), now);
  }
}

void PlannedInserts::stored(Batch& batch, PlannedPiece& piece, TrackedPartition& partition, bool waited) {
  piece.step = Step::Stored;
  partition.plan.stored(piece.offsets);
  batch.any_stored = true;
  for (PlannedPiece& one : batch.pieces) {
    if (one.step != Step::Rejected) continue;
    const PlannedSpan* const span = partition.plan.find(one.offsets);
    if (span == nullptr || span->state != SpanState::Planned) continue;
    // The table accepts now what it rejected before the operator changed it.
    if (waited) {
      one.step = Step::Waiting;
    } else {
      partition.plan.rejected(one.offsets);
    }
  }
}

// Of the rows as they are here. From the next commit on, the plan has it.
void PlannedInserts::set_token(const Batch& batch, PlannedPiece& piece) const {
  const Span span{batch.span().partition, batch.span().assignment, piece.offsets};
  const BatchMessages messages(*batch.sealed);
  piece.token =
      insert_token(state_.batcher.scope(), *batch.sealed->layout, {span}, messages.digest(piece.piece), piece.salt);
  piece.check = {messages.hash(piece.piece), batch.sealed->plan_check.layout};
}

// The token is spent, and rows are missing.
void PlannedInserts::repair(Batch& batch, PlannedPiece& piece, TrackedPartition& partition) {
  // An operator skipped the span.
  if (partition.plan.find(piece.offsets) == nullptr) return stored(batch, piece, partition, false);
  ++piece.salt;
  set_token(batch, piece);
  partition.plan.replace(piece.offsets, piece.rows, piece.token.hash, piece.salt, piece.check);
  piece.version = partition.plan.version();
  piece.maybe_stored = false;
  piece.step = Step::Waiting;
}

// As long as nothing of the batch is stored, the table and the messages may differ as a whole: an operator may alter
// the table, so the plan does not have the message as rejected yet.
void PlannedInserts::refused(Batch& batch, PlannedPiece& piece, TrackedPartition& partition, const Refusal& refusal) {
  if (piece.piece.end - piece.piece.begin > 1) {
    return split(batch, static_cast<size_t>(&piece - batch.pieces.data()), partition, refusal);
  }
  const auto [chunk, message] = BatchMessages(*batch.sealed).place(piece.piece.begin);
  piece.rejection = {chunk, message, refusal.code, refusal.text};
  piece.step = Step::Rejected;
  if (batch.any_stored) partition.plan.rejected(piece.offsets);
}

// Where to cut: around the message that the server named, or in the middle.
std::vector<size_t> PlannedInserts::cuts_of(const Batch& batch, Piece piece, const Refusal& refusal) {
  const size_t middle = piece.begin + (piece.end - piece.begin) / 2;
  if (!refusal.row) return {middle};
  const size_t suspect = BatchMessages(*batch.sealed).with_row(piece, *refusal.row);
  std::vector<size_t> cuts;
  if (suspect > piece.begin) cuts.push_back(suspect);
  if (suspect + 1 < piece.end) cuts.push_back(suspect + 1);
  return cuts;
}

std::vector<PlannedInserts::PlannedPiece> PlannedInserts::pieces_of(const Batch& batch, const PlannedPiece& whole,
                                                                    const std::vector<size_t>& cuts) const {
  const BatchMessages messages(*batch.sealed);
  std::vector<PlannedPiece> pieces;
  size_t begin = whole.piece.begin;
  Offset first = whole.offsets.first;
  for (size_t i = 0; i <= cuts.size(); ++i) {
    PlannedPiece& piece = pieces.emplace_back();
    const bool is_last = i == cuts.size();
    piece.piece = {begin, is_last ? whole.piece.end : cuts[i]};
    piece.offsets = {first, is_last ? whole.offsets.last : messages.at(cuts[i] - 1).offset};
    piece.rows = messages.rows(piece.piece);
    piece.salt = whole.salt;
    set_token(batch, piece);
    begin = piece.piece.end;
    first = piece.offsets.last.next();
  }
  return pieces;
}

void PlannedInserts::split(Batch& batch, size_t index, TrackedPartition& partition, const Refusal& refusal) {
  const PlannedPiece whole = batch.pieces[index];
  std::vector<PlannedPiece> pieces = pieces_of(batch, whole, cuts_of(batch, whole.piece, refusal));
  // A span that the plan does not have any more is below the committed offset.
  if (partition.plan.find(whole.offsets) == nullptr ||
      !partition.plan.has_room_for_pieces(pieces.size(), state_.committer.max_plan_text())) {
    return insert_unplanned(batch.pieces[index], partition);
  }
  std::vector<PlannedSpan> spans;
  for (const PlannedPiece& piece : pieces) {
    spans.push_back({piece.offsets, SpanState::Planned, piece.rows, piece.token.hash, piece.salt, piece.check});
  }
  partition.plan.split(whole.offsets, spans);
  for (PlannedPiece& piece : pieces) piece.version = partition.plan.version();
  batch.pieces.erase(batch.pieces.begin() + static_cast<ptrdiff_t>(index));
  batch.pieces.insert(batch.pieces.begin() + static_cast<ptrdiff_t>(index), pieces.begin(), pieces.end());
}

// The plan has no room for the pieces. The writer looks for the rejected messages alone, and a crash meanwhile may
// store rows twice.
void PlannedInserts::insert_unplanned(PlannedPiece& piece, const TrackedPartition& partition) {
  piece.unplanned = true;
  piece.step = Step::Waiting;
  state_.metrics.guarantee_ended("plan_full").add();
  state_.log.emit(
      PlanFull{state_.settings.topic, partition.partition.value, piece.offsets.first.value, piece.offsets.last.value});
}

void PlannedInserts::resume_unplanned(Batch& batch, PlannedPiece& piece, BatchTask task, Commands& commands) {
  piece.step = task.open.empty() ? Step::Stored : Step::Writing;
  if (!task.open.empty()) return commands.again.push_back(std::move(task));
  batch.unplanned_rejections.insert(batch.unplanned_rejections.end(), task.rejected.begin(), task.rejected.end());
}

// The batch was blocked: its retry is due, or an operator decided.
void PlannedInserts::resume(BatchTask task, Commands& commands) {
  const auto found = batches_.find(task.batch->id);
  if (found == batches_.end()) return;
  Batch& batch = found->second;
  TrackedPartition* const partition = partition_of(batch);
  for (PlannedPiece& piece : batch.pieces) {
    if (piece.step != Step::Blocked) continue;
    if (piece.unplanned) {
      resume_unplanned(batch, piece, std::move(task), commands);
      return;
    }
    if (!task.open.empty()) {
      piece.step = Step::Waiting;
    } else if (!task.rejected.empty()) {
      piece.step = Step::Rejected;
      piece.rejection = std::move(task.rejected.back());
    } else if (partition != nullptr) {
      stored(batch, piece, *partition, false);
    }
  }
}

}  // namespace freshet::stream
