// Text written as JSON strings (common 4).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "processors/json_reader.h"

namespace freshet::processors {

constexpr size_t kEscapedBytes = 6;  // that a byte may become

// Writes `text` escaped as the inside of a JSON string; returns the end. Needs room for kEscapedBytes a byte.
char* escape_json(std::string_view text, char* out);

// What escape_json() writes of it, in bytes.
size_t escaped_size(std::string_view text);

constexpr size_t kSlice = 64 << 10;

// `text` in parts, so that the room for the escaped form of a large one is not many times what it takes.
template <class Function>
void for_each_slice(std::string_view text, const Function& function) {
  for (; text.size() > kSlice; text.remove_prefix(kSlice)) function(text.substr(0, kSlice));
  function(text);
}

// Appends `text`, which must be UTF-8, as a JSON string with its quotes.
void append_json_string(std::string_view text, std::string& out);
void append_json_string(const JsonString& text, std::string& out);

}  // namespace freshet::processors
