// Base64 for URLs without padding (RFC 4648, section 5), as in a JWT.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace freshet {

std::string to_base64url(std::string_view bytes);
// Empty: a character that is none of its digits.
std::optional<std::string> from_base64url(std::string_view text);

}  // namespace freshet
