// One Kafka session after the other without a gap: the next one is made ready beside the running one and takes its
// place. When somebody wants that is said at the RenewalDesk.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/mutex.h"
#include "ports/session_control.h"
#include "ports/successor.h"
#include "supervisor/backoff.h"
#include "supervisor/renewal_desk.h"
#include "supervisor/renewal_plan.h"
#include "supervisor/run_outcome.h"
#include "supervisor/stop_sequence.h"
#include "supervisor/tick.h"

namespace freshet::supervisor {

struct RenewalLimits {
  Duration know_continuity = std::chrono::seconds(5);  // how long it waits to hear whether the broker keeps the member
  Duration warm = std::chrono::seconds(30);            // the next client connects and logs in
  Duration quiet = std::chrono::seconds(10);           // the running session settles and its commit is answered
  Duration join = std::chrono::seconds(3);             // the next client gets the membership
  Duration report = std::chrono::seconds(2);           // how long the report waits for the first message
  Duration report_at_end = std::chrono::seconds(1);    // the same once it is known that there was nothing to read
  BackoffPolicy retry{std::chrono::seconds(2), std::chrono::minutes(1), 0.2};  // between failed attempts
};

// Threads: the loop's, but waiting_for().
class Renewal final : public SessionControl {
 public:
  // Builds the successor of a session with this membership. Retry: not now, ask again in a while.
  using BuildSuccessor = std::function<Result<std::unique_ptr<Successor>>(const Membership& running)>;

  // `chance` draws uniformly from [0, 1) for the jitter.
  Renewal(RenewalLimits limits, BuildSuccessor build, RenewalDesk& desk, const RenewalPlan& plan, StopSequence& stops,
          std::function<double()> chance, Clock& clock, Log& log, Metrics& metrics);

  // `decision` is the session's; a Stop that it claims is followed in turn(), once the stop sequence drains.
  void begin_session(RunDecision& decision);
  void end_session();
  // What the session that ended has prepared: its membership goes on in it. Null: there is none.
  std::unique_ptr<Source> take_next();
  // It has the membership of the session that ended.
  bool has_next_member() const { return successor_ && successor_->state() != Successor::State::Warm; }
  // Nothing follows any more.
  void abandon() { successor_.reset(); }
  // A successor that was given up while it joined may still fence the session that went on.
  bool may_have_fenced_itself() const;

  Wish turn(SteadyTime now, const SessionFacts& facts) override;
  SteadyTime next_deadline(SteadyTime now) const override;
  bool expects_end(const Error& error) override;
  void renewal_may_help(const Error& error, SteadyTime now) override;

  // Why a renewal that was asked for waits; empty = none does. Threads: any.
  std::string waiting_for() const;

 private:
  enum class State { Idle, Warming, AwaitingTick, Quieting, Joining, Ended };
  // A hand-over whose report waits for the next session's first message.
  struct Change {
    RenewalMode mode = RenewalMode::Rejoin;
    SteadyTime last_message;
    int32_t generation = -1;
    std::vector<Partition> partitions;
    bool seen_by_next = false;
    std::optional<SteadyTime> settled_at;
  };

  Wish follow_stop(SteadyTime now, const SessionFacts& facts);
  Wish begin_if_asked(SteadyTime now, const SessionFacts& facts);
  Wish wait_until_warm(SteadyTime now, const SessionFacts& facts);
  Wish wait_until_tick(SteadyTime now, const SessionFacts& facts);
  Wish wait_until_quiet(SteadyTime now, const SessionFacts& facts);
  Wish wait_until_joined(SteadyTime now, const SessionFacts& facts);
  Wish hand_over(SteadyTime now, const SessionFacts& facts);
  Wish leave(SteadyTime now, const SessionFacts& facts);
  void note_change(RenewalMode mode, SteadyTime now, const SessionFacts& facts);
  void watch_change(SteadyTime now, const SessionFacts& facts);
  void tell_whether_at_rest(bool at_rest);
  void fail(const std::string& error, SteadyTime now, RenewalResult result = RenewalResult::Failed);
  void cancel();
  void finish(RenewalReport report);
  void wait_for(std::string what);
  bool grew(const Membership& membership) const;

  const RenewalLimits limits_;
  const BuildSuccessor build_;
  RenewalDesk& desk_;
  const RenewalPlan& plan_;
  StopSequence& stops_;
  const std::function<double()> chance_;
  Clock& clock_;
  Log& log_;
  Metrics& metrics_;
  Histogram& pause_;
  Gauge& age_;
  Counter& signalled_;
  Counter& reconnects_;

  RunDecision* decision_ = nullptr;
  SteadyTime session_began_{};
  uint64_t sessions_ = 0;
  State state_ = State::Idle;
  SteadyTime deadline_{};
  SteadyTime not_before_{};
  RenewalMode mode_ = RenewalMode::Rejoin;
  int postponed_ = 0;         // attempts in a row that found the group rebalancing
  bool must_rejoin_ = false;  // the topic has partitions that the group does not know
  std::unique_ptr<Successor> successor_;
  std::optional<Change> change_;
  std::optional<RenewalDesk::Request> retry_;
  Backoff backoff_;
  std::optional<SteadyTime> join_given_up_;
  std::optional<SteadyTime> stop_seen_;
  std::optional<TickWait> tick_;
  bool at_rest_ = false;  // as the stop sequence was told
  mutable Mutex mutex_;
  std::string waiting_for_ GUARDED_BY(mutex_);
};

}  // namespace freshet::supervisor
