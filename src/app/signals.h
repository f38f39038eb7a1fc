// Signals become calls on a thread of ours; no work is done in a signal handler.
#pragma once

#include <csignal>
#include <functional>
#include <initializer_list>
#include <thread>

namespace freshet::app {

// A descriptor that is waited for beside the signals.
struct Awaited {
  int descriptor = -1;  // none
  std::function<void()> on_ready = {};
};

// Blocks `signals` for the calling thread and every thread that it starts afterwards: construct it in main() before
// anything else (it throws ThreadRefused). The watcher's thread calls `on_signal(signal)`, and `on_ready` once, when
// the descriptor can be read.
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
  Awaited awaited_;  // the watcher's thread only
  std::jthread thread_;
};

}  // namespace freshet::app
