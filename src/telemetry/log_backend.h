// The log: one line an event, fields and no prose.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/mutex.h"
#include "telemetry/error_report.h"
#include "telemetry/telemetry_settings.h"

namespace spdlog {
class logger;
}

namespace freshet::telemetry {

// Threads: any. Equal warnings and errors (same event and same `error` or `reason`) come once and then at most once a
// minute, with `repeated` = how many stayed away. Secrets never appear, line breaks and control characters are escaped.
class LogBackend final : public Log {
 public:
  // Writes to `out`; when null to standard error, the reference's format to standard output.
  LogBackend(const TelemetrySettings& settings, Clock& clock, std::ostream* out = nullptr);
  ~LogBackend() override;

  bool enabled(LogLevel level) const noexcept override { return level >= level_.load(std::memory_order_relaxed); }
  void write(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) noexcept override;
  // Lines at level error, as they are shown, go to `sink` too; called under a lock, so that after the next call the
  // last sink is not used any more. It must not log.
  void set_error_sink(std::function<void(ErrorReport)> sink);
  void set_level(LogLevel level) noexcept { level_.store(level, std::memory_order_relaxed); }

 private:
  struct Seen {
    SteadyTime shown;
    uint64_t kept_back = 0;
  };
  // How many equal lines stayed away before this one; none if this one stays away too.
  std::optional<uint64_t> admit(LogLevel level, std::string_view event, std::initializer_list<LogField> fields);
  std::string line(LogLevel level, std::string_view event, std::initializer_list<LogField> fields,
                   uint64_t repeated) const;
  void pass_on(std::string_view event, std::initializer_list<LogField> fields);
  std::string json_line(LogLevel level, std::string_view event, std::initializer_list<LogField> fields,
                        uint64_t repeated) const;
  std::string clean(std::string_view text) const;

  const TelemetrySettings settings_;
  Clock& clock_;
  std::atomic<LogLevel> level_;
  std::shared_ptr<spdlog::logger> sink_;
  Mutex mutex_;
  std::map<std::string, Seen> seen_ GUARDED_BY(mutex_);
  Mutex sink_mutex_;
  std::function<void(ErrorReport)> error_sink_ GUARDED_BY(sink_mutex_);
};

}  // namespace freshet::telemetry
