#include "clickhouse/row_preview.h"

#include <fmt/format.h>

#include <utility>

#include "clickhouse/error_codes.h"
#include "clickhouse/insert_url.h"
#include "clickhouse/json_value.h"
#include "clickhouse/response.h"

namespace freshet::clickhouse {
namespace {

constexpr int kUnknownFunction = 46;
constexpr int kNoPrivilege = 497;
constexpr size_t kMaxShownValue = 1 << 20;
constexpr size_t kUsualQuerySize = 200'000;  // the server's max_query_size is 262,144 by default

// Those of an insert that decide how a row is read, and those that make the answer readable.
SettingMap preview_settings(const ClickHouseSettings& settings, size_t query_size) {
  SettingMap all = {{"output_format_json_quote_64bit_integers", "0"},
                    {"output_format_json_quote_denormals", "1"},
                    {"allow_suspicious_low_cardinality_types", "1"}};
  if (query_size > kUsualQuerySize) all["max_query_size"] = std::to_string(query_size + 1000);
  for (const auto& [name, value] : insert_settings(settings, {})) {
    const bool reads =
        name.starts_with("input_format_") || name.starts_with("date_time_") || name == "session_timezone";
    if (reads) all.insert_or_assign(name, value);
  }
  return all;
}

std::string structure_of(const TableInfo& table, bool with_defaults) {
  std::string out;
  for (const ColumnInfo& column : table.columns) {
    if (!column.insertable() || column.default_kind == "EPHEMERAL") continue;
    out += (out.empty() ? "" : ", ") + quote_identifier(column.name) + " " + column.type;
    if (with_defaults && column.default_kind == "DEFAULT") out += " DEFAULT " + column.default_expression;
  }
  return out;
}

bool is_about_the_value(const Error& error) {
  const ErrorCode* known = find_error_code(error.code);
  return known != nullptr && known->of_values == ErrorClass::Data;
}

// One question: how the server reads the row into columns of `structure`.
class Preview {
 public:
  Preview(ClickHouseClient& client, const ClickHouseSettings& settings, std::string_view row, Duration timeout,
          const std::stop_token& stop)
      : client_(client), settings_(settings), row_(quote_literal(row)), timeout_(timeout), stop_(stop) {}

  // The server's answer: a JSON object. `skip_unknown`: whatever the inserts say, fields without a column are no error.
  Result<std::string> ask(const std::string& structure, bool skip_unknown = false) {
    const std::string sql =
        fmt::format("SELECT * FROM format(JSONEachRow, {}, {}) FORMAT JSONEachRow", quote_literal(structure), row_);
    SettingMap settings = preview_settings(settings_, sql.size());
    if (skip_unknown) settings["input_format_skip_unknown_fields"] = "1";
    for (const std::string& name : omitted_) settings.erase(name);
    for (;;) {
      auto answer = client_.query_with(sql, settings, timeout_, stop_);
      if (answer || (answer.error().code != kUnknownSetting && answer.error().code != kSettingConstraint)) {
        return answer;
      }
      const std::string name(named_setting(answer.error().text));
      if (settings.erase(name) == 0) return answer;
      omitted_.insert(name);
    }
  }

 private:
  ClickHouseClient& client_;
  const ClickHouseSettings& settings_;
  const std::string row_;
  const Duration timeout_;
  const std::stop_token& stop_;
  SettingNames omitted_;  // the server refuses them
};

std::string why_unknown(const Error& error) {
  if (error.code == kUnknownFunction) {
    return "the server has no table function `format` (ClickHouse 22.9 and later have it), so it cannot be asked what "
           "it would store";
  }
  if (error.code == kNoPrivilege) {
    return "the user may not use the table function `format`: GRANT CREATE TEMPORARY TABLE ON *.* TO the user. " +
           error.text;
  }
  return error.text;
}

// Which fields the server refuses, each asked for alone, and what it would store of the others.
void ask_each_column(Preview& preview, const TableInfo& table, RowPreview& out) {
  for (const ColumnInfo& column : table.columns) {
    if (!column.insertable() || column.default_kind == "EPHEMERAL") continue;
    const auto answer = preview.ask(quote_identifier(column.name) + " " + column.type, true);
    if (!answer) {
      if (is_about_the_value(answer.error())) out.refused[column.name] = answer.error().text;
      continue;
    }
    const auto value = JsonValue::parse(*answer);
    if (value && !value->elements.empty()) out.values[column.name] = value->elements.front().shown(kMaxShownValue);
  }
}

}  // namespace

RowPreview preview_row(ClickHouseClient& client, const TableInfo& table, const ClickHouseSettings& settings,
                       std::string_view row, Duration timeout, const std::stop_token& stop, RefusedColumns refused) {
  Preview preview(client, settings, row, timeout, stop);
  RowPreview out;
  auto answer = preview.ask(structure_of(table, true));
  // A DEFAULT may need a column that an insert does not fill.
  if (!answer && !is_about_the_value(answer.error())) answer = preview.ask(structure_of(table, false));
  if (!answer) {
    if (!is_about_the_value(answer.error())) {
      out.text = why_unknown(answer.error());
      return out;
    }
    out.kind = RowPreview::Kind::Rejected;
    out.text = answer.error().text;
    if (refused == RefusedColumns::Found) ask_each_column(preview, table, out);
    return out;
  }
  const auto stored = JsonValue::parse(*answer);
  if (!stored || stored->kind != JsonValue::Kind::Object) {
    out.text = "the server's answer is not a row";
    return out;
  }
  out.kind = RowPreview::Kind::Stored;
  for (size_t i = 0; i < stored->elements.size(); ++i) {
    out.values[stored->names[i]] = stored->elements[i].shown(kMaxShownValue);
  }
  return out;
}

}  // namespace freshet::clickhouse
