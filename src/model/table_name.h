// A ClickHouse table name as people write it.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace freshet {

struct TableName {
  std::string database;  // empty = none given
  std::string table;
  bool operator==(const TableName&) const = default;
};

// TABLE or DB.TABLE. A part that contains a dot or a backquote is quoted in backquotes; a backquote inside is written
// as `` or \`, as in ClickHouse. Threads: any. Fatal: the text says what would be valid.
Result<TableName> parse_table_name(std::string_view text);

}  // namespace freshet
