#include "supervisor/stop_sequence.h"

#include "supervisor/supervisor_events.h"

namespace freshet::supervisor {

void StopSequence::set_member(bool member) {
  {
    MutexLock lock(mutex_);
    member_ = member;
  }
  if (!member) end_wait();
}

bool StopSequence::begin_leave() {
  MutexLock lock(mutex_);
  if (state_ != State::Running) return false;
  member_ = false;
  return true;
}

void StopSequence::begin() {
  bool waits = false;
  double seconds = 0;
  {
    MutexLock lock(mutex_);
    if (state_ != State::Running) return;
    if (member_ && may_wait_) wait_.emplace(clock_, plan_);
    waits = wait_ && !wait_->over();
    state_ = waits ? State::Waiting : State::Draining;
    if (waits) seconds = to_seconds(wait_->deadline() - clock_.steady_now());
  }
  if (waits) {
    log_.emit(WaitingForTick{"leave", plan_.get().tick.count(), seconds});
  }
  asked_.request_stop();
  if (!waits) drain_.request_stop();
}

void StopSequence::poll() {
  {
    MutexLock lock(mutex_);
    if (state_ != State::Waiting || !wait_->over()) return;
  }
  end_wait();
}

std::optional<SteadyTime> StopSequence::deadline() const {
  MutexLock lock(mutex_);
  if (state_ != State::Waiting) return std::nullopt;
  return wait_->deadline();
}

bool StopSequence::hurry() {
  State before;
  {
    MutexLock lock(mutex_);
    before = state_;
    if (before == State::Waiting || before == State::WaitSkipped) state_ = State::Draining;
  }
  if (before == State::Waiting) drain_.request_stop();
  return before == State::Waiting || before == State::WaitSkipped;
}

void StopSequence::skip_wait() {
  {
    MutexLock lock(mutex_);
    may_wait_ = false;
  }
  end_wait(State::WaitSkipped);
}

bool StopSequence::end_wait(State next) {
  {
    MutexLock lock(mutex_);
    if (state_ != State::Waiting) return false;
    state_ = next;
  }
  drain_.request_stop();
  return true;
}

}  // namespace freshet::supervisor
