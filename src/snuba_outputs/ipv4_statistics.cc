#include "snuba_outputs/ipv4_statistics.h"

#include <algorithm>
#include <cstddef>
#include <cstring>

namespace freshet::snuba_outputs {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Consumes an octet and the dot after it.
bool take_inner_octet(std::string_view& rest) {
  unsigned value = 0;
  size_t digits = 0;
  while (digits < rest.size() && digits < 3 && is_digit(rest[digits])) {
    value = value * 10 + static_cast<unsigned>(rest[digits++] - '0');
  }
  if (digits == 0 || value > 255 || digits >= rest.size() || rest[digits] != '.') return false;
  if (digits > 1 && rest.front() == '0') return false;
  rest.remove_prefix(digits + 1);
  return true;
}

// Length of the UTF-8 character that begins here; 0 if there is none.
size_t character(const unsigned char* at, size_t left) {
  const unsigned char first = *at;
  if (first < 0x80) return 1;
  const size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || size > left) return 0;
  for (size_t i = 1; i < size; ++i) {
    if ((at[i] & 0xc0) != 0x80) return 0;
  }
  const bool overlong = (first == 0xe0 && at[1] < 0xa0) || (first == 0xf0 && at[1] < 0x90);
  const bool outside = (first == 0xed && at[1] > 0x9f) || (first == 0xf4 && at[1] > 0x8f);
  return overlong || outside ? 0 : size;
}

}  // namespace

bool has_ipv4_pattern(std::string_view text) {
  // Of the first octet, the digit before its dot suffices; of the last one, the digit after its dot. Further digits
  // around them do not matter.
  for (size_t dot = text.find('.'); dot != std::string_view::npos; dot = text.find('.', dot + 1)) {
    if (dot == 0 || !is_digit(text[dot - 1])) continue;
    std::string_view rest = text.substr(dot + 1);
    if (take_inner_octet(rest) && take_inner_octet(rest) && !rest.empty() && is_digit(rest.front())) return true;
  }
  return false;
}

bool is_utf8(std::string_view text) {
  const auto* at = reinterpret_cast<const unsigned char*>(text.data());
  const auto* const end = at + text.size();
  while (at < end) {
    uint64_t word = 0;
    if (end - at >= 8) {
      std::memcpy(&word, at, 8);
      if ((word & 0x8080808080808080u) == 0) {
        at += 8;
        continue;
      }
    }
    const size_t size = character(at, static_cast<size_t>(end - at));
    if (size == 0) return false;
    at += size;
  }
  return true;
}

Ipv4Statistics::Ipv4Statistics(Metrics& metrics) : metrics_(metrics) {}

// Checks payloads 0 to 999, which count once, and then 1008, 1024, ..., which count as 16 each.
uint64_t Ipv4Statistics::look_at(std::string_view payload) {
  const uint64_t weight = looked_at_ < kAll ? 1 : kOneOf;
  Counter& counter = !is_utf8(payload)           ? metrics_.invalid_payload
                     : has_ipv4_pattern(payload) ? metrics_.with
                                                 : metrics_.without;
  counter.add(weight);
  ++looked_at_;
  if (looked_at_ < kAll) return 0;
  return looked_at_ == kAll ? (kOneOf - kAll % kOneOf) % kOneOf : kOneOf - 1;
}

}  // namespace freshet::snuba_outputs
