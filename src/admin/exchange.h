// One request and its answer, without a socket: the bounds, the access check and the table of endpoints in their order.
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "admin/access.h"
#include "admin/endpoints.h"
#include "admin/http_message.h"
#include "admin/request_reader.h"

namespace freshet::admin {

// Threads: one at a time.
class Exchange {
 public:
  struct NeedsMore {};
  struct Accepted {  // request() is to be answered by the endpoint
    const Endpoint* endpoint;
  };
  using Progress = std::variant<NeedsMore, Accepted, Response>;  // Response: refused; nothing more is read

  explicit Exchange(const Access& access) : access_(access) {}

  // A refused request's body is not read. Not to be called again after Accepted or Response.
  Progress take(std::string_view bytes);
  const Request& request() const { return reader_.request(); }
  bool head_only() const { return request().method == "HEAD"; }

 private:
  Progress admit(bool complete);

  const Access& access_;
  RequestReader reader_;
  const Endpoint* endpoint_ = nullptr;  // found and welcome
};

// What a client that sends `bytes` at once and then waits is answered; empty: nothing yet.
std::string answer_to(std::string_view bytes, const Access& access, const AdminSources& sources);

}  // namespace freshet::admin
