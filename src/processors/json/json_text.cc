#include "processors/json/json_text.h"

#include <array>
#include <cstdint>
#include <cstring>

#include "processors/json/json_scan.h"
#include "processors/json/wide_scan.h"

namespace freshet::processors {
namespace {

constexpr size_t kStep = 16;

// The escaped form of a byte: one or two characters and their number, or "\\u" and 6 if four digits follow.
struct Escaped {
  std::array<char, 2> text{};
  uint8_t size = 1;
};

constexpr std::array<Escaped, 256> make_escapes() {
  std::array<Escaped, 256> escapes{};
  for (size_t c = 0; c < escapes.size(); ++c) escapes[c].text[0] = static_cast<char>(c);
  for (size_t c = 0; c < 0x20; ++c) escapes[c] = {{'\\', 'u'}, 6};
  constexpr std::string_view kShort = "\bb\ff\nn\rr\tt\"\"\\\\";
  for (size_t i = 0; i < kShort.size(); i += 2) escapes[static_cast<size_t>(kShort[i])] = {{'\\', kShort[i + 1]}, 2};
  return escapes;
}
constexpr std::array<Escaped, 256> kEscapes = make_escapes();

inline char* escape_one(char c, char* out) {
  const Escaped& escaped = kEscapes[static_cast<unsigned char>(c)];
  std::memcpy(out, escaped.text.data(), 2);
  if (escaped.size == 6) {
    constexpr const char* kHex = "0123456789abcdef";
    out[2] = out[3] = '0';
    out[4] = kHex[static_cast<unsigned char>(c) >> 4];
    out[5] = kHex[c & 15];
  }
  return out + escaped.size;
}

}  // namespace

char* escape_json(std::string_view text, char* out) {
  const char* const end = text.data() + text.size();
  const char* at = WideScan::kBest.escape(text.data(), end, out);
  // Copies whole steps, which may read and write up to one step too much. Both buffers have room for it.
  while (static_cast<size_t>(end - at) >= 2 * kStep) {
    size_t done = 0;
    for (unsigned special = special_of_sixteen(at); special != 0; special &= special - 1) {
      const auto next = static_cast<size_t>(__builtin_ctz(special));
      std::memcpy(out, at + done, kStep);
      out = escape_one(at[next], out + (next - done));
      done = next + 1;
    }
    std::memcpy(out, at + done, kStep);
    out += kStep - done;
    at += kStep;
  }
  for (; at != end; ++at) out = escape_one(*at, out);
  return out;
}

size_t escaped_size(std::string_view text) {
  size_t size = 0;
  for (const char c : text) size += kEscapes[static_cast<unsigned char>(c)].size;
  return size;
}

void append_json_string(std::string_view text, std::string& out) {
  out += '"';
  for_each_slice(text, [&out](std::string_view slice) {
    const size_t begin = out.size();
    out.resize(begin + kEscapedBytes * slice.size());
    out.resize(static_cast<size_t>(escape_json(slice, out.data() + begin) - out.data()));
  });
  out += '"';
}

void append_json_string(const JsonString& text, std::string& out) {
  if (!text.plain) return append_json_string(text.view, out);
  out += '"';
  out += text.view;
  out += '"';
}

}  // namespace freshet::processors
