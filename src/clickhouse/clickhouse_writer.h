// A RowWriter that inserts over ClickHouse's HTTP interface.
#pragma once

#include <memory>
#include <optional>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "clickhouse/body_buffers.h"
#include "clickhouse/clickhouse_settings.h"
#include "clickhouse/hosts.h"
#include "clickhouse/request_builder.h"
#include "clickhouse/stored_messages.h"
#include "clickhouse/table_properties.h"
#include "ports/row_writer.h"
#include "secrets/secret_store.h"

namespace freshet::clickhouse {

// Creates a writer with its own connection. All references must outlive the writer. write() compresses the body once;
// the request's timeout limits each attempt (request and response). WriteControl::on_failure is called for every failed
// attempt, also if the next host is tried without a delay.
// `hosts` is built from settings.urls and shared by all writers. `requests` builds the requests; null: plain ones.
// `secrets` may be null (see Login). `table` is shared by all writers of the table. If it is null, the writer assumes
// that a repeated insert is stored twice, and does not compare fields with columns. `positions`: for missing().
// `buffers` is shared by all writers of the table; null = its own.
std::unique_ptr<RowWriter> make_row_writer(const ClickHouseSettings& settings, std::shared_ptr<Hosts> hosts,
                                           Clock& clock, Log& log, Metrics& metrics,
                                           std::unique_ptr<RequestBuilder> requests = nullptr,
                                           secrets::SecretStore* secrets = nullptr,
                                           std::shared_ptr<TablePropertiesCache> table = nullptr,
                                           std::optional<PositionColumns> positions = std::nullopt,
                                           std::shared_ptr<BodyBuffers> buffers = nullptr);

}  // namespace freshet::clickhouse
