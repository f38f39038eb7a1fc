// The part of a log line that goes to an error sink. Plain data.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"

namespace freshet::telemetry {

// A log line at level error: names and texts, with secrets masked and without marked message texts.
struct ErrorReport {
  std::string event;
  std::vector<std::pair<std::string, std::string>> fields;
  SystemTime at{};
  // Fields whose texts may quote a message, whoever wrote them: a processor, a Python class, a schema, a server. They
  // must not leave this machine.
  std::set<std::string> free_texts;
};

// True if the text of a log field may leave this machine; unknown fields may not.
bool is_told(std::string_view field);

}  // namespace freshet::telemetry
