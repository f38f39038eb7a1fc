// Live options of renewal, for components that wait for changes.
#pragma once

#include <stop_token>

#include "base/clock.h"
#include "base/mutex.h"
#include "model/options.h"

namespace freshet::supervisor {

// Threads: any.
class RenewalPlan {
 public:
  RenewalPlan(Clock& clock, const RenewalOptions& options) : clock_(clock), options_(options) {}

  void set(const RenewalOptions& options);
  RenewalOptions get() const;
  // Waits until the options differ from `seen`, `deadline` has passed or `stop` is requested; returns the options.
  RenewalOptions wait(const RenewalOptions& seen, SteadyTime deadline, std::stop_token stop);

 private:
  Clock& clock_;
  mutable Mutex mutex_;
  CondVar changed_;
  RenewalOptions options_ GUARDED_BY(mutex_);
};

}  // namespace freshet::supervisor
