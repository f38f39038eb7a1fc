// Arbitrary text as names and addresses: it is parsed, or refused with a text that says what would be valid.
#include <cstdlib>
#include <string>

#include "base/net_address.h"
#include "base/percent.h"
#include "http/url.h"
#include "model/table_name.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace freshet;
  const std::string text(reinterpret_cast<const char*>(data), size);
  if (const auto address = parse_net_address(text)) {
    if (address->host.empty()) std::abort();
    // A parsed address must parse again to the same result.
    const auto again = parse_net_address(address->url_host());
    if (!again || again->host != address->host || again->is_loopback() != address->is_loopback()) std::abort();
  }
  const auto listen = parse_listen_address(text);
  if (!listen && listen.error().text.empty()) std::abort();
  const auto table = parse_table_name(text);
  if (table ? table->table.empty() : table.error().text.empty()) std::abort();
  if (percent_decoded(text).size() > text.size()) std::abort();
  if (percent_decoded(http::escape(text)) != text) std::abort();
  const auto url = http::parse_url(text);
  if (url ? url->host.empty() || url->path.empty() : url.error().text.empty()) std::abort();
  return 0;
}
