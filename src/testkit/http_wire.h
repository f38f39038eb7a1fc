// The parts of HTTP/1.1 that a proxy needs: whole messages in their wire format.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "testkit/socket.h"

namespace freshet::testkit {

struct WireMessage {
  std::string start_line;                      // without CR LF
  std::map<std::string, std::string> headers;  // names in lower case
  std::string head;                            // start line and headers with the empty line, as received
  std::string body;                            // as received, including chunk frames
};

// Reads messages from one connection. Threads: one at a time.
class WireReader {
 public:
  WireReader(const Fd& fd, const StopFlag& stop) : fd_(fd), stop_(stop) {}
  // False at the end of the connection or after a stop.
  bool read_head(WireMessage& message);
  // Reads at most `limit` bytes of the body; false if it ended early.
  bool read_body(WireMessage& message, size_t limit = SIZE_MAX);

 private:
  bool fill() { return receive(fd_, stop_, buffer_); }
  bool read_chunked(WireMessage& message);

  const Fd& fd_;
  const StopFlag& stop_;
  std::string buffer_;
};

// "a=1&b=%20" to names and values, decoded ("+" is a space).
std::map<std::string, std::string> parse_query(std::string_view query);

}  // namespace freshet::testkit
