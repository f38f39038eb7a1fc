// Values as text, as Python shows them (python_common 4).
#pragma once

#include <string>
#include <string_view>

#include "processors/python_json.h"

namespace freshet::processors {

// "Float text": the shortest digits in Python's notation; `nan`, `inf`, `-inf`. Returns the end; `out` has kNumberRoom
// bytes of room (json_number.h).
char* write_float_text(double value, char* out);
// As it is written in JSON: the same, but `NaN`, `Infinity`, `-Infinity`.
char* write_json_float(double value, char* out);

// "Text" of anything but null and strings.
void append_text(const PythonValue& value, std::string& out);
// "JSON text": all ASCII, with spaces after commas and colons.
void append_json_text(const PythonValue& value, std::string& out);
// "Display text": containers in Python's own form; null is `None`.
void append_display_text(const PythonValue& value, std::string& out);

}  // namespace freshet::processors
