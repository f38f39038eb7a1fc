// One look at a text that is to become a JSON string.
#pragma once

#include <string_view>

namespace freshet::processors {

// Whether it is UTF-8; `plain`: it needs no escaping (quotes, backslashes, control characters). What is no UTF-8 leaves
// `plain` undefined. Reads nothing beyond the text.
bool check_text(std::string_view text, bool& plain);

}  // namespace freshet::processors
