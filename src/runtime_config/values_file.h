// Snuba's options file, values.json, as its deployments mount it (docs/runtime-options.md).
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "ports/option_source.h"

namespace freshet::runtime_config {

// Parses {"options": {...}, "generated_at": ...}. An option that is a dictionary by storage or group yields one key per
// entry, named as in the Redis hash: clickhouse_load_balancing:errors,
// kafka_consumer_periodic_restart__snuba-consumers. Fields of an entry are appended with a dot. Values are their JSON
// text. Invalid: not JSON, or without `options`; any other mistake affects only its key.
Result<RawOptions> parse_values(const std::string& json);

// A missing file counts as empty.
std::unique_ptr<OptionSource> open_values_file(std::string path);

}  // namespace freshet::runtime_config
