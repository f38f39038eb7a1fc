#include "telemetry/log_backend.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/message_text.h"
#include "telemetry/telemetry_events.h"
#include "telemetry/telemetry_metrics.h"

namespace freshet::telemetry {
namespace {

constexpr size_t kMaxRemembered = 10'000;
constexpr size_t kMaxField = 4000;

std::string as_given(const LogField& field) {
  return std::visit(
      [](const auto& value) -> std::string {
        using T = std::decay_t<decltype(value)>;
        if constexpr (std::is_same_v<T, std::string_view>) {
          return std::string(value);
        } else {
          return fmt::format("{}", value);
        }
      },
      field.value);
}

std::string to_text(const LogField& field) { return with_message_texts(as_given(field)); }

// Empty error and advice fields are omitted, so that a search for lines with an error finds only errors.
bool is_absent(const LogField& field) {
  const auto* text = std::get_if<std::string_view>(&field.value);
  return text != nullptr && text->empty() && (field.name == log_key::kError || field.name == log_key::kAdvice);
}

// `digits`: decimal places of the second, 3 or 6.
std::string timestamp(SystemTime now, int digits) {
  const auto us = std::chrono::time_point_cast<std::chrono::microseconds>(now);
  const auto seconds = std::chrono::floor<std::chrono::seconds>(us);
  const std::string fraction = fmt::format("{:06}", (us - seconds).count()).substr(0, static_cast<size_t>(digits));
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{}Z", fmt::gmtime(std::chrono::system_clock::to_time_t(seconds)), fraction);
}

// The level names that Snuba's consumers log.
const char* upper_name(LogLevel level) {
  switch (level) {
    case LogLevel::Debug:
      return "DEBUG";
    case LogLevel::Info:
      return "INFO";
    case LogLevel::Warn:
      return "WARN";
    case LogLevel::Error:
      break;
  }
  return "ERROR";
}

bool needs_quotes(std::string_view text) {
  return text.empty() || text.find_first_of(" =\"\\") != std::string_view::npos ||
         std::any_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; });
}

}  // namespace

LogBackend::LogBackend(const TelemetrySettings& settings, Clock& clock, std::ostream* out)
    : format_(settings.format), secrets_(settings.secrets), clock_(clock), level_(settings.level), out_(out) {
  if (out == nullptr) {
    lines_ = std::make_unique<LineWriter>(format_ == LogFormat::Reference ? STDOUT_FILENO : STDERR_FILENO);
  }
}

LogBackend::~LogBackend() = default;

void LogBackend::write(const LogEvent& event, std::span<const LogField> fields) noexcept {
  try {
    const auto repeated = admit(event, fields);
    if (!repeated) return;
    put(line(event, fields, *repeated));
    log_dropped();
    pass_record(event, fields, *repeated);
    if (event.level == LogLevel::Error) pass_on(event, fields);
  } catch (...) {
    // Out of memory, or standard error is closed: losing a log line is better than ending the process.
  }
}

void LogBackend::put(std::string line) {
  line += '\n';
  if (lines_) return lines_->write(std::move(line));
  MutexLock lock(out_mutex_);
  *out_ << line << std::flush;
}

void LogBackend::log_dropped() {
  if (!lines_) return;
  MutexLock lock(out_mutex_);
  const uint64_t dropped = lines_->dropped();
  if (Counter* counter = dropped_counter_.load()) counter->add(dropped - std::exchange(dropped_counted_, dropped));
  if (dropped == dropped_reported_ || lines_->behind()) return;
  dropped_reported_ = dropped;
  const LogLinesDropped event{dropped};
  lines_->write(line(event.kEvent, event.fields(), 0) + '\n');
}

void LogBackend::count_dropped(Metrics& metrics) { dropped_counter_.store(&log_lines_dropped(metrics)); }

void LogBackend::set_error_sink(std::function<void(ErrorReport)> sink) {
  MutexLock lock(sink_mutex_);
  error_sink_ = std::move(sink);
}

void LogBackend::set_record_sink(std::function<void(LogRecord)> sink) {
  MutexLock lock(sink_mutex_);
  record_sink_ = std::move(sink);
}

void LogBackend::pass_record(const LogEvent& event, std::span<const LogField> fields, uint64_t repeated) {
  MutexLock lock(sink_mutex_);
  if (!record_sink_) return;
  LogRecord record{event.level, std::string(event.name), std::string(event.message), clock_.system_now(), {}};
  for (const LogField& field : fields) {
    if (is_absent(field)) continue;
    std::visit(
        [&](const auto& value) {
          using T = std::decay_t<decltype(value)>;
          if constexpr (std::is_same_v<T, std::string_view>) {
            record.fields.emplace_back(field.name, secrets_.masked(with_message_texts(value)).substr(0, kMaxField));
          } else {
            record.fields.emplace_back(field.name, value);
          }
        },
        field.value);
  }
  if (event.audit) record.fields.emplace_back("audit", true);
  if (repeated > 0) record.fields.emplace_back("repeated", repeated);
  record_sink_(std::move(record));
}

void LogBackend::pass_on(const LogEvent& event, std::span<const LogField> fields) {
  MutexLock lock(sink_mutex_);
  if (!error_sink_) return;
  ErrorReport report{std::string(event.name), {}, clock_.system_now(), {}};
  for (const LogField& field : fields) {
    report.fields.emplace_back(field.name, secrets_.masked(without_message_texts(as_given(field), "[message text]")));
    if (std::holds_alternative<std::string_view>(field.value) && !is_told(field.name)) {
      report.free_texts.emplace(field.name);
    }
  }
  error_sink_(std::move(report));
}

std::optional<uint64_t> LogBackend::admit(const LogEvent& event, std::span<const LogField> fields) {
  if (event.level < LogLevel::Warn || event.audit) return 0;
  std::string key(event.name);
  for (const LogField& field : fields) {
    if (field.subject) key.append(1, '\n').append(field.name).append(1, '=').append(to_text(field));
  }
  const SteadyTime now = clock_.steady_now();
  MutexLock lock(mutex_);
  if (limiter_.size() > kMaxRemembered) limiter_.resolve_all();
  return limiter_.admit(key, now);
}

std::string LogBackend::line(const LogEvent& event, std::span<const LogField> fields, uint64_t repeated) const {
  if (format_ != LogFormat::Text) return json_line(event, fields, repeated);
  const std::string now = timestamp(clock_.system_now(), 3);
  std::string out = fmt::format("{} {:<5} {}", now, to_string(event.level), event.name);
  out += fmt::format(" message={}", quoted_json(event.message));
  for (const LogField& field : fields) {
    if (is_absent(field)) continue;
    const std::string text =
        secrets_.masked(to_text(field))
            .substr(0, kMaxField);  // masked before truncation, so that no part of a secret is left
    // Escaped as in JSON, so that a line stays one line.
    out += fmt::format(" {}={}", field.name, needs_quotes(text) ? quoted_json(text) : text);
  }
  if (event.audit) out += " audit=true";
  if (repeated > 0) out += fmt::format(" repeated={}", repeated);
  return out;
}

std::string LogBackend::json_line(const LogEvent& event, std::span<const LogField> fields, uint64_t repeated) const {
  nlohmann::ordered_json values;
  for (const LogField& field : fields) {
    if (is_absent(field)) continue;
    std::visit(
        [&](const auto& value) {
          using T = std::decay_t<decltype(value)>;
          if constexpr (std::is_same_v<T, std::string_view>) {
            values[std::string(field.name)] = secrets_.masked(with_message_texts(value)).substr(0, kMaxField);
          } else {
            values[std::string(field.name)] = value;
          }
        },
        field.value);
  }
  if (event.audit) values["audit"] = true;
  if (repeated > 0) values["repeated"] = repeated;
  nlohmann::ordered_json out;
  if (format_ == LogFormat::Reference) {
    nlohmann::ordered_json all{{"message", std::string(event.message)}, {"event", std::string(event.name)}};
    if (!values.is_null()) all.update(values);
    out = {{"timestamp", timestamp(clock_.system_now(), 6)},
           {"level", upper_name(event.level)},
           {"fields", std::move(all)},
           {"target", "freshet"}};
  } else {
    out = {{"time", timestamp(clock_.system_now(), 3)},
           {"level", to_string(event.level)},
           {"event", std::string(event.name)},
           {"message", std::string(event.message)}};
    if (!values.is_null()) out.update(values);
  }
  return to_json_text(out);
}

}  // namespace freshet::telemetry
