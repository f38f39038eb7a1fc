// UUIDs (docs/snuba-data-sets.md, 6).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

#include "processors/json/hex_digits.h"

namespace freshet::processors {

struct Uuid {
  static constexpr size_t kTextSize = 36;
  static constexpr size_t kDigits = 32;
  std::array<uint8_t, 16> bytes{};

  // Parses 32 hexadecimal digits, or the hyphenated form, optionally in braces or after `urn:uuid:`. Trims nothing.
  static std::optional<Uuid> parse(std::string_view text);
  // Lower case with hyphens; kTextSize characters.
  void write(char* out) const {
    std::array<char, kDigits> digits;
    write_hex(bytes.data(), digits.data());
    std::memcpy(out, digits.data(), 8);
    std::memcpy(out + 9, &digits[8], 4);
    std::memcpy(out + 14, &digits[12], 4);
    std::memcpy(out + 19, &digits[16], 4);
    std::memcpy(out + 24, &digits[20], 4);
    std::memcpy(out + 28, &digits[24], 8);
    out[8] = out[13] = out[18] = out[23] = '-';
  }
  // Lower case without hyphens; kDigits characters.
  void write_simple(char* out) const { write_hex(bytes.data(), out); }
  // A version 4 UUID with these bytes, except for the six bits of version and variant.
  static Uuid version_4(const std::array<uint8_t, 16>& bytes);
  auto operator<=>(const Uuid&) const = default;
};

}  // namespace freshet::processors
