// URLs by libcurl's own parser, so that what is checked here is what libcurl will use.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace freshet::http {

struct Url {
  std::string scheme;  // "http" or "https"
  std::string host;    // an IPv6 address without its brackets
  uint16_t port = 0;   // the scheme's default where the text has none
  std::string path;    // at least "/"
  std::string query;   // without the question mark
  std::string user;
  std::string password;  // secret
};

// Threads: any. Error kind Fatal with what would be right; never repeats a password.
Result<Url> parse_url(std::string_view text);

// Whether `host` (of parse_url) is this machine itself: localhost, 127.0.0.0/8 or ::1.
bool is_loopback(std::string_view host);

// scheme://host:port, fit for logs.
std::string origin(const Url& url);

// Appends `text` percent-encoded (RFC 3986, all but unreserved characters).
void append_escaped(std::string& out, std::string_view text);
std::string escape(std::string_view text);

}  // namespace freshet::http
