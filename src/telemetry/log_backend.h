// The log backend: writes each event as one line.
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
#include "telemetry/log_record.h"
#include "telemetry/telemetry_settings.h"

namespace freshet::telemetry {

// Deduplicates warnings and errors: of events with the same name and subject fields, at most one a minute is written.
// Its field `repeated` counts the suppressed ones. Events of an operator's action (LogEvent::audit) are never
// suppressed.
// Masks secrets and escapes line breaks and control characters. Writing never blocks on the log's reader
// (line_writer.h); the event `log_lines_dropped` reports the number of lines dropped because of it. Threads: any.
class LogBackend final : public Log {
 public:
  // Writes to `out`. If it is null, writes to standard output in LogFormat::Reference and to standard error otherwise.
  LogBackend(const TelemetrySettings& settings, Clock& clock, std::ostream* out = nullptr);
  ~LogBackend() override;

  bool enabled(LogLevel level) const noexcept override { return level >= level_.load(std::memory_order_relaxed); }
  void write(const LogEvent& event, std::span<const LogField> fields) noexcept override;
  void mask(const std::string& secret, const std::string& what) override { secrets_.add(secret, what); }
  // Also passes every written line at level error to `sink` (error_report.h), which must not log. `sink` is called
  // under a lock, so the previous sink is no longer in use when this returns.
  void set_error_sink(std::function<void(ErrorReport)> sink);
  // Also passes every written line to `sink` as values. As the other sink, `sink` must not log, and the previous one is
  // no longer in use when this returns.
  void set_record_sink(std::function<void(LogRecord)> sink);
  void set_level(LogLevel level) noexcept { level_.store(level, std::memory_order_relaxed); }
  // Counts dropped lines in freshet_log_lines_dropped_total of `metrics`.
  void count_dropped(Metrics& metrics);
  // The secrets that are masked in every line. Secrets that become known later must be added here.
  SecretMask& secrets() noexcept { return secrets_; }

 private:
  // The number of equal events suppressed before this one; none if this one must be suppressed too.
  std::optional<uint64_t> admit(const LogEvent& event, std::span<const LogField> fields);
  std::string line(const LogEvent& event, std::span<const LogField> fields, uint64_t repeated) const;
  void pass_on(const LogEvent& event, std::span<const LogField> fields);
  void pass_record(const LogEvent& event, std::span<const LogField> fields, uint64_t repeated);
  std::string json_line(const LogEvent& event, std::span<const LogField> fields, uint64_t repeated) const;
  void put(std::string line);
  void log_dropped();

  const LogFormat format_;
  SecretMask secrets_;
  Clock& clock_;
  std::atomic<LogLevel> level_;
  std::unique_ptr<LineWriter> lines_;  // null: writes to `out_`
  Mutex out_mutex_;
  std::ostream* const out_ GUARDED_BY(out_mutex_);
  std::atomic<Counter*> dropped_counter_{nullptr};
  uint64_t dropped_counted_ GUARDED_BY(out_mutex_) = 0;
  uint64_t dropped_reported_ GUARDED_BY(out_mutex_) = 0;
  Mutex mutex_;
  LogLimiter<std::string> limiter_ GUARDED_BY(mutex_);  // by name and subject
  Mutex sink_mutex_;
  std::function<void(ErrorReport)> error_sink_ GUARDED_BY(sink_mutex_);
  std::function<void(LogRecord)> record_sink_ GUARDED_BY(sink_mutex_);
};

}  // namespace freshet::telemetry
