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

// `base` is a host's URL; its path is kept. Behind the statement come insert_settings(), but those in `without`.
std::string snuba_insert_url(std::string_view base, const ClickHouseSettings& settings, const InsertOptions& options,
                             const RowLayout& layout, std::string_view token, const SettingNames& without);

// See may_omit().
bool may_omit_in_snuba_style(const ClickHouseSettings& settings, std::string_view name, int code);

// Connection, Accept-Encoding, user, key and database, whatever is configured.
std::vector<std::string> snuba_headers(const ClickHouseSettings& settings, const std::string& password);

}  // namespace freshet::clickhouse
