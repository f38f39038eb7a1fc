// Brings a topic into a MergeTree table of a real ClickHouse and measures the CPU time of everything involved.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "backlog.h"
#include "testkit/servers.h"

namespace freshet::bench {

struct TotalOptions {
  int quiet_seconds = 5;             // how long the idle server is measured, and no merge runs at the end of a round
  std::string table_settings;        // of the MergeTree table
  std::string engine_settings;       // further settings of the Kafka table
  std::vector<std::string> freshet;  // further options of freshet
};

// Of one round. CPU times are microseconds per row.
struct TotalCost {
  double server_us = 0;   // ClickHouse; without `idle` for each second of the round
  double freshet_us = 0;  // 0: did not take part
  double broker_us = 0;
  double idle = 0;                             // CPU seconds per second of the server that has nothing to do
  uint64_t parts = 0;                          // written by inserts
  double merged_rows = 0;                      // written by merges, per row
  double seconds = 0;                          // until the last merge ended
  std::map<std::string, double> server_times;  // by the name of the server's counter; of threads, so they overlap

  double sum_us() const { return server_us + freshet_us; }
};

// Each round reads the whole topic, as a new group, into a new table; it ends when the server has merged its parts.
// Throws if the table does not have each row exactly once.
class TotalRounds {
 public:
  // The backlog has web events and is produced. The servers must outlive the object.
  TotalRounds(testkit::KafkaServer& kafka, const testkit::ClickHouseServer& clickhouse, Backlog backlog,
              TotalOptions options);

  // A table of the engine Kafka and a materialized view.
  TotalCost kafka_engine();
  TotalCost freshet();
  // Of freshet's inserts in the last round, as its log says: "JSONEachRow", "Native".
  const std::string& format() const { return format_; }

 private:
  template <typename Load>
  TotalCost measure(Load load);
  double idle() const;
  void wait_until_merged() const;
  void check_rows() const;
  uint64_t event(const std::string& name) const;       // how often, since the server's start
  std::map<std::string, double> server_times() const;  // in microseconds, since the server's start
  std::string group() const;

  testkit::KafkaServer& kafka_;
  const testkit::ClickHouseServer& clickhouse_;
  const Backlog backlog_;
  const TotalOptions options_;
  int round_ = 0;
  std::string format_;
};

}  // namespace freshet::bench
