#include "base/log.h"

namespace freshet {

const char* to_string(LogLevel level) {
  switch (level) {
    case LogLevel::Debug:
      return "debug";
    case LogLevel::Info:
      return "info";
    case LogLevel::Warn:
      return "warn";
    case LogLevel::Error:
      return "error";
  }
  return "unknown";
}

std::optional<LogLevel> log_level_from(std::string_view name) {
  if (name == "debug") return LogLevel::Debug;
  if (name == "info") return LogLevel::Info;
  if (name == "warn" || name == "warning") return LogLevel::Warn;
  if (name == "error") return LogLevel::Error;
  return std::nullopt;
}

namespace {

class NullLog final : public Log {
 public:
  bool enabled(LogLevel) const noexcept override { return false; }
  void write(const LogEvent&, std::span<const LogField>) noexcept override {}
};

}  // namespace

void Log::mask(const std::string&, const std::string&) {}

Log& null_log() {
  static NullLog log;
  return log;
}

}  // namespace freshet
