// RowWriter over ClickHouse's HTTP interface.
#pragma once

#include <memory>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/secret_mask.h"
#include "clickhouse/clickhouse_settings.h"
#include "clickhouse/hosts.h"
#include "clickhouse/request_builder.h"
#include "clickhouse/table_properties.h"
#include "ports/row_writer.h"

namespace freshet::clickhouse {

// A writer with a connection of its own; `hosts` (made of settings.urls) is shared by all writers. What is borrowed
// must outlive the writer. The body is compressed once per write(); each attempt (request and answer) is bounded by the
// request's timeout. WriteControl::on_failure is called for every failed attempt, also when the next host is tried
// without a pause. `requests`: what they look like; null: plain ones. The password is read from its file again when
// that changes or the server refuses the last one (see Password); `mask` may be null. `table`: shared by all writers of
// the table; null: nothing is known of it, a repeat then counts as stored again, and fields are not compared with
// columns.
std::unique_ptr<RowWriter> make_row_writer(const ClickHouseSettings& settings, std::shared_ptr<Hosts> hosts,
                                           Clock& clock, Log& log, Metrics& metrics,
                                           std::unique_ptr<RequestBuilder> requests = nullptr,
                                           SecretMask* mask = nullptr,
                                           std::shared_ptr<TablePropertiesCache> table = nullptr);

}  // namespace freshet::clickhouse
