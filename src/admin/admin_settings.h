// Where the program answers questions about itself; filled by settings. Plain data.
#pragma once

#include <string>
#include <vector>

namespace freshet::admin {

struct AdminSettings {
  std::string listen;  // ADDRESS:PORT, port 0 = any free one; empty = off
  std::string token;   // secret: what POST requests must carry; empty = none, and only loopback takes them
  std::vector<std::string> allowed_hosts;  // names it may be asked by beside addresses, as NetAddress::host
  std::string health_check_file;           // touched every second while healthy; empty = none
  // The health file also requires progress while LiveOptions::experimental_healthcheck is on (docs/snuba.md, Health).
  bool health_check_may_ask_for_progress = false;
};

}  // namespace freshet::admin
