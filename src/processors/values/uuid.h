// UUIDs (docs/snuba-data-sets.md, 6).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace freshet::processors {

struct Uuid {
  static constexpr size_t kTextSize = 36;
  std::array<uint8_t, 16> bytes{};

  // Parses 32 hexadecimal digits, or the hyphenated form, optionally in braces or after `urn:uuid:`. Trims nothing.
  static std::optional<Uuid> parse(std::string_view text);
  // Lower case with hyphens; kTextSize characters.
  void write(char* out) const;
  // Lower case without hyphens; 32 characters.
  void write_simple(char* out) const;
  // A version 4 UUID with these bytes, except for the six bits of version and variant.
  static Uuid version_4(const std::array<uint8_t, 16>& bytes);
  auto operator<=>(const Uuid&) const = default;
};

}  // namespace freshet::processors
