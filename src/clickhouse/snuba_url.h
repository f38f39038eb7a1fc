// The drop-in's insert URL: the reference's parameters in its order, then ours (contract 6.1, 6.5).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "clickhouse/clickhouse_settings.h"
#include "clickhouse/insert_url.h"
#include "model/options.h"
#include "model/rows.h"

namespace freshet::clickhouse {

// Values below it are ignored, as the reference does.
constexpr uint64_t kLeastInsertBlockSize = 1'048'449;

// `base` is a host's URL; its path is kept. Behind the statement come async_insert=0, the storage's writer options, the
// token and the user's insert_settings; those in `without` are left out.
std::string snuba_insert_url(std::string_view base, const ClickHouseSettings& settings, const InsertOptions& options,
                             const RowLayout& layout, std::string_view token, const SettingNames& without);

// Whether the setting may be dropped for a server that does not know it.
bool is_droppable_in_snuba_style(const ClickHouseSettings& settings, std::string_view name);

// Connection, Accept-Encoding, user, key and database, whatever is configured.
std::vector<std::string> snuba_headers(const ClickHouseSettings& settings);

}  // namespace freshet::clickhouse
