// The metrics of this module. docs/metrics.md says how to react to each.
#pragma once

#include <string>
#include <vector>

#include "base/metrics.h"

namespace freshet::stream {

// From a consumer that keeps up with small batches to a backlog of a day.
inline std::vector<double> latency_of_messages_buckets() {
  return {0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 3600, 21600, 86400};
}
inline std::vector<double> batch_rows_buckets() {
  return {1, 10, 100, 250, 500, 1'000, 2'500, 5'000, 10'000, 25'000, 50'000, 100'000, 250'000, 1'000'000};
}
inline std::vector<double> batch_bytes_buckets() {  // from 1 KiB to 256 MiB
  constexpr double kKiB = 1024;
  constexpr double kMiB = 1024 * kKiB;
  return {kKiB,      16 * kKiB, 256 * kKiB, kMiB,       4 * kMiB,  8 * kMiB,
          16 * kMiB, 32 * kMiB, 64 * kMiB,  128 * kMiB, 256 * kMiB};
}

struct StreamMetrics {
  explicit StreamMetrics(Metrics& m)
      : registry(m),
        consumed(m.counter("freshet_messages_consumed_total", "Messages consumed from Kafka.")),
        rows(m.counter("freshet_rows_written_total", "Rows that ClickHouse acknowledged.")),
        bytes(m.counter("freshet_bytes_written_total", "Uncompressed bytes of acknowledged rows.")),
        batches(m.counter("freshet_batches_written_total", "Batches that ClickHouse acknowledged.")),
        skipped(
            m.counter("freshet_messages_skipped_total", "Messages that become no row by rule, such as null payloads.")),
        without_exact_form(m.counter("freshet_messages_without_exact_form_total",
                                     "Messages whose rows are JSONEachRow although the format is Native.")),
        abandoned(m.counter("freshet_messages_abandoned_total",
                            "Messages dropped at a rebalance or a stop. They are read again.")),
        rebalances(
            m.counter("freshet_rebalances_total", "Changes of the group's generation or of this member's partitions.")),
        commits_succeeded(m.counter("freshet_commits_total", "Offset commits.", {{"result", "success"}})),
        commits_failed(m.counter("freshet_commits_total", "Offset commits.", {{"result", "failed"}})),
        in_flight_bytes(m.gauge("freshet_in_flight_bytes", "Bytes in memory for messages in flight.")),
        in_flight_bytes_max(
            m.gauge("freshet_in_flight_bytes_max", "Bytes in flight at which backpressure pauses the partitions.")),
        batches_in_flight(m.gauge("freshet_batches_in_flight", "Batches that are sealed and not finished.")),
        batches_overdue(m.gauge("freshet_batches_overdue",
                                "Batches not stored within --clickhouse-batch-deadline-ms after they were sealed.")),
        batches_blocked(m.gauge("freshet_batches_blocked", "Batches that are blocked until an operator decides.")),
        insert_limit_bytes(m.gauge("freshet_insert_limit_bytes",
                                   "Limit of bytes in an insert, since larger ones were rejected. 0 is no limit.")),
        partitions_assigned(m.gauge("freshet_partitions_assigned", "Partitions that are assigned to this member.")),
        partitions_paused(m.gauge("freshet_partitions_paused", "Partitions that are paused and not blocked.")),
        loop_turns(m.counter("freshet_loop_turns_total", "Iterations of the main loop.")),
        loop_poll(m.seconds_counter("freshet_loop_poll_seconds_total",
                                    "Time that the main loop waited for Kafka, in seconds.")),
        loop_busy(m.seconds_counter("freshet_loop_busy_seconds_total",
                                    "Time that the main loop spent outside of the wait for Kafka, in seconds.")),
        intake_wait_time(m.seconds_counter("freshet_intake_wait_seconds_total",
                                           "Time in which the main loop took no messages because workers and writers "
                                           "had enough to do.")),
        backpressure_time(m.seconds_counter("freshet_backpressure_seconds_total",
                                            "Time in which backpressure paused the partitions, in seconds.")),
        partitions_blocked(
            m.gauge("freshet_partitions_blocked", "Partitions that are blocked until an operator decides.")),
        invalid(m.counter("freshet_invalid_messages_total",
                          "Messages that a processor rejects, without those that a rule expects.")),
        stale_seen(
            m.counter("freshet_stale_messages_total", "Messages older than the threshold of dead letters by age.")),
        stale_routed(m.counter("freshet_stale_dead_letters_total",
                               "Messages sent to the dead-letter topic because of their age.")),
        schema_failed(
            m.counter("freshet_schema_failures_total", "Messages that do not match the schema of their topic.")),
        processing(m.seconds_counter("freshet_processing_seconds_total",
                                     "Time that workers spent on processing messages, in seconds.")),
        batch_age_seconds(m.histogram("freshet_batch_age_seconds",
                                      "Time from the first rows of a batch until it is sealed.", latency_buckets())),
        batch_rows(m.gauge("freshet_batch_rows", "Rows of the last stored batch.")),
        batch_bytes(m.gauge("freshet_batch_bytes", "Uncompressed bytes of the last stored batch.")),
        stored_batch_rows(m.histogram("freshet_stored_batch_rows", "Rows of a stored batch.", batch_rows_buckets())),
        stored_batch_bytes(
            m.histogram("freshet_stored_batch_bytes", "Uncompressed bytes of a stored batch.", batch_bytes_buckets())),
        batch_slowdown(
            m.gauge("freshet_batch_slowdown_ratio",
                    "Factor by which batches are larger and less frequent because of too many parts. 1 is normal.")) {
    batch_slowdown.set(1);
    // A counter that begins with 1 has no increase: an alert would miss the first event.
    dead_letters("invalid_json");
    dropped("skipped");
    for (const char* reason : {"unreadable_plan", "messages_changed", "rows_changed", "truncated", "plan_full"}) {
      guarantee_ended(reason);
    }
  }

  Counter& dead_letters(const std::string& reason) {
    return registry.counter("freshet_dead_letters_total", "Dead-letter records that their topic acknowledged.",
                            {{"reason", reason}});
  }
  Counter& dropped(const std::string& reason) {
    return registry.counter("freshet_invalid_messages_dropped_total",
                            "Invalid messages dropped by --on-invalid drop or skipped by an operator.",
                            {{"reason", reason}});
  }
  // `of`: broker (broker timestamp), origin (of the event) or received (by the first system). `stat`: mean or max of a
  // batch.
  Histogram& latency(const char* of, const char* stat) {
    return registry.histogram("freshet_batch_latency_seconds", "Age of a batch's messages when the batch was stored.",
                              latency_of_messages_buckets(), {{"of", of}, {"stat", stat}});
  }
  // `reason`: unreadable_plan, messages_changed, rows_changed, truncated or plan_full.
  Counter& guarantee_ended(const char* reason) {
    return registry.counter("freshet_exactly_once_ended_total",
                            "Cases in which rows may be stored twice although the delivery is exactly once.",
                            {{"reason", reason}});
  }
  Gauge& pool_threads(const char* pool) {
    return registry.gauge("freshet_pool_threads", "Threads of the pool.", {{"pool", pool}});
  }
  Gauge& pool_tasks(const char* pool) {
    return registry.gauge("freshet_pool_tasks", "Chunks or batches that the pool works on.", {{"pool", pool}});
  }
  // `by`: the destination whose content fills the memory.
  Counter& backpressure(const std::string& by) {
    return registry.counter("freshet_backpressure_pauses_total", "Number of times that backpressure paused partitions.",
                            {{"by", by}});
  }
  Histogram& batch_write_seconds(bool success) {
    return registry.histogram("freshet_batch_write_seconds",
                              "Duration of a batch from its first attempt to its end, with all retries.",
                              latency_buckets(), {{"result", success ? "success" : "failed"}});
  }
  Gauge& lag(const std::string& topic, int32_t partition) {
    return registry.gauge("freshet_consumer_lag", "Messages between the committed offset and the end of the partition.",
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
  Counter& without_exact_form;
  Counter& abandoned;
  Counter& rebalances;
  Counter& commits_succeeded;
  Counter& commits_failed;
  Gauge& in_flight_bytes;
  Gauge& in_flight_bytes_max;
  Gauge& batches_in_flight;
  Gauge& batches_overdue;
  Gauge& batches_blocked;
  Gauge& insert_limit_bytes;
  Gauge& partitions_assigned;
  Gauge& partitions_paused;
  Counter& loop_turns;
  SecondsCounter& loop_poll;
  SecondsCounter& loop_busy;
  SecondsCounter& intake_wait_time;
  SecondsCounter& backpressure_time;
  Gauge& partitions_blocked;
  Counter& invalid;
  Counter& stale_seen;
  Counter& stale_routed;
  Counter& schema_failed;
  SecondsCounter& processing;
  Histogram& batch_age_seconds;
  Gauge& batch_rows;
  Gauge& batch_bytes;
  Histogram& stored_batch_rows;
  Histogram& stored_batch_bytes;
  Gauge& batch_slowdown;
};

}  // namespace freshet::stream
