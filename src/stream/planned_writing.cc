#include "stream/planned_writing.h"

#include <utility>

namespace freshet::stream {
namespace {

// What an operator can do about an insert that is too large now, and that the table may have.
WriteOutcome as_it_is(WriteOutcome outcome) {
  outcome.reason =
      "The insert is larger than the server or a proxy before it accepts now. The table may have it nevertheless: its "
      "answer was lost, or the partition's last owner sent it in another format. So it is not made smaller: parts "
      "would have other tokens. Raise the limit that the error names until the insert has passed; or, if the last "
      "owner had another --insert-format, start freshet with that one";
  return outcome;
}

}  // namespace

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
      other_format_(task.other_format),
      other_rows_(task.other_rows),
      others_stored_(task.others_stored),
      repair_(task.repair),
      result_{batch_, false, std::move(task.rejected), 0, {}, {}} {}

BatchResult PlannedWriting::write(const WriteControl& control) {
  if (repair_ && !find_missing(control)) return std::move(result_);
  while (!take(insert(control), control)) {
  }
  return std::move(result_);
}

// False: there is nothing to insert, or that is not known.
bool PlannedWriting::find_missing(const WriteControl& control) {
  auto found = writer_.missing(requests_.messages(piece_), control);
  for (uint32_t number = 1; !found && found.error().kind == ErrorKind::Retry; ++number) {
    if (control.stop.stop_requested()) return false;
    if (control.on_failure) {
      control.on_failure({InsertFailure::Class::Transient, found.error().code, found.error().text, number});
    }
    found = writer_.missing(requests_.messages(piece_), control);
  }
  if (control.stop.stop_requested()) return false;
  if (!found) {
    WriteOutcome unknown{WriteOutcome::Kind::MaybeStored, 0, found.error().text, {}};
    unknown.reason =
        "ClickHouse lost rows of an insert that it had acknowledged, and freshet cannot find out which ones to insert "
        "again";
    block(Blocked::MaybeStored, unknown);
    return false;
  }
  missing_ = *std::move(found);
  result_.written = missing_.empty();
  return !missing_.empty();
}

InsertRequest PlannedWriting::request() const {
  return repair_ ? requests_.request(piece_, missing_) : requests_.request(piece_);
}

WriteOutcome PlannedWriting::insert(const WriteControl& control) {
  asked_ = maybe_stored_ || !exceeds_limit();
  if (!asked_) {
    return {WriteOutcome::Kind::TooLarge, 0, "larger than the last insert that was too large", {}};
  }
  InsertRequest to_send = request();
  to_send.token = token_;
  to_send.without_fields = without_fields_;
  to_send.sent_before = maybe_stored_;
  to_send.messages = [this] { return requests_.messages(piece_); };
  ++result_.inserts;
  return writer_.write(to_send, control);
}

// False: the same insert is to be sent again.
bool PlannedWriting::take(const WriteOutcome& outcome, const WriteControl& control) {
  switch (outcome.kind) {
    case WriteOutcome::Kind::Written:
      memory_.accepted();
      result_.written = outcome.missing.empty();
      result_.incomplete = !result_.written;
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
  if (maybe_stored_ && other_rows_) {
    WriteOutcome unknown = outcome;
    unknown.reason =
        "the table may have the rows that an earlier version of the processor made of these messages, and rejects one "
        "of "
        "the new rows";
    block(Blocked::MaybeStored, unknown);
    return true;
  }
  if (is_single() && !others_stored_ && memory_.rejected(outcome.code) > kRejectedInARow) {
    result_.waited_for_operator = true;
    const bool skipped = wait_for_operator(outcome, kTableDiffers, control);
    if (!skipped) return control.stop.stop_requested();
  }
  result_.refused = Refusal{false, outcome.code, outcome.text, repair_ ? std::nullopt : outcome.row};
  return true;
}

// Smaller inserts would store rows again that this one stored at an earlier attempt: their tokens differ.
void PlannedWriting::take_too_large(const WriteOutcome& outcome) {
  if (is_single()) return block(Blocked::TooLarge, outcome);
  const bool maybe_stored = maybe_stored_ || outcome.maybe_stored_before;
  const bool never_stored = outcome.always_refused && !other_format_;
  if (maybe_stored && !never_stored) return block(Blocked::MaybeStored, as_it_is(outcome));
  if (asked_) limit_.too_large(requests_.bytes(piece_), clock_.steady_now());
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
