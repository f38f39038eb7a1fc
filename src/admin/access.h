// Who may ask, and who may change something.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "admin/http_message.h"

namespace freshet::admin {

// What an endpoint is to those who ask.
enum class Needs {
  Nothing,  // says nothing worth hiding: an orchestrator asks by whatever name it has
  Reading,
  Changing,
};

// Reading is free. Changing needs the token where there is one ("Authorization: Bearer TOKEN"); without one it is for
// loopback only, and needs a header that a page of another site cannot send. Such a page never gets through, whatever
// name it has led a browser here with (DNS rebinding). Threads: any.
class Access {
 public:
  // `names`: what the server may be asked for beside addresses, in the form of NetAddress::host.
  Access(bool on_loopback, std::string token, std::vector<std::string> names);

  // Empty: welcome.
  std::optional<Response> refuses(const Request& request, Needs needs) const;
  // The token is set and the request carries it.
  bool has_token(const Request& request) const;

 private:
  bool knows_host(const std::string& host) const;
  std::optional<Response> refuses_change(const Request& request) const;

  const bool on_loopback_;
  const std::string token_;
  const std::vector<std::string> names_;
};

}  // namespace freshet::admin
