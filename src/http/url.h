// URLs, parsed by libcurl, so that freshet and libcurl agree on the result.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace freshet::http {

struct Url {
  std::string scheme;  // "http" or "https"
  std::string host;    // an IPv6 address has no brackets
  uint16_t port = 0;   // the scheme's default if the text has none
  std::string path;    // at least "/"
  std::string query;   // without the question mark
  std::string user;
  std::string password;  // secret
};

// Errors: Fatal; the text says what would be valid and never contains the password. Threads: any.
Result<Url> parse_url(std::string_view text);

// True if `host` (from parse_url()) is localhost, in 127.0.0.0/8, or ::1.
bool is_loopback(std::string_view host);

// scheme://host:port. Contains no secret, so it may be logged.
std::string origin(const Url& url);

// Appends `text`, percent-encoding everything except unreserved characters (RFC 3986).
void append_escaped(std::string& out, std::string_view text);
std::string escape(std::string_view text);

}  // namespace freshet::http
