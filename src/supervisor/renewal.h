// Replaces one Kafka consumer by the next without a gap: prepares the next one beside the running one, then hands over.
// Renewals are requested through RenewalRequests.
//
// The class has more methods than most because a renewal is one state machine: each state is a type with its own
// advance(), and every event may end or cancel it. RenewalTimer, RenewalRequests, StopSequence and Backoff decide when.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/mutex.h"
#include "ports/consumer_control.h"
#include "ports/successor.h"
#include "supervisor/backoff.h"
#include "supervisor/end_decision.h"
#include "supervisor/renewal_plan.h"
#include "supervisor/renewal_requests.h"
#include "supervisor/renewal_timer.h"
#include "supervisor/stop_sequence.h"
#include "supervisor/supervisor_metrics.h"
#include "supervisor/supervisor_settings.h"
#include "supervisor/tick.h"

namespace freshet::supervisor {

struct RenewalLimits {
  // Maximum wait, from the first assignment on, for the broker's answer whether it supports static membership. A
  // renewal of an unhealthy consumer waits less, counted from the start of the consumer.
  Duration static_membership_answer = std::chrono::seconds(60);
  Duration static_membership_answer_urgent = std::chrono::seconds(5);
  Duration connect = std::chrono::seconds(60);  // until the next client is connected and logged in
  // Until a rebalance of the running consumer is over and its last commit is answered.
  Duration last_commit = std::chrono::seconds(10);
  Duration join = std::chrono::seconds(60);   // until the join is answered; inserts are paused meanwhile
  Duration stop = std::chrono::seconds(6);    // how long a stop waits for the assignment of the continued membership
  Duration report = std::chrono::seconds(2);  // how long the report waits for the first message
  Duration report_at_end = std::chrono::seconds(1);                            // the same if there was nothing to read
  BackoffPolicy retry{std::chrono::seconds(2), std::chrono::minutes(1), 0.2};  // between failed attempts
  double timer_jitter = SupervisorSettings().renew_jitter;                     // see RenewalTimer
};

// Threads: the consumer loop's, except waiting_for() and under_way().
class Renewal final : public ConsumerControl {
 public:
  // Creates the successor of a consumer with this membership. ErrorKind::Retry: not possible now, try again later.
  using BuildSuccessor = std::function<Result<std::unique_ptr<Successor>>(const Membership& running)>;

  // `uniform01` returns random numbers from [0, 1) for the jitter.
  Renewal(RenewalLimits limits, BuildSuccessor build, RenewalRequests& requests, RenewalPlan& plan, StopSequence& stops,
          std::function<double()> uniform01, Clock& clock, Log& log, Metrics& metrics);

  // `decision` belongs to the consumer. poll() acts on a claimed Stop once the stop sequence drains.
  void consumer_started(EndDecision& decision);
  void consumer_ended();
  // The successor that the previous consumer prepared; it holds the membership. Null = none.
  std::unique_ptr<Source> take_next();
  // True if the next consumer continues the membership of the previous one.
  bool has_next_member() const { return in<Ended>() && change_ && change_->mode == RenewalMode::Static; }
  // No further consumer follows.
  void abandon() { successor_.reset(); }
  // True if a client that was dropped after it sent its join may fence the consumer that continued.
  bool may_have_fenced_itself() const;

  ConsumerCommand poll(SteadyTime now, const ConsumerState& consumer) override;
  SteadyTime next_deadline(SteadyTime now) const override;
  ClientEnd client_ended(const Error& error) override;
  void renewal_may_help(const Error& error, SteadyTime now) override;

  // Why a requested renewal cannot be prepared, which is a problem; empty = no problem. Threads: any.
  std::string waiting_for() const;
  // What a requested renewal is waiting for; empty = none was requested, or nothing is known yet. Threads: any.
  std::string under_way() const;

 private:
  // Phases of a renewal. Before PausingCommits the running consumer is unaffected, and the renewal can be cancelled at
  // any time. Once the join request is sent (see Successor::withdraw) there is no way back to the running consumer.
  struct Idle {};
  struct Connecting {
    SteadyTime deadline;
  };
  struct AwaitingTick {
    TickWait tick;
  };
  struct PausingCommits {
    SteadyTime deadline;
  };
  struct Joining {
    SteadyTime deadline;
  };
  struct Ended {};
  using State = std::variant<Idle, Connecting, AwaitingTick, PausingCommits, Joining, Ended>;
  template <typename T>
  bool in() const {
    return std::holds_alternative<T>(state_);
  }
  bool prepares() const { return in<Connecting>() || in<AwaitingTick>() || in<PausingCommits>(); }

  // A hand-over whose report waits for the first message of the next consumer.
  struct Change {
    RenewalMode mode = RenewalMode::Rejoin;
    SteadyTime last_message;
    int32_t generation = -1;
    std::vector<Partition> partitions;
    bool seen_by_next = false;
    std::optional<SteadyTime> settled_at;
  };

  ConsumerCommand follow_stop(SteadyTime now, const ConsumerState& consumer);
  ConsumerCommand await_drain(SteadyTime now, const ConsumerState& consumer);
  ConsumerCommand advance(Idle& state, SteadyTime now, const ConsumerState& consumer);
  ConsumerCommand advance(Connecting& state, SteadyTime now, const ConsumerState& consumer);
  ConsumerCommand advance(AwaitingTick& state, SteadyTime now, const ConsumerState& consumer);
  ConsumerCommand advance(PausingCommits& state, SteadyTime now, const ConsumerState& consumer);
  ConsumerCommand advance(Joining& state, SteadyTime now, const ConsumerState& consumer);
  ConsumerCommand advance(Ended& state, SteadyTime now, const ConsumerState& consumer);
  std::optional<RenewalMode> mode_of(const RenewalRequests::Request& request, SteadyTime now,
                                     const Membership& membership);
  void begin(const RenewalRequests::Request& request, RenewalMode mode, SteadyTime now, const Membership& membership);
  bool requested_only_by_disabled_timer() const;
  ConsumerCommand hand_over(SteadyTime now, const ConsumerState& consumer);
  ConsumerCommand leave(SteadyTime now, const ConsumerState& consumer);
  void note_change(RenewalMode mode, SteadyTime now, const ConsumerState& consumer);
  void watch_change(SteadyTime now, const ConsumerState& consumer);
  void note_membership(SteadyTime now, const ConsumerState& consumer);
  bool is_member() const { return first_assigned_ || (change_ && change_->mode == RenewalMode::Static); }
  void tell_whether_member(bool member);
  void drop_successor();
  void fail(const std::string& error, SteadyTime now, RenewalResult result = RenewalResult::Failed);
  void cancel(const std::string& why);
  void finish(RenewalReport report);
  void wait_for(std::string what);
  void explain(std::string_view what, std::optional<SteadyTime> until = {});
  bool has_new_partitions(const Membership& membership) const;
  bool continues(const Membership& membership) const;
  ConsumerCommand begin_take_over(SteadyTime now, const ConsumerState& consumer);

  const RenewalLimits limits_;
  const BuildSuccessor build_;
  RenewalRequests& requests_;
  const RenewalPlan& plan_;
  StopSequence& stops_;
  const std::function<double()> uniform01_;
  Clock& clock_;
  Log& log_;
  const RenewalMetrics metrics_;

  EndDecision* decision_ = nullptr;
  RenewalTimer timer_;
  SteadyTime consumer_started_at_{};
  std::optional<SteadyTime> first_assigned_;  // of the running consumer
  std::optional<SteadyTime> fenced_;          // when the running consumer saw that it was fenced
  uint64_t consumers_ = 0;
  State state_;
  SteadyTime not_before_{};
  RenewalMode mode_ = RenewalMode::Rejoin;
  // Attempts that found the group rebalancing since the consumer joined this generation.
  struct Postponed {
    int32_t generation = -1;
    int attempts = 0;
  };
  Postponed postponed_;
  bool must_rejoin_ = false;  // the topic has partitions that the group does not know
  std::unique_ptr<Successor> successor_;
  std::optional<Change> change_;
  std::optional<RenewalRequests::Request> retry_;
  Backoff backoff_;
  std::optional<SteadyTime> join_given_up_;
  std::optional<SteadyTime> stop_seen_;
  bool told_member_ = false;  // as last told to the stop sequence
  struct Explanation {
    std::string what;
    std::optional<SteadyTime> until;
  };
  mutable Mutex mutex_;
  std::string waiting_for_ GUARDED_BY(mutex_);
  Explanation under_way_ GUARDED_BY(mutex_);
};

}  // namespace freshet::supervisor
