// The progress watchdog: checks the stream every second, queries the broker about partitions that do not move, and acts
// on the advice of ProgressPolicy. Has its own thread, because the broker may take seconds to answer.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/mutex.h"
#include "base/result.h"
#include "model/status.h"
#include "supervisor/progress_policy.h"
#include "supervisor/renewal_plan.h"
#include "supervisor/renewal_requests.h"

namespace freshet::supervisor {

// What it uses; called on its thread.
struct WatchdogPorts {
  std::function<std::shared_ptr<const StreamStatus>()> status;
  // The end offsets of the partitions; bounded in time. Partitions that were not answered are missing.
  std::function<Result<std::map<Partition, Offset>>(const std::vector<Partition>&)> end_offsets;
  std::function<void(const std::vector<Partition>&)> refetch;
};

// Threads: not_ready_reason() and request_stop() by any. Ends when destroyed, after the look-up that is under way.
class Watchdog {
 public:
  Watchdog(WatchdogPorts ports, RenewalPlan& plan, RenewalRequests& requests, Clock& clock, Log& log, Metrics& metrics);

  // Why renewals do not help; empty = no problem is known.
  std::string not_ready_reason() const;

  void request_stop() { thread_.request_stop(); }

 private:
  void watch(std::stop_token stop);
  void look(SteadyTime now, Duration timeout);
  void ask_broker(SteadyTime now, Duration timeout);
  void act(const ProgressPolicy::Advice& advice);

  const WatchdogPorts ports_;
  RenewalPlan& plan_;
  RenewalRequests& requests_;
  Clock& clock_;
  Log& log_;
  Gauge& stuck_;
  Counter& refetches_;
  Counter& renewals_;
  ProgressPolicy policy_;
  SteadyTime asked_at_{};
  mutable Mutex mutex_;
  std::string not_ready_reason_ GUARDED_BY(mutex_);
  std::jthread thread_;
};

}  // namespace freshet::supervisor
