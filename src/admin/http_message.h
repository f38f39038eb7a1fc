// HTTP requests and responses of the admin server. Plain data.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace freshet::admin {

// A request, with only those headers that the server uses.
struct Request {
  std::string method;
  std::string path;  // normalised: no duplicate slashes, no trailing slash, no query
  bool is_http_1_0 = false;
  std::optional<std::string> host;  // from an absolute target, otherwise from the header
  std::optional<std::string> origin;
  std::optional<std::string> fetch_site;  // Sec-Fetch-Site
  std::optional<std::string> fetch_mode;  // Sec-Fetch-Mode
  std::optional<std::string> authorization;
  std::optional<std::string> content_type;
  std::optional<std::string> freshet_request;  // X-Freshet-Request
  std::string body;
  bool has_token = false;  // the request carries the admin token, so the response may contain message texts

  bool carries_json() const;  // Content-Type is application/json, with or without parameters
};

struct Response {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
  std::string allow;  // the header Allow of a 405

  static Response text(int status, std::string_view line);  // appends a line feed to `line`
  static Response json(int status, std::string body);
};

// Serialises the response, for HEAD without its body. The headers always announce the end of the connection.
std::string to_bytes(const Response& response, bool head_only);

// "//status/?a=b" -> "/status"; "http://host/status" -> "/status".
std::string normalised_path(std::string_view target);
// "http://host:80/status" -> "host:80", which overrides the header Host (RFC 9112, 3.2.2). None for "/status".
std::optional<std::string> authority_of(std::string_view target);

}  // namespace freshet::admin
