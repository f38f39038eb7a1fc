// Writes text as JSON strings.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "processors/json/json_reader.h"

namespace freshet::processors {

constexpr size_t kEscapedBytes = 6;  // maximum size of one escaped byte

// Writes `text` escaped, without quotes, and returns the end. `out` needs kEscapedBytes per byte.
char* escape_json(std::string_view text, char* out);

// The size of what escape_json() writes, in bytes.
size_t escaped_size(std::string_view text);

constexpr size_t kSlice = 64 << 10;

// Calls `function` with slices of `text`, so that the buffer for the escaped form of a large text stays small.
template <class Function>
void for_each_slice(std::string_view text, const Function& function) {
  for (; text.size() > kSlice; text.remove_prefix(kSlice)) function(text.substr(0, kSlice));
  function(text);
}

// Appends `text`, which must be UTF-8, as a JSON string with its quotes.
void append_json_string(std::string_view text, std::string& out);
void append_json_string(const JsonString& text, std::string& out);

}  // namespace freshet::processors
