// The socket to a DogStatsD agent.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace freshet::telemetry {

// Drops a payload that cannot be sent within a second, and reopens the socket for the next one. Threads: one.
class StatsdTransport {
 public:
  // `address`: udp://HOST:PORT, HOST:PORT, unixgram://PATH, or unix://PATH (a stream that prefixes each payload with
  // its length as 32 bits, little-endian). Succeeds even if no agent is listening.
  explicit StatsdTransport(std::string address);
  ~StatsdTransport();
  StatsdTransport(const StatsdTransport&) = delete;
  StatsdTransport& operator=(const StatsdTransport&) = delete;

  size_t max_payload(bool june) const;
  // Errors: Retry if the payload was dropped.
  Status send(std::string_view payload);

 private:
  Status open();
  Status open_udp(const std::string& host_port);
  Status open_unix(const std::string& path, int type);
  Status write_all(std::string_view bytes);
  void close();

  const std::string address_;
  const bool stream_;
  int fd_ = -1;
};

}  // namespace freshet::telemetry
