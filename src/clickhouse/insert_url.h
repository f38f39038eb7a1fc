// Builds the URL of an INSERT: the statement and every setting that it depends on.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>

#include "clickhouse/clickhouse_settings.h"
#include "model/rows.h"
#include "model/table_name.h"

namespace freshet::clickhouse {

using SettingMap = std::map<std::string, std::string, std::less<>>;
using SettingNames = std::set<std::string, std::less<>>;

// `name` in backquotes, escaped, so that a configured name is never interpreted as SQL.
std::string quote_identifier(std::string_view name);

// 'text' as an SQL string literal.
std::string quote_literal(std::string_view text);

// `name`, in backquotes only if it needs them.
std::string quote_where_needed(std::string_view name);

// Parses ClickHouseSettings::table. An empty ClickHouseSettings::database stays empty and means the user's default.
TableName table_of(const ClickHouseSettings& settings);

// `db`.`table`, or `table` alone.
std::string quote_table(const TableName& name);

// INSERT INTO `db`.`table` (`a`, `b`) FORMAT JSONEachRow
std::string insert_statement(const TableName& table, const RowLayout& layout);

// The body of an insert without rows, for FORMAT JSONEachRow; some servers reject an empty body (code 108).
constexpr std::string_view kNoRows = "\n";

enum class OwnSettings {
  All,
  Required,  // only those that decide what an acknowledgement means; the request brings its own for the others
};

// The settings of an insert: freshet's own, overridden by `writer_options`, overridden by the user's `insert_settings`.
// `token` may be empty.
SettingMap insert_settings(const ClickHouseSettings& settings, std::string_view token,
                           OwnSettings own = OwnSettings::All, RowFormat format = RowFormat::JsonEachRow);

// With Native: 0 makes the server compare the types of the insert with those of the table, and refuse others (except an
// Enum of the same width). It would convert them, by other rules than it reads JSON. Servers that do not know the
// setting compare nothing: of a type that is not the table's any more, 18.16 stores other values, or dies (a column
// that became Nullable).
constexpr std::string_view kTypesConversion = "input_format_native_allow_types_conversion";

constexpr int kUnknownSetting = 115;     // the server does not know the setting
constexpr int kSettingConstraint = 452;  // the user's profile does not allow changing the setting

// True if inserts may omit the setting on a server that rejected it with `code`: the user's `insert_settings` do not
// contain it, it is not the token of exactly-once delivery, and it is one of `writer_options` or one of freshet's own
// that does not change what an acknowledgement means. Otherwise the operator must fix the error.
bool may_omit(const ClickHouseSettings& settings, std::string_view name, int code);

// `base` is a host's URL, whose path and query are kept. Settings in `without` are omitted.
std::string insert_url(std::string_view base, const ClickHouseSettings& settings, const RowLayout& layout,
                       std::string_view token, const SettingNames& without);

}  // namespace freshet::clickhouse
