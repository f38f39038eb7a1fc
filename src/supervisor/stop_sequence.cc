#include "supervisor/stop_sequence.h"

#include <utility>

#include "supervisor/schedule.h"
#include "supervisor/tick.h"

namespace freshet::supervisor {

StopSequence::~StopSequence() {
  wait_end_.request_stop();
  std::jthread waiter;
  MutexLock lock(mutex_);
  waiter.swap(waiter_);
}

void StopSequence::set_member(bool member) {
  {
    MutexLock lock(mutex_);
    member_ = member;
  }
  if (!member) end_wait();
}

bool StopSequence::begin_renewal() {
  MutexLock lock(mutex_);
  if (state_ != State::Running) return false;
  member_ = false;
  return true;
}

void StopSequence::begin() {
  bool waits = false;
  {
    MutexLock lock(mutex_);
    if (state_ != State::Running) return;
    waits = member_ && until_tick(clock_.system_now(), plan_.get().tick) > Duration::zero();
    state_ = waits ? State::Waiting : State::Draining;
  }
  asked_.request_stop();
  if (!waits) {
    drain_.request_stop();
    return;
  }
  MutexLock lock(mutex_);
  waiter_ = std::jthread([this] {
    if (wait_for_tick(clock_, plan_, log_, "leave", wait_end_.get_token())) end_wait();
  });
}

bool StopSequence::hurry() { return end_wait(); }

bool StopSequence::end_wait() {
  {
    MutexLock lock(mutex_);
    if (state_ != State::Waiting) return false;
    state_ = State::Draining;
  }
  wait_end_.request_stop();
  drain_.request_stop();
  return true;
}

}  // namespace freshet::supervisor
