// Delivers signals as calls on a thread; nothing is done in a signal handler.
#pragma once

#include <csignal>
#include <functional>
#include <initializer_list>
#include <thread>

namespace freshet::app {

// A descriptor to wait for besides the signals.
struct Awaited {
  int descriptor = -1;  // -1 = none
  std::function<void()> on_ready = {};
};

// Blocks `signals` for the calling thread and all threads that it starts later: construct it in main() before any other
// thread starts. Calls `on_signal(signal)` for each signal, and `on_ready` once when the descriptor is readable, both
// on its own thread. Throws ThreadRefused.
class SignalWatcher {
 public:
  SignalWatcher(std::initializer_list<int> signals, std::function<void(int signal)> on_signal, Awaited awaited = {});
  ~SignalWatcher();
  SignalWatcher(const SignalWatcher&) = delete;
  SignalWatcher& operator=(const SignalWatcher&) = delete;

 private:
  void watch();

  sigset_t set_{};
  int signal_fd_ = -1;
  int end_fd_ = -1;
  std::function<void(int)> on_signal_;
  Awaited awaited_;  // used only by the watcher's thread
  std::jthread thread_;
};

}  // namespace freshet::app
