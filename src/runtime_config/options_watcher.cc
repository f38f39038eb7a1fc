#include "runtime_config/options_watcher.h"

#include <utility>
#include <vector>

#include "runtime_config/table.h"

namespace freshet::runtime_config {

OptionsWatcher::OptionsWatcher(std::unique_ptr<OptionSource> store, std::chrono::milliseconds interval,
                               LiveOptions initial, std::function<void(const LiveOptions&)> on_change, Clock& clock,
                               Log& log, Metrics& metrics)
    : store_(std::move(store)),
      interval_(interval),
      initial_(initial),
      on_change_(std::move(on_change)),
      clock_(clock),
      log_(log),
      metrics_(metrics),
      up_(metrics.gauge("freshet_runtime_config_up", "1 while the store of live options can be read.")),
      current_(initial),
      thread_([this](std::stop_token stop) { watch(stop); }) {}

void OptionsWatcher::watch(std::stop_token stop) {
  do {
    read_once();
  } while (sleep_interruptibly(clock_, stop, interval_));
}

void OptionsWatcher::read_once() {
  const auto raw = store_->read();
  up_.set(raw ? 1 : 0);
  if (!raw) return log_.warn("runtime_config_unreadable", {{"error", raw.error().text}});
  std::vector<BadOption> bad;
  const LiveOptions last = current();
  const LiveOptions next = read_options(*raw, initial_, last, bad);
  std::map<std::string, std::string> still_bad;
  for (const BadOption& one : bad) {
    refuse(one.key, one.value, one.why);
    still_bad[one.key] = one.value;
  }
  refused_ = std::move(still_bad);
  if (next == last) return;
  current_.set(next);
  log_.info("runtime_options_changed", {{"store", store_->describe()},
                                        {"max_batch_size", next.max_batch_rows},
                                        {"max_batch_bytes", next.max_batch_bytes},
                                        {"max_batch_time_ms", next.max_batch_time.count()},
                                        {"clickhouse_concurrency", next.clickhouse_concurrency},
                                        {"dead_letters_per_second", next.dead_letters_per_second},
                                        {"dead_letter_burst", next.dead_letter_burst},
                                        {"log_level", to_string(next.log_level)}});
  on_change_(next);
}

void OptionsWatcher::refuse(const std::string& key, const std::string& value, const std::string& why) {
  const auto known = refused_.find(key);
  if (known != refused_.end() && known->second == value) return;
  metrics_.counter("freshet_runtime_config_refused_total", "Live options with a bad value.", {{"key", key}}).add();
  log_.error("runtime_option_refused", {{"key", key}, {"value", value}, {"reason", why}});
}

}  // namespace freshet::runtime_config
