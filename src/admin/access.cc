#include "admin/access.h"

#include <algorithm>
#include <utility>

#include "admin/admin_settings.h"

namespace freshet::admin {
namespace {

constexpr const char* kScheme = "Bearer ";

// A page of another site may send a form to this address, but not without its Origin.
bool from_another_site(const Visitor& visitor) {
  return visitor.has_origin && visitor.origin != "http://" + visitor.host;
}

// Takes as long for a wrong token as for the right one.
bool same(const std::string& a, const std::string& b) {
  unsigned difference = a.size() == b.size() ? 0 : 1;
  for (size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    difference |= static_cast<unsigned>(static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b[i]));
  }
  return difference == 0;
}

}  // namespace

Access::Access(std::string listening_on, std::string token)
    : token_(std::move(token)), loopback_(is_loopback(listening_on)) {}

std::optional<Refusal> Access::refuses(const Visitor& visitor) const {
  // A server on loopback is asked by people of this machine under its own name; another name is a browser that was led
  // here (DNS rebinding).
  if (loopback_ && !visitor.host.empty() && !is_loopback(address_of(visitor.host)) && !is_loopback(visitor.host)) {
    return Refusal{403, "ask for 127.0.0.1 or localhost"};
  }
  if (visitor.method == "GET" || visitor.method == "HEAD") return std::nullopt;
  if (from_another_site(visitor)) return Refusal{403, "not from another site"};
  if (token_.empty()) {
    if (loopback_) return std::nullopt;
    return Refusal{403, "this address is not loopback: start freshet with --admin-token-file and send the token"};
  }
  if (same(visitor.authorization, kScheme + token_)) return std::nullopt;
  return Refusal{401, "send the token of --admin-token-file as header Authorization: Bearer TOKEN"};
}

}  // namespace freshet::admin
