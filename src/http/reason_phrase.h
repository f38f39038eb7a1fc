// The reason phrases of HTTP status codes (RFC 9110, 6585, 4918).
#pragma once

#include <string_view>

namespace freshet::http {

// Empty for an unregistered status.
std::string_view reason_phrase(int status);

}  // namespace freshet::http
