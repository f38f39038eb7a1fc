#include "clickhouse/column_matching.h"

#include <algorithm>
#include <cctype>

namespace freshet::clickhouse {
namespace {

std::string in_lower_case(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

bool is_on(const SettingMap& settings, std::string_view name, bool by_default) {
  const auto it = settings.find(name);
  return it == settings.end() ? by_default : it->second != "0" && it->second != "false";
}

}  // namespace

ColumnMatching::Names ColumnMatching::names_of(const TableInfo& table, const SettingMap& settings) {
  const auto given = settings.find("input_format_column_name_matching_mode");
  const std::string& mode = given == settings.end() ? table.name_matching : given->second;
  if (mode == "ignore_case") return Names::IgnoringCase;
  return mode == "auto" ? Names::ExactThenIgnoringCase : Names::Exact;
}

ColumnMatching::ColumnMatching(const TableInfo& table, const RowLayout& layout, const SettingMap& settings)
    : table_(table),
      names_(names_of(table, settings)),
      skips_unknown_(is_on(settings, "input_format_skip_unknown_fields", true)),
      imports_nested_(is_on(settings, "input_format_import_nested_json", false)) {
  for (const ColumnInfo& column : table.columns) {
    const bool listed = layout.columns.empty() ||
                        std::find(layout.columns.begin(), layout.columns.end(), column.name) != layout.columns.end();
    if (!column.insertable() || !listed) continue;
    columns_.emplace(column.name, &column);
    by_lower_case_[in_lower_case(column.name)].push_back(&column);
  }
}

FieldMatch ColumnMatching::find(const std::string& field) const {
  using Kind = FieldMatch::Kind;
  if (names_ != Names::IgnoringCase) {
    if (const auto exact = columns_.find(field); exact != columns_.end()) return {Kind::Column, exact->second};
  }
  const auto loose = by_lower_case_.find(in_lower_case(field));
  if (names_ != Names::Exact && loose != by_lower_case_.end()) {
    if (loose->second.size() == 1) return {Kind::Column, loose->second.front()};
    return {Kind::Ambiguous, nullptr};
  }
  const bool of_nested = std::any_of(table_.columns.begin(), table_.columns.end(),
                                     [&](const ColumnInfo& c) { return c.name.starts_with(field + "."); });
  if (!of_nested) return {};
  return {imports_nested_ ? Kind::Imported : Kind::Nested, nullptr};
}

}  // namespace freshet::clickhouse
