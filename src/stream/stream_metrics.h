// The metrics of this module; docs/metrics.md says what to do when one moves.
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
        rebalances(
            m.counter("freshet_rebalances_total", "Changes of the group's generation or of this member's partitions.")),
        commits_ok(m.counter("freshet_commits_total", "Offset commits.", {{"result", "ok"}})),
        commits_failed(m.counter("freshet_commits_total", "Offset commits.", {{"result", "failed"}})),
        in_flight_bytes(m.gauge("freshet_in_flight_bytes", "Bytes of messages taken and not finished.")),
        batches_in_flight(m.gauge("freshet_batches_in_flight", "Batches sealed and not finished.")),
        batches_overdue(m.gauge("freshet_batches_overdue",
                                "Batches not stored within --clickhouse-batch-deadline-ms of their sealing.")),
        batches_blocked(m.gauge("freshet_batches_blocked", "Batches that wait for an operator.")),
        insert_limit_bytes(
            m.gauge("freshet_insert_limit_bytes",
                    "Bytes of rows that an insert has at most, since larger ones were refused (0 = any).")),
        partitions_assigned(m.gauge("freshet_partitions_assigned", "Partitions that this member owns.")),
        partitions_paused(m.gauge("freshet_partitions_paused", "Partitions paused by backpressure.")),
        loop_turns(m.counter("freshet_loop_turns_total", "Turns of the loop.")),
        loop_poll_us(m.counter("freshet_loop_poll_seconds_total", "Time that the loop waited for Kafka.")),
        loop_busy_us(m.counter("freshet_loop_busy_seconds_total", "Time of the loop outside of that.")),
        backpressure_us(
            m.counter("freshet_backpressure_seconds_total", "Time with partitions paused by backpressure.")),
        partitions_blocked(m.gauge("freshet_partitions_blocked", "Partitions that wait for an operator.")),
        invalid(m.counter("freshet_invalid_messages_total", "Messages that a processor refuses, but suppressed ones.")),
        stale_seen(m.counter("freshet_stale_messages_total", "Messages older than the age that dead letters take.")),
        stale_routed(m.counter("freshet_stale_dead_letters_total", "Old messages sent to the dead letters.")),
        schema_failed(m.counter("freshet_schema_failures_total", "Messages that do not match their topic's schema.")),
        processing_us(m.counter("freshet_processing_seconds_total", "Time that workers spent on messages.")),
        batch_age_seconds(m.histogram("freshet_batch_age_seconds", "Age of a batch's oldest message when it is sealed.",
                                      latency_buckets())),
        batch_rows(m.gauge("freshet_batch_rows", "Rows of the last stored batch.")),
        batch_bytes(m.gauge("freshet_batch_bytes", "Bytes of the last stored batch, before compression.")),
        batch_slowdown(m.gauge("freshet_batch_slowdown_ratio",
                               "How many times larger and rarer batches are, because of too many parts (1 = not).")) {
    batch_slowdown.set(1);
    dead_letters("invalid_json");
  }

  Counter& dead_letters(const std::string& reason) {
    return registry.counter("freshet_dead_letters_total", "Messages the dead-letter topic has acknowledged.",
                            {{"reason", reason}});
  }
  Counter& dropped(const std::string& reason) {
    return registry.counter("freshet_invalid_messages_dropped_total",
                            "Messages that cannot become rows, dropped by --on-invalid drop or by an operator.",
                            {{"reason", reason}});
  }
  // `of`: broker (timestamp), origin (of the event) or received (by the first system); `stat`: mean or max of a batch.
  Histogram& latency(const char* of, const char* stat) {
    return registry.histogram("freshet_batch_latency_seconds", "Age of a batch's messages when the batch was stored.",
                              {0.1, 0.3, 1, 3, 10, 30, 60, 300, 1800, 3600, 21600, 86400},
                              {{"of", of}, {"stat", stat}});
  }
  Gauge& pool_threads(const char* pool) {
    return registry.gauge("freshet_pool_threads", "Threads that turn messages into rows, or write batches.",
                          {{"pool", pool}});
  }
  Gauge& pool_tasks(const char* pool) {
    return registry.gauge("freshet_pool_tasks", "Chunks with them, batches with them.", {{"pool", pool}});
  }
  // `by`: what holds the messages that fill the memory.
  Counter& backpressure(const std::string& by) {
    return registry.counter("freshet_backpressure_pauses_total", "Times that partitions were paused by backpressure.",
                            {{"by", by}});
  }
  Histogram& batch_write_seconds(bool success) {
    return registry.histogram("freshet_batch_write_seconds", "From a batch's first attempt to its end.",
                              latency_buckets(), {{"success", success ? "true" : "false"}});
  }
  Gauge& lag(const std::string& topic, int32_t partition) {
    return registry.gauge("freshet_consumer_lag", "Messages between the committed offset and the partition's end.",
                          {{"topic", topic}, {"partition", std::to_string(partition)}});
  }
  void remove_lag(const std::string& topic, int32_t partition) {
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
  Gauge& batches_overdue;
  Gauge& batches_blocked;
  Gauge& insert_limit_bytes;
  Gauge& partitions_assigned;
  Gauge& partitions_paused;
  Counter& loop_turns;
  Counter& loop_poll_us;
  Counter& loop_busy_us;
  Counter& backpressure_us;
  Gauge& partitions_blocked;
  Counter& invalid;
  Counter& stale_seen;
  Counter& stale_routed;
  Counter& schema_failed;
  Counter& processing_us;
  Histogram& batch_age_seconds;
  Gauge& batch_rows;
  Gauge& batch_bytes;
  Gauge& batch_slowdown;
};

}  // namespace freshet::stream
