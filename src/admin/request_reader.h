// The bytes of a connection become one request, within bounds: see the constants.
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

// Threads: one at a time. Reads one request: bytes behind it are never looked at. Bodies need a Content-Length and no
// Content-Encoding; a Range is ignored.
class RequestReader {
 public:
  struct NeedsMore {};
  struct HeadIsRead {};  // once, when the headers are known and a body is still to come: head() may be refused
  struct IsRead {};      // request() is complete
  using Progress = std::variant<NeedsMore, HeadIsRead, IsRead, Response>;  // Response: refused

  RequestReader();
  ~RequestReader();

  // Not to be called again after IsRead or Response. After HeadIsRead the next call may bring no bytes.
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
