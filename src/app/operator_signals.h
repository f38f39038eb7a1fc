// What signals mean: SIGINT, SIGTERM and SIGHUP stop, SIGUSR1 asks for a new Kafka consumer.
#pragma once

#include <csignal>
#include <functional>
#include <initializer_list>
#include <stop_token>

#include "base/mutex.h"

namespace freshet::app {

// Threads: on_signal() and on_emergency() by the signal watcher's; the rest by any. Outlives the watcher.
class OperatorSignals {
 public:
  // Who is told while it runs.
  struct Running {
    std::function<void()> renew;
    std::function<bool()> hurry;           // ends a wait of the stop; false when there is none
    std::function<void()> emergency = {};  // no stop waits from now on
  };

  static constexpr std::initializer_list<int> kSignals = {SIGINT, SIGTERM, SIGHUP, SIGUSR1};

  enum class Exit {
    NothingBegun,  // nothing runs yet: there is nothing to finish
    CutShort,      // a stop is under way, and the operator does not want to wait for it
  };

  // `exit_now` does not return (but in tests).
  explicit OperatorSignals(std::function<void(Exit)> exit_now) : exit_now_(std::move(exit_now)) {}

  // Before attach() the operator's first one to stop ends the process at once, whatever it waits for: a settings file,
  // a Python class that is imported, a server, a reader of what is printed. From then on the first one requests stop(),
  // or finds a stop for an emergency under way. The operator's next ends the wait of the stop for its tick, if there is
  // one, and otherwise, as each further one, the process at once.
  void on_signal(int signal);
  // A stop without a wait for the tick; who runs, or is attached later, is told. It is no signal of the operator's.
  void on_emergency();
  std::stop_token stop() const { return stop_.get_token(); }

  void attach(Running running);
  void detach() { attach({}); }

 private:
  bool has_something_to_finish();

  const std::function<void(Exit)> exit_now_;
  std::stop_source stop_;
  bool asked_by_operator_ = false;  // the watcher's thread only
  Mutex mutex_;
  bool emergency_ GUARDED_BY(mutex_) = false;
  bool begun_ GUARDED_BY(mutex_) = false;
  Running running_ GUARDED_BY(mutex_);
};

}  // namespace freshet::app
