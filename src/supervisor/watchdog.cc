#include "supervisor/watchdog.h"

#include <algorithm>
#include <utility>

#include "base/threads.h"
#include "supervisor/supervisor_events.h"

namespace freshet::supervisor {
namespace {

constexpr Duration kCheckEvery = std::chrono::seconds(1);
constexpr Duration kAskAtMostEvery = std::chrono::seconds(1);
constexpr Duration kAskAtLeastEvery = std::chrono::seconds(15);

}  // namespace

Watchdog::Watchdog(WatchdogPorts ports, RenewalPlan& plan, RenewalRequests& requests, Clock& clock, Log& log,
                   Metrics& metrics)
    : ports_(std::move(ports)),
      plan_(plan),
      requests_(requests),
      clock_(clock),
      log_(log),
      metrics_(metrics),
      thread_(needed_thread("watchdog", [this](std::stop_token stop) { watch(stop); })) {}

std::string Watchdog::not_ready_reason() const {
  MutexLock lock(mutex_);
  return not_ready_reason_;
}

void Watchdog::watch(std::stop_token stop) {
  do {
    look(clock_.steady_now(), plan_.get().progress_timeout);
  } while (sleep_interruptibly(clock_, stop, kCheckEvery));
}

void Watchdog::look(SteadyTime now, Duration timeout) {
  policy_.observe(now, *ports_.status());
  if (timeout > Duration::zero()) ask_broker(now, timeout);
  act(policy_.advise(clock_.steady_now(), timeout));
  metrics_.partitions_stuck.set(static_cast<double>(policy_.stuck()));
}

void Watchdog::ask_broker(SteadyTime now, Duration timeout) {
  if (now - asked_at_ < std::clamp<Duration>(timeout / 4, kAskAtMostEvery, kAskAtLeastEvery)) return;
  const std::vector<Partition> still = policy_.still(now, timeout);
  if (still.empty()) return;
  asked_at_ = now;
  const auto ends = ports_.end_offsets(still);
  // A partition that moved during the query is not behind.
  policy_.observe(clock_.steady_now(), *ports_.status());
  policy_.looked_up(now, still, ends ? *ends : std::map<Partition, Offset>(),
                    ends ? "no leader answers" : ends.error().text);
}

void Watchdog::act(const ProgressPolicy::Advice& advice) {
  for (const Partition partition : advice.refetch) {
    metrics_.refetches.add();
    log_.emit(PartitionStuck{partition.value});
  }
  if (!advice.refetch.empty()) ports_.refetch(advice.refetch);
  if (advice.renew) {
    metrics_.renewals.add();
    log_.emit(ConsumerStuck{*advice.renew});
    requests_.request(RenewalReason::Watchdog, *advice.renew);
  }
  MutexLock lock(mutex_);
  if (not_ready_reason_ == advice.not_ready_reason) return;
  if (!advice.not_ready_reason.empty()) log_.emit(NoProgress{advice.not_ready_reason});
  if (advice.not_ready_reason.empty()) log_.emit(ProgressResumed{});
  not_ready_reason_ = advice.not_ready_reason;
}

}  // namespace freshet::supervisor
