#include "processors/json_text.h"

#include <algorithm>
#include <cstring>

namespace freshet::processors {
namespace {

bool needs_escape(char c) { return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\'; }

char* escape_one(char c, char* out) {
  *out++ = '\\';
  switch (c) {
    case '"':
    case '\\':
      *out++ = c;
      return out;
    case '\b':
      *out++ = 'b';
      return out;
    case '\f':
      *out++ = 'f';
      return out;
    case '\n':
      *out++ = 'n';
      return out;
    case '\r':
      *out++ = 'r';
      return out;
    case '\t':
      *out++ = 't';
      return out;
    default:
      break;
  }
  constexpr const char* kHex = "0123456789abcdef";
  std::memcpy(out, "u00", 3);
  out[3] = kHex[static_cast<unsigned char>(c) >> 4];
  out[4] = kHex[c & 15];
  return out + 5;
}

}  // namespace

char* escape_json(std::string_view text, char* out) {
  const char* const end = text.data() + text.size();
  for (const char* at = text.data(); at != end;) {
    const char* const special = std::find_if(at, end, needs_escape);
    const auto plain = static_cast<size_t>(special - at);
    std::memcpy(out, at, plain);
    out += plain;
    at = special;
    if (at != end) out = escape_one(*at++, out);
  }
  return out;
}

void append_json_string(std::string_view text, std::string& out) {
  const size_t begin = out.size();
  out.resize(begin + text.size() * 6 + 2);
  char* const start = out.data() + begin;
  *start = '"';
  char* end = escape_json(text, start + 1);
  *end++ = '"';
  out.resize(static_cast<size_t>(end - out.data()));
}

}  // namespace freshet::processors
