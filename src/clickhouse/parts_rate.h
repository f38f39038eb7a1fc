// How many parts inserts add to a table per second.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "clickhouse/table_survey.h"

namespace freshet::clickhouse {

// Keeps a sample for each table, so that later measurements include parts that were merged and removed meanwhile.
// Threads: one at a time.
class PartsRate {
 public:
  explicit PartsRate(Clock& clock) : clock_(clock) {}

  // Parts per second that inserts of all writers added, as far as this server wrote or fetched them: the greater one of
  // the rate since the previous call for the table and of the rate in the last minutes that system.parts shows.
  // Errors: as ClickHouseClient.
  Result<double> per_second(TableSurveyor& server, const TableSurvey& survey, const ReachedTable& table);

 private:
  struct Sample {
    SteadyTime at;
    uint64_t blocks = 0;  // block numbers that were given to parts
  };
  Clock& clock_;
  std::map<std::string, Sample> samples_;
};

}  // namespace freshet::clickhouse
