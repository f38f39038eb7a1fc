// Parses the bytes of a connection into one request of limited size.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <variant>

#include "admin/http_message.h"

namespace freshet::admin {

constexpr size_t kMostHeadBytes = 16 * 1024;  // request line and headers
constexpr size_t kMostHeaders = 100;
constexpr size_t kMostBodyBytes = 4 * 1024;

// Reads one request and ignores any bytes after it. A body requires a Content-Length and no Content-Encoding. Range is
// ignored. Threads: one at a time.
class RequestReader {
 public:
  struct NeedsMore {};
  struct HeadIsRead {};  // returned once, if a body follows the headers, so that the caller can refuse the head
  struct IsRead {};      // request() is complete
  using Progress = std::variant<NeedsMore, HeadIsRead, IsRead, Response>;  // Response: the request is refused

  RequestReader();
  ~RequestReader();

  // Adds received bytes. Must not be called again after IsRead or Response. `bytes` may be empty in the call after
  // HeadIsRead.
  Progress take(std::string_view bytes);
  const Request& request() const;
  Request& request();

 private:
  class Parser;
  Progress read_head();
  Progress read_body();

  std::string unread_;
  bool head_is_read_ = false;
  std::unique_ptr<Parser> parser_;
};

}  // namespace freshet::admin
