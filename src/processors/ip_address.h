// IP addresses as the reference reads and writes them (common 5.4).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace freshet::processors {

struct IpAddress {
  static constexpr size_t kTextRoom = 48;
  bool v6 = false;
  std::array<uint8_t, 16> bytes{};  // the first four for v4

  // Dotted decimal, else an IPv6 text without zone and brackets; no error otherwise, just none.
  static std::optional<IpAddress> parse(std::string_view text);
  // Lower case; the longest run of zero groups becomes `::`; mapped IPv4 is shown dotted. Returns the end.
  char* write(char* out) const;
};

}  // namespace freshet::processors
