// Compares a table with rows for it, before the server does.
#pragma once

#include <string>
#include <vector>

#include "clickhouse/clickhouse_client.h"
#include "model/rows.h"

namespace freshet::clickhouse {

enum class Severity {
  Info,     // information
  Warning,  // rows arrive, but with other values, or an error will have consequences
  Error,    // the table refuses such rows
};
const char* to_string(Severity severity);

struct Finding {
  Severity severity = Severity::Info;
  std::string subject;  // column, field or setting
  std::string text;     // the problem, how often it occurs in the sample, and how to fix it
};

// Threads: any. `rows` are JSON objects (others are ignored). Returns one finding per column and problem, errors first.
// It is also an error if no row has a field that is a column. `not_of_message`: columns that the insert fills itself
// (topic, offset); they do not count for that.
std::vector<Finding> check_rows(const TableInfo& table, const RowLayout& layout, const std::vector<std::string>& rows,
                                const ClickHouseSettings& settings,
                                const std::vector<std::string>& not_of_message = {});

// The effect of the table's engine and the configured insert settings on retries.
std::vector<Finding> check_insert_settings(const TableInfo& table, const ClickHouseSettings& settings);

}  // namespace freshet::clickhouse
