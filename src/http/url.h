// URLs, parsed by libcurl, so that the result is what libcurl will use.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace freshet::http {

struct Url {
  std::string scheme;  // "http" or "https"
  std::string host;    // an IPv6 address without its brackets
  uint16_t port = 0;   // the scheme's default if the text has none
  std::string path;    // at least "/"
  std::string query;   // without the question mark
  std::string user;
  std::string password;  // secret
};

// Threads: any. Fatal: the text says what would be valid and never contains a password.
Result<Url> parse_url(std::string_view text);

// True if `host` (from parse_url) is this machine: localhost, 127.0.0.0/8 or ::1.
bool is_loopback(std::string_view host);

// scheme://host:port, safe to log.
std::string origin(const Url& url);

// Appends `text` percent-encoded (RFC 3986, all except unreserved characters).
void append_escaped(std::string& out, std::string_view text);
std::string escape(std::string_view text);

}  // namespace freshet::http
