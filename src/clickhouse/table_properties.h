// Properties of a table that decide how an insert is sent and what follows a failed one.
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

namespace freshet::clickhouse {

struct TableProperties {
  std::string table;  // "db.table"
  bool replicated = false;
  // The table, and the target of every view that reads from it, recognise a repeated insert, and the repeat is pushed
  // to the views. Unknown counts as false.
  bool repeats_recognised = false;
  std::string why_not;  // for people; empty if they do
  bool whole_or_nothing =
      false;                 // an insert of one block is stored completely or not at all: the table has no partitions
  bool loose_names = false;  // field names match columns case-insensitively
  std::vector<std::string> columns;  // columns that an insert may fill
};

// Threads: any. Retry: the server does not answer. `mask`: see ClickHouseClient.
Result<TableProperties> query_table_properties(const ClickHouseSettings& settings, Clock& clock, SecretMask* mask,
                                               Duration timeout, std::stop_token stop);

// Shared by the writers of a table. Threads: any.
class TablePropertiesCache {
 public:
  TablePropertiesCache(ClickHouseSettings settings, Clock& clock, SecretMask* mask = nullptr)
      : settings_(std::move(settings)), clock_(clock), mask_(mask) {}

  // Not older than `max_age`: queries the server if necessary, for at most five seconds. None: the server does not
  // answer.
  std::optional<TableProperties> properties(Duration max_age, std::stop_token stop);
  // A field of the rows was a column of the table once, or an operator accepts such rows.
  bool fields_match() const { return fields_match_.load(std::memory_order_relaxed); }
  void set_fields_match() { fields_match_.store(true, std::memory_order_relaxed); }

 private:
  const ClickHouseSettings settings_;
  Clock& clock_;
  SecretMask* const mask_;
  std::atomic<bool> fields_match_{false};
  Mutex mutex_;
  std::optional<TableProperties> known_ GUARDED_BY(mutex_);
  SteadyTime known_at_ GUARDED_BY(mutex_){};
};

// Names in rows of FORMAT JSONEachRow, each once, in order, at most 100. Stops at the first name that is a column; the
// result is then empty.
std::vector<std::string> fields_without_column(const std::vector<std::string_view>& rows,
                                               const TableProperties& properties);

}  // namespace freshet::clickhouse
