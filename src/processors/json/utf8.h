// Single characters of text that is valid UTF-8.
#pragma once

#include <cstdint>
#include <string_view>

namespace freshet::processors {

// Writes a code point (not a surrogate) as UTF-8; returns the end, at most four bytes later.
inline char* put_utf8(uint32_t code, char* out) {
  const auto put = [&](uint32_t byte) { *out++ = static_cast<char>(byte); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0 | code >> 6);
    put(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    put(0xE0 | code >> 12);
    put(0x80 | (code >> 6 & 0x3F));
    put(0x80 | (code & 0x3F));
  } else {
    put(0xF0 | code >> 18);
    put(0x80 | (code >> 12 & 0x3F));
    put(0x80 | (code >> 6 & 0x3F));
    put(0x80 | (code & 0x3F));
  }
  return out;
}

// The number of bytes of the character that starts with `first`.
inline size_t utf8_size(char first) {
  const auto byte = static_cast<unsigned char>(first);
  return byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
}

// Removes and returns the first code point of `text`, which must not be empty.
inline uint32_t take_code_point(std::string_view& text) {
  const size_t size = utf8_size(text.front());
  const auto first = static_cast<unsigned char>(text.front());
  uint32_t code = size == 1 ? first : first & (0x7Fu >> size);
  for (size_t i = 1; i < size; ++i) code = code << 6 | (static_cast<unsigned char>(text[i]) & 0x3Fu);
  text.remove_prefix(size);
  return code;
}

// The first `count` code points of `text`, or all if there are fewer.
inline std::string_view first_code_points(std::string_view text, size_t count) {
  size_t size = 0;
  for (; count > 0 && size < text.size(); --count) size += utf8_size(text[size]);
  return text.substr(0, size);
}

}  // namespace freshet::processors
