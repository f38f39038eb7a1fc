#include "app/table_types.h"

#include <algorithm>
#include <array>
#include <map>
#include <string>

#include "clickhouse/clickhouse_client.h"

namespace freshet::app {
namespace {

using Settings = std::map<std::string, std::string>;

// What an insert has: the server's values, overridden by those that freshet sends.
Settings effective(const clickhouse::TableInfo& table, const clickhouse::ClickHouseSettings& sent) {
  Settings all = table.input_settings;
  for (const auto* const more : {&sent.writer_options, &sent.insert_settings}) {
    for (const auto& [name, value] : *more) all[name] = value;
  }
  return all;
}

bool is_on(const Settings& settings, const char* name) {
  const auto found = settings.find(name);
  return found != settings.end() && (found->second == "1" || found->second == "true");
}

bool understood(const Settings& settings, const clickhouse::ClickHouseSettings& sent) {
  constexpr const char* kTypesConversion = "input_format_native_allow_types_conversion";
  const auto matching = settings.find("input_format_column_name_matching_mode");
  const bool exact_names = matching == settings.end() || matching->second != "ignore_case";
  const bool conversion_is_ours =
      !sent.writer_options.contains(kTypesConversion) && !sent.insert_settings.contains(kTypesConversion);
  return settings.contains(kTypesConversion) && conversion_is_ours && exact_names &&
         is_on(settings, "input_format_defaults_for_omitted_fields") &&
         !is_on(settings, "insert_allow_materialized_columns");
}

}  // namespace

Result<TableColumns> table_types(const settings::Pipeline& pipeline, Clock& clock, Duration timeout,
                                 const std::stop_token& stop, SecretMask* secrets) {
  clickhouse::ClickHouseClient client(pipeline.clickhouse, clock, secrets);
  const auto table = client.describe_table(timeout, stop);
  if (!table) return tl::make_unexpected(table.error());
  const Settings settings = effective(*table, pipeline.clickhouse);
  TableColumns types;
  if (!understood(settings, pipeline.clickhouse)) return types;
  types.null_as_default = is_on(settings, "input_format_null_as_default");
  for (const clickhouse::ColumnInfo& column : table->columns) {
    if (column.default_kind == "EPHEMERAL") continue;  // only an insert with a list of columns fills it
    types.columns.push_back({column.name, column.type, !column.insertable(), column.default_expression});
  }
  return types;
}

}  // namespace freshet::app
