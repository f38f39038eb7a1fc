// A log line as it is passed to an error sink. Plain data.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"

namespace freshet::telemetry {

// A log line at level error. Secrets are masked and marked message texts (base/message_text.h) are removed.
struct ErrorReport {
  std::string event;
  std::vector<std::pair<std::string, std::string>> fields;
  SystemTime at{};
  // Names of the fields whose text may quote a message, because it comes from a processor, a Python class, a schema or
  // a server. Their texts must not leave this machine.
  std::set<std::string> free_texts;
};

// True if the text of this log field may leave this machine. False for unknown fields.
bool is_told(std::string_view field);

}  // namespace freshet::telemetry
