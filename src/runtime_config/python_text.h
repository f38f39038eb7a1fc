// Values of Snuba's Redis hash, read as its Python reads them (contract A.2).
#pragma once

#include <string>
#include <string_view>

namespace freshet::runtime_config {

// The text of the typed value: a whole number where int() takes the text (blanks around it, sign, single underscores
// between digits), else a number as str() prints it where float() takes it, else the text itself.
// " 007 " -> "7", "1_000" -> "1000", "1e3" -> "1000.0", "in_order" -> "in_order".
std::string python_text(std::string_view text);

}  // namespace freshet::runtime_config
