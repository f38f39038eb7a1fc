#include "stream/intake.h"

#include <algorithm>
#include <utility>

namespace freshet::stream {
namespace {

// Enough to keep a worker busy while the loop waits for a core.
constexpr uint64_t kAheadPerWorker = 4 << 20;
constexpr uint64_t kShareAhead = 8;    // at most this part of the limit, for all workers
constexpr uint64_t kShareOfBurst = 4;  // the same for one burst
// While batches are written, so many eighths of the limit are left to what they take beside their rows.
constexpr uint64_t kEighthsForInserts = 3;
// If fewer bytes came than were asked for, and no more than these, the source had no more. Its polls may have limits of
// their own, which are larger.
constexpr uint64_t kSurelyAll = 256 << 10;

uint64_t difference(uint64_t from, uint64_t what) { return from - std::min(from, what); }

uint64_t ahead(uint64_t limit, uint32_t workers) { return std::min(workers * kAheadPerWorker, limit / kShareAhead); }

}  // namespace

Intake::Intake(std::shared_ptr<const ByteBudget> budget, uint32_t workers, bool source_keeps_messages,
               uint64_t full_queue_bytes)
    : budget_(std::move(budget)),
      ahead_(source_keeps_messages ? ahead(budget_->limit(), workers) : UINT64_MAX),
      most_(budget_->limit() / kShareOfBurst),
      full_queue_(full_queue_bytes),
      expected_(ahead_) {}

void Intake::took(Partition partition, uint64_t bytes, SteadyTime now) {
  taken_ += bytes;
  came_ += bytes;
  turns_.delivered(partition, now);
}

void Intake::advance(const Load& load, SteadyTime now) {
  stopped_ = load.stopped;
  open_ = open_ && !stopped_;
  if (!stopped_) advance_burst(load);
  turns_.advance(as_seen_by_turns(), now);
  asked_ = wanted();
  came_ = 0;
}

// Whether the source could bring messages of every partition. While its queue is full it does not, and whenever a full
// queue was emptied it begins with the same partitions again.
FetchTurns::Intake Intake::as_seen_by_turns() {
  using State = FetchTurns::Intake;
  if (stopped_) return State::Stopped;
  if (ahead_ == UINT64_MAX) return State::Open;
  since_unbroken_ += came_;
  if (!open_ || std::exchange(missed_some_, false) || since_unbroken_ >= full_queue_) {
    since_unbroken_ = 0;
    return State::Closed;
  }
  return came_ < std::min(asked_, kSurelyAll) ? State::Open : State::Behind;
}

void Intake::advance_burst(const Load& load) {
  if (ahead_ == UINT64_MAX) {
    open_ = true;
    return;
  }
  if (open_ && has_enough()) {
    open_ = false;
    missed_some_ = turns_.missing() > 0;
    expected_ = taken_;
  }
  if (open_ || !may_begin(load)) return;
  open_ = true;
  least_ = std::max<uint64_t>(difference(ahead_, load.with_workers), 1);
  taken_ = 0;
  turns_.begin_burst();
}

// A burst is not interrupted, so there is room for all of it. If nobody else makes room, a pause and a smaller batch
// follow. What waits for an operator makes the limit smaller: else reading would wait for each insert meanwhile.
bool Intake::may_begin(const Load& load) const {
  if (load.with_workers > ahead_ / 2) return false;
  if (!load.batches_make_room) return true;
  const uint64_t limit = difference(budget_->limit(), load.for_operator);
  const uint64_t most = limit - limit / 8 * kEighthsForInserts;
  const uint64_t used = difference(budget_->used(), load.for_operator);
  return used + std::clamp(expected_, std::min(ahead_, most_), most_) <= most;
}

uint64_t Intake::wanted() const {
  // What still comes then comes from a partition that must be read.
  if (stopped_ || ahead_ == UINT64_MAX) return ahead_;
  if (!open_) return 0;
  if (taken_ < least_) return least_ - taken_;
  // For those that are missing.
  return has_enough() ? 0 : std::min(ahead_ / 4, most_ - taken_);
}

}  // namespace freshet::stream
