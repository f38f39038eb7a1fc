// The log: one line an event.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <ostream>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/log_limiter.h"
#include "base/metrics.h"
#include "base/mutex.h"
#include "base/secret_mask.h"
#include "telemetry/error_report.h"
#include "telemetry/line_writer.h"
#include "telemetry/telemetry_settings.h"

namespace freshet::telemetry {

// Threads: any. Warnings and errors that are equal in name and subject fields are written at most once a minute, with
// `repeated` = how many were suppressed; what a person did (LogEvent::audit) is always written. Secrets never appear,
// line breaks and control characters are escaped. A reader that does not read blocks nobody (line_writer.h);
// `log_lines_dropped` says how many lines it has missed.
class LogBackend final : public Log {
 public:
  // Writes to `out`; when null to standard error, the reference's format to standard output.
  LogBackend(const TelemetrySettings& settings, Clock& clock, std::ostream* out = nullptr);
  ~LogBackend() override;

  bool enabled(LogLevel level) const noexcept override { return level >= level_.load(std::memory_order_relaxed); }
  void write(const LogEvent& event, std::span<const LogField> fields) noexcept override;
  // Of lines at level error, what may leave this machine (error_report.h) goes to `sink` too; called under a lock, so
  // that after the next call the last sink is not used any more. It must not log.
  void set_error_sink(std::function<void(ErrorReport)> sink);
  void set_level(LogLevel level) noexcept { level_.store(level, std::memory_order_relaxed); }
  // Lines that nobody read are counted there (freshet_log_lines_dropped_total).
  void count_dropped(Metrics& metrics);
  // What is masked in each line; whoever learns a secret later adds it here.
  SecretMask& secrets() noexcept { return secrets_; }

 private:
  // How many equal events were suppressed before this one; none if this one is suppressed too.
  std::optional<uint64_t> admit(const LogEvent& event, std::span<const LogField> fields);
  std::string line(const LogEvent& event, std::span<const LogField> fields, uint64_t repeated) const;
  void pass_on(const LogEvent& event, std::span<const LogField> fields);
  std::string json_line(const LogEvent& event, std::span<const LogField> fields, uint64_t repeated) const;
  void put(std::string line);
  void log_dropped();

  const LogFormat format_;
  SecretMask secrets_;
  Clock& clock_;
  std::atomic<LogLevel> level_;
  std::unique_ptr<LineWriter> lines_;  // none: `out_`
  Mutex out_mutex_;
  std::ostream* const out_ GUARDED_BY(out_mutex_);
  std::atomic<Counter*> dropped_counter_{nullptr};
  uint64_t dropped_counted_ GUARDED_BY(out_mutex_) = 0;
  uint64_t dropped_reported_ GUARDED_BY(out_mutex_) = 0;
  Mutex mutex_;
  LogLimiter<std::string> limiter_ GUARDED_BY(mutex_);  // by name and subject
  Mutex sink_mutex_;
  std::function<void(ErrorReport)> error_sink_ GUARDED_BY(sink_mutex_);
};

}  // namespace freshet::telemetry
