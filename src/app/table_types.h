// The columns of the table for rows in its types.
#pragma once

#include <chrono>
#include <optional>
#include <stop_token>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "model/table_columns.h"
#include "secrets/secret_store.h"
#include "settings/settings.h"

namespace freshet::app {

// Asks the server. Empty: rows are to be JSONEachRow, because the server does not compare the types of an insert's
// columns with those of the table, which may be altered meanwhile (18.16 stores wrong values of some types then), or a
// setting gives JSONEachRow another meaning than usual. Errors: see clickhouse::ClickHouseClient.
Result<TableColumns> table_types(const settings::Pipeline& pipeline, Clock& clock, Duration timeout,
                                 const std::stop_token& stop, secrets::SecretStore* secrets);

// `types`, unless the user may insert only into some columns of the table: its other columns are hidden, and rows
// without an exact form could not be sent as JSONEachRow, which names no columns. So all rows of such a user are
// JSONEachRow, and the server says which right is missing. Sends an insert without rows. Error: it does not say that.
Result<TableColumns> if_user_may_insert(TableColumns types, const settings::Pipeline& pipeline, Clock& clock,
                                        Duration timeout, const std::stop_token& stop, secrets::SecretStore* secrets);

// How long a description counts if the table cannot be described again. Rows would leave out columns that were added
// since, so after a minute they are JSONEachRow until it can. Threads: one.
class TrustedDescription {
 public:
  static constexpr Duration kTrusted = std::chrono::minutes(1);

  // What holds at `now`, after an attempt with this result. An error: what held before.
  Result<TableColumns> accept(Result<TableColumns> described, SteadyTime now);

 private:
  std::optional<SteadyTime> described_at_;
  std::string why_json_;  // not empty: the last description does not count any more
};

}  // namespace freshet::app
