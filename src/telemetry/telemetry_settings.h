// How the program logs; filled by settings. Plain data.
#pragma once

#include <string>
#include <vector>

#include "base/log.h"

namespace freshet::telemetry {

enum class LogFormat { Text, Json };

struct TelemetrySettings {
  LogLevel level = LogLevel::Info;
  LogFormat format = LogFormat::Text;
  std::vector<std::string> secrets;  // replaced by *** wherever they would appear in a log line
};

}  // namespace freshet::telemetry
