// HOST:PORT as people and HTTP clients write it. No name is looked up here.
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
  std::string host;  // lower case, without brackets and without the final dot of a name
  std::optional<uint16_t> port;

  // The address, not what it looks like: 127.0.0.0/8, ::1, ::ffff:127.x.x.x and the name localhost.
  bool is_loopback() const;
  std::string url_host() const;  // as it stands in a URL: an IPv6 address in brackets
};

// HOST, HOST:PORT, [IPv6] or [IPv6]:PORT. None for anything else, also for what browsers take for a number ("127.1",
// "0x7f.1", "2130706433").
std::optional<NetAddress> parse_net_address(std::string_view text);

// Where a server shall listen: ADDRESS:PORT, port 0 = any free one, * = every address. The error says what would be
// right.
Result<NetAddress> parse_listen_address(std::string_view text);

}  // namespace freshet
