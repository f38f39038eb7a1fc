// The usual words for HTTP statuses (RFC 9110, 6585, 4918).
#pragma once

#include <string_view>

namespace freshet::http {

// Empty for a status without registered words.
std::string_view reason_phrase(int status);

}  // namespace freshet::http
