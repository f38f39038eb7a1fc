// Which column of a table a field of a row fills, by the rules of the server.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "clickhouse/clickhouse_client.h"
#include "clickhouse/insert_url.h"
#include "model/rows.h"

namespace freshet::clickhouse {

struct FieldMatch {
  enum class Kind {
    Column,     // fills `column`
    Unknown,    // the table has no such column, or it is computed
    Nested,     // the table has columns FIELD.*, which the field does not fill
    Imported,   // ... which it fills, because input_format_import_nested_json is set
    Ambiguous,  // several columns differ from it only by upper and lower case; the server rejects the row
  };
  Kind kind = Kind::Unknown;
  const ColumnInfo* column = nullptr;
};

// Threads: any. `table` must outlive it.
class ColumnMatching {
 public:
  // `settings`: those of the inserts.
  ColumnMatching(const TableInfo& table, const RowLayout& layout, const SettingMap& settings);

  FieldMatch find(const std::string& field) const;
  // Otherwise the server rejects a row with a field that has no column.
  bool skips_unknown() const { return skips_unknown_; }
  // Those that an insert may fill.
  const std::map<std::string, const ColumnInfo*>& columns() const { return columns_; }

 private:
  enum class Names { Exact, IgnoringCase, ExactThenIgnoringCase };
  static Names names_of(const TableInfo& table, const SettingMap& settings);

  const TableInfo& table_;
  const Names names_;
  const bool skips_unknown_;
  const bool imports_nested_;
  std::map<std::string, const ColumnInfo*> columns_;
  std::map<std::string, std::vector<const ColumnInfo*>> by_lower_case_;
};

}  // namespace freshet::clickhouse
