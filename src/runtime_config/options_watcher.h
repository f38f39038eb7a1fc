// Polls the store of live options and reports changes.
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
#include "runtime_config/runtime_config_metrics.h"
#include "runtime_config/table.h"

namespace freshet::runtime_config {

// Reads the store once, for options that are needed before anything runs. Returns `initial` if the store cannot be
// read. Bad values are ignored; the watcher reports them. Takes as long as the store's read().
LiveOptions read_now(OptionSource& store, const OptionScope& scope, const LiveOptions& initial);

// Threads: its own reads the store and calls `on_change`, also for the first result; all other calls by any.
class OptionsWatcher {
 public:
  OptionsWatcher(std::unique_ptr<OptionSource> store, std::chrono::milliseconds interval, OptionScope scope,
                 LiveOptions initial, std::function<void(const LiveOptions&)> on_change, Clock& clock, Log& log,
                 Metrics& metrics);

  LiveOptions current() const { return *current_.get(); }
  // Waits until the whole store has been read once and `on_change` has returned. False: `deadline` passed or `stop` was
  // requested first.
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
  const RuntimeConfigMetrics metrics_;
  Snapshot<LiveOptions> current_;
  std::map<std::string, std::string> refused_;  // key -> the bad value that was logged
  bool nothing_told_ = true;                    // on_change was not called yet
  Mutex mutex_;
  CondVar changed_;
  bool answered_ GUARDED_BY(mutex_) = false;
  std::jthread thread_;
};

}  // namespace freshet::runtime_config
