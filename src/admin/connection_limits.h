// What clients may take of the admin server, all together and each.
#pragma once

#include <chrono>
#include <cstddef>

namespace freshet::admin {

struct ConnectionLimits {
  size_t connections = 256;
  size_t answer_bytes = size_t{8} << 20;    // of all answers that clients have not taken yet
  std::chrono::milliseconds request{5000};  // from the connection to the whole request
  std::chrono::milliseconds answer{5000};   // until the client has taken it
  std::chrono::milliseconds linger{1000};   // until the client has closed, too

  // As many connections as the process's limit of descriptors leaves room for: an eighth.
  static ConnectionLimits for_this_process();
};

}  // namespace freshet::admin
