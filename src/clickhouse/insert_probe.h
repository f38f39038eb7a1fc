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
#include "secrets/secret_store.h"

namespace freshet::clickhouse {

// Sends one INSERT without rows to `url`, with the statement, settings and credentials of the real inserts, and waits
// at most `timeout`. The server then checks everything that needs no row: that the table accepts inserts, the columns
// of `layout`, the user's rights, each setting, and (26.5) that the targets of the table's views exist. `requests`: as
// for the real inserts; empty: plain ones. `secrets`: see Login. Threads: any.
// Errors: Retry if the server rejects, with its reason. Stopping if `stop` was requested.
Status probe_insert(ClickHouseSettings settings, const std::string& url, const RowLayout& layout,
                    const LiveOptions& options, const RequestBuilderFactory& requests, Clock& clock, Duration timeout,
                    const std::stop_token& stop = {}, secrets::SecretStore* secrets = nullptr);

}  // namespace freshet::clickhouse
