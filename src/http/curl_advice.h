// Advice for libcurl errors with a typical cause.
#pragma once

#include <string>
#include <string_view>

namespace freshet::http {

// Returns the probable cause and the fix, or an empty text if libcurl's own is enough. `code` and `text` are libcurl's
// error code and text; `url` is the request's.
std::string curl_advice(int code, std::string_view url, std::string_view text);

}  // namespace freshet::http
