#include "clickhouse/table_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "clickhouse/column_matching.h"
#include "clickhouse/column_type.h"
#include "clickhouse/insert_url.h"
#include "columns/type_name.h"

namespace freshet::clickhouse {
namespace {

constexpr size_t kMaxExample = 60;

}  // namespace

MismatchMeaning meaning_of(Mismatch mismatch) {
  switch (mismatch) {
    case Mismatch::NullBecomesDefault:
      return {Severity::Warning, "null is stored as the column's default value; make the column Nullable to keep it"};
    case Mismatch::NullBreaksEnum:
      return {Severity::Error,
              "null is stored as 0, which the Enum does not have, and every SELECT of the column fails (691): make it "
              "Nullable, or give it a DEFAULT"};
    case Mismatch::Wraps:
      return {Severity::Warning,
              "the integer does not fit and is stored with another value, without an error; use a wider type"};
    case Mismatch::BecomesInfinite:
      return {Severity::Warning, "the number is beyond the type and is stored as infinite; use a wider type"};
    case Mismatch::DigitsCut:
      return {Severity::Warning, "digits behind the point are cut off; use a Decimal of a greater scale"};
    case Mismatch::EmptyTextForNumber:
      return {Severity::Warning, "an empty text is stored as 0; send null to a Nullable column instead"};
    case Mismatch::FloatRounds:
      return {Severity::Warning,
              "the integer has more digits than the float keeps and is stored rounded; use an integer type"};
    case Mismatch::GuessedTime:
      return {Severity::Warning,
              "the server guesses such a date or time (01/02 is the first of February, 12:34 is on the first of "
              "January), or rejects it; send 2024-01-02T03:04:05Z, or an integer"};
    case Mismatch::AnotherTime:
      return {
          Severity::Warning,
          "it is stored as another time: it is outside the type's range, names no day, or is an integer of another "
          "unit (a Date counts days, a DateTime seconds, a DateTime64(P) ticks of 10^-P seconds); send text, or use "
          "another type"};
    case Mismatch::TupleFieldLeftOut:
      return {Severity::Warning, "the Tuple has no element of that name, which is left out; names are matched exactly"};
    case Mismatch::NegativeForUnsigned:
      return {Severity::Error, "an unsigned column rejects a negative number; use a signed type"};
    case Mismatch::FractionForInteger:
      return {Severity::Error, "an integer column rejects a fraction; use Float64 or Decimal"};
    case Mismatch::FractionForTime:
      return {Severity::Error,
              "a date or time column rejects a number with a point or an exponent; send it as text to a DateTime64"};
    case Mismatch::TextForNumber:
      return {Severity::Error, "a numeric column rejects text that is not a number"};
    case Mismatch::NotANumber:
      return {Severity::Error, "a numeric column rejects a value that is not a number"};
    case Mismatch::NotABoolean:
      return {Severity::Error, "a Bool accepts only true, false, 0 and 1"};
    case Mismatch::DecimalTooLarge:
      return {Severity::Error, "the number has more digits than the Decimal; use a greater precision"};
    case Mismatch::NotATime:
      return {Severity::Error, "a date or time column rejects the value (a Date has no time of day)"};
    case Mismatch::NotText:
      return {Severity::Warning,
              "the value is not a JSON string: old servers reject it, current ones store its JSON text"};
    case Mismatch::TooLongForFixedString:
      return {Severity::Error, "the text is longer than the FixedString; use String"};
    case Mismatch::NotTextForFixedString:
      return {Severity::Error, "a FixedString rejects a value that is not a JSON string; use String"};
    case Mismatch::UnknownEnumValue:
      return {Severity::Error, "the Enum has no such value; add it, or use LowCardinality(String)"};
    case Mismatch::NotAnAddress:
      return {Severity::Error, "the server rejects the value, which is not an IP address as text; use String"};
    case Mismatch::NotAUuid:
      return {Severity::Error, "the server rejects the value, which is not a UUID as text; use String"};
    case Mismatch::NotAnArray:
      return {Severity::Error, "the column needs an array"};
    case Mismatch::NotAnObject:
      return {Severity::Error, "the column needs an object"};
    case Mismatch::NotATuple:
      return {Severity::Error, "the column needs an array of as many elements as the Tuple has"};
  }
  return {Severity::Info, ""};
}

namespace {

bool says_no(const SettingMap& settings, std::string_view name) {
  const auto it = settings.find(name);
  return it != settings.end() && (it->second == "0" || it->second == "false");
}

// Lists at most kMost names, then the number of further ones.
std::string list_of(const std::set<std::string>& names) {
  constexpr size_t kMost = 20;
  std::string out;
  size_t count = 0;
  for (const std::string& name : names) {
    if (++count <= kMost) out += (out.empty() ? "" : ", ") + name;
  }
  if (count > kMost) out += fmt::format(" and {} more", count - kMost);
  return out.empty() ? "none" : out;
}

class RowCheck {
 public:
  RowCheck(const TableInfo& table, const RowLayout& layout, const SettingMap& settings,
           const std::vector<std::string>& not_of_message)
      : table_(table),
        matching_(table, layout, settings),
        not_of_message_(not_of_message.begin(), not_of_message.end()) {}

  void add(const JsonValue& row) {
    ++rows_;
    std::map<std::string, std::string> filled;  // column -> the field that fills it in this row
    for (size_t i = 0; i < row.elements.size(); ++i) {
      const std::string& field = row.names[i];
      if (!not_of_message_.contains(field)) fields_.insert(field);
      const std::optional<std::string> column = column_of(field);
      if (!column) continue;
      const auto [first, is_new] = filled.emplace(*column, field);
      if (!is_new) twice_.emplace(*column, std::pair(first->second, field));
      seen_.insert(*column);
      matched_ = matched_ || !not_of_message_.contains(field);
      Mismatches mismatches;
      add_mismatches(matching_.columns().at(*column)->type, row.elements[i], mismatches);
      // The column's DEFAULT replaces a null that is the whole value.
      const bool is_null = row.elements[i].kind == JsonValue::Kind::Null;
      if (is_null && !matching_.columns().at(*column)->default_kind.empty() &&
          mismatches.erase(Mismatch::NullBreaksEnum) > 0) {
        mismatches.insert(Mismatch::NullBecomesDefault);
      }
      for (const Mismatch mismatch : mismatches) {
        auto& [count, example] = mismatches_[{*column, mismatch}];
        if (++count == 1) example = row.elements[i].shown(kMaxExample);
      }
    }
  }

  void report(std::vector<Finding>& out) const {
    report_nothing_matches(out);
    for (const auto& [key, found] : mismatches_) {
      const MismatchMeaning what = meaning_of(key.second);
      out.push_back(
          {what.severity, key.first,
           fmt::format("{} {}: {} ({} of {} rows, for example {})", key.first, matching_.columns().at(key.first)->type,
                       what.text, found.first, rows_, found.second)});
    }
    report_names(out);
    for (const auto& [name, column] : matching_.columns()) {
      const bool absent_on_purpose = !column->default_kind.empty() || columns::plain_type(column->type).nullable;
      const bool nested = name.find('.') != std::string::npos;
      if (rows_ == 0 || seen_.contains(name) || absent_on_purpose || nested) continue;
      out.push_back({Severity::Warning, name,
                     fmt::format("no row of the sample has this column and it has no DEFAULT: {} stores zero or empty "
                                 "({} rows)",
                                 column->type, rows_)});
    }
  }

 private:
  // None if the field fills no column, which is recorded.
  std::optional<std::string> column_of(const std::string& field) {
    const FieldMatch match = matching_.find(field);
    switch (match.kind) {
      case FieldMatch::Kind::Column:
        return match.column->name;
      case FieldMatch::Kind::Imported:
        matched_ = true;
        break;
      case FieldMatch::Kind::Ambiguous:
        ++ambiguous_[field];
        break;
      case FieldMatch::Kind::Nested:
        ++nested_[field];
        break;
      case FieldMatch::Kind::Unknown:
        ++unknown_[field];
        break;
    }
    return std::nullopt;
  }

  void report_nothing_matches(std::vector<Finding>& out) const {
    if (rows_ == 0 || matched_) return;
    std::set<std::string> columns;
    for (const auto& [name, column] : matching_.columns()) {
      if (!not_of_message_.contains(name)) columns.insert(name);
    }
    out.push_back({Severity::Error, table_.table,
                   fmt::format("no field of the messages is a column: {} rows would hold nothing but defaults. Fields: "
                               "{}; columns: {}. Rename them, or map them with --json-field FIELD=COLUMN",
                               rows_, list_of(fields_), list_of(columns))});
  }

  void report_names(std::vector<Finding>& out) const {
    const std::string_view fate = matching_.skips_unknown() ? "left out" : "rejected";
    const Severity severity = matching_.skips_unknown() ? Severity::Warning : Severity::Error;
    for (const auto& [field, count] : unknown_) {
      const auto computed = std::find_if(table_.columns.begin(), table_.columns.end(),
                                         [&, &name = field](const ColumnInfo& c) { return c.name == name; });
      const std::string why = computed == table_.columns.end()
                                  ? "the table has no column for this field"
                                  : fmt::format("the column of this field is computed ({})", computed->default_kind);
      out.push_back({severity, field, fmt::format("{}, it is {} ({} of {} rows)", why, fate, count, rows_)});
    }
    for (const auto& [field, count] : nested_) {
      out.push_back({severity, field,
                     fmt::format("the table has columns '{}.*' and none of this name, it is {} ({} of {} rows); send "
                                 "the columns by their full names, or use --clickhouse-setting "
                                 "input_format_import_nested_json=1",
                                 field, fate, count, rows_)});
    }
    for (const auto& [field, count] : ambiguous_) {
      out.push_back({Severity::Error, field,
                     fmt::format("several columns differ from this field only by upper and lower case, and the server "
                                 "rejects it ({} of {} rows); use a column's exact name",
                                 count, rows_)});
    }
    for (const auto& [column, fields] : twice_) {
      out.push_back({Severity::Warning, column,
                     fmt::format("the fields '{}' and '{}' of one message fill the same column: the server stores one "
                                 "of them, or rejects the row",
                                 fields.first, fields.second)});
    }
  }

  const TableInfo& table_;
  const ColumnMatching matching_;
  const std::set<std::string> not_of_message_;
  std::set<std::string> seen_;    // columns
  std::set<std::string> fields_;  // of the messages
  bool matched_ = false;          // at least one of them is a column
  std::map<std::string, size_t> unknown_;
  std::map<std::string, size_t> nested_;
  std::map<std::string, size_t> ambiguous_;
  std::map<std::string, std::pair<std::string, std::string>> twice_;
  std::map<std::pair<std::string, Mismatch>, std::pair<size_t, std::string>> mismatches_;
  size_t rows_ = 0;
};

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

void sort_by_severity(std::vector<Finding>& findings) {
  std::stable_sort(findings.begin(), findings.end(),
                   [](const Finding& a, const Finding& b) { return a.severity > b.severity; });
}

std::vector<Finding> check_rows(const TableInfo& table, const RowLayout& layout, const std::vector<std::string>& rows,
                                const ClickHouseSettings& settings, const std::vector<std::string>& not_of_message) {
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
  RowCheck check(table, layout, insert_settings(settings, {}), not_of_message);
  for (const std::string& text : rows) {
    const auto row = JsonValue::parse(text);
    if (row && row->kind == JsonValue::Kind::Object) check.add(*row);
  }
  check.report(findings);
  sort_by_severity(findings);
  return findings;
}

std::vector<Finding> check_insert_settings(const TableInfo& table, const ClickHouseSettings& settings) {
  std::vector<Finding> findings;
  const SettingMap effective = insert_settings(settings, {});
  const auto add = [&](std::string subject, std::string text) {
    findings.push_back({Severity::Warning, std::move(subject), std::move(text)});
  };
  if (!says_no(effective, "async_insert") && says_no(effective, "wait_for_async_insert")) {
    add("wait_for_async_insert",
        "with 0 the server acknowledges rows before it has stored them: they are lost when it fails");
  }
  if (table.engine == "Distributed" && says_no(effective, "insert_distributed_sync")) {
    add("insert_distributed_sync", "with 0 rows are acknowledged before a shard has stored them");
  }
  return findings;
}

}  // namespace freshet::clickhouse
