// The HTTP proxy that the environment names, as libcurl will use it.
#pragma once

#include <optional>
#include <string>

#include "http/url.h"

namespace freshet::http {

struct EnvironmentProxy {
  std::string variable;  // that names it
  std::string address;   // without a login
  std::string no_proxy;  // hosts that are reached directly all the same; as the environment has it
};

// For requests to `url` by a Client with use_proxy; none for a loopback address. Whether no_proxy names the host is
// libcurl's to decide. Threads: any, as long as none changes the environment.
std::optional<EnvironmentProxy> environment_proxy(const Url& url);

}  // namespace freshet::http
