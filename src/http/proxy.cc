#include "http/proxy.h"

#include <cstdlib>
#include <initializer_list>

namespace freshet::http {
namespace {

// The name of the first variable that is set and not empty, or null.
const char* first_set(std::initializer_list<const char*> names) {
  for (const char* name : names) {
    const char* value = std::getenv(name);
    if (value != nullptr && *value != '\0') return name;
  }
  return nullptr;
}

std::string value_of(const char* name) { return name == nullptr ? std::string() : std::getenv(name); }

}  // namespace

std::optional<EnvironmentProxy> environment_proxy(const Url& url) {
  if (is_loopback(url.host)) return std::nullopt;
  // Ignores upper-case HTTP_PROXY like libcurl, because CGI servers set it from a request header.
  const char* name = url.scheme == "https" ? first_set({"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"})
                                           : first_set({"http_proxy", "all_proxy", "ALL_PROXY"});
  if (name == nullptr) return std::nullopt;
  EnvironmentProxy proxy{name, value_of(name), value_of(first_set({"no_proxy", "NO_PROXY"}))};
  const size_t scheme = proxy.address.find("://");
  const size_t login = scheme == std::string::npos ? 0 : scheme + 3;
  if (const size_t at = proxy.address.rfind('@'); at != std::string::npos && at >= login) {
    proxy.address.erase(login, at + 1 - login);
  }
  return proxy;
}

}  // namespace freshet::http
