// Sends queries other than inserts to ClickHouse: for `freshet check` and the table check of `freshet run`.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <set>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "clickhouse/clickhouse_settings.h"
#include "clickhouse/insert_url.h"
#include "clickhouse/login.h"
#include "http/http_client.h"
#include "secrets/secret_store.h"

namespace freshet::clickhouse {

struct ColumnInfo {
  std::string name;
  std::string type;          // as ClickHouse writes it
  std::string default_kind;  // "", "DEFAULT", "MATERIALIZED", "ALIAS", "EPHEMERAL"
  std::string default_expression = {};
  bool insertable() const { return default_kind != "MATERIALIZED" && default_kind != "ALIAS"; }
};

struct TableInfo {
  std::string database;
  std::string table;
  std::string engine;
  std::string engine_full;
  std::vector<ColumnInfo> columns;              // in the table's order
  std::map<std::string, std::string> settings;  // from the table's SETTINGS clause
  // The server's input_format_column_name_matching_mode. Empty: the server has no such setting and matches names
  // exactly.
  std::string name_matching;
  // The server's values of settings that decide what it stores of an insert, those that it knows (kInputSettings in the
  // source), and its `timezone`.
  std::map<std::string, std::string> input_settings;
  // Those of them that the user's profile does not allow to change. Not known of servers without
  // input_format_native_allow_types_conversion.
  std::set<std::string> fixed_settings;

  bool replicated() const { return engine.starts_with("Replicated") || engine.starts_with("Shared"); }
};

// Parses the SETTINGS clause at the end of system.tables.engine_full.
std::map<std::string, std::string> parse_table_settings(std::string_view engine_full);

// The code of an error: an answer of ClickHouse that does not have the requested format.
inline constexpr int kUnreadableAnswer = -1;

// Tries the hosts in order until one answers. Threads: one at a time.
// Errors: Retry if no host is reachable, the table or database does not exist, or access is denied; the text tells the
// operator how to fix it while freshet runs. Stopping if `stop` was requested. The code is ClickHouse's, or
// kUnreadableAnswer, or 0 if no host answered.
class ClickHouseClient {
 public:
  // `secrets` may be null; see Login.
  ClickHouseClient(const ClickHouseSettings& settings, Clock& clock, secrets::SecretStore* secrets = nullptr);

  // Returns the response body. `sql` is sent as the request body; add a FORMAT clause if the format matters.
  Result<std::string> query(std::string_view sql, Duration timeout, std::stop_token stop = {});
  // The same with settings of this query. Error code 115 if the server does not know one of them.
  Result<std::string> query_with(std::string_view sql, const SettingMap& settings, Duration timeout,
                                 std::stop_token stop = {});
  // Runs a query that ends with FORMAT JSONCompact and selects `width` strings per row.
  Result<std::vector<std::vector<std::string>>> rows(std::string_view sql, size_t width, Duration timeout,
                                                     std::stop_token stop = {});
  // The value that `setting`, which the server knows, has in a request that sends `value`. Another one: a proxy in
  // front of the server removes the settings of requests. Error code 452 or 164 if the user may not change it.
  Result<std::string> value_when_sent(const std::string& setting, const std::string& value, Duration timeout,
                                      std::stop_token stop = {});
  // The same for several.
  Result<SettingMap> values_when_sent(const SettingMap& settings, Duration timeout, std::stop_token stop = {});
  Result<std::string> server_version(Duration timeout, std::stop_token stop = {});  // "18.16.1"
  // Describes ClickHouseSettings::table. Error code 60 if it does not exist.
  Result<TableInfo> describe_table(Duration timeout, std::stop_token stop = {});

 private:
  struct Query {
    std::string_view sql;
    SettingMap settings = {};  // of this query
  };
  Status describe_settings(TableInfo& info, SteadyTime deadline, const std::stop_token& stop);
  Result<std::string> ask_hosts(const Query& query, Duration timeout, const std::stop_token& stop);
  Result<std::string> ask(const std::string& url, const Query& query, Duration timeout, const std::stop_token& stop);
  Result<http::Response> send(const std::string& url, const Query& query, Duration timeout,
                              const std::stop_token& stop);

  const ClickHouseSettings settings_;
  Clock& clock_;
  Login login_;
  http::Client client_;
  bool refused_ = false;  // the last request had no answer, or its login was refused
};

}  // namespace freshet::clickhouse
