#include "testkit/raw_http.h"

#include <charconv>

#include "testkit/socket.h"

namespace freshet::testkit {

RawAnswer parse_raw_answer(std::string_view bytes) {
  RawAnswer answer;
  const size_t end = bytes.find("\r\n\r\n");
  if (end == std::string_view::npos || !bytes.starts_with("HTTP/1.1 ")) return answer;
  std::from_chars(bytes.data() + 9, bytes.data() + 12, answer.status);
  answer.head = bytes.substr(0, end + 2);
  answer.body = bytes.substr(end + 4);
  return answer;
}

RawAnswer send_raw(uint16_t port, std::string_view bytes) {
  const StopFlag never;
  const Fd peer = connect_to_loopback(port);
  if (!peer) return {};
  send_all(peer, never, bytes);
  std::string answer;
  while (receive(peer, never, answer)) {
  }
  return parse_raw_answer(answer);
}

std::string raw_request(std::string_view method, std::string_view path, std::initializer_list<std::string_view> headers,
                        std::string_view body) {
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

}  // namespace freshet::testkit
