#include "processors/json/json_escapes.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "processors/json/hex_digits.h"
#include "processors/json/json_scan.h"
#include "processors/json/utf8.h"

namespace freshet::processors {
namespace {

// The character that a backslash and this letter mean; 0 if there is none.
char meaning_of(char letter) {
  switch (letter) {
    case '"':
    case '\\':
    case '/':
      return letter;
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return 0;
  }
}

const char* read_four_digits(const char* at, uint32_t& code, const char*& error) {
  code = 0;
  for (int i = 0; i < 4; ++i, ++at) {
    const int digit = portable::value_of(*at);
    if (digit < 0) {
      error = "\\u needs four hexadecimal digits";
      break;
    }
    code = code << 4 | static_cast<uint32_t>(digit);
  }
  return at;
}

// After `\u`.
const char* read_code_point(const char* at, char*& out, const char*& error) {
  uint32_t code = 0;
  at = read_four_digits(at, code, error);
  if (error == nullptr && code >= 0xD800 && code <= 0xDFFF) {
    uint32_t low = 0;
    const bool pair = code < 0xDC00 && at[0] == '\\' && at[1] == 'u';
    if (pair) at = read_four_digits(at + 2, low, error);
    if (error == nullptr && (low < 0xDC00 || low > 0xDFFF)) error = "a lone surrogate";
    code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
  }
  if (error == nullptr) out = put_utf8(code, out);
  return at;
}

}  // namespace

const char* read_escape(const char* at, char*& out, const char*& error) {
  if (*at == 'u') return read_code_point(at + 1, out, error);
  const char meant = meaning_of(*at);
  if (meant == 0) {
    error = "an unknown escape in a string";
    return at;
  }
  *out++ = meant;
  return at + 1;
}

Unescaped unescape(const char* at, char*& out) {
  bool ascii = true;
  while (*at == '\\') {
    const char* error = nullptr;
    const char* const end = read_escape(at + 1, out, error);
    if (error != nullptr) return {end, error, at};
    at = scan_string(end, ascii);
    std::memcpy(out, end, static_cast<size_t>(at - end));
    out += at - end;
  }
  return {at};
}

Unescaped pass_escapes(const char* at, bool surrogates, bool& ascii) {
  while (*at == '\\') {
    std::array<char, 4> character;
    char* put = character.data();
    const char* error = nullptr;
    const char* const end = read_escape(at + 1, put, error);
    const char* const after_one = at + 6;  // of two for a pair of surrogates
    if (error != nullptr && (surrogates || end < after_one)) return {end, error, at};
    at = scan_string(error == nullptr ? end : after_one, ascii);
  }
  return {at};
}

}  // namespace freshet::processors
