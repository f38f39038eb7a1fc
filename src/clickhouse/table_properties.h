// Properties of a table that decide how inserts are sent and how failed ones are handled.
#pragma once

#include <atomic>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "base/result.h"
#include "clickhouse/clickhouse_client.h"
#include "clickhouse/clickhouse_settings.h"
#include "secrets/secret_store.h"

namespace freshet::clickhouse {

struct TableProperties {
  std::string table;  // "db.table"
  bool replicated = false;
  // The table and the target of every view that reads from it deduplicate a repeated insert, and the repeat is pushed
  // to the views. False if unknown.
  bool repeats_recognised = false;
  std::string why_not;  // why repeats_recognised is false; for people
  bool whole_or_nothing =
      false;                 // an insert of one block is stored completely or not at all: the table has no partitions
  bool loose_names = false;  // field names match columns case-insensitively
  std::vector<std::string> columns;  // columns that an insert may fill
};

// Errors: Retry if the server does not answer. `secrets`: see ClickHouseClient. Threads: any.
Result<TableProperties> query_table_properties(const ClickHouseSettings& settings, Clock& clock,
                                               secrets::SecretStore* secrets, Duration timeout, std::stop_token stop);

// Caches the properties for all writers of a table. Threads: any.
class TablePropertiesCache {
 public:
  TablePropertiesCache(ClickHouseSettings settings, Clock& clock, secrets::SecretStore* secrets = nullptr)
      : settings_(std::move(settings)), clock_(clock), secrets_(secrets) {}

  // Properties that are not older than `max_age`. If necessary, queries the server, for at most five seconds. None if
  // the server does not answer.
  std::optional<TableProperties> properties(Duration max_age, std::stop_token stop);
  // True once a field of a row has matched a column, or an operator accepts rows without one.
  bool fields_match() const { return fields_match_.load(std::memory_order_relaxed); }
  void set_fields_match() { fields_match_.store(true, std::memory_order_relaxed); }

 private:
  const ClickHouseSettings settings_;
  Clock& clock_;
  secrets::SecretStore* const secrets_;
  std::atomic<bool> fields_match_{false};
  Mutex mutex_;
  std::optional<TableProperties> known_ GUARDED_BY(mutex_);
  SteadyTime known_at_ GUARDED_BY(mutex_){};
};

// The distinct field names in rows of FORMAT JSONEachRow, in order, at most 100. Returns an empty list as soon as a
// name is a column.
std::vector<std::string> fields_without_column(const std::vector<std::string_view>& rows,
                                               const TableProperties& properties);

}  // namespace freshet::clickhouse
