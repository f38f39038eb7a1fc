#include "app/operator_signals.h"

#include <utility>

namespace freshet::app {

void OperatorSignals::on_signal(int signal) {
  if (signal == SIGUSR1) {
    MutexLock lock(mutex_);  // so that detach() waits for this call
    if (running_.renew) running_.renew();
    return;
  }
  if (!has_something_to_finish()) return exit_now_(Exit::NothingBegun);
  if (!std::exchange(asked_by_operator_, true)) {
    stop_.request_stop();
    return;
  }
  {
    MutexLock lock(mutex_);
    if (running_.hurry && running_.hurry()) return;
  }
  exit_now_(Exit::CutShort);
}

bool OperatorSignals::has_something_to_finish() {
  MutexLock lock(mutex_);
  return begun_ || emergency_;
}

void OperatorSignals::on_emergency() {
  {
    MutexLock lock(mutex_);
    emergency_ = true;
    if (running_.emergency) running_.emergency();
  }
  stop_.request_stop();
}

void OperatorSignals::attach(Running running) {
  MutexLock lock(mutex_);
  begun_ = true;
  running_ = std::move(running);
  if (emergency_ && running_.emergency) running_.emergency();
}

}  // namespace freshet::app
