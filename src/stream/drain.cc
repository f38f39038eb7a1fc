#include "stream/drain.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace freshet::stream {

void Drain::consumer_started() {
  assert(closed());
  phase_ = Phase::Running;
  end_ = End::None;
  writes_overdue_ = false;
  revoke_.reset();
}

void Drain::stop(End end, SteadyTime now) {
  assert(running());
  phase_ = Phase::Draining;
  end_ = end;
  deadline_ = {now, timeout_};
}

void Drain::leave(SteadyTime now) {
  assert(running());
  phase_ = Phase::Closing;
  end_ = End::Renewed;
  deadline_ = {now, timeout_};
}

void Drain::close(End end) {
  phase_ = Phase::Closed;
  if (end_ == End::None) end_ = end;
  revoke_.reset();
}

bool Drain::take_writes_overdue(SteadyTime now) {
  if (!draining() || writes_overdue_ || now < deadline_.writes()) return false;
  return writes_overdue_ = true;
}

bool Drain::take_drained(const DrainWaits& waits, SteadyTime now) {
  assert(draining());
  if (waits.any() && now < deadline_.last_commit()) return false;
  phase_ = Phase::Closing;
  return true;
}

void Drain::begin_revoke(std::vector<Partition> partitions, bool lost, SteadyTime now) {
  if (revoke_) {
    lost = lost || revoke_->lost;
    partitions.insert(partitions.end(), revoke_->partitions.begin(), revoke_->partitions.end());
  }
  SteadyTime deadline = now + timeout_;
  if (closing()) deadline = stopping() ? deadline_.end() : deadline_.writes();
  revoke_ = Revoke{std::move(partitions), lost, deadline};
}

Drain::RevokeStep Drain::revoke_step(const std::function<DrainWaits(Partition)>& waits, SteadyTime now) const {
  assert(revoke_);
  if (now >= revoke_->deadline) return RevokeStep::AnswerLate;
  const auto& partitions = revoke_->partitions;
  if (!revoke_->lost &&
      std::any_of(partitions.begin(), partitions.end(), [&](Partition one) { return waits(one).any(); })) {
    return RevokeStep::Wait;
  }
  return RevokeStep::Answer;
}

std::optional<SteadyTime> Drain::next_deadline() const {
  std::optional<SteadyTime> next = suspended_until_;
  const auto consider = [&](SteadyTime at) { next = next ? std::min(*next, at) : at; };
  if (closed()) return next;  // everything else waits for the next consumer
  if (revoke_) consider(revoke_->deadline);
  if (draining()) consider(writes_overdue_ ? deadline_.last_commit() : deadline_.writes());
  if (closing()) consider(deadline_.end());
  return next;
}

}  // namespace freshet::stream
