// Percent-encoding of URLs (RFC 3986).
#pragma once

#include <string>
#include <string_view>

namespace freshet {

// "p%40ss" -> "p@ss". A percent sign that no two hexadecimal digits follow stands for itself. Threads: any.
std::string percent_decoded(std::string_view text);

}  // namespace freshet
