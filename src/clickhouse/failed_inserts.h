// Decides how to continue after a failed insert: repeat it, send smaller inserts, or block the batch.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>

#include "clickhouse/clickhouse_settings.h"
#include "clickhouse/error_table.h"
#include "clickhouse/insert_stage.h"
#include "clickhouse/response.h"
#include "clickhouse/table_properties.h"
#include "ports/row_writer.h"

namespace freshet::clickhouse {

// Tracks the attempts of one insert. Threads: the writer's only.
class FailedInserts {
 public:
  // `table`: see make_row_writer().
  explicit FailedInserts(std::shared_ptr<TablePropertiesCache> table) : table_(std::move(table)) {}

  // Starts a new insert.
  void begin(const InsertRequest& request, const ClickHouseSettings& settings);
  // Returns NoFields if no field of the rows is a column of the table. Once a field has matched a column, the check is
  // skipped.
  std::optional<WriteOutcome> before_sending(const InsertRequest& request, const ClickHouseSettings& settings,
                                             const std::stop_token& stop);
  // An attempt since begin() had an unknown end.
  bool end_unknown() const { return end_unknown_; }
  // The outcome of an attempt that failed because of the data: Rejected, or MaybeStored if the user's settings split
  // the insert into blocks and blocks before the bad row may be stored.
  WriteOutcome rejected(const ServerError& error) const;
  // The outcome of an attempt that failed for another reason: TooLarge or MaybeStored if the same insert must not be
  // repeated; empty if it may be.
  std::optional<WriteOutcome> gives_up(const InsertRequest& request, const ServerError& error,
                                       const ErrorDisposition& disposition, const std::stop_token& stop);
  // To be called after an acknowledgement. True if an earlier attempt may have been stored in part: the table may have
  // dropped the repeat as a duplicate without having all of its rows.
  bool unverified(const InsertRequest& request, const std::stop_token& stop);

 private:
  std::optional<TableProperties> properties(Duration max_age, const std::stop_token& stop);
  std::optional<WriteOutcome> maybe_stored(const ServerError& error, const std::stop_token& stop);
  std::optional<WriteOutcome> too_large(const InsertRequest& request, const ServerError& error, SizeLimit limit,
                                        const std::stop_token& stop);

  const std::shared_ptr<TablePropertiesCache> table_;
  bool one_block_ = true;
  bool end_unknown_ = false;       // an attempt may have been stored, completely or in part
  uint32_t moments_in_a_row_ = 0;  // consecutive attempts that failed with SizeLimit::Moment
  uint32_t limits_in_a_row_ = 0;   // consecutive attempts that failed with SizeLimit::Insert
};

}  // namespace freshet::clickhouse
