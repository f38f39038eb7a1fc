// Asks the server which values a table would store of a row, without storing it.
#pragma once

#include <map>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "clickhouse/clickhouse_client.h"
#include "clickhouse/clickhouse_settings.h"

namespace freshet::clickhouse {

struct RowPreview {
  enum class Kind {
    Stored,    // the server can read the row into the table's columns
    Rejected,  // it cannot
    Unknown,   // the server does not say: `text` has the reason, and how to change it
  };
  Kind kind = Kind::Unknown;
  std::map<std::string, std::string> values;   // column -> value, as JSON. Some may be absent
  std::map<std::string, std::string> refused;  // Rejected: column -> the server's error for this field alone
  std::string text;                            // Rejected: the server's error for the row
};

enum class RefusedColumns {
  Found,      // of a rejected row, each column is asked about alone
  NotNeeded,  // `values` and `refused` of a rejected row stay empty
};

// `row`: one JSON object, as an insert of FORMAT JSONEachRow has it. The server reads it with its table function
// `format`, which needs ClickHouse 22.9 and the privilege CREATE TEMPORARY TABLE. Evaluated are types and DEFAULT
// expressions, not constraints, MATERIALIZED columns, partitions and views. Threads: one at a time for a client.
RowPreview preview_row(ClickHouseClient& client, const TableInfo& table, const ClickHouseSettings& settings,
                       std::string_view row, Duration timeout, const std::stop_token& stop,
                       RefusedColumns refused = RefusedColumns::Found);

}  // namespace freshet::clickhouse
