// The name of a ClickHouse table as a person writes it.
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

// TABLE or DB.TABLE. A part with a dot or a backquote in it stands in backquotes, where ClickHouse's ways to write a
// backquote hold: `` or \`. Threads: any. Error kind Fatal: the text says what would be right.
Result<TableName> parse_table_name(std::string_view text);

}  // namespace freshet
