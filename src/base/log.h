// Log handle. A log event is a struct with its fields, in <module>_events.h of the module that logs it:
//
//   struct PartitionBlocked {
//     static constexpr LogEvent kEvent{LogLevel::Error, "partition_blocked", "Consumption of the partition stops."};
//     std::string_view topic;
//     Partition partition;
//     std::string_view error;
//     auto fields() const { return log_fields(subject(log_key::kTopic, topic), ..., log_error(error)); }
//   };
//
//   log.emit(PartitionBlocked{topic, partition, error.text});
//
// The backend decides on the format of a line (telemetry/log_backend.h).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>

#include "base/log_keys.h"

namespace freshet {

enum class LogLevel { Debug, Info, Warn, Error };

const char* to_string(LogLevel level);
std::optional<LogLevel> log_level_from(std::string_view name);  // "debug", "info", "warn"/"warning", "error"

// A type of event.
struct LogEvent {
  LogLevel level;
  std::string_view name;     // stable snake_case name of what happened
  std::string_view message;  // human-readable: one or two sentences; values are fields
  // An operator's action: each one is logged, even if it equals the last.
  bool audit = false;
};

// A field of an event. Views must live until the call returns. Events with the same name and the same subject fields
// are repetitions: the backend writes repeated warnings and errors once a minute (base/log_limiter.h).
struct LogField {
  std::string_view name;
  std::variant<std::string_view, int64_t, uint64_t, double, bool> value;
  bool subject = false;

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

// A field that identifies what the event is about.
template <typename T>
LogField subject(std::string_view name, const T& value) {
  LogField field(name, value);
  field.subject = true;
  return field;
}

// Why it happened; always under the same key. Another error is another event. An empty text is not written.
template <typename T>
LogField log_error(const T& text) {
  return subject(log_key::kError, text);
}

template <typename... Fields>
std::array<LogField, sizeof...(Fields)> log_fields(const Fields&... fields) {
  return {fields...};
}

// Threads: any. Never throws, never blocks longer than a write to standard error.
class Log {
 public:
  virtual ~Log() = default;
  virtual bool enabled(LogLevel level) const noexcept = 0;
  virtual void write(const LogEvent& event, std::span<const LogField> fields) noexcept = 0;
  // A secret that has become known: later lines show *** instead. `what`: which secret it is; the caller bounds how
  // many there are (base/secret_mask.h).
  virtual void mask(const std::string& secret, const std::string& what);

  // The fields are collected only if the level is enabled.
  template <typename Event>
  void emit(const Event& event) noexcept {
    static_assert(Event::kEvent.message.ends_with('.'), "a sentence for a person");
    if (enabled(Event::kEvent.level)) write(Event::kEvent, event.fields());
  }
};

// Discards everything; for tests and tools.
Log& null_log();

}  // namespace freshet
