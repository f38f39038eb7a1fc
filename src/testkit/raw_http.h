// Raw HTTP, for requests that no client library sends.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace freshet::testkit {

struct RawAnswer {
  int status = 0;  // 0 = closed without an answer
  std::string head;
  std::string body;
};

RawAnswer parse_raw_answer(std::string_view bytes);

// Sends all bytes and reads until the server closes. It is not an error if the server stops reading early.
RawAnswer send_raw(uint16_t port, std::string_view bytes);

// Builds a request with the Content-Length of `body`, and with Host: 127.0.0.1 unless `headers` ("Name: value") contain
// a Host.
std::string raw_request(std::string_view method, std::string_view path,
                        std::initializer_list<std::string_view> headers = {}, std::string_view body = {});

}  // namespace freshet::testkit
