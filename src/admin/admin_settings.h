// Where the program answers questions about itself; filled by settings. Plain data.
#pragma once

#include <string>

namespace freshet::admin {

struct AdminSettings {
  std::string listen;             // ADDRESS:PORT, port 0 = any free one; empty = off
  std::string token;              // secret: what POST requests must carry; empty = none, and only loopback takes them
  std::string health_check_file;  // touched every second while healthy; empty = none
};

}  // namespace freshet::admin
