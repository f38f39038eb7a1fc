// What Python knows about single characters (Unicode 15.1): python_common 4 and 5.
#pragma once

#include <cstdint>

namespace freshet::processors {

// Shown as itself in Python's display form: not of the categories Cc, Cf, Cs, Co, Cn, Zl, Zp, and Zs only the space.
bool is_printable(uint32_t code);
// 0 to 9 for a decimal digit of any script (category Nd), else -1.
int unicode_digit(uint32_t code);
// White space beyond ASCII.
bool is_unicode_space(uint32_t code);

}  // namespace freshet::processors
