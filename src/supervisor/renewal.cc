#include "supervisor/renewal.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace freshet::supervisor {
namespace {

constexpr Duration kIdle = std::chrono::seconds(1);
constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();  // null in JSON logs
// A message that came longer ago has nothing to do with the pause: the topic was quiet.
constexpr Duration kQuietTopic = std::chrono::seconds(1);
// How long a stop waits for a hand-over that is under way.
constexpr Duration kStopWaits = std::chrono::seconds(1);
// Attempts that find the group rebalancing; then it may be waiting for the very session that is to be replaced.
constexpr int kPostpone = 3;
// The broker tells a fenced client so with its next heartbeat at the latest.
constexpr Duration kFencedBySelf = std::chrono::minutes(1);

double seconds(Duration d) { return std::chrono::duration<double>(d).count(); }

}  // namespace

Renewal::Renewal(RenewalLimits limits, BuildSuccessor build, RenewalDesk& desk, const RenewalPlan& plan,
                 StopSequence& stops, std::function<double()> chance, Clock& clock, Log& log, Metrics& metrics)
    : limits_(limits),
      build_(std::move(build)),
      desk_(desk),
      plan_(plan),
      stops_(stops),
      chance_(std::move(chance)),
      clock_(clock),
      log_(log),
      metrics_(metrics),
      pause_(metrics.histogram("freshet_renewal_pause_seconds",
                               "From the last message of a session to the first of the next.", latency_buckets())),
      age_(metrics.gauge("freshet_session_age_seconds", "Age of the Kafka session.")),
      signalled_(metrics.counter("freshet_periodic_restart_total", "Renewals that the timer asked for.")),
      reconnects_(metrics.counter("freshet_consumer_reconnect_total", "Kafka sessions built after the first.")),
      backoff_(limits.retry) {}

// --- sessions -------------------------------------------------------------------------------------------------------

void Renewal::begin_session(RunDecision& decision) {
  decision_ = &decision;
  session_began_ = clock_.steady_now();
  state_ = State::Idle;
  stop_seen_.reset();
  if (change_) change_->seen_by_next = true;
  if (++sessions_ > 1) reconnects_.add();
}

void Renewal::end_session() {
  decision_ = nullptr;
  tell_whether_at_rest(false);
  if (change_ && change_->seen_by_next) {  // before it showed anything
    RenewalReport report;
    report.mode = change_->mode;
    report.result = RenewalResult::Failed;
    report.error = "the next session ended at once";
    change_.reset();
    finish(std::move(report));
  }
  if (state_ == State::Ended) return;
  successor_.reset();
  state_ = State::Idle;
}

std::unique_ptr<Source> Renewal::take_next() {
  if (!successor_) return nullptr;
  return std::exchange(successor_, nullptr)->take();
}

bool Renewal::may_have_fenced_itself() const {
  return join_given_up_ && clock_.steady_now() - *join_given_up_ < kFencedBySelf;
}

// --- what the loop asks ---------------------------------------------------------------------------------------------

Wish Renewal::turn(SteadyTime now, const SessionFacts& facts) {
  age_.set(seconds(now - session_began_));
  watch_change(now, facts);
  if (decision_->outcome() == RunOutcome::Stop) {
    // A member at rest leaves on the tick and consumes until then.
    return stops_.drain().stop_requested() ? follow_stop(now, facts) : Wish::GoOn;
  }
  tell_whether_at_rest(state_ == State::Idle && facts.membership->settled);
  switch (state_) {
    case State::Idle:
      return begin_if_asked(now, facts);
    case State::Warming:
      return wait_until_warm(now, facts);
    case State::AwaitingTick:
      return wait_until_tick(now, facts);
    case State::Quieting:
      return wait_until_quiet(now, facts);
    case State::Joining:
      return wait_until_joined(now, facts);
    case State::Ended:
      break;
  }
  return Wish::GoOn;
}

Wish Renewal::follow_stop(SteadyTime now, const SessionFacts& facts) {
  if (!stop_seen_) stop_seen_ = now;
  const bool patient = now - *stop_seen_ < kStopWaits;
  if (state_ == State::Joining) {
    // The running session is fenced already or will be: only the next one can commit and leave.
    if (successor_->state() == Successor::State::Joined || facts.fenced) return hand_over(now, facts);
    if (patient && successor_->state() == Successor::State::Joining) return Wish::HoldWrites;
  }
  // The assignment that came with the membership is a moment away; with it, what was read can be finished.
  if (change_ && change_->mode == RenewalMode::Static && !facts.membership->settled && patient) return Wish::GoOn;
  cancel();
  return Wish::Stop;
}

Wish Renewal::begin_if_asked(SteadyTime now, const SessionFacts& facts) {
  if (now < not_before_ || change_) return Wish::GoOn;
  const bool unwanted = retry_ && retry_->reason == RenewalReason::Timer && !plan_.get().enabled;
  if (unwanted) retry_.reset();
  if (retry_) desk_.ask(retry_->reason, retry_->detail);
  const auto request = desk_.open();
  if (!request) return Wish::GoOn;
  const Membership& membership = *facts.membership;
  if (membership.continuity == Membership::Continuity::Unknown && now - session_began_ < limits_.know_continuity) {
    return Wish::GoOn;
  }
  if (!stops_.begin_renewal()) return Wish::GoOn;
  at_rest_ = false;
  auto successor = build_(membership);
  if (!successor) {
    if (successor.error().kind != ErrorKind::Retry) {
      fail(successor.error().text, now);
    } else {
      wait_for(successor.error().text);
      not_before_ = now + kIdle;
    }
    return Wish::GoOn;
  }
  wait_for({});
  retry_.reset();
  if (request->reason == RenewalReason::Timer) signalled_.add();
  successor_ = *std::move(successor);
  const bool continues = membership.continuity == Membership::Continuity::Works && !must_rejoin_;
  mode_ = continues ? RenewalMode::Static : RenewalMode::Rejoin;
  state_ = State::Warming;
  deadline_ = now + limits_.warm;
  log_.info("renewal_began",
            {{"reason", to_string(request->reason)}, {"detail", request->detail}, {"mode", to_string(mode_)}});
  return Wish::GoOn;
}

bool Renewal::grew(const Membership& membership) const {
  return membership.topic_partitions > 0 && successor_->topic_partitions() > membership.topic_partitions;
}

Wish Renewal::wait_until_warm(SteadyTime now, const SessionFacts& facts) {
  const auto state = successor_->state();
  if (state == Successor::State::Failed) {
    fail(successor_->failure().text, now);
  } else if (state == Successor::State::Warming && now >= deadline_) {
    fail("the next session could not be made ready in time", now);
  }
  if (state != Successor::State::Warm) return Wish::GoOn;
  // A client that joins as the old member takes new partitions for known, and nobody would own them.
  if (grew(*facts.membership)) mode_ = RenewalMode::Rejoin;
  if (mode_ == RenewalMode::Rejoin) {
    state_ = State::AwaitingTick;
    tick_.emplace(clock_, plan_);
    return wait_until_tick(now, facts);
  }
  state_ = State::Quieting;
  deadline_ = now + limits_.quiet;
  return wait_until_quiet(now, facts);
}

// A renewal that leaves does so on the tick; what it will use is warm, and consuming goes on.
Wish Renewal::wait_until_tick(SteadyTime now, const SessionFacts& facts) {
  if (successor_->state() == Successor::State::Failed) {
    fail(successor_->failure().text, now);
    return Wish::GoOn;
  }
  return tick_->over() ? leave(now, facts) : Wish::GoOn;
}

void Renewal::tell_whether_at_rest(bool at_rest) {
  if (at_rest == at_rest_) return;
  at_rest_ = at_rest;
  stops_.set_member(at_rest);
}

Wish Renewal::wait_until_quiet(SteadyTime now, const SessionFacts& facts) {
  const bool quiet = facts.membership->settled && !facts.commit_outstanding;
  // A session that does not come to rest is one more reason to replace it.
  if (!quiet && now < deadline_) return Wish::HoldCommits;
  const auto request = desk_.open();
  const bool sick = request && (request->reason == RenewalReason::Watchdog || request->reason == RenewalReason::Broken);
  successor_->join(*facts.membership, sick || postponed_ >= kPostpone);
  state_ = State::Joining;
  deadline_ = now + limits_.join;
  return Wish::HoldWrites;
}

Wish Renewal::wait_until_joined(SteadyTime now, const SessionFacts& facts) {
  const auto state = successor_->state();
  if (state == Successor::State::Joined) return hand_over(now, facts);
  if (state == Successor::State::Postponed && !facts.fenced) {
    ++postponed_;
    state_ = State::Quieting;  // it has not joined, and fences nobody
    fail(successor_->failure().text, now, RenewalResult::Postponed);
    return Wish::GoOn;
  }
  if (state == Successor::State::Failed || state == Successor::State::Postponed) {
    if (facts.fenced) {  // neither lives: the next is built anew
      successor_.reset();
      return hand_over(now, facts);
    }
    fail(successor_->failure().text, now);
    return Wish::GoOn;
  }
  if (now < deadline_) return Wish::HoldWrites;
  // Without the old one, or with the group rebalancing already, there is no way back.
  if (facts.fenced || !facts.membership->settled) return hand_over(now, facts);
  fail("the next session did not get the membership in time", now);
  return Wish::GoOn;
}

Wish Renewal::hand_over(SteadyTime now, const SessionFacts& facts) {
  decision_->claim(RunOutcome::Renew);
  postponed_ = 0;
  note_change(RenewalMode::Static, now, facts);
  return Wish::HandOver;
}

Wish Renewal::leave(SteadyTime now, const SessionFacts& facts) {
  if (!decision_->claim(RunOutcome::Renew)) return Wish::GoOn;
  note_change(RenewalMode::Rejoin, now, facts);
  return Wish::Leave;
}

void Renewal::note_change(RenewalMode mode, SteadyTime now, const SessionFacts& facts) {
  state_ = State::Ended;
  Change change;
  change.mode = mode;
  change.last_message = facts.last_message && now - *facts.last_message < kQuietTopic ? *facts.last_message : now;
  change.generation = facts.membership->generation;
  change.partitions = facts.membership->partitions;
  must_rejoin_ = mode == RenewalMode::Static && successor_ && grew(*facts.membership);
  change_ = std::move(change);
}

void Renewal::watch_change(SteadyTime now, const SessionFacts& facts) {
  if (!change_ || !change_->seen_by_next || !facts.membership->settled) return;
  if (!change_->settled_at) change_->settled_at = now;
  const Duration patience = facts.reached_end ? limits_.report_at_end : limits_.report;
  if (!facts.first_message && now - *change_->settled_at < patience) return;
  RenewalReport report;
  report.mode = change_->mode;
  report.generation_kept = change_->generation >= 0 && facts.membership->generation == change_->generation;
  report.assignment_kept = facts.membership->partitions == change_->partitions;
  if (facts.first_message) {
    report.pause = *facts.first_message - change_->last_message;
    pause_.observe(seconds(*report.pause));
  }
  change_.reset();
  backoff_ = Backoff(limits_.retry);
  finish(std::move(report));
  if (must_rejoin_) desk_.ask(RenewalReason::Broken, "the topic has partitions that nobody owns");
}

SteadyTime Renewal::next_deadline(SteadyTime now) const {
  if (state_ == State::Warming || state_ == State::Quieting || state_ == State::Joining) {
    return stop_seen_ ? std::min(deadline_, *stop_seen_ + kStopWaits) : deadline_;
  }
  if (state_ == State::AwaitingTick) return std::min(tick_->deadline(), now + kIdle);
  if (change_ && change_->settled_at) return *change_->settled_at + limits_.report_at_end;
  if (not_before_ > now && (retry_ || desk_.open())) return not_before_;
  return now + kIdle;
}

bool Renewal::expects_end(const Error&) { return state_ == State::Joining; }

void Renewal::renewal_may_help(const Error& error, SteadyTime now) {
  if (now >= not_before_) desk_.ask(RenewalReason::Broken, error.text);
}

// --- how it ends ----------------------------------------------------------------------------------------------------

void Renewal::fail(const std::string& error, SteadyTime now, RenewalResult result) {
  if (state_ == State::Joining) join_given_up_ = now;
  successor_.reset();
  state_ = State::Idle;
  retry_ = desk_.open();
  not_before_ = now + backoff_.next(Duration::zero(), chance_());
  RenewalReport report;
  report.mode = mode_;
  report.result = result;
  report.error = error;
  finish(std::move(report));
}

void Renewal::cancel() {
  if (state_ == State::Joining) join_given_up_ = clock_.steady_now();
  successor_.reset();
  state_ = State::Ended;
  change_.reset();
  retry_.reset();
  RenewalReport report;
  report.mode = mode_;
  report.result = RenewalResult::Cancelled;
  finish(std::move(report));
}

void Renewal::finish(RenewalReport report) {
  const auto request = desk_.open();
  if (!request) return;
  metrics_
      .counter("freshet_renewals_total", "Renewals of the Kafka session.",
               {{"reason", to_string(request->reason)},
                {"mode", to_string(report.mode)},
                {"result", to_string(report.result)}})
      .add();
  desk_.finish(std::move(report));
  const RenewalReport done = *desk_.last();
  if (done.result == RenewalResult::Failed) {
    log_.warn("renewal_failed", {{"reason", to_string(done.reason)},
                                 {"mode", to_string(done.mode)},
                                 {"error", done.error},
                                 {"seconds", seconds(done.duration)}});
    return;
  }
  if (done.result == RenewalResult::Postponed) {
    log_.info("renewal_postponed", {{"reason", to_string(done.reason)}, {"cause", done.error}});
    return;
  }
  log_.info("renewal_ended", {{"reason", to_string(done.reason)},
                              {"mode", to_string(done.mode)},
                              {"result", to_string(done.result)},
                              {"seconds", seconds(done.duration)},
                              {"pause_ms", done.pause ? seconds(*done.pause) * 1000 : kUnknown},
                              {"generation_kept", done.generation_kept},
                              {"assignment_kept", done.assignment_kept}});
}

void Renewal::wait_for(std::string what) {
  MutexLock lock(mutex_);
  if (what != waiting_for_ && !what.empty()) log_.warn("renewal_waits", {{"reason", what}});
  waiting_for_ = std::move(what);
}

std::string Renewal::waiting_for() const {
  MutexLock lock(mutex_);
  return waiting_for_;
}

}  // namespace freshet::supervisor
