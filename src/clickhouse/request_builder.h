// Builds the HTTP request of an insert. The writer sends it, classifies the response and retries.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/snapshot.h"
#include "clickhouse/clickhouse_settings.h"
#include "clickhouse/insert_url.h"
#include "clickhouse/login.h"
#include "http/http_client.h"
#include "model/options.h"
#include "model/rows.h"

namespace freshet::clickhouse {

// What the URL of one insert contains. The views are valid until insert() returns.
struct InsertTarget {
  std::string_view host_url;
  const RowLayout* layout = nullptr;
  std::string_view token;                 // insert_deduplication_token; empty = none
  const SettingNames* without = nullptr;  // settings to omit: the host rejects them
};

// Threads: the writer's only. Called once per attempt, never per row.
class RequestBuilder {
 public:
  virtual ~RequestBuilder() = default;

  // Called before the first attempt of a batch, so that the builder can read options that stay constant for its
  // attempts.
  virtual void begin_batch() {}
  // Options of the connection; called before each attempt.
  virtual http::ClientOptions client_options() = 0;
  // Method, URL, headers and timeout. The writer adds the body.
  virtual http::Request insert(const InsertTarget& target, const Credentials& credentials) = 0;
  // See clickhouse::may_omit().
  virtual bool may_omit(std::string_view setting, int code) const = 0;
  // True: every compressed block except the last is full (see BlockEncoder).
  virtual bool full_blocks() const { return false; }
  // The delay before the next attempt after `failures` (from 1) consecutive failures. Empty: the writer tries the next
  // host and uses its own delays.
  virtual std::optional<Duration> retry_delay(uint32_t failures) {
    (void)failures;
    return std::nullopt;
  }
  // Called after each failed attempt. `attempt` counts from 1; `status` 0 means no response.
  virtual void count_failure(int status, bool timed_out, uint32_t attempt) {
    (void)status;
    (void)timed_out;
    (void)attempt;
  }
};

// Called once per writer. `options` may change during the builder's life.
using RequestBuilderFactory = std::function<std::unique_ptr<RequestBuilder>(
    const ClickHouseSettings& settings, const Snapshot<LiveOptions>& options, Metrics& metrics)>;

// freshet's own requests, with every setting that the meaning of an acknowledgement depends on (insert_url.h).
std::unique_ptr<RequestBuilder> make_plain_request_builder(const ClickHouseSettings& settings);

}  // namespace freshet::clickhouse
