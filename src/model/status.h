// A snapshot of the stream for /status, the demo and readiness, replaced as a whole. To add a field to /status, add a
// member here and its line in for_each_field().
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
  std::optional<int64_t> lag;       // end minus committed (before the first commit: minus position), >= 0
  bool paused = false;              // for any reason: backpressure, blocked, reached the stop, draining
  std::string blocked;              // reason; empty = not blocked
  // Messages that it had then were delivered since, unless the source has a fault. Not in /status.
  SteadyTime offered_at = SteadyTime::max();
};

// Calls `visit(name, member)` for each field; names as in /status.
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

// The part of /status about the Kafka consumer.
struct ConsumerStatus {
  std::string instance_id;              // group.instance.id; empty = dynamic member
  bool instance_id_configured = false;  // set by the operator; otherwise generated once per process
  std::string continuity;               // how the next consumer begins: "static", "rejoin", "unknown" (not asked yet)
  std::optional<RenewalReport> last_renewal;
  std::string waiting_for;        // why no consumer is built or renewed; empty = nothing
  std::string renewal_waits_for;  // what a requested renewal waits for; empty = none requested
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

// How long something took in the last seconds, in milliseconds; nullopt = nothing was measured.
struct PercentileStatus {
  std::optional<double> p50, p95, p99;
};

template <typename Status, typename Visit>
requires std::is_same_v<std::remove_const_t<Status>, PercentileStatus>
void for_each_field(Status& status, Visit visit) {
  visit("p50", status.p50);
  visit("p95", status.p95);
  visit("p99", status.p99);
}

// The value of a live option in force.
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
  uint64_t abandoned = 0;  // dropped with their assignment, to be read again
  uint64_t rebalances = 0;
  uint64_t insert_errors = 0;
  uint64_t kafka_errors = 0;
  std::string last_insert_error;
  std::optional<SystemTime> last_insert_error_at;
  std::string last_kafka_error;
  std::optional<SystemTime> last_kafka_error_at;
  std::string waiting_for;       // what blocks the stream; empty = nothing
  uint64_t consumer_number = 0;  // of the Kafka consumer, from 1
  double consumer_age_seconds = 0;
  int32_t generation = -1;                  // of the consumer group, -1 = unknown
  std::optional<SteadyTime> statistics_at;  // when the Kafka client last emitted statistics; nullopt = never
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
  visit("insert_errors", status.insert_errors);
  visit("kafka_errors", status.kafka_errors);
  visit("last_insert_error", status.last_insert_error);
  visit("last_insert_error_at_ms", status.last_insert_error_at);
  visit("last_kafka_error", status.last_kafka_error);
  visit("last_kafka_error_at_ms", status.last_kafka_error_at);
  visit("partitions", status.partitions);
}

}  // namespace freshet
