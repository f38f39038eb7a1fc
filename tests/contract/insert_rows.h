// Inserts rows of one layout, as the writers of a stream do.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/metrics.h"
#include "clickhouse/clickhouse_writer.h"
#include "testkit/counters.h"

namespace freshet {

// The test fails at an error that would be retried, and if the server refuses the rows in the Native format: the table
// would have them from JSONEachRow. `metrics`: of this call and earlier ones of the test.
inline WriteOutcome insert_rows(const clickhouse::ClickHouseSettings& to, const RowLayout& layout,
                                const std::vector<std::string>& rows, uint64_t count, Clock& clock, Metrics& metrics) {
  const auto writer =
      clickhouse::make_row_writer(to, std::make_shared<clickhouse::Hosts>(to.urls), clock, null_log(), metrics);
  InsertRequest request;
  request.layout = &layout;
  request.rows.assign(rows.begin(), rows.end());
  request.row_count = count;
  std::stop_source stop;
  WriteOutcome outcome = writer->write(request, {stop.get_token(), [&](const InsertFailure& failure) {
                                                   ADD_FAILURE() << failure.text;
                                                   stop.request_stop();
                                                 }});
  EXPECT_EQ(testkit::counter_total(metrics, "freshet_inserts_sent_as_json_total"), 0u) << to.table;
  return outcome;
}

}  // namespace freshet
