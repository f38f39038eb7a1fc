// The table of endpoints and their handlers. Uses no sockets and no threads.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "admin/access.h"
#include "admin/health.h"
#include "admin/http_message.h"
#include "admin/skip_request.h"
#include "admin/status_json.h"
#include "base/result.h"
#include "model/renewal.h"

namespace freshet::admin {

// The result of a request to renew the Kafka consumer.
struct RenewalAsked {
  uint64_t number = 0;         // of the renewal that serves the request
  bool coalesced = false;      // the request was coalesced with a renewal in progress
  std::string waits_for = {};  // what that renewal waits for; empty = not known yet
};

// Callbacks that provide the data, called by the server's threads. Texts may contain marked message texts
// (base/message_text.h), which are shown only to requests with the token. `health` and `ready` must not block.
struct AdminSources {
  std::function<std::string()> metrics;  // Prometheus text
  std::function<HealthStatus()> health;
  std::function<HealthStatus()> ready;
  std::function<ProcessStatus()> status;
  // Skips the messages that block a partition, or resolves a blocked batch. Returns a description of what it did. May
  // block until the stream has done it, or until `stop` is requested.
  std::function<Result<std::string>(const SkipOrder&, std::stop_token stop)> skip;
  std::function<Result<RenewalAsked>()> renew;
  std::function<std::optional<RenewalReport>()> last_renewal;
  std::function<std::string()> history;                       // History::json()
  std::function<std::vector<DeadLetterNote>()> dead_letters;  // the last ones, the newest first
  std::function<SettingsStatus()> settings;
};

// Which of the server's threads runs a handler.
enum class Lane {
  Connections,  // the thread of the sockets: must be fast and must not block
  Quick,        // may compute, must not block
  Slow,         // may block on the stream
};

struct Endpoint {
  std::string_view method;  // GET includes HEAD
  std::string_view path;
  Needs needs;
  Lane lane;
  std::string_view about;  // description for people
  Response (*answer)(const AdminSources& sources, const Request& request, std::stop_token stop);
};

std::span<const Endpoint> endpoints();

// The endpoint for a request, or, if there is none, a 404 that lists the endpoints or a 405 with the allowed methods.
struct Found {
  const Endpoint* endpoint = nullptr;
  Response otherwise;
};
Found find_endpoint(const Request& request);

// Runs the endpoint's handler. Turns an exception into a 500.
Response answer(const Endpoint& endpoint, const AdminSources& sources, const Request& request,
                std::stop_token stop) noexcept;

}  // namespace freshet::admin
