// A request as the admin server looks at it, and its answer. Data only.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace freshet::admin {

// Headers that nobody looks at are not kept.
struct Request {
  std::string method;
  std::string path;  // normalised: one slash between parts, none at the end, no query
  bool is_http_1_0 = false;
  std::optional<std::string> host;  // of an absolute target, else of the header
  std::optional<std::string> origin;
  std::optional<std::string> fetch_site;  // Sec-Fetch-Site
  std::optional<std::string> fetch_mode;  // Sec-Fetch-Mode
  std::optional<std::string> authorization;
  std::optional<std::string> content_type;
  std::optional<std::string> freshet_request;  // X-Freshet-Request
  std::string body;
  bool has_token = false;  // it carries the admin token: texts that quote messages are shown

  bool carries_json() const;  // Content-Type: application/json, with or without parameters
};

struct Response {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
  std::string allow;  // header Allow of a 405

  static Response text(int status, std::string_view line);  // `line` gets a line feed
  static Response json(int status, std::string body);
};

// The bytes of the answer; without the body for a HEAD. It always ends the connection.
std::string to_bytes(const Response& response, bool head_only);

// "//status/?a=b" -> "/status"; "http://host/status" -> "/status".
std::string normalised_path(std::string_view target);
// "http://host:80/status" -> "host:80": what counts instead of the header Host (RFC 9112, 3.2.2). None: "/status".
std::optional<std::string> authority_of(std::string_view target);

}  // namespace freshet::admin
