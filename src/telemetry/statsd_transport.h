// A socket to a DogStatsD agent.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace freshet::telemetry {

// Threads: one. A payload that cannot be sent within a second is dropped, and the socket is opened again for the next
// one.
class StatsdTransport {
 public:
  // `address`: udp://HOST:PORT, HOST:PORT, unixgram://PATH, unix://PATH (a stream; the length of each payload precedes
  // it as 32 bits, little-endian). A missing agent is not an error here.
  explicit StatsdTransport(std::string address);
  ~StatsdTransport();
  StatsdTransport(const StatsdTransport&) = delete;
  StatsdTransport& operator=(const StatsdTransport&) = delete;

  size_t max_payload(bool june) const;
  // Error kind Retry: the payload was dropped.
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
