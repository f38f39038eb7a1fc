// Text from outside that is printed on a terminal.
#pragma once

#include <cstddef>
#include <string>

namespace freshet {

// At most `most` bytes of it. ASCII control characters and U+0080 to U+009F, which could move the terminal's cursor,
// become blanks; trailing blanks are removed.
std::string terminal_text(std::string text, size_t most = 500);

}  // namespace freshet
