#include "runtime_config/options_watcher.h"

#include <utility>
#include <vector>

#include "base/threads.h"
#include "runtime_config/runtime_config_events.h"
#include "runtime_config/table.h"

namespace freshet::runtime_config {

LiveOptions read_now(OptionSource& store, const OptionScope& scope, const LiveOptions& initial) {
  const auto raw = store.read();
  std::vector<BadOption> ignored;
  return raw ? read_options(*raw, scope, initial, initial, ignored) : initial;
}

OptionsWatcher::OptionsWatcher(std::unique_ptr<OptionSource> store, std::chrono::milliseconds interval,
                               OptionScope scope, LiveOptions initial,
                               std::function<void(const LiveOptions&)> on_change, Clock& clock, Log& log,
                               Metrics& metrics)
    : store_(std::move(store)),
      interval_(interval),
      scope_(std::move(scope)),
      initial_(initial),
      on_change_(std::move(on_change)),
      clock_(clock),
      log_(log),
      metrics_(metrics),
      current_(initial),
      thread_(needed_thread("live_options", [this](std::stop_token stop) { watch(stop); })) {}

void OptionsWatcher::watch(std::stop_token stop) {
  const std::stop_callback on_stop(stop, [this] { store_->interrupt(); });
  do {
    read_once();
  } while (sleep_interruptibly(clock_, stop, interval_));
}

void OptionsWatcher::read_once() {
  const SteadyTime began = clock_.steady_now();
  const auto raw = store_->read();
  metrics_.read_seconds.observe(to_seconds(clock_.steady_now() - began));
  const auto degraded = store_->degraded();
  metrics_.up.set(raw && !degraded ? 1 : 0);
  if (degraded && raw) log_.emit(StoreUnreadable{degraded->text});
  if (!raw) return log_.emit(StoreUnreadable{raw.error().text});
  std::vector<BadOption> bad;
  const LiveOptions last = current();
  const LiveOptions next = read_options(*raw, scope_, initial_, last, bad);
  std::map<std::string, std::string> still_bad;
  for (const BadOption& one : bad) {
    refuse(one.key, one.value, one.why);
    still_bad[one.key] = one.value;
  }
  refused_ = std::move(still_bad);
  take(next, !degraded);
}

// The first result is always passed on: whoever read the store before may have seen other values.
void OptionsWatcher::take(const LiveOptions& next, bool whole) {
  const LiveOptions last = current();
  const bool first = std::exchange(nothing_told_, false);
  if (next != last) {
    current_.set(next);
    log_changes(last, next);
  }
  if (first || next != last) on_change_(next);
  if (!whole) return;
  {
    MutexLock lock(mutex_);
    if (std::exchange(answered_, true)) return;
  }
  changed_.notify_all();
}

bool OptionsWatcher::wait_for_answer(SteadyTime deadline, std::stop_token stop) {
  MutexLock lock(mutex_);
  return clock_.wait_until(changed_, mutex_, std::move(stop), deadline, [&]() REQUIRES(mutex_) { return answered_; });
}

void OptionsWatcher::log_changes(const LiveOptions& from, const LiveOptions& to) {
  for (const LiveOption& option : table()) {
    const std::string old_value = option.show(from);
    const std::string new_value = option.show(to);
    if (old_value == new_value) continue;
    log_.emit(OptionChanged{key_of(option, scope_), old_value, new_value, store_->describe()});
  }
}

void OptionsWatcher::refuse(const std::string& key, const std::string& value, const std::string& why) {
  const auto known = refused_.find(key);
  if (known != refused_.end() && known->second == value) return;
  metrics_.refused(key).add();
  log_.emit(OptionRefused{key, value, why});
}

}  // namespace freshet::runtime_config
