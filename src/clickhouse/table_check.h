// Checks sample rows against a table's columns before they are inserted.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "clickhouse/clickhouse_client.h"
#include "clickhouse/column_type.h"
#include "model/rows.h"

namespace freshet::clickhouse {

enum class Severity {
  Info,     // information
  Warning,  // the table accepts the rows but stores other values, or errors will have worse effects
  Error,    // the table rejects the rows
};
const char* to_string(Severity severity);

struct MismatchMeaning {
  Severity severity = Severity::Info;
  std::string_view text;  // what the server does with the value, and the fix
};
MismatchMeaning meaning_of(Mismatch mismatch);

struct Finding {
  Severity severity = Severity::Info;
  std::string subject;         // column, field or setting
  std::string text;            // the problem, its frequency in the sample, and the fix
  std::string statement = {};  // the SQL statement that fixes it; empty: there is none
};

// Returns one finding per column and problem, errors first. `rows` are JSON objects; others are ignored. It is also an
// error if no field of any row is a column; `not_of_message` lists the columns that freshet itself fills (topic,
// offset), which do not count for this. Threads: any.
std::vector<Finding> check_rows(const TableInfo& table, const RowLayout& layout, const std::vector<std::string>& rows,
                                const ClickHouseSettings& settings,
                                const std::vector<std::string>& not_of_message = {});

// Reports insert settings with which an acknowledged row may be lost. delivery_audit.h reports which repeated inserts
// are stored again.
std::vector<Finding> check_insert_settings(const TableInfo& table, const ClickHouseSettings& settings);

void sort_by_severity(std::vector<Finding>& findings);  // errors first

}  // namespace freshet::clickhouse
