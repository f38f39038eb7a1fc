// Snuba's options file, values.json, as its deployments mount it (contract A.1).
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "ports/option_source.h"

namespace freshet::runtime_config {

// {"options": {...}, "generated_at": ...}. An option that is a dictionary by storage or group becomes one key for each
// of its entries, as the Redis hash names them: clickhouse_load_balancing:errors,
// kafka_consumer_periodic_restart__snuba-consumers; fields of an entry are appended with a dot. Values are the text of
// their JSON. Invalid: no JSON, or no `options` in it; whatever else is wrong is wrong for its key only.
Result<RawOptions> parse_values(const std::string& json);

// A file that is not there is an empty one.
std::unique_ptr<OptionSource> open_values_file(std::string path);

}  // namespace freshet::runtime_config
