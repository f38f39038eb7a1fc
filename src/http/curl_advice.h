// Advice for libcurl errors that have a typical cause.
#pragma once

#include <string>
#include <string_view>

namespace freshet::http {

// A sentence with the probable cause and the fix; empty if libcurl's own text is enough. `code` is libcurl's, `url` the
// request's, `text` libcurl's error text.
std::string curl_advice(int code, std::string_view url, std::string_view text);

}  // namespace freshet::http
