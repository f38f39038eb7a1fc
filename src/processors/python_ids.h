// UUIDs and addresses as the reference's Python reads them (python_common 6).
#pragma once

#include <optional>
#include <string_view>

#include "processors/ip_address.h"
#include "processors/uuid.h"

namespace freshet::processors {

// Looser than Uuid::parse: hyphens, braces, `urn:` and `uuid:` nearly anywhere, and what Python takes for a hexadecimal
// number.
std::optional<Uuid> parse_python_uuid(std::string_view text);

// An address, and for IPv6 perhaps a zone, as it was written.
struct PythonIp {
  IpAddress address;
  std::string_view zone;  // with its '%'
};
std::optional<PythonIp> parse_python_ip(std::string_view text);

}  // namespace freshet::processors
