// Handles one request without a socket: applies the size limits, finds the endpoint and checks the access.
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
  struct Accepted {  // request() is complete; the caller must run the endpoint
    const Endpoint* endpoint;
  };
  using Progress = std::variant<NeedsMore, Accepted, Response>;  // Response: the request is refused; read no further

  explicit Exchange(const Access& access) : access_(access) {}

  // Adds received bytes. Does not wait for the body of a request that is refused by its head. Must not be called again
  // after Accepted or Response.
  Progress take(std::string_view bytes);
  const Request& request() const { return reader_.request(); }
  bool head_only() const { return request().method == "HEAD"; }

 private:
  Progress admit(bool complete);

  const Access& access_;
  RequestReader reader_;
  const Endpoint* endpoint_ = nullptr;  // set once the request's head is accepted
};

// The response to a client that sends only `bytes`; empty if the request is incomplete. For tests and fuzzing.
std::string answer_to(std::string_view bytes, const Access& access, const AdminSources& sources);

}  // namespace freshet::admin
