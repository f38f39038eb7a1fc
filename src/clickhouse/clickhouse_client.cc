#include "clickhouse/clickhouse_client.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "clickhouse/error_table.h"
#include "clickhouse/insert_url.h"
#include "clickhouse/request_url.h"
#include "clickhouse/response.h"
#include "http/url.h"

namespace freshet::clickhouse {
namespace {

constexpr std::array kInputSettings = {"date_time_input_format",
                                       "input_format_column_name_matching_mode",
                                       "input_format_defaults_for_omitted_fields",
                                       "input_format_force_null_for_omitted_fields",
                                       "input_format_json_empty_as_default",
                                       "input_format_native_allow_types_conversion",
                                       "input_format_null_as_default",
                                       "input_format_skip_unknown_fields",
                                       "session_timezone"};

using nlohmann::json;

// The rows of FORMAT JSONCompact, each with `width` strings.
Result<std::vector<std::vector<std::string>>> string_rows(const std::string& text, size_t width) {
  const json answer = parse_json(text);
  const auto bad = [] {
    return failure(ErrorKind::Retry, "ClickHouse's answer is not of FORMAT JSONCompact", kUnreadableAnswer);
  };
  if (!answer.is_object() || !answer.contains("data") || !answer["data"].is_array()) return bad();
  std::vector<std::vector<std::string>> rows;
  for (const json& row : answer["data"]) {
    if (!row.is_array() || row.size() != width) return bad();
    std::vector<std::string> cells;
    for (const json& cell : row) {
      if (!cell.is_string()) return bad();
      cells.push_back(cell.get<std::string>());
    }
    rows.push_back(std::move(cells));
  }
  return rows;
}

std::string_view trim(std::string_view text) {
  const size_t first = text.find_first_not_of(" \n'");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \n'") - first + 1);
}

}  // namespace

std::map<std::string, std::string> parse_table_settings(std::string_view engine_full) {
  std::map<std::string, std::string> settings;
  constexpr std::string_view kClause = " SETTINGS ";
  const size_t clause = engine_full.rfind(kClause);
  if (clause == std::string_view::npos) return settings;
  std::string_view rest = engine_full.substr(clause + kClause.size());
  while (!rest.empty()) {
    const size_t end = rest.find(',');
    const std::string_view pair = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
    const size_t equals = pair.find('=');
    if (equals == std::string_view::npos) continue;
    settings[std::string(trim(pair.substr(0, equals)))] = trim(pair.substr(equals + 1));
  }
  return settings;
}

ClickHouseClient::ClickHouseClient(const ClickHouseSettings& settings, Clock& clock, secrets::SecretStore* secrets)
    : settings_(settings),
      clock_(clock),
      login_(settings, secrets, clock),
      client_(login_.with_certificate(client_options(settings))) {}

Result<http::Response> ClickHouseClient::send(const std::string& url, const Query& query, Duration timeout,
                                              const std::stop_token& stop) {
  RequestUrl target(url);
  if (!settings_.database.empty()) target.add("database", settings_.database);
  for (const auto& [name, value] : query.settings) target.add(name, value);
  http::Request request;
  request.method = "POST";
  request.url = std::move(target).text();
  if (login_.certificates_changed(refused_)) client_ = http::Client(login_.with_certificate(client_options(settings_)));
  request.headers = login_headers(settings_, login_.current());
  request.body = {query.sql};
  request.timeout = std::chrono::duration_cast<std::chrono::milliseconds>(timeout);
  return client_.send(request, stop);
}

Result<std::string> ClickHouseClient::ask(const std::string& url, const Query& query, Duration timeout,
                                          const std::stop_token& stop) {
  Result<http::Response> answer = send(url, query, timeout, stop);
  const auto is_refused = [&] {
    const auto error = answer ? find_error(*answer, AnswerTo::Query) : std::nullopt;
    return error && refuses_login(*error);
  };
  const bool by_tls = !answer && http::may_refuse_certificate(answer.error().code);
  refused_ = !answer || is_refused();
  if (by_tls ? login_.renew_certificate(stop) : is_refused() && login_.renew(stop)) {
    answer = send(url, query, timeout, stop);
    refused_ = !answer || is_refused();
  }
  if (!answer) {
    const bool stopping = answer.error().kind == ErrorKind::Stopping;
    return failure(stopping ? ErrorKind::Stopping : ErrorKind::Retry, answer.error().text);
  }
  if (const auto error = find_error(*answer, AnswerTo::Query)) {
    const std::string_view advice = classify(*error).advice;
    const auto host = http::parse_url(url);
    return failure(ErrorKind::Retry,
                   (host ? http::origin(*host) + ": " : std::string()) + error->text +
                       (advice.empty() ? "" : " - " + std::string(advice)),
                   error->code);
  }
  return std::move(answer->body);
}

Result<std::string> ClickHouseClient::query(std::string_view sql, Duration timeout, std::stop_token stop) {
  return ask_hosts({sql}, timeout, stop);
}

Result<std::string> ClickHouseClient::query_with(std::string_view sql, const SettingMap& settings, Duration timeout,
                                                 std::stop_token stop) {
  return ask_hosts({sql, settings}, timeout, stop);
}

Result<std::string> ClickHouseClient::ask_hosts(const Query& query, Duration timeout, const std::stop_token& stop) {
  const SteadyTime deadline = clock_.steady_now() + timeout;
  Result<std::string> answer = failure(ErrorKind::Retry, "no ClickHouse URL");
  for (const std::string& url : settings_.urls) {
    const Duration left = deadline - clock_.steady_now();
    if (left <= Duration::zero()) break;
    answer = ask(url, query, left, stop);
    if (answer || answer.error().kind == ErrorKind::Stopping) break;
  }
  return answer;
}

Result<std::vector<std::vector<std::string>>> ClickHouseClient::rows(std::string_view sql, size_t width,
                                                                     Duration timeout, std::stop_token stop) {
  const auto answer = query(sql, timeout, std::move(stop));
  if (!answer) return tl::make_unexpected(answer.error());
  return string_rows(*answer, width);
}

Result<std::string> ClickHouseClient::value_when_sent(const std::string& setting, const std::string& value,
                                                      Duration timeout, std::stop_token stop) {
  auto values = values_when_sent({{setting, value}}, timeout, std::move(stop));
  if (!values) return tl::make_unexpected(values.error());
  return values->empty() ? std::string() : std::move(values->begin()->second);
}

Result<SettingMap> ClickHouseClient::values_when_sent(const SettingMap& settings, Duration timeout,
                                                      std::stop_token stop) {
  std::string names;
  for (const auto& [name, value] : settings) names += (names.empty() ? "" : ", ") + quote_literal(name);
  const std::string sql = "SELECT name, value FROM system.settings WHERE name IN (" + names + ") FORMAT JSONCompact";
  const auto answer = ask_hosts({sql, settings}, timeout, stop);
  if (!answer) return tl::make_unexpected(answer.error());
  const auto found = string_rows(*answer, 2);
  if (!found) return tl::make_unexpected(found.error());
  SettingMap values;
  for (const auto& row : *found) values[row[0]] = row[1];
  return values;
}

Result<std::string> ClickHouseClient::server_version(Duration timeout, std::stop_token stop) {
  Result<std::string> answer = query("SELECT version() FORMAT TabSeparated", timeout, stop);
  if (answer) answer->erase(answer->find_last_not_of("\r\n ") + 1);
  return answer;
}

Result<TableInfo> ClickHouseClient::describe_table(Duration timeout, std::stop_token stop) {
  const SteadyTime deadline = clock_.steady_now() + timeout;
  const TableName name = table_of(settings_);
  const std::string database = name.database.empty() ? "currentDatabase()" : quote_literal(name.database);
  const auto tables = query("SELECT database, engine, engine_full FROM system.tables WHERE database = " + database +
                                " AND name = " + quote_literal(name.table) + " FORMAT JSONCompact",
                            timeout, stop);
  if (!tables) return tl::make_unexpected(tables.error());
  const auto table = string_rows(*tables, 3);
  if (!table) return tl::make_unexpected(table.error());
  if (table->empty()) {
    return failure(
        ErrorKind::Retry,
        "table " + settings_.table + " does not exist, or the user may not see it: create it, or correct --table", 60);
  }
  TableInfo info;
  info.table = name.table;
  info.database = table->front()[0];
  info.engine = table->front()[1];
  info.engine_full = table->front()[2];
  info.settings = parse_table_settings(info.engine_full);
  // All servers return system.columns in the table's order; old ones have no `position` to sort by.
  const auto columns =
      query("SELECT name, type, default_kind, default_expression FROM system.columns WHERE database = " +
                quote_literal(info.database) + " AND table = " + quote_literal(name.table) + " FORMAT JSONCompact",
            deadline - clock_.steady_now(), stop);
  if (!columns) return tl::make_unexpected(columns.error());
  const auto rows = string_rows(*columns, 4);
  if (!rows) return tl::make_unexpected(rows.error());
  for (const auto& row : *rows) info.columns.push_back({row[0], row[1], row[2], row[3]});
  if (Status described = describe_settings(info, deadline, stop); !described) {
    return tl::make_unexpected(described.error());
  }
  return info;
}

Status ClickHouseClient::describe_settings(TableInfo& info, SteadyTime deadline, const std::stop_token& stop) {
  std::string names;
  for (const char* const setting : kInputSettings) names += (names.empty() ? "" : ", ") + quote_literal(setting);
  const std::string of_input = " FROM system.settings WHERE name IN (" + names + ")";
  const auto settings =
      query("SELECT name, value" + of_input + " UNION ALL SELECT 'timezone', timezone() FORMAT JSONCompact",
            deadline - clock_.steady_now(), stop);
  if (!settings) return tl::make_unexpected(settings.error());
  const auto values = string_rows(*settings, 2);
  if (!values) return {};
  for (const auto& setting : *values) info.input_settings[setting[0]] = setting[1];
  info.name_matching = info.input_settings["input_format_column_name_matching_mode"];
  // Old servers have no column `readonly`.
  if (!info.input_settings.contains(std::string(kTypesConversion))) return {};
  const auto fixed =
      rows("SELECT name" + of_input + " AND readonly = 1 FORMAT JSONCompact", 1, deadline - clock_.steady_now(), stop);
  if (!fixed) return tl::make_unexpected(fixed.error());
  for (const auto& setting : *fixed) info.fixed_settings.insert(setting[0]);
  return {};
}

}  // namespace freshet::clickhouse
