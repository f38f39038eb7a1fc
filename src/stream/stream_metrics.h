// The metrics of this room; docs/metrics.md says what to do when one moves.
#pragma once

#include "base/metrics.h"

namespace freshet::stream {

struct StreamMetrics {
  explicit StreamMetrics(Metrics& m)
      : registry(m),
        consumed(m.counter("freshet_messages_consumed_total", "Messages taken from Kafka.")),
        rows(m.counter("freshet_rows_written_total", "Rows that ClickHouse has acknowledged.")),
        bytes(m.counter("freshet_bytes_written_total", "Bytes of acknowledged rows, before compression.")),
        batches(m.counter("freshet_batches_written_total", "Batches that ClickHouse has acknowledged.")),
        skipped(m.counter("freshet_messages_skipped_total", "Messages that are no row by rule (null payloads).")),
        abandoned(m.counter("freshet_messages_abandoned_total",
                            "Messages dropped at a rebalance or stop, to be read again.")),
        rebalances(m.counter("freshet_rebalances_total", "Assignments and revocations received.")),
        commits_ok(m.counter("freshet_commits_total", "Offset commits.", {{"result", "ok"}})),
        commits_failed(m.counter("freshet_commits_total", "Offset commits.", {{"result", "failed"}})),
        in_flight_bytes(m.gauge("freshet_in_flight_bytes", "Bytes of messages taken and not finished.")),
        batches_in_flight(m.gauge("freshet_batches_in_flight", "Batches sealed and not finished.")),
        partitions_assigned(m.gauge("freshet_partitions_assigned", "Partitions that this member owns.")),
        partitions_paused(m.gauge("freshet_partitions_paused", "Partitions paused by backpressure.")),
        partitions_held(m.gauge("freshet_partitions_held", "Partitions that wait for an operator.")),
        batch_slowdown(m.gauge("freshet_batch_slowdown",
                               "How many times larger and rarer batches are, because of too many parts (1 = not).")) {
    batch_slowdown.set(1);
    dead_letters("invalid_json");
  }

  Counter& dead_letters(const std::string& reason) {
    return registry.counter("freshet_dead_letters_total", "Messages the dead-letter topic has acknowledged.",
                            {{"reason", reason}});
  }
  Counter& dropped(const std::string& reason) {
    return registry.counter("freshet_invalid_dropped_total",
                            "Messages that cannot become rows, dropped by --on-invalid drop or by an operator.",
                            {{"reason", reason}});
  }
  Gauge& lag(const std::string& topic, int32_t partition) {
    return registry.gauge("freshet_consumer_lag", "Messages between the committed offset and the partition's end.",
                          {{"topic", topic}, {"partition", std::to_string(partition)}});
  }
  void forget_lag(const std::string& topic, int32_t partition) {
    registry.remove_gauge("freshet_consumer_lag", {{"topic", topic}, {"partition", std::to_string(partition)}});
  }

  Metrics& registry;
  Counter& consumed;
  Counter& rows;
  Counter& bytes;
  Counter& batches;
  Counter& skipped;
  Counter& abandoned;
  Counter& rebalances;
  Counter& commits_ok;
  Counter& commits_failed;
  Gauge& in_flight_bytes;
  Gauge& batches_in_flight;
  Gauge& partitions_assigned;
  Gauge& partitions_paused;
  Gauge& partitions_held;
  Gauge& batch_slowdown;
};

}  // namespace freshet::stream
