// What /status, the demo and readiness show: a plain picture of the stream, replaced as a whole.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "model/ids.h"
#include "model/renewal.h"

namespace freshet {

struct PartitionStatus {
  Partition partition;
  Offset position;                  // next message to deliver
  std::optional<Offset> committed;  // last acknowledged commit
  std::optional<Offset> end;        // high watermark as last seen
  std::optional<int64_t> lag;       // end - committed (or position before the first commit), >= 0
  bool paused = false;              // by backpressure
  std::string held;                 // why it is held; empty = it is not
};

// What is to be said of the Kafka session beside the stream's own figures.
struct SessionStatus {
  std::string instance_id;              // group.instance.id; empty = dynamic member
  bool instance_id_configured = false;  // by the operator; otherwise drawn for the life of the process
  std::string continuity;               // how the next session begins: "static", "rejoin", "unknown" (not asked yet)
  std::optional<RenewalReport> last_renewal;
  std::string waiting_for;        // why a session is not built or renewed; empty = nothing
  std::string renewal_waits_for;  // what a renewal that was asked for waits for; empty = there is none
};

struct StreamStatus {
  std::string topic;
  std::string table;
  std::string consumer_group;
  std::vector<PartitionStatus> partitions;
  bool assigned = false;  // an assignment was received (it may be empty)
  bool draining = false;
  uint64_t messages_consumed = 0;
  uint64_t rows_written = 0;
  uint64_t bytes_written = 0;
  uint64_t batches_written = 0;
  uint64_t batches_in_flight = 0;
  uint64_t in_flight_bytes = 0;
  uint64_t dead_letters = 0;
  uint64_t skipped = 0;
  uint64_t abandoned = 0;  // messages dropped with their epoch, to be read again
  uint64_t rebalances = 0;
  std::string last_insert_error;
  std::optional<SystemTime> last_insert_error_at;
  std::string last_kafka_error;
  std::optional<SystemTime> last_kafka_error_at;
  std::string waiting_for;  // what the stream cannot go on without; empty = nothing
  uint64_t session = 0;     // number of the Kafka session, from 1
  double session_age_seconds = 0;
  int32_t generation = -1;                  // of the consumer group, -1 = unknown
  std::optional<SteadyTime> statistics_at;  // when the Kafka client last told its statistics; none: it never did
};

}  // namespace freshet
