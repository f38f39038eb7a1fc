// A steady load on freshet, and the time until each of its messages is in the table.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "testkit/servers.h"

namespace freshet::bench {

struct SteadyLoad {
  int partitions = 1;
  std::string delivery;   // as --delivery
  uint64_t rate = 5'000;  // messages per second
  std::chrono::seconds warm_up{30};
  std::chrono::seconds measured{60};
};

struct SteadyResult {
  double rows_per_second = 0;
  double inserts_per_second = 0;
  uint64_t most_inserts_in_a_second = 0;
  // From the broker's timestamp of a message (LogAppendTime) until ClickHouse has acknowledged the insert of its row;
  // over all rows that the broker got in the measured time.
  double p50_seconds = 0;
  double p99_seconds = 0;
  double max_seconds = 0;
  // CPU time per row.
  double freshet_us = 0;
  double broker_us = 0;
  double clickhouse_us = 0;
};

// Messages of about 200 bytes, inserted into a MergeTree table. Throws if a row is inserted twice, or not within
// two minutes. Warns if the machine does not carry the load. Each call needs another `name`, of the topic and the
// table.
SteadyResult measure(const SteadyLoad& load, const std::string& name, testkit::KafkaServer& kafka,
                     const testkit::ClickHouseServer& clickhouse);

}  // namespace freshet::bench
