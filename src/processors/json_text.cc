#include "processors/json_text.h"

#include <array>
#include <cstring>

#include "processors/json_scan.h"

namespace freshet::processors {
namespace {

constexpr size_t kStep = 16;

// The letter after the backslash; 'u' where four digits follow, 0 for what needs no escape.
constexpr std::array<char, 256> make_letters() {
  std::array<char, 256> letters{};
  for (size_t c = 0; c < 0x20; ++c) letters[c] = 'u';
  letters['\b'] = 'b';
  letters['\f'] = 'f';
  letters['\n'] = 'n';
  letters['\r'] = 'r';
  letters['\t'] = 't';
  letters['"'] = '"';
  letters['\\'] = '\\';
  return letters;
}
constexpr std::array<char, 256> kLetters = make_letters();

char letter_of(char c) { return kLetters[static_cast<unsigned char>(c)]; }

char* escape_one(char c, char* out) {
  out[0] = '\\';
  out[1] = letter_of(c);
  if (out[1] != 'u') return out + 2;
  constexpr const char* kHex = "0123456789abcdef";
  std::memcpy(out + 2, "00", 2);
  out[4] = kHex[static_cast<unsigned char>(c) >> 4];
  out[5] = kHex[c & 15];
  return out + 6;
}

}  // namespace

char* escape_json(std::string_view text, char* out) {
  const char* at = text.data();
  const char* const end = at + text.size();
  while (static_cast<size_t>(end - at) >= kStep) {
    std::memcpy(out, at, kStep);
    const unsigned plain = plain_head(at);
    at += plain;
    out += plain;
    if (plain < kStep) out = escape_one(*at++, out);
  }
  for (; at != end; ++at) {
    if (letter_of(*at) == 0) {
      *out++ = *at;
    } else {
      out = escape_one(*at, out);
    }
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

void append_json_string(const JsonString& text, std::string& out) {
  if (!text.plain) return append_json_string(text.view, out);
  out += '"';
  out += text.view;
  out += '"';
}

}  // namespace freshet::processors
