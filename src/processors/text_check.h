// Checks text before it is written as a JSON string.
#pragma once

#include <string_view>

namespace freshet::processors {

// True if it is UTF-8. `plain`: it needs no escaping (no quotes, backslashes, control characters); undefined if it is
// not UTF-8. Reads nothing beyond the text.
bool check_text(std::string_view text, bool& plain);

}  // namespace freshet::processors
