#include "app/row_explaining.h"

#include <fmt/format.h>

#include <limits>
#include <map>
#include <optional>
#include <set>

#include "clickhouse/clickhouse_client.h"
#include "clickhouse/column_matching.h"
#include "clickhouse/json_value.h"
#include "clickhouse/row_preview.h"
#include "clickhouse/table_check.h"

namespace freshet::app {
namespace {

using clickhouse::ColumnInfo;
using clickhouse::ColumnMatching;
using clickhouse::FieldMatch;
using clickhouse::JsonValue;
using clickhouse::RowPreview;

constexpr Duration kTableTimeout = std::chrono::seconds(10);
constexpr size_t kNoLimit = std::numeric_limits<size_t>::max() / 2;

// Where the JSON processor takes a column from. Other processors make their columns of several fields.
class FieldNames {
 public:
  explicit FieldNames(const processors::ProcessorsSettings& settings) : is_json_(settings.processor == "json") {
    const processors::JsonSettings& names = settings.json;
    for (const auto& [field, column] : names.fields) by_column_[column] = field;
    for (const auto& [header, column] : names.header_columns) by_column_[column] = "(header " + header + ")";
    const std::pair<const std::string&, const char*> metadata[] = {{names.topic_column, "(topic)"},
                                                                   {names.partition_column, "(partition)"},
                                                                   {names.offset_column, "(offset)"},
                                                                   {names.timestamp_column, "(timestamp)"},
                                                                   {names.key_column, "(key)"}};
    for (const auto& [column, name] : metadata) {
      if (!column.empty()) by_column_[column] = name;
    }
  }

  std::string of(const std::string& column) const {
    const auto found = by_column_.find(column);
    if (found != by_column_.end()) return found->second;
    return is_json_ ? column : std::string();
  }

 private:
  const bool is_json_;
  std::map<std::string, std::string> by_column_;
};

std::string fate_of(FieldMatch::Kind kind, bool skips_unknown) {
  const char* const fate = skips_unknown ? "the server leaves the field out"
                                         : "the server refuses the row (input_format_skip_unknown_fields=0)";
  switch (kind) {
    case FieldMatch::Kind::Ambiguous:
      return "several columns differ from this name only by upper and lower case: the server refuses the row";
    case FieldMatch::Kind::Nested:
      return fmt::format("the table has columns of a Nested of this name, and none of the name itself: {}", fate);
    case FieldMatch::Kind::Imported:
      return "fills the columns of the Nested (input_format_import_nested_json)";
    default:
      return fmt::format("the table has no column for it: {}", fate);
  }
}

// What freshet knows about the value in the column.
struct Prediction {
  std::string note;
  bool refused = false;
};

Prediction predict(const ColumnInfo& column, const JsonValue& value) {
  clickhouse::Mismatches mismatches;
  clickhouse::add_mismatches(column.type, value, mismatches);
  // The column's DEFAULT replaces a null that is the whole value.
  const bool has_default = value.kind == JsonValue::Kind::Null && !column.default_kind.empty();
  if (has_default && mismatches.erase(clickhouse::Mismatch::NullBreaksEnum) > 0) {
    mismatches.insert(clickhouse::Mismatch::NullBecomesDefault);
  }
  Prediction out;
  for (const clickhouse::Mismatch one : mismatches) {
    const clickhouse::MismatchMeaning meaning = clickhouse::meaning_of(one);
    out.note.append(out.note.empty() ? "" : "; ").append(meaning.text);
    out.refused = out.refused || meaning.severity == clickhouse::Severity::Error;
  }
  return out;
}

template <typename Map>
std::string found_in(const Map& map, const std::string& key) {
  const auto it = map.find(key);
  return it == map.end() ? std::string() : it->second;
}

ExplainedRow without_table(const JsonValue& row, const FieldNames& fields) {
  ExplainedRow out;
  for (size_t i = 0; i < row.elements.size(); ++i) {
    out.columns.push_back(
        {.field = fields.of(row.names[i]), .column = row.names[i], .written = row.elements[i].shown(kNoLimit)});
  }
  return out;
}

// Columns that no field fills. An insert does not fill MATERIALIZED and ALIAS columns.
void add_defaults(const clickhouse::TableInfo& table, const std::set<std::string>& filled, const RowPreview& preview,
                  ExplainedRow& out) {
  for (const ColumnInfo& column : table.columns) {
    if (filled.contains(column.name) || column.default_kind == "ALIAS" || column.default_kind == "EPHEMERAL") continue;
    out.defaults.push_back(
        {column.name, column.type,
         column.default_kind.empty() ? "the type's default" : column.default_kind + " " + column.default_expression,
         found_in(preview.values, column.name)});
  }
}

ExplainedRow with_table(const JsonValue& row, const FieldNames& fields, const clickhouse::TableInfo& table,
                        const ColumnMatching& matching, const RowPreview& preview) {
  ExplainedRow out;
  std::set<std::string> filled;
  for (size_t i = 0; i < row.elements.size(); ++i) {
    const FieldMatch match = matching.find(row.names[i]);
    if (match.kind != FieldMatch::Kind::Column) {
      out.unplaced.push_back({row.names[i], fate_of(match.kind, matching.skips_unknown())});
      continue;
    }
    const ColumnInfo& column = *match.column;
    filled.insert(column.name);
    const auto [note, refused] = predict(column, row.elements[i]);
    ExplainedColumn one{fields.of(row.names[i]),
                        column.name,
                        column.type,
                        row.elements[i].shown(kNoLimit),
                        found_in(preview.values, column.name),
                        note};
    if (const auto error = preview.refused.find(column.name); error != preview.refused.end()) {
      one.refused = true;
      if (note.empty()) one.note = error->second;
    } else if (preview.kind == RowPreview::Kind::Unknown && refused) {
      one.refused = true;
      out.refusal = fmt::format("not asked, but freshet expects it: {}: {}", column.name, note);
    }
    out.columns.push_back(std::move(one));
  }
  if (preview.kind == RowPreview::Kind::Rejected) out.refusal = preview.text;
  if (out.refusal.empty()) add_defaults(table, filled, preview, out);
  return out;
}

}  // namespace

void explain_rows(const settings::Pipeline& pipeline, const RowLayout& layout,
                  const std::vector<std::string_view>& rows, ExplainingTools tools, Explanation& out) {
  const FieldNames fields(pipeline.processors);
  const bool has_table = !pipeline.clickhouse.urls.empty();
  clickhouse::ClickHouseClient client(pipeline.clickhouse, tools.clock, tools.secrets);
  std::optional<clickhouse::TableInfo> table;
  if (has_table) {
    out.table = pipeline.clickhouse.table;
    if (auto described = client.describe_table(kTableTimeout, tools.stop)) {
      table = *std::move(described);
    } else {
      out.why_not_asked = described.error().text;
      out.complete = false;
    }
  }
  for (const std::string_view text : rows) {
    const auto row = JsonValue::parse(text);
    if (!row) continue;
    if (!table) {
      out.rows.push_back(without_table(*row, fields));
      continue;
    }
    const ColumnMatching matching(*table, layout, clickhouse::insert_settings(pipeline.clickhouse, {}));
    const RowPreview preview =
        clickhouse::preview_row(client, *table, pipeline.clickhouse, text, kTableTimeout, tools.stop);
    if (preview.kind == RowPreview::Kind::Unknown) out.why_not_asked = preview.text;
    out.rows.push_back(with_table(*row, fields, *table, matching, preview));
  }
}

}  // namespace freshet::app
