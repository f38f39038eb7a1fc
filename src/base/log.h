// Log handle. What is logged is an event: a struct of its facts, in the <module>_events.h of who logs it:
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
// How a line is written is the backend's part (telemetry/log_backend.h).
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

// One kind of event.
struct LogEvent {
  LogLevel level;
  std::string_view name;     // what happened, stable, in snake case
  std::string_view message;  // for a person: a sentence or two without values; they are fields
  // What a person did: every one is logged, also where it equals the last.
  bool audit = false;
};

// A field of an event. Views must live until the call returns. Events that are equal in name and in their subject
// fields are the same event again: the backend writes such warnings and errors once a minute (base/log_limiter.h).
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

// A field that says what the event is about.
template <typename T>
LogField subject(std::string_view name, const T& value) {
  LogField field(name, value);
  field.subject = true;
  return field;
}

// Why it happened: the one key for it. Another error is another event. An empty one is not written.
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
