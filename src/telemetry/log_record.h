// A written log line as values, for an export. Plain data.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/log.h"

namespace freshet::telemetry {

// Secrets are masked. Like the line, it may quote messages.
struct LogRecord {
  using Value = std::variant<std::string, int64_t, uint64_t, double, bool>;

  LogLevel level = LogLevel::Info;
  std::string event;
  std::string message;
  SystemTime at{};
  std::vector<std::pair<std::string, Value>> fields;
};

}  // namespace freshet::telemetry
