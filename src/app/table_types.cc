#include "app/table_types.h"

#include "clickhouse/clickhouse_client.h"

namespace freshet::app {

Result<TableColumns> table_types(const settings::Pipeline& pipeline, Clock& clock, Duration timeout,
                                 const std::stop_token& stop, SecretMask* secrets) {
  clickhouse::ClickHouseClient client(pipeline.clickhouse, clock, secrets);
  const auto table = client.describe_table(timeout, stop);
  if (!table) return tl::make_unexpected(table.error());
  TableColumns types;
  if (!table->checks_native || table->name_matching == "ignore_case") return types;
  types.null_as_default = table->null_as_default;
  const auto given = pipeline.clickhouse.insert_settings.find("input_format_null_as_default");
  if (given != pipeline.clickhouse.insert_settings.end()) types.null_as_default = given->second != "0";
  for (const clickhouse::ColumnInfo& column : table->columns) {
    if (column.insertable()) types.columns.push_back({column.name, column.type, column.default_expression});
  }
  return types;
}

}  // namespace freshet::app
