// What an INSERT says to the server in its URL: the statement and every setting it relies on.
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

// `name` in backquotes, with what would end them escaped: a name from the configuration never becomes SQL.
std::string quote_identifier(std::string_view name);

// 'text' as an SQL string literal.
std::string quote_literal(std::string_view text);

// `name` in backquotes only where it would be something else than a name without them.
std::string quote_where_needed(std::string_view name);

// ClickHouseSettings::table. An empty ClickHouseSettings::database stays empty: the server's default for the user.
TableName table_of(const ClickHouseSettings& settings);

// `db`.`table`, or `table` alone.
std::string quote_table(const TableName& name);

// INSERT INTO `db`.`table` (`a`, `b`) FORMAT JSONEachRow
std::string insert_statement(const TableName& table, const RowLayout& layout);

// The body of an insert without rows, for FORMAT JSONEachRow: some servers refuse a body without a byte (code 108).
constexpr std::string_view kNoRows = "\n";

enum class OwnSettings {
  All,
  Required,  // those that decide what an acknowledgement means; the request has its own instead of the others
};

// Settings of ours for every insert, then `writer_options`, then the user's `insert_settings` over them. `token` may be
// empty.
SettingMap insert_settings(const ClickHouseSettings& settings, std::string_view token,
                           OwnSettings own = OwnSettings::All);

constexpr int kUnknownSetting = 115;     // ClickHouse's code: the server does not know the setting
constexpr int kSettingConstraint = 452;  // and: the user's profile does not allow to change it

// Whether inserts go without the setting on a server that answered with `code` to it: one of ours that the user did not
// set, and whose absence changes nothing in what an acknowledgement means. Otherwise the error is the operator's.
bool may_omit(const ClickHouseSettings& settings, std::string_view name, int code);

// `base` is a host's URL; its path is kept, a query of its own is extended. Settings in `without` are left out.
std::string insert_url(std::string_view base, const ClickHouseSettings& settings, const RowLayout& layout,
                       std::string_view token, const SettingNames& without);

}  // namespace freshet::clickhouse
