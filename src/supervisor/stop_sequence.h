// The stop of the process: requested, waiting for the tick, draining.
#pragma once

#include <optional>
#include <stop_token>

#include "base/clock.h"
#include "base/log.h"
#include "base/mutex.h"
#include "supervisor/renewal_plan.h"
#include "supervisor/tick.h"

namespace freshet::supervisor {

// Threads: any; no call blocks. Callbacks of the two stop tokens must not call this object.
class StopSequence {
 public:
  StopSequence(Clock& clock, RenewalPlan& plan, Log& log) : clock_(clock), plan_(plan), log_(log) {}
  StopSequence(const StopSequence&) = delete;
  StopSequence& operator=(const StopSequence&) = delete;

  // The consumer loop reports whether the process is a group member that a stop would remove. It is one from its first
  // assignment on, including rebalances and a hand-over to the next consumer. A stop of a member waits for the next
  // tick while consumption continues. Without a member (before the first assignment, during a backoff) a stop drains at
  // once. A wait ends when this becomes false.
  void set_member(bool member);
  // Ends a wait whose tick has come. Call once per loop iteration, at the latest at deadline().
  void poll();
  // When poll() is due; none = no wait.
  std::optional<SteadyTime> deadline() const;
  // The running consumer is about to leave the group in order to rejoin; implies set_member(false). False: a stop was
  // requested first, and no renewal may leave.
  bool begin_leave();

  // Starts a stop: requests asked() at once, and drain() after the wait.
  void begin();
  // The operator's second signal: ends the wait. True if there was a wait, or if skip_wait() has just ended one.
  bool hurry();
  // Ends the current wait and skips all future ones.
  void skip_wait();

  // Requested: from then on no renewal starts and no further consumer.
  std::stop_token asked() const { return asked_.get_token(); }
  // Requested: from then on the consumer drains and leaves.
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
