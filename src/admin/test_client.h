// What a test sends to an admin server and is answered; for the suites of this room.
#pragma once

#include <gtest/gtest.h>

#include <charconv>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "testkit/socket.h"

namespace freshet::admin {

struct Answered {
  int status = 0;  // 0: closed without an answer
  std::string head;
  std::string body;
};

inline Answered parse_answer(const std::string& bytes) {
  Answered out;
  const size_t end = bytes.find("\r\n\r\n");
  if (end == std::string::npos || !bytes.starts_with("HTTP/1.1 ")) return out;
  std::from_chars(bytes.data() + 9, bytes.data() + 12, out.status);
  out.head = bytes.substr(0, end + 2);
  out.body = bytes.substr(end + 4);
  return out;
}

// Sends all and reads until the server closes; what the server does not read any more is not an error.
inline Answered send_raw(uint16_t port, std::string_view bytes) {
  const testkit::StopFlag never;
  const testkit::Fd peer = testkit::connect_to_loopback(port);
  EXPECT_TRUE(peer);
  testkit::send_all(peer, never, bytes);
  std::string answer;
  while (testkit::receive(peer, never, answer)) {
  }
  return parse_answer(answer);
}

inline std::string request_text(std::string_view method, std::string_view path,
                                std::initializer_list<std::string_view> headers = {}, std::string_view body = {}) {
  std::string out = std::string(method) + " " + std::string(path) + " HTTP/1.1\r\n";
  bool has_host = false;
  for (const std::string_view header : headers) {
    has_host = has_host || header.starts_with("Host:");
    out += std::string(header) + "\r\n";
  }
  if (!has_host) out += "Host: 127.0.0.1\r\n";
  if (!body.empty()) out += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  return out + "\r\n" + std::string(body);
}

}  // namespace freshet::admin
