#include "clickhouse/insert_probe.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>

#include "base/log.h"
#include "base/message_text.h"
#include "base/metrics.h"
#include "base/snapshot.h"
#include "clickhouse/clickhouse_writer.h"
#include "clickhouse/insert_url.h"

namespace freshet::clickhouse {

Status probe_insert(ClickHouseSettings settings, const std::string& url, const RowLayout& layout,
                    const LiveOptions& options, const RequestBuilderFactory& requests, Clock& clock, Duration timeout,
                    const std::stop_token& stop, secrets::SecretStore* secrets) {
  const auto bound = std::chrono::duration_cast<std::chrono::milliseconds>(timeout);
  settings.urls = {url};
  settings.request_timeout = std::min(settings.request_timeout, bound);
  settings.connect_timeout = std::min(settings.connect_timeout, bound);
  LiveOptions bounded = options;
  bounded.insert.request_timeout = std::min(bounded.insert.request_timeout, bound);
  bounded.insert.connect_timeout = std::min(bounded.insert.connect_timeout, bound);
  const Snapshot<LiveOptions> live(bounded);
  Metrics metrics;
  const auto writer = make_row_writer(settings, std::make_shared<Hosts>(settings.urls), clock, null_log(), metrics,
                                      requests ? requests(settings, live, metrics) : nullptr, secrets);
  const RowLayout readable{RowFormat::JsonEachRow, layout.columns};
  InsertRequest request;
  request.layout = &readable;
  request.rows = {kNoRows};
  // The writer retries for ever; stop it at the first failure.
  std::stop_source first_failure;
  const std::stop_callback forward(stop, [&] { first_failure.request_stop(); });
  std::string why;
  const WriteOutcome outcome = writer->write(request, {first_failure.get_token(), [&](const InsertFailure& failure) {
                                                         why = with_message_texts(failure.text);
                                                         first_failure.request_stop();
                                                       }});
  if (outcome.kind == WriteOutcome::Kind::Written) return {};
  if (stop.stop_requested()) return failure(ErrorKind::Stopping, "stopping");
  return failure(ErrorKind::Retry, why.empty() ? outcome.text : why, outcome.code);
}

}  // namespace freshet::clickhouse
