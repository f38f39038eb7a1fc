// A writer that inserts into servers of a test.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/secret_mask.h"
#include "base/snapshot.h"
#include "clickhouse/clickhouse_writer.h"
#include "secrets/secret_store.h"
#include "snuba_outputs/snuba_request_builder.h"
#include "testkit/recording_log.h"

namespace freshet::clickhouse {

// The members are as the test sets them. What is before `hosts` counts from the next open() or another_writer() on.
struct Writing {
  RealClock real_clock;
  Clock* clock = &real_clock;
  testkit::RecordingLog log;
  Metrics metrics;
  ClickHouseSettings settings;
  std::shared_ptr<BodyBuffers> buffers;
  SecretMask mask;
  std::optional<secrets::SecretStore> secrets;    // empty: the secrets of `settings` stay what they are
  std::optional<Snapshot<LiveOptions>> of_snuba;  // Snuba's requests, with these options; empty: plain ones

  std::shared_ptr<Hosts> hosts;
  std::unique_ptr<RowWriter> writer;
  RowLayout layout;
  uint64_t row_count = 0;
  std::vector<InsertFailure> failures;
  std::function<void(const InsertFailure&)> on_failure;  // also
  std::stop_source stop;
  SteadyTime overdue_at = SteadyTime::max();
  Duration not_after = Duration::max();

  explicit Writing(std::vector<std::string> urls) {
    settings.urls = std::move(urls);
    settings.table = "db.t";
    settings.user = "me";
    settings.password = "hidden";
    settings.request_timeout = std::chrono::seconds(30);
    open();
  }
  void open() {
    hosts = std::make_shared<Hosts>(settings.urls);
    another_writer();
  }
  // With the same hosts.
  void another_writer() {
    writer = make_row_writer(settings, hosts, *clock, log, metrics, requests(), secrets ? &*secrets : nullptr, nullptr,
                             std::nullopt, buffers);
  }
  // Reads the secrets of `settings` again, also in the future.
  void renew_secrets() {
    writer.reset();
    secrets.emplace(secrets::SecretContext{*clock, log, metrics, &mask});
    another_writer();
  }
  // For tests that run with plain requests and with Snuba's.
  void use_requests(bool snuba, LiveOptions options = {}) {
    writer.reset();
    of_snuba.reset();
    if (snuba) of_snuba.emplace(std::move(options));
    another_writer();
  }
  WriteOutcome write(std::vector<std::string_view> rows, std::string_view token = "tok") {
    InsertRequest request;
    request.layout = &layout;
    request.rows = std::move(rows);
    request.row_count = row_count;
    request.token = token;
    return write(request);
  }
  WriteOutcome write(const InsertRequest& request) {
    WriteControl control{stop.get_token(), [this](const InsertFailure& failure) {
                           failures.push_back(failure);
                           if (on_failure) on_failure(failure);
                         }};
    control.overdue_at = overdue_at;
    control.not_after = not_after;
    return writer->write(request, control);
  }

 private:
  std::unique_ptr<RequestBuilder> requests() {
    if (!of_snuba) return make_plain_request_builder(settings);
    return snuba_outputs::make_snuba_request_builder(settings, {}, *of_snuba, metrics);
  }
};

}  // namespace freshet::clickhouse
