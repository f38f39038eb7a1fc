// A socket to a DogStatsD agent.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace freshet::telemetry {

// Threads: one. A payload that cannot be sent within a second is gone, and the socket is opened anew for the next one.
class StatsdTransport {
 public:
  // `address`: udp://HOST:PORT, HOST:PORT, unixgram://PATH, unix://PATH (a stream; each payload follows its length as
  // 32 bits, little endian). An agent that is not there is no error here.
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
