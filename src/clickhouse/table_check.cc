#include "clickhouse/table_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "clickhouse/column_type.h"
#include "clickhouse/insert_url.h"

namespace freshet::clickhouse {
namespace {

using nlohmann::json;

constexpr size_t kMaxExample = 60;

struct Meaning {
  Severity severity;
  std::string_view text;
};

Meaning meaning(Trouble trouble) {
  switch (trouble) {
    case Trouble::NullBecomesDefault:
      return {Severity::Warning, "null is stored as the column's default value; make the column Nullable to keep it"};
    case Trouble::Wraps:
      return {Severity::Warning,
              "the integer does not fit and is stored with another value, without an error; use a wider type"};
    case Trouble::NegativeForUnsigned:
      return {Severity::Error, "a negative number is refused by an unsigned column; use a signed type"};
    case Trouble::FractionForInteger:
      return {Severity::Error, "a fraction is refused by an integer column; use Float64 or Decimal"};
    case Trouble::TextForNumber:
      return {Severity::Error, "text that is no number is refused by a numeric column"};
    case Trouble::NotANumber:
      return {Severity::Error, "an array or object is refused by a numeric column"};
    case Trouble::NotText:
      return {Severity::Warning,
              "the value is no JSON string: old servers refuse it, current ones store its JSON text"};
    case Trouble::TooLongForFixedString:
      return {Severity::Error, "the text is longer than the FixedString; use String"};
    case Trouble::UnknownEnumValue:
      return {Severity::Error, "the Enum has no such value; add it, or use LowCardinality(String)"};
    case Trouble::NotAnArray:
      return {Severity::Error, "the column wants an array"};
    case Trouble::NotAnObject:
      return {Severity::Error, "the column wants an object"};
  }
  return {Severity::Info, ""};
}

std::string example(const json& value) {
  std::string text = value.dump(-1, ' ', false, json::error_handler_t::replace);
  if (text.size() > kMaxExample) text = text.substr(0, kMaxExample) + "...";
  return text;
}

bool says_no(const SettingMap& settings, std::string_view name) {
  const auto it = settings.find(name);
  return it != settings.end() && (it->second == "0" || it->second == "false");
}

// A field `n` also fills the columns `n.x` of a Nested, and a column `a.b` may come from an object `a`.
bool fills_nested(const std::string& field, const std::vector<ColumnInfo>& columns) {
  return std::any_of(columns.begin(), columns.end(),
                     [&](const ColumnInfo& c) { return c.name.starts_with(field + "."); });
}

class RowCheck {
 public:
  RowCheck(const TableInfo& table, const RowLayout& layout) : table_(table) {
    for (const ColumnInfo& column : table.columns) {
      const bool listed = layout.columns.empty() ||
                          std::find(layout.columns.begin(), layout.columns.end(), column.name) != layout.columns.end();
      if (column.insertable() && listed) columns_.emplace(column.name, &column);
    }
  }

  void add(const json& row) {
    ++rows_;
    for (const auto& [field, value] : row.items()) {
      const auto column = columns_.find(field);
      if (column == columns_.end()) {
        if (!fills_nested(field, table_.columns)) ++unknown_[field];
        continue;
      }
      seen_.insert(field);
      if (const auto trouble = trouble_with(column->second->type, value)) {
        auto& [count, first] = troubles_[{field, *trouble}];
        if (++count == 1) first = example(value);
      }
    }
  }

  void report(bool skips_unknown, std::vector<Finding>& out) const {
    for (const auto& [key, found] : troubles_) {
      const Meaning what = meaning(key.second);
      out.push_back({what.severity, key.first,
                     fmt::format("{} {}: {} ({} of {} rows, for example {})", key.first, columns_.at(key.first)->type,
                                 what.text, found.first, rows_, found.second)});
    }
    for (const auto& [field, count] : unknown_) {
      out.push_back({skips_unknown ? Severity::Warning : Severity::Error, field,
                     fmt::format("the table has no column for this field, it is {} ({} of {} rows)",
                                 skips_unknown ? "left out" : "refused", count, rows_)});
    }
    for (const auto& [name, column] : columns_) {
      const bool absent_on_purpose = !column->default_kind.empty() || plain_type(column->type).nullable;
      const bool nested = name.find('.') != std::string::npos;
      if (rows_ == 0 || seen_.contains(name) || absent_on_purpose || nested) continue;
      out.push_back({Severity::Warning, name,
                     fmt::format("no row of the sample has this column and it has no DEFAULT: {} stores zero or empty "
                                 "({} rows)",
                                 column->type, rows_)});
    }
  }

 private:
  const TableInfo& table_;
  std::map<std::string, const ColumnInfo*> columns_;
  std::set<std::string> seen_;
  std::map<std::string, size_t> unknown_;
  std::map<std::pair<std::string, Trouble>, std::pair<size_t, std::string>> troubles_;
  size_t rows_ = 0;
};

void sort_by_severity(std::vector<Finding>& findings) {
  std::stable_sort(findings.begin(), findings.end(),
                   [](const Finding& a, const Finding& b) { return a.severity > b.severity; });
}

}  // namespace

const char* to_string(Severity severity) {
  switch (severity) {
    case Severity::Info:
      return "info";
    case Severity::Warning:
      return "warning";
    case Severity::Error:
      return "error";
  }
  return "";
}

std::vector<Finding> check_rows(const TableInfo& table, const RowLayout& layout, const std::vector<std::string>& rows,
                                const ClickHouseSettings& settings) {
  std::vector<Finding> findings;
  for (const std::string& name : layout.columns) {
    const auto column =
        std::find_if(table.columns.begin(), table.columns.end(), [&](const auto& c) { return c.name == name; });
    if (column != table.columns.end() && column->insertable()) continue;
    findings.push_back(
        {Severity::Error, name,
         column == table.columns.end()
             ? "the insert names this column, the table has none: add it, or change the processor's options"
             : "the insert names this column, but it is computed (" + column->default_kind + ")"});
  }
  RowCheck check(table, layout);
  for (const std::string& text : rows) {
    const json row = json::parse(text, nullptr, /*allow_exceptions=*/false);
    if (row.is_object()) check.add(row);
  }
  check.report(!says_no(insert_settings(settings, {}), "input_format_skip_unknown_fields"), findings);
  sort_by_severity(findings);
  return findings;
}

std::vector<Finding> check_insert_settings(const TableInfo& table, const ClickHouseSettings& settings) {
  std::vector<Finding> findings;
  const SettingMap effective = insert_settings(settings, {});
  const auto add = [&](std::string subject, std::string text) {
    findings.push_back({Severity::Warning, std::move(subject), std::move(text)});
  };
  if (table.deduplicates() == false) {
    const std::string window =
        table.replicated() ? "replicated_deduplication_window" : "non_replicated_deduplication_window";
    add(window,
        "the table does not recognise a repeated insert: when an answer is lost, its rows come twice. Where the server "
        "has the setting: ALTER TABLE " +
            quote_where_needed(table.database) + "." + quote_where_needed(table.table) + " MODIFY SETTING " + window +
            " = 100000");
  }
  if (!says_no(effective, "async_insert")) {
    add("async_insert", "asynchronous inserts ignore the insert token and may split or merge batches; leave it at 0");
    if (says_no(effective, "wait_for_async_insert")) {
      add("wait_for_async_insert",
          "with 0 the server acknowledges rows before it has stored them: they are lost when it fails");
    }
  }
  if (says_no(effective, "insert_deduplicate")) {
    add("insert_deduplicate", "with 0 the server stores a repeated insert again");
  }
  if (table.engine == "Distributed" && says_no(effective, "insert_distributed_sync")) {
    add("insert_distributed_sync", "with 0 rows are acknowledged before a shard has stored them");
  }
  return findings;
}

}  // namespace freshet::clickhouse
