// Which format the rows of a pipeline have, and why it is not Native.
#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/mutex.h"
#include "base/result.h"
#include "base/snapshot.h"
#include "model/insert_format_status.h"
#include "model/rows.h"
#include "model/table_columns.h"
#include "ports/processor.h"
#include "settings/settings.h"

namespace freshet::app {

const char* to_string(settings::InsertFormat format);  // as the values of --insert-format

// Asks a processor of the pipeline's kind, which gets no message. Values without an exact form, and inserts that the
// server refuses, are JSONEachRow even so (docs/insert-formats.md).
// Threads: one, after the delivery is decided; status() by any.
class FormatDecision {
 public:
  // The references must outlive the object.
  FormatDecision(const settings::Pipeline& pipeline, Clock& clock, Log& log, Metrics& metrics);

  // Logs what is decided without the table.
  void begin();
  // True if the format depends on the table, which may change.
  bool depends_on_table() const { return depends_on_table_; }
  // `table`: of table_types(). Logs and reports the format, and its reason, if one of them changed. An error does not
  // change the format once the table is known: rows keep the types of the table as it was.
  void follow(const Result<TableColumns>& table);

  InsertFormatStatus status() const;

 private:
  // Why rows are JSONEachRow, or else RowBinary, whatever the table is; empty: that depends on the table.
  std::string reason_without_table(const settings::Pipeline& pipeline, Log& log);
  void set(RowFormat format, std::string reason, const std::string& subject);
  void report(RowFormat format, const std::string& reason);

  const settings::InsertFormat configured_;
  const bool has_table_;
  const std::string topic_;
  const std::string table_name_;
  Clock& clock_;
  Log& log_;
  Metrics& metrics_;
  Metrics probe_metrics_;  // not exported
  Snapshot<TableColumns> table_{{}};
  std::unique_ptr<Processor> probe_;
  RowFormat format_ = RowFormat::JsonEachRow;
  std::string reason_;   // the first
  std::string subject_;  // of what was logged last: the reason without what differs each time
  bool depends_on_table_ = false;
  bool known_ = false;  // the table
  mutable Mutex mutex_;
  InsertFormatStatus status_ GUARDED_BY(mutex_);
};

}  // namespace freshet::app
