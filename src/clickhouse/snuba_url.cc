#include "clickhouse/snuba_url.h"

#include <fmt/format.h>

#include <algorithm>

namespace freshet::clickhouse {
namespace {

constexpr std::string_view kFirstOffset = "load_balancing_first_offset";

// application/x-www-form-urlencoded: a space is '+', and but for letters, digits and *-._ all bytes are escaped.
std::string form_encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool alphanumeric = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    if (alphanumeric || std::string_view("*-._").find(c) != std::string_view::npos) {
      out.push_back(c);
    } else if (c == ' ') {
      out.push_back('+');
    } else {
      fmt::format_to(std::back_inserter(out), "%{:02X}", byte);
    }
  }
  return out;
}

// Names as the reference writes them, where that cannot be anything but a name.
std::string statement(const ClickHouseSettings& settings, const RowLayout& layout) {
  const TableName table = table_of(settings);
  std::string sql = "INSERT INTO ";
  if (!table.database.empty()) sql += quote_where_needed(table.database) + ".";
  sql += quote_where_needed(table.table);
  for (size_t i = 0; i < layout.columns.size(); ++i) {
    sql += (i == 0 ? " (" : ", ") + quote_where_needed(layout.columns[i]);
  }
  if (!layout.columns.empty()) sql += ")";
  return sql.append(" FORMAT ").append(to_string(layout.format));
}

}  // namespace

std::string snuba_insert_url(std::string_view base, const ClickHouseSettings& settings, const InsertOptions& options,
                             const RowLayout& layout, std::string_view token, const SettingNames& without) {
  std::string url(base);
  if (url.find('/', url.find("://") + 3) == std::string::npos) url += '/';
  url += "?insert_distributed_sync=1&decompress=1";
  if (settings.june && layout.format == RowFormat::RowBinary) url += "&input_format_binary_read_json_as_string=1";
  url += "&load_balancing=" + form_encoded(options.load_balancing);
  if (!options.load_balancing_first_offset.empty() && !without.contains(kFirstOffset)) {
    url += fmt::format("&{}={}", kFirstOffset, form_encoded(options.load_balancing_first_offset));
  }
  if (options.max_insert_block_size >= kLeastInsertBlockSize) {
    url += fmt::format("&max_insert_block_size={}", options.max_insert_block_size);
  }
  url += "&query=" + form_encoded(statement(settings, layout));
  for (const auto& [name, value] : insert_settings(settings, token)) {
    if (!without.contains(name)) url += fmt::format("&{}={}", form_encoded(name), form_encoded(value));
  }
  return url;
}

bool may_omit_in_snuba_style(const ClickHouseSettings& settings, std::string_view name, int code) {
  return may_omit(settings, name, code) ||
         (name == kFirstOffset && !settings.insert_settings.contains(std::string(name)));
}

std::vector<std::string> snuba_headers(const ClickHouseSettings& settings, const std::string& password) {
  // libcurl's way to say that a header is sent with an empty value is a semicolon.
  const auto header = [](std::string_view name, const std::string& value) {
    return value.empty() ? fmt::format("{};", name) : fmt::format("{}: {}", name, value);
  };
  return {"Connection: keep-alive", header("X-ClickHouse-User", settings.user), header("X-ClickHouse-Key", password),
          header("X-ClickHouse-Database", settings.database)};
}

}  // namespace freshet::clickhouse
