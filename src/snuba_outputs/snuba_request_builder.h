// Requests to ClickHouse as Snuba's consumer sends them: its parameters in its order followed by freshet's, its
// headers, and its retry delays before freshet's (docs/snuba.md).
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/metrics.h"
#include "base/snapshot.h"
#include "clickhouse/clickhouse_settings.h"
#include "clickhouse/insert_url.h"
#include "clickhouse/request_builder.h"
#include "model/options.h"
#include "model/rows.h"
#include "snuba_outputs/snuba_outputs_settings.h"

namespace freshet::snuba_outputs {

// Smaller values are ignored, as in Snuba.
constexpr uint64_t kLeastInsertBlockSize = 1'048'449;

// Reads `options` for each attempt, except for the retry policy, which it reads for each batch. `options` and `metrics`
// must outlive the builder.
std::unique_ptr<clickhouse::RequestBuilder> make_snuba_request_builder(const clickhouse::ClickHouseSettings& settings,
                                                                       const SnubaRequestSettings& snuba,
                                                                       const Snapshot<LiveOptions>& options,
                                                                       Metrics& metrics);

// `base` is the URL of a host; its path is kept. After the statement come insert_settings(), except those in `without`.
std::string snuba_insert_url(std::string_view base, const clickhouse::ClickHouseSettings& settings,
                             const SnubaRequestSettings& snuba, const InsertOptions& options, const RowLayout& layout,
                             std::string_view token, const clickhouse::SettingNames& without);

// See clickhouse::may_omit().
bool may_omit_in_snuba_request(const clickhouse::ClickHouseSettings& settings, std::string_view name, int code);

}  // namespace freshet::snuba_outputs
