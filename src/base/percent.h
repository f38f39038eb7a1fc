// Percent-encoding of URLs (RFC 3986).
#pragma once

#include <string>
#include <string_view>

namespace freshet {

// "p%40ss" -> "p@ss". A percent sign without two hexadecimal digits is kept. Threads: any.
std::string percent_decoded(std::string_view text);

}  // namespace freshet
