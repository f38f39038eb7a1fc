// Compares a table with rows that are meant for it, before the server has to.
#pragma once

#include <string>
#include <vector>

#include "clickhouse/clickhouse_client.h"
#include "model/rows.h"

namespace freshet::clickhouse {

enum class Severity {
  Info,     // worth knowing
  Warning,  // rows arrive, but not as they were meant, or a fault will hurt
  Error,    // the table refuses such rows
};
const char* to_string(Severity severity);

struct Finding {
  Severity severity = Severity::Info;
  std::string subject;  // column, field or setting
  std::string text;     // what is wrong, how often in the sample, and what to do
};

// Threads: any. `rows` are JSON objects (others are ignored). One finding per column and trouble, errors first. An
// error too: no row has a field that is a column. `not_of_message`: columns that the insert fills by itself (topic,
// offset), which do not count there.
std::vector<Finding> check_rows(const TableInfo& table, const RowLayout& layout, const std::vector<std::string>& rows,
                                const ClickHouseSettings& settings,
                                const std::vector<std::string>& not_of_message = {});

// What the table's engine and the configured insert settings will do to retries.
std::vector<Finding> check_insert_settings(const TableInfo& table, const ClickHouseSettings& settings);

}  // namespace freshet::clickhouse
