// HTTP/1.1 over libcurl: one request at a time, connections kept alive, every wait ended by a stop_token.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace freshet::http {

struct ClientOptions {
  std::chrono::milliseconds connect_timeout{5000};  // name look-up, TCP and TLS together
  std::string ca_file;                              // PEM; empty = the system's
  std::string cert_file;                            // PEM client certificate; empty = none
  std::string key_file;                             // PEM key of cert_file; empty = inside cert_file
  size_t max_response_bytes = 16 * 1024 * 1024;     // larger answers are an error
  std::string accept_encoding;                      // "gzip,deflate": asked for and decoded; empty = none
  // At most 10, with method, headers and body, and only to the scheme, host and port of the request: credentials and
  // body go nowhere else. Any other redirect is an answer like all others.
  bool follow_redirects = false;
  bool use_proxy = true;                            // as the environment says, but never for a loopback address
  std::chrono::milliseconds idle_timeout{118'000};  // older connections are not used again; whole seconds
  std::chrono::milliseconds tcp_keepalive{15'000};  // whole seconds, at least one
  std::chrono::milliseconds tcp_keepalive_interval{5'000};
  uint32_t tcp_keepalive_retries = 0;  // 0 = the system's
  bool operator==(const ClientOptions&) const = default;
};

// Views must live until send() returns.
struct Request {
  std::string_view method = "GET";             // with a body: POST or PUT
  std::string url;                             // absolute, already escaped; a query may be part of it
  std::vector<std::string> headers;            // "Name: value"; CR, LF and NUL are refused
  std::vector<std::string_view> body;          // sent one after the other, with their total as Content-Length
  std::chrono::milliseconds timeout{120'000};  // everything, from the look-up to the last byte of the answer
};

// Header names in lower case; of repeated ones the last.
using Headers = std::map<std::string, std::string, std::less<>>;

struct Response {
  int status = 0;
  Headers headers;
  std::string body;
  Headers trailers;  // behind a body that came in chunks

  // Empty when absent.
  std::string_view header(std::string_view lower_case_name) const;
};

// Threads: one at a time; an instance belongs to one thread. Proxies come from the usual environment variables
// (http_proxy, https_proxy, all_proxy, no_proxy). Every part of an answer is bounded: 256 KiB of status lines, headers
// and trailers together, ClientOptions::max_response_bytes of (unpacked) body.
class Client {
 public:
  explicit Client(ClientOptions options);
  ~Client();
  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;

  // Any answer, whatever its status, is a value. Errors carry libcurl's code and no part of the request but host and
  // port: Retry (network, timeout), Fatal (the request or the TLS files are wrong), Stopping (`stop` was requested; how
  // far the request came is unknown).
  Result<Response> send(const Request& request, std::stop_token stop = {});

 private:
  struct Handles;
  Result<Response> send_once(const Request& request, const std::string& url, std::chrono::milliseconds timeout,
                             const std::stop_token& stop);
  std::unique_ptr<const ClientOptions> options_;  // libcurl keeps pointers into it
  std::unique_ptr<Handles> handles_;
};

}  // namespace freshet::http
