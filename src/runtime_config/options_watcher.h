// Reads the store again and again and tells who is interested when something changed.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/mutex.h"
#include "base/snapshot.h"
#include "model/options.h"
#include "ports/option_source.h"
#include "runtime_config/table.h"

namespace freshet::runtime_config {

// What the store says right now, for what must be known before anything runs; `initial` where it cannot be read. Bad
// values are left to the watcher to complain about. Takes as long as the store's read().
LiveOptions read_now(OptionSource& store, const OptionScope& scope, const LiveOptions& initial);

// Threads: its own reads the store and calls `on_change` (also with the first answer); the rest by any.
class OptionsWatcher {
 public:
  OptionsWatcher(std::unique_ptr<OptionSource> store, std::chrono::milliseconds interval, OptionScope scope,
                 LiveOptions initial, std::function<void(const LiveOptions&)> on_change, Clock& clock, Log& log,
                 Metrics& metrics);

  LiveOptions current() const { return *current_.get(); }
  // Waits until the whole store was read once and `on_change` has returned. False: `deadline` has passed or `stop` is
  // requested before.
  bool wait_for_answer(SteadyTime deadline, std::stop_token stop);

 private:
  void watch(std::stop_token stop);
  void read_once();
  void take(const LiveOptions& next, bool whole);
  void log_changes(const LiveOptions& from, const LiveOptions& to);
  void refuse(const std::string& key, const std::string& value, const std::string& why);

  const std::unique_ptr<OptionSource> store_;
  const std::chrono::milliseconds interval_;
  const OptionScope scope_;
  const LiveOptions initial_;
  const std::function<void(const LiveOptions&)> on_change_;
  Clock& clock_;
  Log& log_;
  Metrics& metrics_;
  Gauge& up_;
  Histogram& read_seconds_;
  Snapshot<LiveOptions> current_;
  std::map<std::string, std::string> refused_;  // key -> value that was logged
  bool nothing_told_ = true;                    // by on_change
  Mutex mutex_;
  CondVar changed_;
  bool answered_ GUARDED_BY(mutex_) = false;
  std::jthread thread_;
};

}  // namespace freshet::runtime_config
