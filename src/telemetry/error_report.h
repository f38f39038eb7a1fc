// What the log passes on of an error. Plain data.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"

namespace freshet::telemetry {

// An error line of the log: names and texts, secrets masked already, without what is marked as a message's.
struct ErrorReport {
  std::string event;
  std::vector<std::pair<std::string, std::string>> fields;
  SystemTime at{};
  // Fields whose texts may quote a message all the same, whatever produced them: a processor, a Python class, a schema,
  // a server. They do not leave this machine.
  std::set<std::string> free_texts;
};

// Whether the text of a field of the log leaves this machine. What nobody has thought of does not.
bool is_told(std::string_view field);

}  // namespace freshet::telemetry
