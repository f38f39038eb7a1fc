// How the process stops: requested, waiting for the tick, draining.
#pragma once

#include <optional>
#include <stop_token>

#include "base/clock.h"
#include "base/log.h"
#include "base/mutex.h"
#include "supervisor/renewal_plan.h"
#include "supervisor/tick.h"

namespace freshet::supervisor {

// Threads: any; nothing blocks. Callbacks of the two stop tokens must not call back.
class StopSequence {
 public:
  StopSequence(Clock& clock, RenewalPlan& plan, Log& log) : clock_(clock), plan_(plan), log_(log) {}
  StopSequence(const StopSequence&) = delete;
  StopSequence& operator=(const StopSequence&) = delete;

  // The main loop reports if the process is a member of the group, which a stop would end: from its first assignment
  // on, also while it rebalances and while the next consumer takes over the membership. A stop then waits for the next
  // tick while consumption continues; otherwise (before the first assignment, during a backoff) it stops at once. A
  // wait ends when this becomes false.
  void set_member(bool member);
  // Checks the time: a wait ends at its tick. Call once per loop iteration, at the latest at deadline().
  void poll();
  // When poll() is due; none = nothing waits.
  std::optional<SteadyTime> deadline() const;
  // From now on the running consumer leaves the group in order to rejoin, as with set_member(false). False: a stop came
  // first, and no renewal may leave any more.
  bool begin_leave();

  // Stops: requests asked() at once and drain() after the wait.
  void begin();
  // The operator's second signal: ends the wait. True if there was a wait, or if skip_wait() has just ended it.
  bool hurry();
  // Ends the current wait and all future ones.
  void skip_wait();

  // From now on no renewal and no further consumer.
  std::stop_token asked() const { return asked_.get_token(); }
  // From now on drain and leave.
  std::stop_token drain() const { return drain_.get_token(); }

 private:
  enum class State { Running, Waiting, WaitSkipped, Draining };  // the last two drain
  bool end_wait(State next = State::Draining);

  Clock& clock_;
  RenewalPlan& plan_;
  Log& log_;
  std::stop_source asked_;
  std::stop_source drain_;
  mutable Mutex mutex_;
  State state_ GUARDED_BY(mutex_) = State::Running;
  bool member_ GUARDED_BY(mutex_) = false;
  bool may_wait_ GUARDED_BY(mutex_) = true;
  std::optional<TickWait> wait_ GUARDED_BY(mutex_);  // only in state Waiting
};

}  // namespace freshet::supervisor
