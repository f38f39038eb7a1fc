// A writer that inserts into servers of a test.
#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/snapshot.h"
#include "clickhouse/clickhouse_writer.h"
#include "snuba_outputs/snuba_request_builder.h"
#include "testkit/recording_log.h"

namespace freshet::clickhouse {

struct Writing {
  RealClock clock;
  testkit::RecordingLog log;
  Metrics metrics;
  ClickHouseSettings settings;
  std::shared_ptr<Hosts> hosts;
  std::unique_ptr<RowWriter> writer;
  RowLayout layout;
  std::vector<InsertFailure> failures;
  std::stop_source stop;
  SteadyTime overdue_at = SteadyTime::max();

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
    writer = make_row_writer(settings, hosts, clock, log, metrics);
  }
  WriteOutcome write(std::vector<std::string_view> rows, std::string_view token = "tok") {
    InsertRequest request;
    request.layout = &layout;
    request.rows = std::move(rows);
    request.token = token;
    return writer->write(request,
                         {stop.get_token(), [this](const InsertFailure& f) { failures.push_back(f); }, overdue_at});
  }
};

// For tests that run with plain requests and with Snuba's.
inline std::unique_ptr<RequestBuilder> requests(bool snuba, const ClickHouseSettings& settings,
                                                const Snapshot<LiveOptions>& options, Metrics& metrics) {
  if (!snuba) return make_plain_request_builder(settings);
  return snuba_outputs::make_snuba_request_builder(settings, {}, options, metrics);
}

}  // namespace freshet::clickhouse
