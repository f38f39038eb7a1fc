// What /status, the demo and readiness show: a snapshot of the stream, replaced as a whole. A member and its line in
// for_each_field() are all that a new field of /status needs here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
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
  std::string blocked;              // why it is blocked; empty = it is not
};

// `visit(name, member)` for each field; the names are those of /status.
template <typename Status, typename Visit>
requires std::is_same_v<std::remove_const_t<Status>, PartitionStatus>
void for_each_field(Status& status, Visit visit) {
  visit("partition", status.partition);
  visit("position", status.position);
  visit("committed", status.committed);
  visit("end", status.end);
  visit("lag", status.lag);
  visit("paused", status.paused);
  visit("blocked", status.blocked);
}

// The Kafka consumer, beside the stream's own figures.
struct ConsumerStatus {
  std::string instance_id;              // group.instance.id; empty = dynamic member
  bool instance_id_configured = false;  // by the operator; otherwise generated once per process
  std::string continuity;               // how the next consumer begins: "static", "rejoin", "unknown" (not asked yet)
  std::optional<RenewalReport> last_renewal;
  std::string waiting_for;        // why a consumer is not built or renewed; empty = nothing
  std::string renewal_waits_for;  // what a renewal that was asked for waits for; empty = there is none
};

template <typename Status, typename Visit>
requires std::is_same_v<std::remove_const_t<Status>, ConsumerStatus>
void for_each_field(Status& status, Visit visit) {
  visit("instance_id", status.instance_id);
  visit("instance_id_configured", status.instance_id_configured);
  visit("continuity", status.continuity);
  visit("waiting_for", status.waiting_for);
  visit("renewal_waits_for", status.renewal_waits_for);
  visit("last_renewal", status.last_renewal);
}

// A live option as it is in force.
struct OptionStatus {
  std::string name;
  std::string value;  // JSON: a number, true, false, null or a string
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
  uint64_t abandoned = 0;  // messages dropped with their assignment, to be read again
  uint64_t rebalances = 0;
  std::string last_insert_error;
  std::optional<SystemTime> last_insert_error_at;
  std::string last_kafka_error;
  std::optional<SystemTime> last_kafka_error_at;
  std::string waiting_for;       // what the stream cannot go on without; empty = nothing
  uint64_t consumer_number = 0;  // number of the Kafka consumer, from 1
  double consumer_age_seconds = 0;
  int32_t generation = -1;                  // of the consumer group, -1 = unknown
  std::optional<SteadyTime> statistics_at;  // when the Kafka client last told its statistics; none: it never did
};

template <typename Status, typename Visit>
requires std::is_same_v<std::remove_const_t<Status>, StreamStatus>
void for_each_field(Status& status, Visit visit) {
  visit("topic", status.topic);
  visit("table", status.table);
  visit("consumer_group", status.consumer_group);
  visit("consumer_number", status.consumer_number);
  visit("consumer_age_seconds", status.consumer_age_seconds);
  visit("generation", status.generation);
  visit("assigned", status.assigned);
  visit("draining", status.draining);
  visit("messages_consumed", status.messages_consumed);
  visit("rows_written", status.rows_written);
  visit("bytes_written", status.bytes_written);
  visit("batches_written", status.batches_written);
  visit("batches_in_flight", status.batches_in_flight);
  visit("in_flight_bytes", status.in_flight_bytes);
  visit("dead_letters", status.dead_letters);
  visit("skipped", status.skipped);
  visit("abandoned", status.abandoned);
  visit("rebalances", status.rebalances);
  visit("waiting_for", status.waiting_for);
  visit("last_insert_error", status.last_insert_error);
  visit("last_insert_error_at_ms", status.last_insert_error_at);
  visit("last_kafka_error", status.last_kafka_error);
  visit("last_kafka_error_at_ms", status.last_kafka_error_at);
  visit("partitions", status.partitions);
}

}  // namespace freshet
