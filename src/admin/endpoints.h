// The table of endpoints, and what each answers. No socket and no thread here.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>

#include "admin/access.h"
#include "admin/health.h"
#include "admin/http_message.h"
#include "admin/skip_request.h"
#include "admin/status_json.h"
#include "base/result.h"
#include "model/renewal.h"

namespace freshet::admin {

// The answer to a request for a new Kafka consumer.
struct RenewalAsked {
  uint64_t number = 0;         // of the renewal that answers it
  bool coalesced = false;      // with one that was under way already
  std::string waits_for = {};  // what that one waits for; empty = nothing is known yet
};

// Called by the server's threads. Texts may hold marked parts (base/message_text.h): who has no token does not see
// them. `health` and `ready` must not wait for anything.
struct AdminSources {
  std::function<std::string()> metrics;  // Prometheus text
  std::function<HealthStatus()> health;
  std::function<HealthStatus()> ready;
  std::function<ProcessStatus()> status;
  // Skips what blocks a partition, or resolves a blocked batch; returns what it did, for a person. May wait for the
  // stream until `stop` is requested.
  std::function<Result<std::string>(const SkipOrder&, std::stop_token stop)> skip;
  std::function<Result<RenewalAsked>()> renew;
  std::function<std::optional<RenewalReport>()> last_renewal;
};

// Which thread of the server answers.
enum class Lane {
  Connections,  // at once, beside the sockets: nothing that computes or waits
  Quick,        // may compute, waits for nothing
  Slow,         // may wait for the stream
};

struct Endpoint {
  std::string_view method;  // GET stands for HEAD, too
  std::string_view path;
  Needs needs;
  Lane lane;
  std::string_view about;  // for a person
  Response (*answer)(const AdminSources& sources, const Request& request, std::stop_token stop);
};

std::span<const Endpoint> endpoints();

// The endpoint that answers, or a 404 or 405 that says which there are.
struct Found {
  const Endpoint* endpoint = nullptr;
  Response otherwise;
};
Found find_endpoint(const Request& request);

// The endpoint's answer; what it throws is a 500.
Response answer(const Endpoint& endpoint, const AdminSources& sources, const Request& request,
                std::stop_token stop) noexcept;

}  // namespace freshet::admin
