#include "supervisor/renewal_requests.h"

#include <algorithm>
#include <utility>

namespace freshet::supervisor {

bool RenewalRequests::Request::only_by_timer() const {
  return std::all_of(requested_by.begin(), requested_by.end(),
                     [](RenewalReason by) { return by == RenewalReason::Timer; });
}

bool RenewalRequests::Request::urgent() const {
  return std::any_of(requested_by.begin(), requested_by.end(),
                     [](RenewalReason by) { return by == RenewalReason::Watchdog || by == RenewalReason::Broken; });
}

RenewalRequests::Requested RenewalRequests::request(RenewalReason reason, std::string trigger) {
  Requested requested;
  {
    MutexLock lock(mutex_);
    if (open_) {
      auto& by = open_->requested_by;
      if (std::find(by.begin(), by.end(), reason) == by.end()) by.push_back(reason);
      return {open_->number, true};
    }
    open_ = Request{++last_number_, reason, std::move(trigger), clock_.steady_now(), {reason}};
    requested.number = last_number_;
  }
  if (on_request_) on_request_();
  return requested;
}

RenewalRequests::Requested RenewalRequests::request_again(const Request& earlier) {
  const Requested requested = request(earlier.reason, earlier.trigger);
  for (const RenewalReason by : earlier.requested_by) request(by, earlier.trigger);
  return requested;
}

std::optional<RenewalReport> RenewalRequests::wait(uint64_t number, SteadyTime deadline, std::stop_token stop) {
  MutexLock lock(mutex_);
  const bool answered = clock_.wait_until(finished_, mutex_, stop, deadline,
                                          [&]() REQUIRES(mutex_) { return last_ && last_->number >= number; });
  return answered ? last_ : std::nullopt;
}

std::optional<RenewalReport> RenewalRequests::last() const {
  MutexLock lock(mutex_);
  return last_;
}

std::optional<RenewalRequests::Request> RenewalRequests::open() const {
  MutexLock lock(mutex_);
  return open_;
}

uint64_t RenewalRequests::renewed() const {
  MutexLock lock(mutex_);
  return renewed_;
}

void RenewalRequests::finish(RenewalReport report) {
  {
    MutexLock lock(mutex_);
    if (!open_) return;
    report.number = open_->number;
    report.reason = open_->reason;
    report.trigger = std::move(open_->trigger);
    report.duration = clock_.steady_now() - open_->requested_at;
    report.finished_at = clock_.system_now();
    open_.reset();
    if (report.result == RenewalResult::Renewed) ++renewed_;
    last_ = std::move(report);
  }
  finished_.notify_all();
}

}  // namespace freshet::supervisor
