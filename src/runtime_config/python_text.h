// Types values of Snuba's Redis hash as Snuba's Python does (docs/runtime-options.md).
#pragma once

#include <string>
#include <string_view>

namespace freshet::runtime_config {

// Returns the typed value as text: a whole number if int() accepts the text (surrounding blanks, sign, single
// underscores between digits), else a number as str() prints it if float() accepts the text, else the text itself.
// Examples: " 007 " -> "7", "1_000" -> "1000", "1e3" -> "1000.0", "in_order" -> "in_order".
std::string python_text(std::string_view text);

}  // namespace freshet::runtime_config
