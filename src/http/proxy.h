// The HTTP proxy that libcurl takes from the environment.
#pragma once

#include <optional>
#include <string>

#include "http/url.h"

namespace freshet::http {

struct EnvironmentProxy {
  std::string variable;  // name of the variable that sets the proxy
  std::string address;   // without credentials
  std::string no_proxy;  // value of no_proxy: hosts that are reached directly
};

// The proxy of a Client with use_proxy for requests to `url`; none for a loopback address. Does not evaluate no_proxy:
// libcurl decides whether it contains the host. Threads: any, while no thread changes the environment.
std::optional<EnvironmentProxy> environment_proxy(const Url& url);

}  // namespace freshet::http
