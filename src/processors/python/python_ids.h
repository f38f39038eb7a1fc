// Parses UUIDs and IP addresses like Python (docs/snuba-data-sets.md, 14).
#pragma once

#include <optional>
#include <string_view>

#include "processors/values/ip_address.h"
#include "processors/values/uuid.h"

namespace freshet::processors {

// Accepts more than Uuid::parse: hyphens, braces, `urn:` and `uuid:` nearly anywhere, and everything that Python's
// int(text, 16) accepts.
std::optional<Uuid> parse_python_uuid(std::string_view text);

// An address, and for IPv6 an optional zone, unchanged.
struct PythonIp {
  IpAddress address;
  std::string_view zone;  // including its '%'
};
std::optional<PythonIp> parse_python_ip(std::string_view text);

}  // namespace freshet::processors
