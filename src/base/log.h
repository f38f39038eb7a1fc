// Log handle: one line an event, fields and no prose. The backend (text, JSON, Sentry) is telemetry's.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>

namespace freshet {

enum class LogLevel { Debug, Info, Warn, Error };

const char* to_string(LogLevel level);
std::optional<LogLevel> log_level_from(std::string_view name);  // "debug", "info", "warn"/"warning", "error"

// A field of a log line. Views must live until the call returns.
struct LogField {
  std::string_view name;
  std::variant<std::string_view, int64_t, uint64_t, double, bool> value;

  LogField(std::string_view n, std::string_view v) : name(n), value(v) {}
  LogField(std::string_view n, const char* v) : name(n), value(std::string_view(v)) {}
  LogField(std::string_view n, const std::string& v) : name(n), value(std::string_view(v)) {}
  LogField(std::string_view n, bool v) : name(n), value(v) {}
  LogField(std::string_view n, double v) : name(n), value(v) {}
  template <typename I>
  requires(std::is_integral_v<I> && !std::is_same_v<I, bool>) LogField(std::string_view n, I v) : name(n) {
    if constexpr (std::is_signed_v<I>) {
      value = static_cast<int64_t>(v);
    } else {
      value = static_cast<uint64_t>(v);
    }
  }
};

// Threads: any. Never throws, never blocks longer than a write to standard error.
class Log {
 public:
  virtual ~Log() = default;
  virtual bool enabled(LogLevel level) const noexcept = 0;
  // `event` is a stable snake_case name of what happened ("batch_written"); repeated equal warnings and errors may
  // be collapsed by the backend into one line with a count.
  virtual void write(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) noexcept = 0;

  void debug(std::string_view event, std::initializer_list<LogField> fields = {}) noexcept {
    if (enabled(LogLevel::Debug)) write(LogLevel::Debug, event, fields);
  }
  void info(std::string_view event, std::initializer_list<LogField> fields = {}) noexcept {
    if (enabled(LogLevel::Info)) write(LogLevel::Info, event, fields);
  }
  void warn(std::string_view event, std::initializer_list<LogField> fields = {}) noexcept {
    if (enabled(LogLevel::Warn)) write(LogLevel::Warn, event, fields);
  }
  void error(std::string_view event, std::initializer_list<LogField> fields = {}) noexcept {
    write(LogLevel::Error, event, fields);
  }
};

// Discards everything; for tests and tools.
Log& null_log();

}  // namespace freshet
