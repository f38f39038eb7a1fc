// What becomes of an insert that fails: the same again, smaller ones, or a person's decision.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>

#include "clickhouse/clickhouse_settings.h"
#include "clickhouse/error_table.h"
#include "clickhouse/insert_stage.h"
#include "clickhouse/response.h"
#include "clickhouse/table_facts.h"
#include "ports/row_writer.h"

namespace freshet::clickhouse {

// Remembers the attempts of one insert. Threads: one writer's.
class FailedInserts {
 public:
  // `table`: see make_row_writer().
  explicit FailedInserts(std::shared_ptr<TableKnowledge> table) : table_(std::move(table)) {}

  // A new insert.
  void begin(const InsertRequest& request, const ClickHouseSettings& settings);
  // NoFields, when no field of its rows is a column of the table; only asked until one was.
  std::optional<WriteOutcome> before_sending(const InsertRequest& request, const ClickHouseSettings& settings,
                                             const std::stop_token& stop);
  // After an attempt that failed by the data: Refused; MaybeStored where the user's settings cut the insert into
  // blocks, so that those before the bad row may be stored.
  WriteOutcome refused(const ServerError& error) const;
  // After an attempt that failed, and not by the data: TooLarge or MaybeStored when the same insert is not to be sent
  // again. Empty: it is.
  std::optional<WriteOutcome> gives_up(const InsertRequest& request, const ServerError& error,
                                       const Judgement& judgement, const std::stop_token& stop);
  // Acknowledged, after an attempt that may have been stored in part: the table recognised a repeat, and may not have
  // all of its rows.
  bool unverified(const std::stop_token& stop);

 private:
  std::optional<TableFacts> facts(Duration max_age, const std::stop_token& stop);
  std::optional<WriteOutcome> maybe_stored(const ServerError& error, const std::stop_token& stop);
  std::optional<WriteOutcome> too_large(const InsertRequest& request, const ServerError& error, SizeLimit limit,
                                        const std::stop_token& stop);

  const std::shared_ptr<TableKnowledge> table_;
  bool one_block_ = true;
  bool end_unknown_ = false;       // of an attempt: it may have been stored, in whole or in part
  uint32_t moments_in_a_row_ = 0;  // attempts that failed by SizeLimit::Moment
  uint32_t limits_in_a_row_ = 0;   // by SizeLimit::Insert
};

}  // namespace freshet::clickhouse
