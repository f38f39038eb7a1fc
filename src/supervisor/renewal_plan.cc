#include "supervisor/renewal_plan.h"

namespace freshet::supervisor {

void RenewalPlan::set(const RenewalOptions& options) {
  {
    MutexLock lock(mutex_);
    options_ = options;
  }
  changed_.notify_all();
}

RenewalOptions RenewalPlan::get() const {
  MutexLock lock(mutex_);
  return options_;
}

RenewalOptions RenewalPlan::wait(const RenewalOptions& seen, SteadyTime deadline, std::stop_token stop) {
  MutexLock lock(mutex_);
  clock_.wait_until(changed_, mutex_, stop, deadline, [&]() REQUIRES(mutex_) { return options_ != seen; });
  return options_;
}

}  // namespace freshet::supervisor
