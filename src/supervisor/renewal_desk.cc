#include "supervisor/renewal_desk.h"

#include <algorithm>
#include <utility>

namespace freshet::supervisor {

bool RenewalDesk::Request::only_by_timer() const {
  return std::all_of(asked_by.begin(), asked_by.end(), [](RenewalReason by) { return by == RenewalReason::Timer; });
}

bool RenewalDesk::Request::urgent() const {
  return std::any_of(asked_by.begin(), asked_by.end(),
                     [](RenewalReason by) { return by == RenewalReason::Watchdog || by == RenewalReason::Broken; });
}

RenewalDesk::Asked RenewalDesk::ask(RenewalReason reason, std::string detail) {
  Asked asked;
  {
    MutexLock lock(mutex_);
    if (open_) {
      auto& by = open_->asked_by;
      if (std::find(by.begin(), by.end(), reason) == by.end()) by.push_back(reason);
      return {open_->number, true};
    }
    open_ = Request{++asked_, reason, std::move(detail), clock_.steady_now(), {reason}};
    asked.number = asked_;
  }
  if (on_ask_) on_ask_();
  return asked;
}

RenewalDesk::Asked RenewalDesk::ask_again(const Request& request) {
  const Asked asked = ask(request.reason, request.detail);
  for (const RenewalReason by : request.asked_by) ask(by, request.detail);
  return asked;
}

std::optional<RenewalReport> RenewalDesk::wait(uint64_t number, SteadyTime deadline, std::stop_token stop) {
  MutexLock lock(mutex_);
  const bool answered = clock_.wait_until(finished_, mutex_, stop, deadline,
                                          [&]() REQUIRES(mutex_) { return last_ && last_->number >= number; });
  return answered ? last_ : std::nullopt;
}

std::optional<RenewalReport> RenewalDesk::last() const {
  MutexLock lock(mutex_);
  return last_;
}

std::optional<RenewalDesk::Request> RenewalDesk::open() const {
  MutexLock lock(mutex_);
  return open_;
}

void RenewalDesk::finish(RenewalReport report) {
  {
    MutexLock lock(mutex_);
    if (!open_) return;
    report.number = open_->number;
    report.reason = open_->reason;
    report.detail = std::move(open_->detail);
    report.duration = clock_.steady_now() - open_->asked_at;
    report.finished_at = clock_.system_now();
    open_.reset();
    last_ = std::move(report);
  }
  finished_.notify_all();
}

}  // namespace freshet::supervisor
