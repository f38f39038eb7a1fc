#include "admin/access.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/net_address.h"

namespace freshet::admin {
namespace {

constexpr std::string_view kScheme = "Bearer ";
// Anybody who reaches the server can send a wrong token, and so have the command of the token run.
constexpr Duration kRefusedPause = std::chrono::seconds(60);

// Compares in constant time, so that the response time reveals nothing about the token.
bool same(std::string_view a, std::string_view b) {
  unsigned difference = a.size() == b.size() ? 0 : 1;
  for (size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    difference |= static_cast<unsigned>(static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b[i]));
  }
  return difference == 0;
}

bool shows(const Request& request) { return request.method == "GET" || request.method == "HEAD"; }

// Browsers that know Sec-Fetch-Site report whose page sends the request. Following a link from another site is allowed.
bool browser_says_another_site(const Request& request) {
  if (!request.fetch_site || *request.fetch_site == "same-origin") return false;
  if (!shows(request)) return true;  // even "none" (typed by the user) does not occur for a POST
  return *request.fetch_site != "none" && request.fetch_mode != "navigate";
}

// An Origin is this server's own if its host and port are those of the request.
bool has_foreign_origin(const Request& request) {
  if (!request.origin) return false;
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!request.origin->starts_with(scheme)) continue;
    const auto origin = parse_net_address(std::string_view(*request.origin).substr(scheme.size()));
    const auto host = parse_net_address(request.host.value_or(""));
    const uint16_t usual = scheme == "http://" ? 80 : 443;
    return !origin || !host || origin->host != host->host || origin->port.value_or(usual) != host->port.value_or(usual);
  }
  return true;
}

}  // namespace

AdminToken::AdminToken(const secrets::SecretSource& source, secrets::SecretStore* secrets) : value_(source.value) {
  if (secrets != nullptr && !source.from.empty()) renewable_ = secrets->get("admin_token", source, kRefusedPause);
}

bool AdminToken::is(std::string_view text) const {
  if (!renewable_) return same(text, value_.reveal());
  const bool right = same(text, renewable_->current().reveal());
  if (!right) renewable_->refused_later();  // the caller may know a newer one
  return right;
}

Access::Access(bool on_loopback, AdminToken token, std::vector<std::string> names)
    : on_loopback_(on_loopback), token_(std::move(token)), names_(std::move(names)) {}

bool Access::has_token(const Request& request) const {
  if (!token_.configured() || !request.authorization || !request.authorization->starts_with(kScheme)) return false;
  return token_.is(std::string_view(*request.authorization).substr(kScheme.size()));
}

// An attacker cannot control where an address or a name without a dot leads, but the owner of any other name can (DNS
// rebinding).
bool Access::knows_host(const std::string& text) const {
  const auto host = parse_net_address(text);
  if (!host) return false;
  if (host->is_loopback() || std::find(names_.begin(), names_.end(), host->host) != names_.end()) return true;
  if (on_loopback_) return false;
  return host->kind != NetAddress::Kind::Name || host->host.find('.') == std::string::npos;
}

std::optional<Response> Access::refuses(const Request& request, Needs needs) const {
  if (needs == Needs::Nothing) return std::nullopt;
  if (request.host && !knows_host(*request.host) && !has_token(request)) {
    return Response::text(
        403, on_loopback_ ? "address the server as 127.0.0.1, [::1] or localhost, or allow the host with "
                            "--admin-allowed-host"
                          : "address the server by its IP address, or allow the host with --admin-allowed-host");
  }
  if (browser_says_another_site(request) || has_foreign_origin(request)) {
    return Response::text(403, "not from a page of another site");
  }
  return needs == Needs::Changing ? refuses_change(request) : std::nullopt;
}

std::optional<Response> Access::refuses_change(const Request& request) const {
  if (token_.configured()) {
    if (has_token(request)) return std::nullopt;
    return Response::text(401, "send the token of --admin-token-file as header Authorization: Bearer TOKEN");
  }
  if (!on_loopback_) {
    return Response::text(403,
                          "this address is not loopback: start freshet with --admin-token-file and send the token");
  }
  // A browser sends neither to another site without that site's consent (CORS), which this server never gives.
  if (request.freshet_request || request.carries_json()) return std::nullopt;
  return Response::text(403, "send the header X-Freshet-Request: 1, which a page of another site cannot send");
}

}  // namespace freshet::admin
