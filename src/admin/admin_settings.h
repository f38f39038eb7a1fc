// Settings of the admin server and the health file; filled by the settings module. Plain data.
#pragma once

#include <string>
#include <vector>

#include "secrets/secret.h"

namespace freshet::admin {

struct AdminSettings {
  std::string listen;                      // ADDRESS:PORT; port 0 = any free port; empty = off
  secrets::SecretSource token;             // required by POST requests; empty = no token, POST on loopback only
  std::vector<std::string> allowed_hosts;  // accepted host names besides addresses, as NetAddress::host
  std::string health_check_file;           // touched every second while healthy; empty = none
  // The health file also requires progress while LiveOptions::experimental_healthcheck is on (docs/snuba.md, Health).
  bool health_check_may_ask_for_progress = false;
};

}  // namespace freshet::admin
