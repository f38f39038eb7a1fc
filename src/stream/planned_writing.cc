#include "stream/planned_writing.h"

#include <utility>

namespace freshet::stream {

PlannedWriting::PlannedWriting(RowWriter& writer, RejectionMemory& memory, InsertLimit& limit, Clock& clock,
                               BatchTask task)
    : writer_(writer),
      memory_(memory),
      limit_(limit),
      clock_(clock),
      batch_(std::move(task.batch)),
      requests_(*batch_),
      piece_(task.open.front()),
      token_(std::move(task.planned_token)),
      maybe_stored_(task.maybe_stored),
      others_stored_(task.others_stored),
      result_{batch_, false, std::move(task.rejected), 0, {}, {}} {}

BatchResult PlannedWriting::write(const WriteControl& control) {
  while (!take(insert(control), control)) {
  }
  return std::move(result_);
}

WriteOutcome PlannedWriting::insert(const WriteControl& control) {
  if (!maybe_stored_ && exceeds_limit()) {
    return {WriteOutcome::Kind::TooLarge, 0, "larger than the last insert that was too large", {}};
  }
  InsertRequest request = requests_.request(piece_);
  request.token = token_;
  request.without_fields = without_fields_;
  ++result_.inserts;
  return writer_.write(request, control);
}

// False: the same insert is to be sent again.
bool PlannedWriting::take(const WriteOutcome& outcome, const WriteControl& control) {
  switch (outcome.kind) {
    case WriteOutcome::Kind::Written:
      memory_.accepted();
      result_.written = true;
      break;
    case WriteOutcome::Kind::Rejected:
      return take_rejection(outcome, control);
    case WriteOutcome::Kind::TooLarge:
      take_too_large(outcome);
      break;
    case WriteOutcome::Kind::NoFields:
      without_fields_ = wait_for_operator(outcome, kNoFieldMatches, control);
      return control.stop.stop_requested();
    case WriteOutcome::Kind::MaybeStored:
      block(Blocked::MaybeStored, outcome);
      break;
    case WriteOutcome::Kind::Expired:
      result_.expired = true;
      break;
    case WriteOutcome::Kind::Abandoned:
      break;
  }
  return true;
}

bool PlannedWriting::take_rejection(const WriteOutcome& outcome, const WriteControl& control) {
  if (is_single() && !others_stored_ && memory_.rejected(outcome.code) > kRejectedInARow) {
    result_.waited_for_operator = true;
    const bool skipped = wait_for_operator(outcome, kTableDiffers, control);
    if (!skipped) return control.stop.stop_requested();
  }
  result_.refused = Refusal{false, outcome.code, outcome.text, outcome.row};
  return true;
}

// Smaller inserts would store rows again that this one stored at an earlier attempt: their tokens differ.
void PlannedWriting::take_too_large(const WriteOutcome& outcome) {
  if (is_single()) return block(Blocked::TooLarge, outcome);
  const bool maybe_stored = maybe_stored_ || outcome.maybe_stored_before;
  if (maybe_stored && !outcome.always_refused) return block(Blocked::MaybeStored, outcome);
  if (outcome.code != 0) limit_.too_large(requests_.bytes(piece_), clock_.steady_now());
  result_.refused = Refusal{true, outcome.code, outcome.text, {}};
}

void PlannedWriting::block(Blocked why, const WriteOutcome& outcome) {
  result_.blocked.push_back({why, piece_, requests_.rows(piece_), outcome.code, outcome.text, outcome.reason});
}

bool PlannedWriting::exceeds_limit() {
  if (is_single()) return false;
  const uint64_t limit = limit_.bytes(clock_.steady_now());
  return limit != UINT64_MAX && requests_.bytes(piece_) > limit;
}

bool PlannedWriting::wait_for_operator(const WriteOutcome& outcome, const OperatorWait& wait,
                                       const WriteControl& control) {
  return memory_.wait_for_operator(*batch_, outcome, result_.inserts, wait, control, clock_);
}

}  // namespace freshet::stream
