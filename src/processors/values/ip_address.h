// IP addresses (docs/snuba-data-sets.md, 6).
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
  std::array<uint8_t, 16> bytes{};  // IPv4: the first four

  // IPv4 in dotted decimal, or IPv6 without zone and brackets. None for other text.
  static std::optional<IpAddress> parse(std::string_view text);
  // Lower case; `::` for the longest run of zero groups; mapped IPv4 in dotted form. Returns the end.
  char* write(char* out) const;
};

// For tables with a column for each version.
inline std::optional<IpAddress> only_v4(const std::optional<IpAddress>& ip) {
  return ip && !ip->v6 ? ip : std::nullopt;
}
inline std::optional<IpAddress> only_v6(const std::optional<IpAddress>& ip) { return ip && ip->v6 ? ip : std::nullopt; }

}  // namespace freshet::processors
