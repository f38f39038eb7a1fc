// How the process ends on an operator's wish: asked, waiting for the tick, draining.
#pragma once

#include <optional>
#include <stop_token>

#include "base/clock.h"
#include "base/log.h"
#include "base/mutex.h"
#include "supervisor/renewal_plan.h"
#include "supervisor/tick.h"

namespace freshet::supervisor {

// Threads: any; nothing here blocks. No callback of the two stop tokens may call back in.
class StopSequence {
 public:
  StopSequence(Clock& clock, RenewalPlan& plan, Log& log) : clock_(clock), plan_(plan), log_(log) {}
  StopSequence(const StopSequence&) = delete;
  StopSequence& operator=(const StopSequence&) = delete;

  // The session loop says whether the process is a member of the group, which a stop would end: from its first
  // assignment on, also while it rebalances and while the next session takes the membership over. Then a stop waits for
  // the next tick, while consuming goes on; otherwise (before the first assignment, in a back-off) it ends at once. A
  // wait that is under way ends when this becomes false.
  void set_member(bool member);
  // The session loop looks at the time: a wait ends with its tick. Called once a turn, at deadline() at the latest.
  void poll();
  // When poll() is due; none = nothing waits.
  std::optional<SteadyTime> deadline() const;
  // The running session leaves the group from now on in order to join it anew, as with set_member(false). False: a stop
  // came first, and no renewal may leave any more.
  bool begin_leave();

  // Stop. Requests asked() at once and drain() after the wait.
  void begin();
  // The operator's second signal: do not wait any longer. True if there was a wait to end, or skip_wait() has just
  // ended the one that was meant.
  bool hurry();
  // No stop waits from now on, and a wait that is under way ends.
  void skip_wait();

  // From now on no renewal and no further session.
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
  std::optional<TickWait> wait_ GUARDED_BY(mutex_);  // while Waiting
};

}  // namespace freshet::supervisor
