// What signals do: SIGINT, SIGTERM and SIGHUP stop the process, SIGUSR1 requests a new Kafka consumer.
#pragma once

#include <csignal>
#include <functional>
#include <initializer_list>
#include <stop_token>

#include "base/mutex.h"

namespace freshet::app {

// Threads: on_signal() and on_emergency() by the signal watcher's; all other calls by any. Must outlive the watcher.
class OperatorSignals {
 public:
  // Callbacks of the running command.
  struct Running {
    std::function<void()> renew;
    std::function<bool()> hurry;           // ends the stop's wait for its tick; false if there is none
    std::function<void()> emergency = {};  // from now on no stop waits
  };

  static constexpr std::initializer_list<int> kSignals = {SIGINT, SIGTERM, SIGHUP, SIGUSR1};

  enum class Exit {
    NothingBegun,  // nothing runs yet: there is nothing to finish
    CutShort,      // a stop is in progress, and the operator does not want to wait for it
  };

  // `exit_now` does not return, except in tests.
  explicit OperatorSignals(std::function<void(Exit)> exit_now) : exit_now_(std::move(exit_now)) {}

  // Before attach(), the operator's first stop signal exits immediately, even during a blocking start (reading a
  // settings file, importing a Python class, connecting to a server, writing to a slow reader). After attach(), or
  // during an emergency, the first one requests stop(), which the emergency may have requested already. The second one
  // ends the stop's wait for its tick, if there is one. Any other exits immediately.
  void on_signal(int signal);
  // Stops without waiting for the tick. Calls the callback of the running command, or of the next one that is attached.
  // Does not count as one of the operator's signals.
  void on_emergency();
  std::stop_token stop() const { return stop_.get_token(); }

  void attach(Running running);
  void detach() { attach({}); }

 private:
  bool has_something_to_finish();

  const std::function<void(Exit)> exit_now_;
  std::stop_source stop_;
  bool asked_by_operator_ = false;  // used only by the watcher's thread
  Mutex mutex_;
  bool emergency_ GUARDED_BY(mutex_) = false;
  bool begun_ GUARDED_BY(mutex_) = false;
  Running running_ GUARDED_BY(mutex_);
};

}  // namespace freshet::app
