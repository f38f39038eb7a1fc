// What a table holds, beside what a processor says.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "testkit/servers.h"

namespace freshet::e2e {

using Columns = std::map<std::string, std::string>;  // name -> type
Columns columns_of(const testkit::ClickHouseServer& server, const std::string& table);

// All rows; DateTime columns as seconds since 1970, DateTime64(n) as ticks.
std::vector<nlohmann::json> read_rows(const testkit::ClickHouseServer& server, const std::string& table,
                                      const Columns& columns);

// A processor's row in the same terms. Columns that the table lacks are left out; `null` for a column that is not
// Nullable matches anything (the column's default).
nlohmann::json as_stored(const nlohmann::json& row, const Columns& columns);

// Whether the table may refuse the row or keep other values than it says: a value beyond its column's type.
bool beyond_the_types(const nlohmann::json& row, const Columns& columns);

}  // namespace freshet::e2e
