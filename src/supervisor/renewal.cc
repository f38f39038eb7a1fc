#include "supervisor/renewal.h"

#include <algorithm>
#include <utility>

#include "supervisor/supervisor_events.h"

namespace freshet::supervisor {
namespace {

constexpr Duration kIdle = std::chrono::seconds(1);
// A last message older than this does not start the pause: the topic was quiet.
constexpr Duration kQuietTopic = std::chrono::seconds(1);
// Number of attempts that may find the group rebalancing and the consumer in its old generation: the group may be
// waiting for this consumer. With a new generation the consumer has taken part, and the count restarts.
constexpr int kPostpone = 3;
// A fenced client learns of it with its next heartbeat at the latest.
constexpr Duration kFencedBySelf = std::chrono::minutes(1);

}  // namespace

Renewal::Renewal(RenewalLimits limits, BuildSuccessor build, RenewalRequests& requests, RenewalPlan& plan,
                 StopSequence& stops, std::function<double()> uniform01, Clock& clock, Log& log, Metrics& metrics)
    : limits_(limits),
      build_(std::move(build)),
      requests_(requests),
      plan_(plan),
      stops_(stops),
      uniform01_(std::move(uniform01)),
      clock_(clock),
      log_(log),
      metrics_(metrics),
      timer_(plan, requests, clock, log, metrics, limits.timer_jitter),
      backoff_(limits.retry) {}

// --- consumers ------------------------------------------------------------------------------------------------------

void Renewal::consumer_started(EndDecision& decision) {
  decision_ = &decision;
  consumer_started_at_ = clock_.steady_now();
  timer_.consumer_started(consumer_started_at_, uniform01_());
  state_ = Idle{};
  first_assigned_.reset();
  fenced_.reset();
  stop_seen_.reset();
  if (change_) change_->seen_by_next = true;
  if (++consumers_ > 1) metrics_.reconnects.add();
}

void Renewal::consumer_ended() {
  decision_ = nullptr;
  if (!has_next_member()) tell_whether_member(false);
  if (change_ && change_->seen_by_next) {  // before the consumer delivered a message
    RenewalReport report;
    report.mode = change_->mode;
    report.result = RenewalResult::Failed;
    report.error = "the next consumer ended at once";
    change_.reset();
    finish(std::move(report));
  }
  if (in<Ended>()) return;
  drop_successor();
  state_ = Idle{};
}

std::unique_ptr<Source> Renewal::take_next() {
  if (!successor_) return nullptr;
  return std::exchange(successor_, nullptr)->take();
}

bool Renewal::may_have_fenced_itself() const {
  return join_given_up_ && clock_.steady_now() - *join_given_up_ < kFencedBySelf;
}

// --- calls of the consumer loop -------------------------------------------------------------------------------------

ConsumerCommand Renewal::poll(SteadyTime now, const ConsumerState& consumer) {
  metrics_.consumer_age_seconds.set(to_seconds(now - consumer_started_at_));
  note_membership(now, consumer);
  watch_change(now, consumer);
  stops_.poll();
  if (decision_->reason() == EndReason::Stop) {
    return stops_.drain().stop_requested() ? follow_stop(now, consumer) : await_drain(now, consumer);
  }
  timer_.poll(now);
  tell_whether_member(is_member());
  return std::visit([&](auto& state) { return advance(state, now, consumer); }, state_);
}

void Renewal::note_membership(SteadyTime now, const ConsumerState& consumer) {
  if (consumer.membership->settled && !first_assigned_) first_assigned_ = now;
  if (consumer.fenced && !fenced_) fenced_ = now;
}

// A member leaves on the tick and consumes until then. The next consumer is not needed, unless it has sent its join:
// then only that consumer can continue the membership.
ConsumerCommand Renewal::await_drain(SteadyTime now, const ConsumerState& consumer) {
  if (auto* joining = std::get_if<Joining>(&state_); joining && (consumer.fenced || !successor_->withdraw())) {
    return advance(*joining, now, consumer);
  }
  if (prepares() || in<Joining>()) cancel("a stop came first");
  return ConsumerCommand::Continue;
}

ConsumerCommand Renewal::follow_stop(SteadyTime now, const ConsumerState& consumer) {
  if (!stop_seen_) stop_seen_ = now;
  if (in<Joining>() && (consumer.fenced || !successor_->withdraw())) {
    // The running consumer is fenced, or will be: only the next one can commit and leave.
    if (successor_->state() == Successor::State::Failed) drop_successor();
    return hand_over(now, consumer);
  }
  // The assignment of the continued membership arrives soon; then the fetched messages can be finished.
  const bool patient = now - *stop_seen_ < limits_.stop;
  if (change_ && change_->mode == RenewalMode::Static && !consumer.membership->settled && patient)
    return ConsumerCommand::Continue;
  cancel("a stop came first");
  return ConsumerCommand::Stop;
}

ConsumerCommand Renewal::advance(Idle&, SteadyTime now, const ConsumerState& consumer) {
  if (change_) return ConsumerCommand::Continue;
  if (now < not_before_) return ConsumerCommand::Continue;
  if (retry_ && retry_->only_by_timer() && !plan_.get().enabled) retry_.reset();
  if (retry_) requests_.request_again(*retry_);
  const auto request = requests_.open();
  if (!request || stops_.asked().stop_requested()) return ConsumerCommand::Continue;
  if (const auto mode = mode_of(*request, now, *consumer.membership)) begin(*request, *mode, now, *consumer.membership);
  return ConsumerCommand::Continue;
}

// None = not known yet. "Unknown" must not count as unsupported: if the broker does keep static members, leaving would
// cause a rebalance of the whole group.
std::optional<RenewalMode> Renewal::mode_of(const RenewalRequests::Request& request, SteadyTime now,
                                            const Membership& membership) {
  if (membership.continuity == Membership::Continuity::Works && !must_rejoin_) return RenewalMode::Static;
  if (membership.continuity != Membership::Continuity::Unknown) return RenewalMode::Rejoin;
  const bool urgent = request.urgent() && now - consumer_started_at_ >= limits_.static_membership_answer_urgent;
  const bool unanswered = first_assigned_ && now - *first_assigned_ >= limits_.static_membership_answer;
  if (urgent || unanswered) return RenewalMode::Rejoin;
  explain(first_assigned_ ? "the broker's answer whether it keeps this static member"
                          : "the first assignment of this consumer");
  return std::nullopt;
}

void Renewal::begin(const RenewalRequests::Request& request, RenewalMode mode, SteadyTime now,
                    const Membership& membership) {
  auto successor = build_(membership);
  if (!successor) {
    if (successor.error().kind != ErrorKind::Retry) {
      fail(successor.error().text, now);
    } else {
      wait_for(successor.error().text);
      not_before_ = now + kIdle;
    }
    return;
  }
  wait_for({});
  retry_.reset();
  successor_ = *std::move(successor);
  mode_ = mode;
  state_ = Connecting{now + limits_.connect};
  explain("the next consumer, which connects and logs in");
  log_.emit(RenewalStarted{to_string(request.reason), request.trigger, to_string(mode_)});
}

// Only the timer requested the renewal, and the timer has been disabled since.
bool Renewal::requested_only_by_disabled_timer() const {
  const auto request = requests_.open();
  return request && request->only_by_timer() && !plan_.get().enabled;
}

bool Renewal::has_new_partitions(const Membership& membership) const {
  return membership.topic_partitions > 0 && successor_->topic_partitions() > membership.topic_partitions;
}

ConsumerCommand Renewal::advance(Connecting& state, SteadyTime now, const ConsumerState& consumer) {
  if (requested_only_by_disabled_timer()) {
    cancel("the timer was switched off");
    return ConsumerCommand::Continue;
  }
  const auto successor = successor_->state();
  if (successor == Successor::State::Failed) {
    fail(successor_->failure().text, now);
  } else if (successor == Successor::State::Connecting && now >= state.deadline) {
    fail("the next consumer could not be made ready in time", now);
  }
  if (successor != Successor::State::Ready) return ConsumerCommand::Continue;
  if (continues(*consumer.membership)) return begin_take_over(now, consumer);
  mode_ = RenewalMode::Rejoin;
  state_ = AwaitingTick{TickWait(clock_, plan_)};
  return advance(std::get<AwaitingTick>(state_), now, consumer);
}

// Checked again because the broker's answer may be newer than the renewal. A client that joins as the existing member
// keeps its assignment, so nobody would own new partitions.
bool Renewal::continues(const Membership& membership) const {
  return membership.continuity == Membership::Continuity::Works && !must_rejoin_ && !has_new_partitions(membership);
}

ConsumerCommand Renewal::begin_take_over(SteadyTime now, const ConsumerState& consumer) {
  mode_ = RenewalMode::Static;
  state_ = PausingCommits{now + limits_.last_commit};
  return advance(std::get<PausingCommits>(state_), now, consumer);
}

// A renewal that leaves the group does so on the tick; until then the prepared consumer waits and consumption
// continues. An unhealthy consumer does not wait for a tick.
ConsumerCommand Renewal::advance(AwaitingTick& state, SteadyTime now, const ConsumerState& consumer) {
  if (requested_only_by_disabled_timer()) {
    cancel("the timer was switched off");
    return ConsumerCommand::Continue;
  }
  if (successor_->state() == Successor::State::Failed) {
    fail(successor_->failure().text, now);
    return ConsumerCommand::Continue;
  }
  if (continues(*consumer.membership)) return begin_take_over(now, consumer);
  const auto request = requests_.open();
  if (state.tick.over() || (request && request->urgent())) return leave(now, consumer);
  explain("the next tick of the quantised delay, on which it leaves the group", state.tick.deadline());
  return ConsumerCommand::Continue;
}

void Renewal::tell_whether_member(bool member) {
  if (std::exchange(told_member_, member) != member) stops_.set_member(member);
}

ConsumerCommand Renewal::advance(PausingCommits& state, SteadyTime now, const ConsumerState& consumer) {
  if (requested_only_by_disabled_timer()) {
    cancel("the timer was switched off");
    return ConsumerCommand::Continue;
  }
  // A rebalance or a commit that does not end is one more reason to replace the consumer.
  const bool late = now >= state.deadline;
  if (consumer.revoking || (!consumer.membership->settled && !late)) {
    explain("the end of a rebalance");
    return ConsumerCommand::Continue;  // the drain of the revoke must be able to commit
  }
  if (consumer.commit_outstanding && !late) {
    explain("the answer to a commit");
    return ConsumerCommand::PauseCommits;
  }
  if (stops_.asked().stop_requested()) return await_drain(now, consumer);
  const auto request = requests_.open();
  if (consumer.membership->generation != postponed_.generation) postponed_ = {consumer.membership->generation, 0};
  successor_->join(*consumer.membership, (request && request->urgent()) || postponed_.attempts >= kPostpone);
  state_ = Joining{now + limits_.join};
  explain("the coordinator's answer to the join");
  return ConsumerCommand::PauseWrites;
}

ConsumerCommand Renewal::advance(Joining& state, SteadyTime now, const ConsumerState& consumer) {
  const auto successor = successor_->state();
  if (successor == Successor::State::Joined) return hand_over(now, consumer);
  if (successor == Successor::State::Postponed || successor == Successor::State::Failed) {
    if (!consumer.fenced && successor_->withdraw()) {  // it has not joined and fences nobody
      const bool postponed = successor == Successor::State::Postponed;
      if (postponed) ++postponed_.attempts;
      fail(successor_->failure().text, now, postponed ? RenewalResult::Postponed : RenewalResult::Failed);
      return ConsumerCommand::Continue;
    }
    drop_successor();  // the next one is created from scratch and replaces both
    return hand_over(now, consumer);
  }
  if (now < state.deadline) return ConsumerCommand::PauseWrites;
  // The request or its response may be lost; the library would wait as long as a rebalance may take.
  drop_successor();
  return hand_over(now, consumer);
}

ConsumerCommand Renewal::advance(Ended&, SteadyTime, const ConsumerState&) { return ConsumerCommand::Continue; }

ConsumerCommand Renewal::hand_over(SteadyTime now, const ConsumerState& consumer) {
  decision_->claim(EndReason::Renewal);
  postponed_ = {};
  note_change(RenewalMode::Static, now, consumer);
  return ConsumerCommand::HandOver;
}

ConsumerCommand Renewal::leave(SteadyTime now, const ConsumerState& consumer) {
  if (!stops_.begin_leave() || !decision_->claim(EndReason::Renewal)) return await_drain(now, consumer);
  told_member_ = false;
  note_change(RenewalMode::Rejoin, now, consumer);
  return ConsumerCommand::Leave;
}

void Renewal::note_change(RenewalMode mode, SteadyTime now, const ConsumerState& consumer) {
  state_ = Ended{};
  explain(mode == RenewalMode::Static ? "the first message of the next consumer"
                                      : "the next consumer, which joins the group again");
  Change change;
  change.mode = mode;
  const SteadyTime delivered_until = fenced_.value_or(now);
  const bool quiet = !consumer.last_message || delivered_until - *consumer.last_message >= kQuietTopic;
  change.last_message = quiet ? delivered_until : *consumer.last_message;
  change.generation = consumer.membership->generation;
  change.partitions = consumer.membership->partitions;
  must_rejoin_ = mode == RenewalMode::Static && successor_ && has_new_partitions(*consumer.membership);
  change_ = std::move(change);
}

void Renewal::watch_change(SteadyTime now, const ConsumerState& consumer) {
  if (!change_ || !change_->seen_by_next || !consumer.membership->settled) return;
  if (!change_->settled_at) change_->settled_at = now;
  const Duration patience = consumer.reached_end ? limits_.report_at_end : limits_.report;
  if (!consumer.first_message && now - *change_->settled_at < patience) return;
  RenewalReport report;
  report.mode = change_->mode;
  report.generation_kept = change_->generation >= 0 && consumer.membership->generation == change_->generation;
  report.assignment_kept = consumer.membership->partitions == change_->partitions;
  if (consumer.first_message) {
    report.pause = *consumer.first_message - change_->last_message;
    metrics_.pause_seconds.observe(to_seconds(*report.pause));
  }
  change_.reset();
  backoff_ = Backoff(limits_.retry);
  finish(std::move(report));
  if (must_rejoin_) requests_.request(RenewalReason::Broken, "the topic has partitions that no member owns");
}

SteadyTime Renewal::next_deadline(SteadyTime now) const {
  SteadyTime next = now + kIdle;
  // poll() has handled the deadlines that have passed.
  const auto consider = [&](std::optional<SteadyTime> at) {
    if (at && *at > now) next = std::min(next, *at);
  };
  consider(stops_.deadline());
  consider(timer_.deadline());
  if (stop_seen_) consider(*stop_seen_ + limits_.stop);
  if (const auto* connecting = std::get_if<Connecting>(&state_)) consider(connecting->deadline);
  if (const auto* waiting = std::get_if<AwaitingTick>(&state_)) consider(waiting->tick.deadline());
  if (const auto* pausing = std::get_if<PausingCommits>(&state_)) consider(pausing->deadline);
  if (const auto* joining = std::get_if<Joining>(&state_)) consider(joining->deadline);
  if (change_ && change_->settled_at) {
    consider(*change_->settled_at + limits_.report_at_end);
    consider(*change_->settled_at + limits_.report);
  }
  if (retry_ || requests_.open()) consider(not_before_);
  return next;
}

}  // namespace freshet::supervisor
