// How a renewal ends, and its report.
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "supervisor/renewal.h"
#include "supervisor/supervisor_events.h"

namespace freshet::supervisor {
namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();  // null in JSON logs

}  // namespace

ClientEnd Renewal::client_ended(const Error&) {
  if (in<Joining>()) return ClientEnd::Replaced;
  return may_have_fenced_itself() ? ClientEnd::FencedByOwnClient : ClientEnd::Unexpected;
}

void Renewal::renewal_may_help(const Error& error, SteadyTime now) {
  if (now >= not_before_) requests_.request(RenewalReason::Broken, error.text);
}

// Its join request may still arrive and fence the consumer that continues.
void Renewal::drop_successor() {
  if (successor_ && !successor_->withdraw()) join_given_up_ = clock_.steady_now();
  successor_.reset();
}

void Renewal::fail(const std::string& error, SteadyTime now, RenewalResult result) {
  drop_successor();
  state_ = Idle{};
  retry_ = requests_.open();
  not_before_ = now + backoff_.next(Duration::zero(), uniform01_());
  RenewalReport report;
  report.mode = mode_;
  report.result = result;
  report.error = error;
  finish(std::move(report));
  explain(fmt::format("the next attempt; the last one failed: {}", error), not_before_);
}

void Renewal::cancel(const std::string& why) {
  drop_successor();
  state_ = Idle{};
  change_.reset();
  retry_.reset();
  RenewalReport report;
  report.mode = mode_;
  report.result = RenewalResult::Cancelled;
  report.error = why;
  finish(std::move(report));
}

void Renewal::finish(RenewalReport report) {
  explain({});
  const auto request = requests_.open();
  if (!request) return;
  metrics_.renewals(to_string(request->reason), to_string(report.mode), to_string(report.result)).add();
  requests_.finish(std::move(report));
  const RenewalReport done = *requests_.last();
  if (done.result == RenewalResult::Failed) {
    log_.emit(RenewalFailed{to_string(done.reason), to_string(done.mode), done.error, to_seconds(done.duration)});
    return;
  }
  if (done.result == RenewalResult::Postponed) {
    log_.emit(RenewalPostponed{to_string(done.reason), done.error});
    return;
  }
  log_.emit(RenewalEnded{to_string(done.reason), to_string(done.mode), to_string(done.result),
                         to_seconds(done.duration), done.pause ? to_seconds(*done.pause) * 1000 : kUnknown,
                         done.generation_kept, done.assignment_kept});
}

void Renewal::wait_for(std::string what) {
  explain(what);
  MutexLock lock(mutex_);
  if (what != waiting_for_ && !what.empty()) log_.emit(RenewalWaits{what});
  waiting_for_ = std::move(what);
}

std::string Renewal::waiting_for() const {
  MutexLock lock(mutex_);
  return waiting_for_;
}

void Renewal::explain(std::string_view what, std::optional<SteadyTime> until) {
  MutexLock lock(mutex_);
  if (under_way_.what != what) under_way_.what = what;
  under_way_.until = until;
}

std::string Renewal::under_way() const {
  MutexLock lock(mutex_);
  if (!under_way_.until || under_way_.what.empty()) return under_way_.what;
  const double left = std::max(0.0, to_seconds(*under_way_.until - clock_.steady_now()));
  return fmt::format("{} (in {:.0f} s)", under_way_.what, left);
}

}  // namespace freshet::supervisor
