// What an INSERT says to the server in its URL: the statement and every setting it relies on.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>

#include "clickhouse/clickhouse_settings.h"
#include "model/rows.h"

namespace freshet::clickhouse {

using SettingMap = std::map<std::string, std::string, std::less<>>;
using SettingNames = std::set<std::string, std::less<>>;

// `name` in backquotes, with what would end them escaped: a name from the configuration never becomes SQL.
std::string quote_identifier(std::string_view name);

// 'text' as an SQL string literal.
std::string quote_literal(std::string_view text);

// TABLE or DB.TABLE. Split at the first dot; a part may stand in backquotes and then hold dots. An empty
// ClickHouseSettings::database stays empty: the server's default for the user.
struct TableName {
  std::string database;  // empty = none given
  std::string table;
};
TableName parse_table_name(std::string_view text);

// `db`.`table`, or `table` alone.
std::string quote_table(const TableName& name);

// INSERT INTO `db`.`table` (`a`, `b`) FORMAT JSONEachRow
std::string insert_statement(const TableName& table, const RowLayout& layout);

// Settings of ours for every insert, then the user's `insert_settings` over them. `token` may be empty.
SettingMap insert_settings(const ClickHouseSettings& settings, std::string_view token);

// Whether the setting is one of ours that the user did not set: it may be dropped for a server that does not know it.
bool is_droppable(const ClickHouseSettings& settings, std::string_view name);

// `base` is a host's URL; its path is kept, a query of its own is extended. Settings in `without` are left out.
std::string insert_url(std::string_view base, const ClickHouseSettings& settings, const RowLayout& layout,
                       std::string_view token, const SettingNames& without);

}  // namespace freshet::clickhouse
