// The progress watchdog: checks the stream every second, queries the broker about partitions that do not move, and acts
// on the advice of ProgressPolicy. It has its own thread because the broker may take seconds to answer.
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
#include "supervisor/supervisor_metrics.h"

namespace freshet::supervisor {

// Calls into the stream and the broker; made on the watchdog's thread.
struct WatchdogPorts {
  std::function<std::shared_ptr<const StreamStatus>()> status;
  // Queries the end offsets of the partitions, with a timeout. Partitions that were not answered are missing.
  std::function<Result<std::map<Partition, Offset>>(const std::vector<Partition>&)> end_offsets;
  std::function<void(const std::vector<Partition>&)> refetch;
};

// Threads: not_ready_reason() and request_stop() from any. The destructor waits for a running query.
class Watchdog {
 public:
  Watchdog(WatchdogPorts ports, RenewalPlan& plan, RenewalRequests& requests, Clock& clock, Log& log, Metrics& metrics);

  // Why freshet is not ready although the consumer was renewed; empty = no problem is known.
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
  const WatchdogMetrics metrics_;
  ProgressPolicy policy_;
  SteadyTime asked_at_{};
  mutable Mutex mutex_;
  std::string not_ready_reason_ GUARDED_BY(mutex_);
  std::jthread thread_;
};

}  // namespace freshet::supervisor
