// A ClickHouse table name as written by people.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace freshet {

struct TableName {
  std::string database;  // empty = not given
  std::string table;
  bool operator==(const TableName&) const = default;
};

// Parses TABLE or DB.TABLE. A part that contains a dot or a backquote must be quoted in backquotes; a backquote inside
// is written as `` or \`, as in ClickHouse. Threads: any. Errors are Fatal and say what would be valid.
Result<TableName> parse_table_name(std::string_view text);

}  // namespace freshet
