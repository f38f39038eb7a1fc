// The columns of the target table, for processors that write rows in the table's types.
#pragma once

#include <string>
#include <vector>

namespace freshet {

struct TableColumn {
  std::string name;
  std::string type;                     // as DESCRIBE TABLE writes it
  bool computed = false;                // MATERIALIZED or ALIAS: inserts have no value for it
  std::string default_expression = {};  // of DEFAULT, as the server writes it; empty: the default of the type
  bool operator==(const TableColumn&) const = default;
};

// No columns: not known (yet), or rows in its types are not wanted.
struct TableColumns {
  std::vector<TableColumn> columns;
  // null in a column that is not Nullable becomes its default (input_format_null_as_default). False: the server rejects
  // it.
  bool null_as_default = false;
  std::string time_zone = {};               // of times as text, in columns whose type has none
  bool skips_unknown_fields = false;        // a key without a column is no error
  bool best_effort_times = false;           // date_time_input_format
  std::vector<std::string> ephemeral = {};  // names that are not in `columns`: only a list of columns fills them
  std::string why_json = {};                // why there are no columns although the table is known
  bool operator==(const TableColumns&) const = default;
};

}  // namespace freshet
