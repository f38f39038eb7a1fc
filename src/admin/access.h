// Access control of the admin server: who may read, and who may change something.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "admin/http_message.h"
#include "secrets/secret_store.h"

namespace freshet::admin {

// The access that an endpoint requires.
enum class Needs {
  Nothing,  // always allowed, under any host name: the response reveals nothing, and orchestrators use any name
  Reading,
  Changing,
};

// The configured token. Threads: any.
class AdminToken {
 public:
  AdminToken(const char* fixed) : value_(fixed) {}  // empty = none
  // `secrets` may be null: then the token stays as it is.
  AdminToken(const secrets::SecretSource& source, secrets::SecretStore* secrets);

  bool configured() const { return !value_.empty(); }
  // Whether `text` is the token, as last read.
  bool is(std::string_view text) const;

 private:
  secrets::Secret value_;                                // at the start
  std::shared_ptr<secrets::RenewableSecret> renewable_;  // null: value_
};

// Reading needs no token. Changing needs the token ("Authorization: Bearer TOKEN") if one is configured. Without a
// configured token, only a server on loopback accepts changes, and only with a header that a page of another site
// cannot send. Requests that a browser sends for a page of another site are refused. So are unknown host names (unless
// the request carries the token), because a page can make its own name resolve to this server (DNS rebinding). Threads:
// any.
class Access {
 public:
  // `names`: host names that requests may use in addition to addresses, in the form of NetAddress::host.
  Access(bool on_loopback, AdminToken token, std::vector<std::string> names);

  // The response that refuses the request; empty if it is allowed.
  std::optional<Response> refuses(const Request& request, Needs needs) const;
  // True if a token is configured and the request carries it.
  bool has_token(const Request& request) const;

 private:
  bool knows_host(const std::string& host) const;
  std::optional<Response> refuses_change(const Request& request) const;

  const bool on_loopback_;
  const AdminToken token_;
  const std::vector<std::string> names_;
};

}  // namespace freshet::admin
