#include "processors/json/text_check.h"

#include <simdjson.h>

#include <cstdint>
#include <cstring>

namespace freshet::processors {
namespace {

constexpr uint64_t kOnes = 0x0101010101010101;
constexpr uint64_t kHighs = 0x8080808080808080;

// Sets the high bit of each byte below `limit` (at most 0x80). Exact while no byte is 0x80 or more.
constexpr uint64_t below(uint64_t bytes, uint64_t limit) { return (bytes - kOnes * limit) & ~bytes & kHighs; }

constexpr uint64_t specials(uint64_t bytes) {
  return below(bytes, 0x20) | below(bytes ^ kOnes * '"', 1) | below(bytes ^ kOnes * '\\', 1);
}

template <typename T>
T load(const char* from) {
  T bytes;
  std::memcpy(&bytes, from, sizeof bytes);
  return bytes;
}

}  // namespace

bool check_text(std::string_view text, bool& plain) {
  const char* at = text.data();
  const char* const end = at + text.size();
  uint64_t special = 0;
  uint64_t high = 0;
  const auto look = [&](uint64_t bytes) {
    special |= specials(bytes);
    high |= bytes;
  };
  if (text.size() >= 8) {
    for (; end - at > 8; at += 8) look(load<uint64_t>(at));
    look(load<uint64_t>(end - 8));
  } else if (text.size() >= 4) {
    look(uint64_t{load<uint32_t>(at)} << 32 | load<uint32_t>(end - 4));
  } else {
    for (; at != end; ++at) look(kOnes * static_cast<unsigned char>(*at));
  }
  plain = special == 0;
  return (high & kHighs) == 0 || simdjson::validate_utf8(text.data(), text.size());
}

}  // namespace freshet::processors
