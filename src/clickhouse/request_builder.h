// What an insert's HTTP request looks like. The writer sends it, classifies the answer and repeats it.
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
#include "http/http_client.h"
#include "model/options.h"
#include "model/rows.h"

namespace freshet::clickhouse {

// What the URL says about one insert. Views live until insert() returns.
struct InsertTarget {
  std::string_view host_url;
  const RowLayout* layout = nullptr;
  std::string_view token;                 // insert_deduplication_token; empty = none
  const SettingNames* without = nullptr;  // settings that the host does not take
};

// Threads: the writer's only. A virtual call for each attempt, none for a row.
class RequestBuilder {
 public:
  virtual ~RequestBuilder() = default;

  // A new batch: what is constant for its attempts may be read anew.
  virtual void begin_batch() {}
  // The connection; asked before each attempt.
  virtual http::ClientOptions client_options() = 0;
  // Method, URL, headers and timeout; the body is the writer's.
  virtual http::Request insert(const InsertTarget& target, const std::string& password) = 0;
  // See clickhouse::may_omit().
  virtual bool may_omit(std::string_view setting, int code) const = 0;
  // Every compressed block but the last is full.
  virtual bool full_blocks() const { return false; }
  // The delay before the next attempt on the same hosts, after `failures` failed ones (from 1). Empty: the writer's own
  // delays, and the next host.
  virtual std::optional<Duration> retry_delay(uint32_t failures) {
    (void)failures;
    return std::nullopt;
  }
  // A failed attempt, from 1. `status` 0: no answer.
  virtual void count_failure(int status, bool timed_out, uint32_t attempt) {
    (void)status;
    (void)timed_out;
    (void)attempt;
  }
};

// One builder for each writer. The options may change while it lives.
using RequestBuilderFactory = std::function<std::unique_ptr<RequestBuilder>(
    const ClickHouseSettings& settings, const Snapshot<LiveOptions>& options, Metrics& metrics)>;

// freshet's own requests: every setting that an acknowledgement relies on (insert_url.h).
std::unique_ptr<RequestBuilder> make_plain_request_builder(const ClickHouseSettings& settings);

}  // namespace freshet::clickhouse
