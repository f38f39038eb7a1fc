// Resource limits of the admin server's clients.
#pragma once

#include <chrono>
#include <cstddef>

namespace freshet::admin {

struct ConnectionLimits {
  size_t connections = 256;
  size_t answer_bytes = size_t{8} << 20;    // total of all responses that clients have not received yet
  std::chrono::milliseconds request{5000};  // from accepting the connection to the complete request
  std::chrono::milliseconds answer{5000};   // until the response is sent
  std::chrono::milliseconds linger{1000};   // then, until the client has closed the connection

  // The default limits, with `connections` reduced to an eighth of the process's limit of file descriptors, but at
  // least 4.
  static ConnectionLimits for_this_process();
};

}  // namespace freshet::admin
