// What an insert into a table reaches: the table, the targets of the materialized views that read from it, and the
// server's settings that decide whether a repeated insert is stored again.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "clickhouse/clickhouse_client.h"
#include "clickhouse/clickhouse_settings.h"
#include "clickhouse/insert_url.h"
#include "model/table_name.h"
#include "secrets/secret_store.h"

namespace freshet::clickhouse {

// A table that stores inserted rows, or what a view makes of them.
struct ReachedTable {
  TableName name;      // with its database
  std::string view;    // "db.view": the view that writes into it; empty: rows are inserted into the table itself
  std::string engine;  // empty: the table does not exist, or the user may not see it
  std::map<std::string, std::string> settings;  // from the table's SETTINGS clause

  bool merge_tree() const { return engine.find("MergeTree") != std::string::npos; }
  bool replicated() const { return engine.starts_with("Replicated") || engine.starts_with("Shared"); }
  std::string text() const { return name.database + "." + name.table; }
};

struct TableSurvey {
  TableInfo table;
  std::vector<ReachedTable> reached;  // the table itself, then the targets of its views and of views on these
  bool has_views = false;             // materialized views
  std::string incomplete;             // why `reached` is not complete; empty: it is
  std::optional<Error> failed_query;  // because of which `reached` is not complete

  // The values of relevant settings for an insert: what freshet sends, otherwise the user's profile or the server's
  // default. What a proxy removes from requests is not sent. Empty: unknown to the server.
  bool knows(std::string_view setting) const { return server.contains(setting); }
  std::string value(std::string_view setting) const;
  // freshet sends it, and a proxy in front of the server removes it, or sends another value.
  bool removed(std::string_view setting) const;
  // The table's value of a setting of MergeTree, otherwise the server's default. None: the server has no such setting.
  std::optional<uint64_t> number(const ReachedTable& of, std::string_view setting) const;
  // The number of entries in the table's deduplication log; 0: it recognises no repeat. None: the engine is not of the
  // MergeTree family.
  std::optional<uint64_t> window(const ReachedTable& of) const;

  SettingMap server;      // system.settings
  SettingMap merge_tree;  // system.merge_tree_settings
  SettingMap sent;        // insert_settings()
  // Those that the user's profile does not allow to change, and of the others what the server has of `sent`. Not known
  // of servers without tokens.
  SettingMap fixed;
  SettingMap arrived;
};

// The setting of a table that holds the size of its deduplication log.
std::string_view window_setting(const ReachedTable& table);

// Queries about a table and what its inserts reach, within one deadline. Threads: one at a time.
class TableSurveyor {
 public:
  // `secrets`: see ClickHouseClient. `settings` must outlive the object.
  TableSurveyor(const ClickHouseSettings& settings, Clock& clock, secrets::SecretStore* secrets, Duration timeout,
                std::stop_token stop);

  // Errors: as ClickHouseClient, if the table or the settings cannot be queried.
  Result<TableSurvey> survey();
  // See ClickHouseClient::rows.
  Result<std::vector<std::vector<std::string>>> rows(std::string_view sql, size_t width);
  Duration left() const;

 private:
  struct Open;
  Status query_settings(TableSurvey& survey);
  Status query_arrived(TableSurvey& survey);
  void add_targets(TableSurvey& survey);
  bool add_views_of(const TableName& table, Open& open, TableSurvey& survey);
  bool add_target(const TableName& view, Open& open, TableSurvey& survey);
  Status add_inner_table(const TableName& view, const std::string& create, TableSurvey& survey);
  std::string inner_names(const TableName& view, const TableSurvey& survey) const;

  const ClickHouseSettings& settings_;
  Clock& clock_;
  ClickHouseClient client_;
  const SteadyTime deadline_;
  const std::stop_token stop_;
};

}  // namespace freshet::clickhouse
