// What the log passes on of an error. Plain data.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"

namespace freshet::telemetry {

// An error line of the log: names and texts, secrets masked already.
struct ErrorReport {
  std::string event;
  std::vector<std::pair<std::string, std::string>> fields;
  SystemTime at{};
};

}  // namespace freshet::telemetry
