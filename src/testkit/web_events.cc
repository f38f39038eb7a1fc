#include "testkit/web_events.h"

#include <fmt/format.h>

#include <array>

namespace freshet::testkit {
namespace {

constexpr std::array kPaths = {"/",      "/pricing",  "/docs/getting-started", "/blog/2026/renewal",
                               "/cart",  "/checkout", "/product/4711",         "/search?q=kafka+lag",
                               "/login", "/account",  "/api/v2/orders",        "/status"};
constexpr std::array kReferrers = {"", "https://www.example.org/", "https://news.example.net/item?id=38231",
                                   "https://search.example.com/?q=clickhouse"};
constexpr std::array kAgents = {
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 "
    "Safari/605.1.15",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/127.0.0.0 Safari/537.36"};
constexpr std::array kCountries = {"DE", "FR", "JP", "BR", "US", "IN", "NG", "SE"};
constexpr std::array kNames = {"page_view", "click", "scroll", "purchase", "sign_up"};
constexpr std::array kStatuses = {200, 200, 200, 200, 200, 304, 404, 500};

}  // namespace

const char* const kWebEventColumns =
    "event_id UInt64, timestamp DateTime, name String, user_id UInt64, session String, path String, referrer String, "
    "user_agent String, country String, status UInt16, duration_ms Float64, amount_cents Nullable(UInt64), "
    "tags Array(String), note String";

std::string WebEvents::valid(uint64_t id, int64_t at_ms) {
  std::string event = fmt::format(
      R"({{"event_id":{},"timestamp":{},"name":"{}","user_id":{},"session":"{:016x}","path":"{}","referrer":"{}",)"
      R"("user_agent":"{}","country":"{}","status":{},"duration_ms":{}.{},"amount_cents":{},"tags":["web","v{}"])",
      id, at_ms / 1000, kNames[below(kNames.size())], 1'000'000 + below(50'000), random_(),
      kPaths[below(kPaths.size())], kReferrers[below(kReferrers.size())], kAgents[below(kAgents.size())],
      kCountries[below(kCountries.size())], kStatuses[below(kStatuses.size())], below(900), below(10),
      below(20) == 0 ? fmt::format("{}", 99 + below(100'000)) : "null", 1 + below(9));
  event += R"(,"note":")";
  if (below(50) == 0) event += "grüße aus köln \\u2014 \\\"zitat\\\"";
  while (event.size() + 2 < bytes_) event += fmt::format("{:016x} ", random_());
  event += R"("})";
  return event;
}

std::string WebEvents::malformed(uint64_t id, int64_t at_ms) {
  std::string event = valid(id, at_ms);
  switch (malformed_++ % 4) {
    case 0:
      event.resize(event.size() / 2);
      return event;
    case 1:
      event.insert(event.find(':'), 1, '=');
      return event;
    case 2:
      event[event.find("page") == std::string::npos ? event.find("name\":\"") + 7 : event.find("page")] = '\xff';
      return event;
    default:
      return "[" + event + "]";
  }
}

}  // namespace freshet::testkit
