#include "app/admin_client.h"

#include <fmt/format.h>

#include <utility>

#include "base/json.h"
#include "base/terminal_text.h"

namespace freshet::app {
namespace {

http::ClientOptions direct() {
  http::ClientOptions options;
  options.use_proxy = false;
  return options;
}

}  // namespace

AdminClient::AdminClient(const std::string& address, std::string token, std::stop_token stop)
    : url_(fmt::format("http://{}", address)), token_(std::move(token)), stop_(std::move(stop)), client_(direct()) {}

Result<http::Response> AdminClient::send(const char* method, const char* path, std::chrono::milliseconds timeout) {
  http::Request request;
  request.method = method;
  request.url = url_ + path;
  request.timeout = timeout;
  request.headers.push_back("X-Freshet-Request: 1");  // proves that no web page sent the request
  if (!token_.empty()) request.headers.push_back("Authorization: Bearer " + token_);
  return client_.send(request, stop_);
}

std::optional<nlohmann::json> json_object(const std::string& body) {
  nlohmann::json value = parse_json(body);
  if (!value.is_object()) return std::nullopt;
  return value;
}

std::string json_text(const nlohmann::json& object, const char* name, const char* fallback) {
  return terminal_text(json_field<std::string>(object, name, fallback));
}

}  // namespace freshet::app
