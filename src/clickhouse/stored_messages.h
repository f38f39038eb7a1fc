// Counts the rows that a table has of given messages, by the columns that hold their partition and offset.
#pragma once

#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "clickhouse/clickhouse_settings.h"
#include "clickhouse/table_survey.h"
#include "model/ids.h"
#include "ports/row_counts.h"
#include "secrets/secret_store.h"

namespace freshet::clickhouse {

// The columns of the table that hold the position of a row's message.
struct PositionColumns {
  std::string partition;
  std::string offset;
  std::string topic{};        // empty: there is none, and no other topic goes into the table
  std::string topic_value{};  // in the column `topic`
};

// Why rows of the table cannot be found by the position of their message; for people. Empty: they can be.
std::string why_not_countable(const TableSurvey& survey, const PositionColumns& columns);
// Why a row that is not there may have been stored; for people. Empty: then it was not.
std::string why_rows_may_be_gone(const TableInfo& table);

// The messages without a row. Invalid: some have another number of rows than the insert has, so that the missing rows
// are not known by their messages.
Result<std::vector<Offset>> missing_messages(const InsertMessages& inserted, const std::map<int64_t, uint64_t>& counts);

// Threads: one at a time.
class StoredMessages {
 public:
  // None: rows have no such columns, so missing() fails. See ClickHouseClient for `secrets`. `settings` must outlive
  // the object.
  StoredMessages(std::optional<PositionColumns> columns, const ClickHouseSettings& settings, Clock& clock,
                 secrets::SecretStore* secrets)
      : columns_(std::move(columns)), settings_(settings), clock_(clock), secrets_(secrets) {}

  // The messages of which the table has no row. Reads two or three columns of the whole table, unless its sorting key
  // begins with them. Errors: Retry if the server does not answer. Fatal or Invalid: it cannot be told. Stopping if
  // `stop` was requested.
  Result<std::vector<Offset>> missing(const InsertMessages& inserted, const std::stop_token& stop);

 private:
  const std::optional<PositionColumns> columns_;
  const ClickHouseSettings& settings_;
  Clock& clock_;
  secrets::SecretStore* const secrets_;
};

}  // namespace freshet::clickhouse
