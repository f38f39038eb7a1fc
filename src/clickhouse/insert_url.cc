#include "clickhouse/insert_url.h"

#include "clickhouse/request_url.h"

namespace freshet::clickhouse {
namespace {

std::string quoted(std::string_view text, char quote) {
  std::string out(1, quote);
  for (const char c : text) {
    if (c == quote || c == '\\') out.push_back('\\');
    out.push_back(c);
  }
  out.push_back(quote);
  return out;
}

// Servers differ in their defaults, so every insert says what it means. What a server does not know (error 115) is
// dropped for that server.
const SettingMap& own_settings() {
  static const SettingMap settings = {
      {"async_insert", "0"},  // 26.5 inserts asynchronously by default and then ignores the token
      {"date_time_input_format", "best_effort"},
      {"input_format_skip_unknown_fields", "1"},
      {"insert_distributed_sync", "1"},  // a Distributed table answers once the shards have the rows
      // Above what a batch may hold (999,999 rows, 200 MB), so that the server takes it as one block.
      {"max_insert_block_size", "1048576"},
      {"min_insert_block_size_bytes", "268435456"},
      {"min_insert_block_size_rows", "1048576"},
  };
  return settings;
}

constexpr std::string_view kToken = "insert_deduplication_token";
constexpr std::string_view kWaitForAsync = "wait_for_async_insert";

// Reads one part of a table name from `at`; stops behind it.
std::string name_part(std::string_view text, size_t& at) {
  if (at >= text.size() || text[at] != '`') {
    const size_t end = text.find('.', at);
    std::string part(text.substr(at, end - at));
    at = end == std::string_view::npos ? text.size() : end;
    return part;
  }
  std::string part;
  for (++at; at < text.size() && text[at] != '`'; ++at) part.push_back(text[at]);
  if (at < text.size()) ++at;
  return part;
}

}  // namespace

std::string quote_identifier(std::string_view name) { return quoted(name, '`'); }
std::string quote_literal(std::string_view text) { return quoted(text, '\''); }

TableName parse_table_name(std::string_view text) {
  size_t at = 0;
  TableName name;
  name.table = name_part(text, at);
  if (at < text.size() && text[at] == '.') {
    ++at;
    name.database = std::move(name.table);
    name.table = at < text.size() && text[at] == '`' ? name_part(text, at) : std::string(text.substr(at));
  }
  return name;
}

std::string quote_table(const TableName& name) {
  return (name.database.empty() ? std::string() : quote_identifier(name.database) + ".") + quote_identifier(name.table);
}

std::string insert_statement(const TableName& table, const RowLayout& layout) {
  std::string sql = "INSERT INTO " + quote_table(table);
  for (size_t i = 0; i < layout.columns.size(); ++i) {
    sql += (i == 0 ? " (" : ", ") + quote_identifier(layout.columns[i]);
  }
  if (!layout.columns.empty()) sql += ")";
  return sql.append(" FORMAT ").append(to_string(layout.format));
}

SettingMap insert_settings(const ClickHouseSettings& settings, std::string_view token) {
  SettingMap all = own_settings();
  if (!token.empty()) all.insert_or_assign(std::string(kToken), std::string(token));
  for (const auto& [name, value] : settings.insert_settings) all.insert_or_assign(name, value);
  // An asynchronous insert that is not waited for would be acknowledged before it is stored.
  if (all.at("async_insert") != "0") all.try_emplace(std::string(kWaitForAsync), "1");
  return all;
}

bool is_droppable(const ClickHouseSettings& settings, std::string_view name) {
  if (settings.insert_settings.contains(std::string(name))) return false;
  return name == kToken || name == kWaitForAsync || own_settings().contains(name);
}

std::string insert_url(std::string_view base, const ClickHouseSettings& settings, const RowLayout& layout,
                       std::string_view token, const SettingNames& without) {
  RequestUrl url(base);
  url.add("decompress", "1");
  if (!settings.database.empty()) url.add("database", settings.database);
  for (const auto& [name, value] : insert_settings(settings, token)) {
    if (!without.contains(name)) url.add(name, value);
  }
  url.add("query", insert_statement(parse_table_name(settings.table), layout));
  return std::move(url).text();
}

}  // namespace freshet::clickhouse
