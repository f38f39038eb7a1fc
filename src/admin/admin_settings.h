// Where the program answers questions about itself; filled by settings. Plain data.
#pragma once

#include <string>
#include <string_view>

namespace freshet::admin {

inline bool is_loopback(std::string_view host) {
  return host == "localhost" || host == "[::1]" || host == "::1" || host.starts_with("127.");
}

// The address of ADDRESS:PORT.
inline std::string_view address_of(std::string_view listen) { return listen.substr(0, listen.rfind(':')); }

struct AdminSettings {
  std::string listen;             // ADDRESS:PORT, port 0 = any free one; empty = off
  std::string token;              // secret: what POST requests must carry; empty = none, and only loopback takes them
  std::string health_check_file;  // touched every second while healthy; empty = none
  // The file asks for progress too while LiveOptions::experimental_healthcheck is on (contract 5.2).
  bool health_check_may_ask_for_progress = false;
};

}  // namespace freshet::admin
