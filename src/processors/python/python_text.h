// Converts values to text as Python prints them (docs/snuba-data-sets.md, 12).
#pragma once

#include <string>
#include <string_view>

#include "processors/python/python_json.h"

namespace freshet::processors {

// The shortest digits in Python's notation; `nan`, `inf`, `-inf`. Returns the end; `out` has kNumberRoom bytes
// (json_number.h).
char* write_float_text(double value, char* out);
// For JSON text: the same, but `NaN`, `Infinity`, `-Infinity`.
char* write_json_float(double value, char* out);

// Text of any value except null and strings.
void append_text(const PythonValue& value, std::string& out);
// JSON text: ASCII only, with spaces after commas and colons, as json.dumps() writes it.
void append_json_text(const PythonValue& value, std::string& out);
// Display text: arrays and objects as repr() writes them; null is `None`.
void append_display_text(const PythonValue& value, std::string& out);

}  // namespace freshet::processors
