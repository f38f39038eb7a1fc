// What to do about libcurl's errors that people meet when an address is not what it seems.
#pragma once

#include <string>
#include <string_view>

namespace freshet::http {

// A sentence that says what is probably wrong and what would be right; empty: libcurl's own words say it. `code` is
// libcurl's, `url` the request's, `text` libcurl's words.
std::string curl_advice(int code, std::string_view url, std::string_view text);

}  // namespace freshet::http
