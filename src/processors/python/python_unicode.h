// Properties of characters in Unicode 15.1, the version of Snuba's Python.
#pragma once

#include <cstdint>

namespace freshet::processors {

// True if repr() prints it unchanged: not in the categories Cc, Cf, Cs, Co, Cn, Zl, Zp, and of Zs only the space.
bool is_printable(uint32_t code);
// 0 to 9 for a decimal digit of any script (category Nd), otherwise -1.
int unicode_digit(uint32_t code);
// White space beyond ASCII.
bool is_unicode_space(uint32_t code);

}  // namespace freshet::processors
