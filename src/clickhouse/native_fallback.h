// When an insert of typed rows is sent as JSONEachRow although its rows were made for the Native format.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/log.h"
#include "base/log_limiter.h"
#include "clickhouse/clickhouse_metrics.h"
#include "clickhouse/hosts.h"
#include "clickhouse/insert_attempt.h"

namespace freshet::clickhouse {

// What ClickHouse refuses in the Native format it gets as JSONEachRow, at once and until the end of the insert; so does
// what a proxy refuses: for the length of the URL at once, otherwise after some attempts. The table may not have the
// types any more that the rows were made for, and only JSONEachRow fits any table and names the row at fault. Errors
// that pass, and sizes, do not depend on the format.
//
// Both are one insert to the server, because they have the same token: if an earlier attempt had an unknown end and did
// store the rows, the one as JSONEachRow is its repeat. (At least once, the server may give a text of more than 10 MiB
// another token.) A server that does not know tokens compares the values of the block; if the table has changed they
// differ in any format, so that this attempt is as safe as a repeat of JSONEachRow would be.
//
// What a proxy refuses is remembered for its host (Hosts::refuse_native). Logs and counts. Threads: the writer's only.
class NativeFallback {
 public:
  // All references must outlive this object.
  NativeFallback(Hosts& hosts, const std::string& table, Clock& clock, Log& log, const ClickHouseMetrics& metrics)
      : hosts_(hosts), table_(table), clock_(clock), log_(log), metrics_(metrics) {}

  // Starts a new insert.
  void begin();
  // False: inserts for this host are JSONEachRow from their first attempt.
  bool takes_native(size_t host) const;
  // To be called for each insert that is JSONEachRow from its first attempt, because takes_native() was false.
  void count_json(size_t host) const;
  // To be called after each attempt in the Native format. True: send the same rows as JSONEachRow now.
  bool refused(size_t host, const InsertAttempt& native);
  // To be called after each other attempt.
  void sent_as_json(size_t host, const InsertAttempt& json);

 private:
  void remember_refusal(size_t host, const InsertAttempt& refused);
  void report_refused(size_t host, const InsertAttempt& refused);

  Hosts& hosts_;
  const std::string& table_;
  Clock& clock_;
  Log& log_;
  const ClickHouseMetrics& metrics_;
  int doubtful_ = 0;                                 // attempts with an error for which may_be_format() is true
  std::optional<InsertAttempt> refused_by_proxy_{};  // the last attempt
  // By code. A table that changes makes every insert fail until the processors follow the change.
  LogLimiter<int> reported_;
};

}  // namespace freshet::clickhouse
