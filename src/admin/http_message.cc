#include "admin/http_message.h"

#include <fmt/format.h>

#include <algorithm>

namespace freshet::admin {
namespace {

// The page loads nothing from other sites and must not be framed, and other sites must not read responses.
constexpr std::string_view kFixedHeaders =
    "Connection: close\r\n"
    "Cache-Control: no-store\r\n"
    "X-Content-Type-Options: nosniff\r\n"
    "Cross-Origin-Resource-Policy: same-origin\r\n"
    "Referrer-Policy: no-referrer\r\n"
    "Content-Security-Policy: default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'\r\n";

std::string_view reason_phrase(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 202:
      return "Accepted";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 411:
      return "Length Required";
    case 413:
      return "Content Too Large";
    case 415:
      return "Unsupported Media Type";
    case 417:
      return "Expectation Failed";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 503:
      return "Service Unavailable";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "Answer";
  }
}

std::string_view trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

bool same_letters(std::string_view a, std::string_view lower_case) {
  return std::equal(a.begin(), a.end(), lower_case.begin(), lower_case.end(),
                    [](char x, char y) { return (x >= 'A' && x <= 'Z' ? static_cast<char>(x - 'A' + 'a') : x) == y; });
}

}  // namespace

bool Request::carries_json() const {
  if (!content_type) return false;
  return same_letters(trimmed(std::string_view(*content_type).substr(0, content_type->find(';'))), "application/json");
}

Response Response::text(int status, std::string_view line) {
  Response response;
  response.status = status;
  response.body = std::string(line) + "\n";
  return response;
}

Response Response::json(int status, std::string body) {
  Response response;
  response.status = status;
  response.content_type = "application/json";
  response.body = std::move(body);
  return response;
}

std::string to_bytes(const Response& response, bool head_only) {
  std::string out =
      fmt::format("HTTP/1.1 {} {}\r\nContent-Type: {}\r\nContent-Length: {}\r\n{}", response.status,
                  reason_phrase(response.status), response.content_type, response.body.size(), kFixedHeaders);
  if (!response.allow.empty()) out += fmt::format("Allow: {}\r\n", response.allow);
  if (response.status == 401) out += "WWW-Authenticate: Bearer\r\n";
  out += "\r\n";
  if (!head_only) out += response.body;
  return out;
}

std::optional<std::string> authority_of(std::string_view target) {
  const size_t scheme = target.find("://");
  if (target.starts_with('/') || scheme == std::string_view::npos) return std::nullopt;
  const std::string_view rest = target.substr(scheme + 3);
  return std::string(rest.substr(0, rest.find_first_of("/?#")));
}

std::string normalised_path(std::string_view target) {
  if (const auto authority = authority_of(target)) {
    target.remove_prefix(target.find("://") + 3 + authority->size());
    if (!target.starts_with('/')) target = "/";
  }
  target = target.substr(0, target.find_first_of("?#"));
  std::string path;
  for (const char c : target) {
    if (c != '/' || !path.ends_with('/')) path += c;
  }
  if (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path;
}

}  // namespace freshet::admin
