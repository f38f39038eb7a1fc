#include "telemetry/log_backend.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace freshet::telemetry {
namespace {

constexpr Duration kRepeat = std::chrono::minutes(1);
constexpr size_t kMaxRemembered = 1000;
constexpr size_t kMaxField = 4000;

std::string to_text(const LogField& field) {
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

// `digits` of the fraction: 3 or 6.
std::string timestamp(SystemTime now, int digits) {
  const auto us = std::chrono::time_point_cast<std::chrono::microseconds>(now);
  const auto seconds = std::chrono::floor<std::chrono::seconds>(us);
  const std::string fraction = fmt::format("{:06}", (us - seconds).count()).substr(0, static_cast<size_t>(digits));
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{}Z", fmt::gmtime(std::chrono::system_clock::to_time_t(seconds)), fraction);
}

// As Snuba's consumers name levels.
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

// One secret may begin with another.
TelemetrySettings longest_secret_first(TelemetrySettings settings) {
  std::sort(settings.secrets.begin(), settings.secrets.end(),
            [](const std::string& a, const std::string& b) { return a.size() > b.size(); });
  return settings;
}

bool needs_quotes(std::string_view text) {
  return text.empty() || text.find_first_of(" =\"\\") != std::string_view::npos ||
         std::any_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; });
}

// As JSON has it, so that a line stays a line; bytes that are no UTF-8 are replaced.
std::string as_json(std::string_view text) {
  return nlohmann::json(std::string(text)).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

LogBackend::LogBackend(const TelemetrySettings& settings, Clock& clock, std::ostream* out)
    : settings_(longest_secret_first(settings)), clock_(clock), level_(settings.level) {
  spdlog::sink_ptr sink;
  if (out != nullptr) {
    sink = std::make_shared<spdlog::sinks::ostream_sink_mt>(*out, true);
  } else if (settings.format == LogFormat::Reference) {
    sink = std::make_shared<spdlog::sinks::stdout_sink_mt>();
  } else {
    sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
  }
  sink_ = std::make_shared<spdlog::logger>("freshet", std::move(sink));
  sink_->set_pattern("%v");
  sink_->set_level(spdlog::level::trace);
  sink_->flush_on(spdlog::level::trace);
}

LogBackend::~LogBackend() = default;

void LogBackend::write(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) noexcept {
  try {
    const auto repeated = admit(level, event, fields);
    if (!repeated) return;
    sink_->info("{}", line(level, event, fields, *repeated));
    if (level == LogLevel::Error) pass_on(event, fields);
  } catch (...) {
    // Out of memory or a closed standard error: a log line is not worth the process.
  }
}

void LogBackend::set_error_sink(std::function<void(ErrorReport)> sink) {
  MutexLock lock(sink_mutex_);
  error_sink_ = std::move(sink);
}

void LogBackend::pass_on(std::string_view event, std::initializer_list<LogField> fields) {
  MutexLock lock(sink_mutex_);
  if (!error_sink_) return;
  ErrorReport report{std::string(event), {}, clock_.system_now()};
  for (const LogField& field : fields) report.fields.emplace_back(field.name, clean(to_text(field)));
  error_sink_(std::move(report));
}

std::optional<uint64_t> LogBackend::admit(LogLevel level, std::string_view event,
                                          std::initializer_list<LogField> fields) {
  if (level < LogLevel::Warn) return 0;
  std::string key(event);
  for (const LogField& field : fields) {
    if (field.name == "error" || field.name == "reason" || field.name == "code") key += '\n' + to_text(field);
  }
  const SteadyTime now = clock_.steady_now();
  MutexLock lock(mutex_);
  if (seen_.size() > kMaxRemembered) seen_.clear();
  const auto [entry, is_new] = seen_.try_emplace(std::move(key), Seen{now, 0});
  if (is_new) return 0;
  if (now - entry->second.shown < kRepeat) {
    ++entry->second.kept_back;
    return std::nullopt;
  }
  entry->second.shown = now;
  return std::exchange(entry->second.kept_back, 0);
}

std::string LogBackend::clean(std::string_view text) const {
  std::string out(text);
  for (const std::string& secret : settings_.secrets) {
    for (size_t at = 0; !secret.empty() && (at = out.find(secret, at)) != std::string::npos; at += 3) {
      out.replace(at, secret.size(), "***");
    }
  }
  return out;
}

std::string LogBackend::line(LogLevel level, std::string_view event, std::initializer_list<LogField> fields,
                             uint64_t repeated) const {
  if (settings_.format != LogFormat::Text) return json_line(level, event, fields, repeated);
  const std::string now = timestamp(clock_.system_now(), 3);
  std::string out = fmt::format("{} {:<5} {}", now, to_string(level), event);
  for (const LogField& field : fields) {
    const std::string text = clean(to_text(field)).substr(0, kMaxField);  // masked first: no half of a secret is left
    out += fmt::format(" {}={}", field.name, needs_quotes(text) ? as_json(text) : text);
  }
  if (repeated > 0) out += fmt::format(" repeated={}", repeated);
  return out;
}

std::string LogBackend::json_line(LogLevel level, std::string_view event, std::initializer_list<LogField> fields,
                                  uint64_t repeated) const {
  nlohmann::ordered_json values;
  for (const LogField& field : fields) {
    std::visit(
        [&](const auto& value) {
          using T = std::decay_t<decltype(value)>;
          if constexpr (std::is_same_v<T, std::string_view>) {
            values[std::string(field.name)] = clean(value).substr(0, kMaxField);
          } else {
            values[std::string(field.name)] = value;
          }
        },
        field.value);
  }
  if (repeated > 0) values["repeated"] = repeated;
  nlohmann::ordered_json out;
  if (settings_.format == LogFormat::Reference) {
    nlohmann::ordered_json all{{"message", std::string(event)}};
    if (!values.is_null()) all.update(values);
    out = {{"timestamp", timestamp(clock_.system_now(), 6)},
           {"level", upper_name(level)},
           {"fields", std::move(all)},
           {"target", "freshet"}};
  } else {
    out = {{"time", timestamp(clock_.system_now(), 3)}, {"level", to_string(level)}, {"event", std::string(event)}};
    if (!values.is_null()) out.update(values);
  }
  return out.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace freshet::telemetry
