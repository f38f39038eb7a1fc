// Text written as JSON strings (common 4).
#pragma once

#include <string>
#include <string_view>

#include "processors/json_reader.h"

namespace freshet::processors {

// Writes `text` escaped as the inside of a JSON string; returns the end. Needs room for six times its size.
char* escape_json(std::string_view text, char* out);

// Appends `text`, which must be UTF-8, as a JSON string with its quotes.
void append_json_string(std::string_view text, std::string& out);
void append_json_string(const JsonString& text, std::string& out);

}  // namespace freshet::processors
