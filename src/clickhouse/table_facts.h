// What of a table decides how an insert may be sent, and how one that failed may go on.
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

struct TableFacts {
  std::string table;  // "db.table"
  bool replicated = false;
  // The table, and the target of every view that reads from it, recognise a repeated insert, and the repeat is pushed
  // to the views. What is not known counts as no.
  bool repeats_recognised = false;
  std::string why_not;            // for a person; empty when they are
  bool whole_or_nothing = false;  // an insert of one block is stored whole or not at all: the table has no partitions
  bool loose_names = false;       // a field matches a column in whatever case
  std::vector<std::string> columns;  // that an insert may fill
};

// Threads: any. Retry: the server does not say. `mask`: see ClickHouseClient.
Result<TableFacts> ask_table_facts(const ClickHouseSettings& settings, Clock& clock, SecretMask* mask, Duration timeout,
                                   std::stop_token stop);

// Shared by the writers of a table. Threads: any.
class TableKnowledge {
 public:
  TableKnowledge(ClickHouseSettings settings, Clock& clock, SecretMask* mask = nullptr)
      : settings_(std::move(settings)), clock_(clock), mask_(mask) {}

  // No older than `max_age`: asked anew where needed, for at most five seconds. Where the server does not say: none.
  std::optional<TableFacts> facts(Duration max_age, std::stop_token stop);
  // A field of the rows was a column of the table once, or an operator wants them anyway.
  bool fields_match() const { return fields_match_.load(std::memory_order_relaxed); }
  void set_fields_match() { fields_match_.store(true, std::memory_order_relaxed); }

 private:
  const ClickHouseSettings settings_;
  Clock& clock_;
  SecretMask* const mask_;
  std::atomic<bool> fields_match_{false};
  Mutex mutex_;
  std::optional<TableFacts> known_ GUARDED_BY(mutex_);
  SteadyTime known_at_ GUARDED_BY(mutex_){};
};

// Names in rows of FORMAT JSONEachRow, each once, in their order, at most 100. Stops at the first that is a column:
// the result is then empty.
std::vector<std::string> fields_without_column(const std::vector<std::string_view>& rows, const TableFacts& facts);

}  // namespace freshet::clickhouse
