#include "clickhouse/insert_url.h"

#include <algorithm>
#include <iterator>

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

constexpr std::string_view kToken = "insert_deduplication_token";
constexpr std::string_view kWaitForAsync = "wait_for_async_insert";

// Which kind of request sends a setting.
enum class Sent {
  Required,     // in every request
  Plain,        // in plain requests
  ExactlyOnce,  // in every request of a pipeline with exactly-once delivery
  Native,       // in every request with RowFormat::Native
  OnDemand      // see insert_settings()
};

// When inserts may omit a setting that the server rejects.
enum class Omit {
  Never,
  WhereUnknown,   // after error 115: a server without the setting behaves as requested anyway
  WhereRejected,  // also after error 452 (the user's profile fixes another value): acknowledgements mean the same
};

struct OwnSetting {
  std::string_view name;
  std::string_view value;
  Sent sent;
  Omit omit;
};

// Defaults differ between servers and profiles, so every insert sets these. Some decide what an acknowledgement or a
// rejection means: whether rows are stored, completely or in part, once or twice, in the table and in the targets of
// its materialized views. For these, error 452 needs an operator.
constexpr OwnSetting kOwnSettings[] = {
    // Without it, 26.5 may answer before the rows are stored, and may ignore the token.
    {"async_insert", "0", Sent::Required, Omit::WhereUnknown},
    {"date_time_input_format", "best_effort", Sent::Plain, Omit::WhereRejected},
    // A table that deduplicates a repeated insert still pushes it to its views, which deduplicate it themselves (the
    // default since 26.2). Without it, a view that failed at the first attempt never gets the rows.
    {"deduplicate_blocks_in_dependent_materialized_views", "1", Sent::Required, Omit::WhereUnknown},
    // The user's profile may turn deduplication off. At least once, that is the operator's choice.
    {"deduplicate_insert", "enable", Sent::ExactlyOnce, Omit::WhereUnknown},
    // The server must not silently skip a row that it cannot parse.
    {"input_format_allow_errors_num", "0", Sent::Required, Omit::WhereUnknown},
    {"input_format_allow_errors_ratio", "0", Sent::Required, Omit::WhereUnknown},
    {kTypesConversion, "0", Sent::Native, Omit::Never},
    // A server that parses a text in chunks makes one block of each, and its own token for each block. Another process
    // may repeat the insert in another format, which has other chunks.
    {"input_format_parallel_parsing", "0", Sent::ExactlyOnce, Omit::WhereUnknown},
    {"input_format_skip_unknown_fields", "1", Sent::Plain, Omit::WhereRejected},
    {"insert_deduplicate", "1", Sent::ExactlyOnce, Omit::WhereUnknown},
    // A Distributed table answers only after the shards have stored the rows.
    {"insert_distributed_sync", "1", Sent::Plain, Omit::Never},
    // Makes every insert one block, which is stored completely or not at all: an insert has fewer rows than these
    // limits. The limit in bytes is off because it counts a row's memory including all defaults, which is many times
    // its text.
    {"max_insert_block_size", "1048576", Sent::Plain, Omit::WhereUnknown},
    {"max_insert_block_size_bytes", "0", Sent::ExactlyOnce, Omit::WhereUnknown},
    {"min_insert_block_size_bytes", "0", Sent::Required, Omit::WhereUnknown},
    {"min_insert_block_size_rows", "1048576", Sent::Required, Omit::WhereUnknown},
    {kToken, "", Sent::OnDemand, Omit::WhereRejected},
    {kWaitForAsync, "1", Sent::OnDemand, Omit::WhereUnknown},
};

const OwnSetting* own_setting(std::string_view name) {
  const auto found =
      std::find_if(std::begin(kOwnSettings), std::end(kOwnSettings), [&](const auto& own) { return own.name == name; });
  return found == std::end(kOwnSettings) ? nullptr : found;
}

}  // namespace

std::string quote_identifier(std::string_view name) { return quoted(name, '`'); }
std::string quote_literal(std::string_view text) { return quoted(text, '\''); }

std::string quote_where_needed(std::string_view name) {
  const bool plain = !name.empty() && !(name.front() >= '0' && name.front() <= '9') &&
                     std::all_of(name.begin(), name.end(), [](char c) {
                       return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
                     });
  return plain ? std::string(name) : quote_identifier(name);
}

TableName table_of(const ClickHouseSettings& settings) {
  // A name that cannot be parsed is used as is.
  return parse_table_name(settings.table).value_or(TableName{"", settings.table});
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

SettingMap insert_settings(const ClickHouseSettings& settings, std::string_view token, OwnSettings wanted,
                           RowFormat format) {
  SettingMap all;
  for (const OwnSetting& own : kOwnSettings) {
    const bool send = own.sent == Sent::Required || (own.sent == Sent::Plain && wanted == OwnSettings::All) ||
                      (own.sent == Sent::ExactlyOnce && settings.delivery == Delivery::ExactlyOnce) ||
                      (own.sent == Sent::Native && format == RowFormat::Native);
    if (send) all.emplace(own.name, own.value);
  }
  for (const auto& [name, value] : settings.writer_options) all.insert_or_assign(name, value);
  if (!token.empty()) all.insert_or_assign(std::string(kToken), std::string(token));
  for (const auto& [name, value] : settings.insert_settings) all.insert_or_assign(name, value);
  // An asynchronous insert without wait would be acknowledged before it is stored.
  if (all.at("async_insert") != "0") all.try_emplace(std::string(kWaitForAsync), "1");
  return all;
}

bool may_omit(const ClickHouseSettings& settings, std::string_view name, int code) {
  if (settings.insert_settings.contains(std::string(name))) return false;
  // Without the token, a repeat would be another insert.
  if (settings.delivery == Delivery::ExactlyOnce && name == kToken) return false;
  if (settings.writer_options.contains(std::string(name))) return true;
  const OwnSetting* own = own_setting(name);
  if (own == nullptr || own->omit == Omit::Never) return false;
  return code == kUnknownSetting || own->omit == Omit::WhereRejected;
}

std::string insert_url(std::string_view base, const ClickHouseSettings& settings, const RowLayout& layout,
                       std::string_view token, const SettingNames& without) {
  RequestUrl url(base);
  url.add("decompress", "1");
  if (!settings.database.empty()) url.add("database", settings.database);
  for (const auto& [name, value] : insert_settings(settings, token, OwnSettings::All, layout.format)) {
    if (!without.contains(name)) url.add(name, value);
  }
  url.add("query", insert_statement(table_of(settings), layout));
  return std::move(url).text();
}

}  // namespace freshet::clickhouse
