// Reads the rows of a table and converts expected rows to the same form.
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

// A processor's row in the same form. Columns that the table does not have are dropped; `null` for a column that is not
// Nullable matches anything (the column's default).
nlohmann::json as_stored(const nlohmann::json& row, const Columns& columns);

// True if the table may reject the row or change values: a value is beyond its column's type.
bool beyond_the_types(const nlohmann::json& row, const Columns& columns);

}  // namespace freshet::e2e
