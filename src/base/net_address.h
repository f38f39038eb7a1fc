// HOST:PORT as people and HTTP clients write it. Does not resolve names.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace freshet {

struct NetAddress {
  enum class Kind { V4, V6, Name };
  Kind kind = Kind::Name;
  std::string host;  // lower case, without brackets and the final dot of a name
  std::optional<uint16_t> port;

  // Decides by the address: 127.0.0.0/8, ::1, ::ffff:127.x.x.x and the name localhost.
  bool is_loopback() const;
  std::string url_host() const;  // for a URL: an IPv6 address in brackets
};

// Parses HOST, HOST:PORT, [IPv6] or [IPv6]:PORT. nullopt for other text, including text that browsers read as a number
// ("127.1", "0x7f.1", "2130706433").
std::optional<NetAddress> parse_net_address(std::string_view text);

// Parses a listen address, ADDRESS:PORT; port 0 = any free port, * = every address. The error says what would be valid.
Result<NetAddress> parse_listen_address(std::string_view text);

}  // namespace freshet
