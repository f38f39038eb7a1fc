// Requests to the admin server of a running freshet, and what its answers say.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <stop_token>
#include <string>
#include <type_traits>

#include "base/result.h"
#include "http/http_client.h"

namespace freshet::app {

// Threads: one. Never through a proxy: the token is for the admin server only.
class AdminClient {
 public:
  // `address`: HOST:PORT. `token`: empty = none.
  AdminClient(const std::string& address, std::string token, std::stop_token stop);

  // Waits at most `timeout`. Errors as http::Client.
  Result<http::Response> send(const char* method, const char* path,
                              std::chrono::milliseconds timeout = std::chrono::seconds(10));

 private:
  const std::string url_;
  const std::string token_;
  const std::stop_token stop_;
  http::Client client_;
};

// nullopt: the body is no JSON object.
std::optional<nlohmann::json> json_object(const std::string& body);

// The server may send anything: a field that is missing or has another type yields the fallback.
template <typename T>
T json_field(const nlohmann::json& object, const char* name, T fallback) {
  const auto found = object.find(name);
  if (found == object.end()) return fallback;
  const bool fits = std::is_same_v<T, bool>          ? found->is_boolean()
                    : std::is_same_v<T, std::string> ? found->is_string()
                    : std::is_same_v<T, uint64_t>    ? found->is_number_unsigned()
                    : std::is_same_v<T, int64_t>     ? found->is_number_integer()
                                                     : found->is_number();
  return fits ? found->get<T>() : fallback;
}

// As terminal_text().
std::string json_text(const nlohmann::json& object, const char* name, const char* fallback = "");

}  // namespace freshet::app
