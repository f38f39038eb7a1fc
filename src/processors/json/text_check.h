// Checks text before it is written as a JSON string.
#pragma once

#include <string_view>

namespace freshet::processors {

// True if the text is UTF-8. Sets `plain` if it needs no escaping (no quotes, backslashes or control characters);
// `plain` is undefined if the text is not UTF-8. Never reads beyond the text.
bool check_text(std::string_view text, bool& plain);

}  // namespace freshet::processors
