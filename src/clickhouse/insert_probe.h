// Checks that a ClickHouse host accepts inserts, without storing a row.
#pragma once

#include <stop_token>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "clickhouse/clickhouse_settings.h"
#include "clickhouse/request_builder.h"
#include "model/options.h"
#include "model/rows.h"

namespace freshet::clickhouse {

// Sends one INSERT without rows to `url`, with the statement, settings and login of the real ones, and waits at most
// `timeout`. The server then checks what it can check without a row: that the table takes inserts, the columns of
// `layout`, the user's rights, each setting, and (26.5) that the targets of its views exist. Retry: it refuses, and
// the text says why. Stopping: `stop` was requested. `requests`: as for the real inserts; empty: plain ones. Threads:
// any.
Status probe_insert(ClickHouseSettings settings, const std::string& url, const RowLayout& layout,
                    const LiveOptions& options, const RequestBuilderFactory& requests, Clock& clock, Duration timeout,
                    const std::stop_token& stop = {});

}  // namespace freshet::clickhouse
