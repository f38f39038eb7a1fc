// Arbitrary bytes sent to the admin port: the server responds or waits for more, and changes nothing without the token.
#include <cstdlib>
#include <string>

#include "admin/exchange.h"

namespace {

using namespace freshet;
using namespace freshet::admin;

AdminSources sources() {
  AdminSources out;
  out.metrics = [] { return std::string("freshet_x 1\n"); };
  out.health = [] { return HealthStatus{true, ""}; };
  out.ready = [] { return HealthStatus{false, "waiting"}; };
  out.status = [] { return ProcessStatus(); };
  // The input does not contain the token.
  out.skip = [](const SkipOrder&, std::stop_token) -> Result<std::string> { std::abort(); };
  out.renew = []() -> Result<RenewalAsked> { std::abort(); };
  out.history = [] { return std::string("{}\n"); };
  out.dead_letters = [] { return std::vector<DeadLetterNote>{{}}; };
  out.settings = [] { return SettingsStatus(); };
  out.last_renewal = [] { return std::optional<RenewalReport>(); };
  return out;
}

// Feeds the input in pieces, as from a socket.
std::string answer_in_pieces(std::string_view bytes, size_t piece, const Access& access, const AdminSources& from) {
  Exchange exchange(access);
  while (!bytes.empty()) {
    const std::string_view next = bytes.substr(0, piece);
    bytes.remove_prefix(next.size());
    auto progress = exchange.take(next);
    if (std::holds_alternative<Exchange::NeedsMore>(progress)) continue;
    if (const auto* refused = std::get_if<Response>(&progress)) return to_bytes(*refused, exchange.head_only());
    return to_bytes(answer(*std::get<Exchange::Accepted>(progress).endpoint, from, exchange.request(), {}),
                    exchange.head_only());
  }
  return {};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const AdminSources from = sources();
  static const Access access(true, "a token that no input holds: 6f1c", {"freshet.example"});
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::string whole = answer_to(bytes, access, from);
  if (!whole.empty() && !whole.starts_with("HTTP/1.1 ")) std::abort();
  // A successful response must not depend on how the input is split. A refusal may: it can come before later bytes.
  const std::string pieces = answer_in_pieces(bytes, 1 + size % 7, access, from);
  if (whole.starts_with("HTTP/1.1 2") && pieces != whole) std::abort();
  const auto parsed = parse_skip_request(std::string(bytes));
  if (!parsed && parsed.error().text.empty()) std::abort();
  return 0;
}
