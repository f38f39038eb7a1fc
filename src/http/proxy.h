// The HTTP proxy from the environment, as libcurl uses it.
#pragma once

#include <optional>
#include <string>

#include "http/url.h"

namespace freshet::http {

struct EnvironmentProxy {
  std::string variable;  // the variable that sets it
  std::string address;   // without a login
  std::string no_proxy;  // hosts that are reached directly; unchanged from the environment
};

// For requests to `url` by a Client with use_proxy; none for a loopback address. libcurl decides if no_proxy contains
// the host. Threads: any, while no thread changes the environment.
std::optional<EnvironmentProxy> environment_proxy(const Url& url);

}  // namespace freshet::http
