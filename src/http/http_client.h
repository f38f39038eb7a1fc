// HTTP/1.1 client over libcurl. Sends one request at a time and keeps connections alive. A stop_token interrupts every
// wait.
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
  std::chrono::milliseconds connect_timeout{5000};  // for DNS, TCP and TLS together
  std::string ca_file;                              // PEM; empty = the system's
  std::string cert_file;                            // PEM client certificate; empty = none
  std::string key_file;                             // PEM key of cert_file; empty = inside cert_file
  std::string cert_pem;                             // the certificate itself, in the place of cert_file; empty = none
  std::string key_pem;                              // its key, in the place of key_file
  size_t max_response_bytes = 16 * 1024 * 1024;     // larger responses fail
  std::string accept_encoding;                      // for example "gzip,deflate", which is then decoded; empty = none
  // Follows at most 10 redirects, repeating method, headers and body. Follows only redirects to the scheme, host and
  // port of the request, because credentials and body must not go elsewhere; other redirects are returned like any
  // response.
  bool follow_redirects = false;
  bool use_proxy = true;                            // uses the environment's proxy, except for loopback addresses
  std::chrono::milliseconds idle_timeout{118'000};  // connections idle for longer are not reused; whole seconds
  std::chrono::milliseconds tcp_keepalive{15'000};  // whole seconds, at least one
  std::chrono::milliseconds tcp_keepalive_interval{5'000};
  uint32_t tcp_keepalive_retries = 0;  // 0 = the system's value
  bool operator==(const ClientOptions&) const = default;
};

// The views must be valid until send() returns.
struct Request {
  std::string_view method = "GET";             // with a body: POST or PUT
  std::string url;                             // absolute, already escaped; may contain a query
  std::vector<std::string> headers;            // "Name: value"; CR, LF and NUL are refused
  std::vector<std::string_view> body;          // sent in sequence; Content-Length is their total
  std::chrono::milliseconds timeout{120'000};  // for everything from DNS to the last byte of the response
};

// Keys are lower-case header names. The last of repeated headers wins.
using Headers = std::map<std::string, std::string, std::less<>>;

struct Response {
  int status = 0;
  Headers headers;
  std::string body;
  Headers trailers;  // after a chunked body

  // Empty if absent.
  std::string_view header(std::string_view lower_case_name) const;
};

// True if an error of Client::send() with this code may mean that the server refused the client certificate. With TLS
// 1.3 that may look like a connection that breaks.
bool may_refuse_certificate(int curl_code);

// Threads: one at a time; an instance belongs to one thread. Proxies are taken from the usual environment variables
// (http_proxy, https_proxy, all_proxy, no_proxy). A response may have 256 KiB of status lines, headers and trailers
// together, and a (decoded) body of ClientOptions::max_response_bytes.
class Client {
 public:
  explicit Client(ClientOptions options);
  ~Client();
  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;

  // Returns the response, whatever its status. Errors: Retry (network, timeout), Fatal (the request or the TLS files
  // are invalid), Stopping (`stop` was requested; the server may have received the request). Errors carry libcurl's
  // code; their texts name only host and port of the request.
  Result<Response> send(const Request& request, std::stop_token stop = {});

 private:
  struct Handles;
  Result<Response> send_once(const Request& request, const std::string& url, std::chrono::milliseconds timeout,
                             const std::stop_token& stop);
  std::unique_ptr<const ClientOptions> options_;  // libcurl keeps pointers into it
  std::unique_ptr<Handles> handles_;
};

}  // namespace freshet::http
