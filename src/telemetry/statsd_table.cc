#include "telemetry/statsd_table.h"

#include <fmt/format.h>

#include <algorithm>

namespace freshet::telemetry {
namespace {

using T = StatsdLine::Type;
using O = StatsdLine::Only;

constexpr double kSeconds = 1000;  // to milliseconds

constexpr StatsdLine kTable[] = {
    {"freshet_batch_write_seconds", "insertions.batch_write_ms", T::Timer, kSeconds, {}, {}, O::Head},
    {"freshet_batch_write_seconds", "insertions.batch_write_ms", T::Timer, kSeconds, "result=success", {}, O::June},
    {"freshet_bytes_written_total", "insertions.batch_write_bytes", T::Counter},
    {"freshet_rows_written_total", "insertions.batch_write_msgs", T::Counter},
    {"freshet_batch_bytes", "insertions.batch_flush_bytes", T::Gauge, 1, {}, {}, O::Head},
    {"freshet_batch_rows", "insertions.batch_flush_msgs", T::Gauge, 1, {}, {}, O::Head},
    {"freshet_batch_latency_seconds", "insertions.latency_ms", T::Timer, kSeconds, "of=broker,stat=mean"},
    {"freshet_batch_latency_seconds", "insertions.max_latency_ms", T::Timer, kSeconds, "of=broker,stat=max"},
    {"freshet_batch_latency_seconds", "insertions.end_to_end_latency_ms", T::Timer, kSeconds, "of=origin,stat=mean"},
    {"freshet_batch_latency_seconds", "insertions.max_end_to_end_latency_ms", T::Timer, kSeconds, "of=origin,stat=max"},
    {"freshet_batch_latency_seconds", "insertions.sentry_received_latency_ms", T::Timer, kSeconds,
     "of=received,stat=mean"},
    {"freshet_batch_latency_seconds", "insertions.max_sentry_received_latency_ms", T::Timer, kSeconds,
     "of=received,stat=max"},
    {"freshet_stored_items_total", "insertions.item_type_count", T::Counter},
    {"freshet_stored_item_bytes_total", "insertions.item_bytes_processed", T::Counter},
    {"freshet_insert_failed_attempts_total",
     "rust_consumer.clickhouse_insert_error",
     T::Counter,
     1,
     {},
     "timeout,attempt,max_attempts"},
    {"freshet_invalid_messages_total", "invalid_message", T::Counter},
    {"freshet_processing_seconds_total", "message_processing_time_ms", T::Counter, kSeconds},
    {"freshet_schema_failures_total", "schema_validation.failed", T::Counter},
    {"freshet_ipv4_pattern_messages_total", "message_stats.has_ipv4_pattern", T::Counter},
    {"freshet_stale_messages_total", "dlq_by_age.stale_seen", T::Counter, 1, {}, {}, O::Head},
    {"freshet_stale_dead_letters_total", "dlq_by_age.routed_to_dlq", T::Counter, 1, {}, {}, O::Head},
    {"freshet_outcomes_missing_category_total", "missing_category", T::Counter},
    {"freshet_outcomes_missing_quantity_total", "missing_quantity", T::Counter},
    {"freshet_generic_metrics_message_tags", "generic_metrics.messages.tags_len", T::Timer},
    {"freshet_generic_metrics_message_bytes", "generic_metrics.messages.size", T::Timer},
    {"freshet_generic_metrics_killswitched_use_case_total", "generic_metrics.messages.killswitched_use_case",
     T::Counter},
    {"freshet_generic_metrics_encoded_received_total",
     "generic_metrics.encoded_receive_count",
     T::Counter,
     1,
     {},
     {},
     O::June},
    {"freshet_generic_metrics_encoded_decoded_total",
     "generic_metrics.encoded_success_count",
     T::Counter,
     1,
     {},
     {},
     O::June},
    {"freshet_generic_metrics_series_total", "generic_metrics.message_count", T::Counter, 1, {}, {}, O::June},
    {"freshet_generic_metrics_set_values", "generic_metrics.messages.sets_value_len", T::Timer, 1, {}, {}, O::June},
    {"freshet_generic_metrics_distribution_values",
     "generic_metrics.messages.dists_value_len",
     T::Timer,
     1,
     {},
     {},
     O::June},
    {"freshet_eap_items_dlqed_prior_partition_total",
     "eap_items.messages.dlqed_prior_partition",
     T::Counter,
     1,
     {},
     "reason"},
    {"freshet_eap_items_dropped_out_of_range_timestamp_total",
     "eap_items.messages.dropped_out_of_range_timestamp",
     T::Counter,
     1,
     {},
     {},
     O::June},
    {"freshet_accepted_outcomes_dropped_out_of_range_timestamp_total",
     "accepted_outcomes.dropped_out_of_range_timestamp",
     T::Counter,
     1,
     {},
     {},
     O::June},
    {"freshet_accepted_outcomes_messages_total", "accepted_outcomes.messages_seen", T::Counter},
    {"freshet_accepted_outcomes_quantity_total", "accepted_outcomes.total_quantity", T::Counter},
    {"freshet_accepted_outcomes_buckets_total", "accepted_outcomes.bucket_count", T::Counter},
    {"freshet_accepted_outcomes_duplicates_total", "accepted_outcomes.duplicate_items", T::Counter},
    {"freshet_accepted_outcomes_produce_seconds", "accepted_outcomes.batch_produce_ms", T::Timer, kSeconds},
    {"freshet_accepted_outcomes_latency_seconds", "accepted_outcomes.flush_broker_latency_ms", T::Timer, kSeconds,
     "at=flush,stat=mean"},
    {"freshet_accepted_outcomes_latency_seconds", "accepted_outcomes.max_flush_broker_latency_ms", T::Timer, kSeconds,
     "at=flush,stat=max"},
    {"freshet_accepted_outcomes_latency_seconds", "accepted_outcomes.produce_broker_latency_ms", T::Timer, kSeconds,
     "at=produce,stat=mean"},
    {"freshet_accepted_outcomes_latency_seconds", "accepted_outcomes.max_produce_broker_latency_ms", T::Timer, kSeconds,
     "at=produce,stat=max"},
    {"freshet_backpressure_pauses_total", "accepted_outcomes.got_backpressure", T::Counter, 1, "by=outcomes"},
    {"freshet_kafka_errors_total", "rust_consumer.kafka_error", T::Counter, 1, "error=_TRANSPORT", {}, O::Head},
    {"freshet_runtime_config_read_seconds", "runtime_config.get_str_config", T::Timer, kSeconds, {}, {}, O::June},
    {"freshet_loop_turns_total", "arroyo.consumer.run.count", T::Counter},
    {"freshet_loop_poll_seconds_total", "arroyo.consumer.poll.time", T::SumTimer, kSeconds},
    {"freshet_loop_busy_seconds_total", "arroyo.consumer.processing.time", T::SumTimer, kSeconds},
    {"freshet_backpressure_seconds_total", "arroyo.consumer.backpressure.time", T::SumTimer, kSeconds},
    {"freshet_rebalance_seconds", "arroyo.consumer.create_strategy.time", T::Timer, kSeconds, "step=assign"},
    {"freshet_rebalance_seconds", "arroyo.consumer.join.time", T::Timer, kSeconds, "step=revoke"},
    {"freshet_partitions_assigned", "arroyo.consumer.dlq_buffer.assigned_partitions", T::Gauge},
    {"freshet_librdkafka_reply_queue_operations", "arroyo.consumer.librdkafka.total_queue_size", T::Gauge},
    {"freshet_librdkafka_fetch_queue_messages", "arroyo.consumer.librdkafka.fetch_queue_count", T::Gauge},
    {"freshet_pool_threads", "arroyo.strategies.run_task_in_threads.threads", T::Gauge},
    {"freshet_pool_tasks", "arroyo.strategies.run_task_in_threads.concurrency", T::Gauge},
    {"freshet_backpressure_pauses_total", "arroyo.strategies.run_task_in_threads.giving_backpressure", T::Counter, 1,
     "by=rows"},
    {"freshet_batch_age_seconds", "arroyo.strategies.reduce.batch_time.ms", T::Timer, kSeconds},
    {"freshet_health_file_touches_total", "arroyo.processing.strategies.healthcheck.touch", T::Counter},
    {"freshet_produced_records_total", "arroyo.producer.produce_status", T::Counter},
    {"freshet_producer_p99_seconds", "arroyo.producer.librdkafka.p99_int_latency", T::Gauge, kSeconds,
     "of=int_latency"},
    {"freshet_producer_p99_seconds", "arroyo.producer.librdkafka.p99_outbuf_latency", T::Gauge, kSeconds,
     "of=outbuf_latency"},
    {"freshet_producer_p99_seconds", "arroyo.producer.librdkafka.p99_rtt", T::Gauge, kSeconds, "of=rtt"},
    {"freshet_producer_request_errors_total", "arroyo.producer.librdkafka.broker_txerrs", T::Gauge},
    {"freshet_producer_request_retries_total", "arroyo.producer.librdkafka.broker_txretries", T::Gauge},
    {"freshet_producer_messages", "arroyo.producer.librdkafka.message_count", T::Gauge},
    {"freshet_producer_messages_max", "arroyo.producer.librdkafka.message_count_max", T::Gauge},
    {"freshet_producer_bytes", "arroyo.producer.librdkafka.message_size", T::Gauge, 1, {}, {}, O::Head},
    {"freshet_producer_bytes_max", "arroyo.producer.librdkafka.message_size_max", T::Gauge, 1, {}, {}, O::Head},
    {"freshet_producer_reply_queue_operations",
     "arroyo.producer.librdkafka.reply_queue_size",
     T::Gauge,
     1,
     {},
     {},
     O::Head},
    {"freshet_dead_letters_total", "snuba.search_issues.processor.invalid_message_version", T::Counter, 1,
     "reason=invalid_message_version"},
    {"freshet_dead_letters_total", "snuba.search_issues.processor.invalid_message_type", T::Counter, 1,
     "reason=invalid_message_type"},
    {"freshet_transactions_negative_duration_total", "snuba.transactions.processor.negative_duration", T::Counter},
    {"freshet_transactions_group_ids_cut_total", "snuba.transactions.processor.group_ids_exceeded_limit", T::Counter},
    {"freshet_transactions_missing_sdk_name_total", "snuba.transactions.processor.missing_sdk_name", T::Counter},
    {"freshet_transactions_missing_sdk_version_total", "snuba.transactions.processor.missing_sdk_version", T::Counter},
    {"freshet_transactions_spans_cut_total", "snuba.transactions.processor.too_many_spans", T::Counter},
    {"freshet_periodic_restarts_total", "periodic_restart", T::Counter},
    {"freshet_consumer_reconnects_total", "consumer_reconnect", T::Counter},
};

// Calls `use` with each part of "a,b,c".
template <typename Use>
void for_each_part(std::string_view list, Use use) {
  while (!list.empty()) {
    const size_t comma = std::min(list.find(','), list.size());
    use(list.substr(0, comma));
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
}

std::string value_of(const Labels& labels, std::string_view name) {
  const auto found =
      std::find_if(labels.begin(), labels.end(), [name](const auto& label) { return label.first == name; });
  return found == labels.end() ? std::string() : found->second;
}

void erase(Labels& labels, std::string_view name) {
  labels.erase(std::remove_if(labels.begin(), labels.end(), [name](const auto& label) { return label.first == name; }),
               labels.end());
}

// Renames tags and their values where Snuba's differ.
void reword(const StatsdLine& line, const Labels& labels, bool june, Labels& tags) {
  if (line.name == "arroyo.producer.produce_status") {
    tags = {{"status", value_of(labels, "result")}, {"producer_name", value_of(labels, "producer")}};
  }
  for (auto& [name, value] : tags) {
    if (name == "producer") name = "producer_name";
    if (name == "broker") name = "broker_id";
    if (name == "pool") name = "strategy_name";
  }
  if (line.metric == "freshet_backpressure_pauses_total") {
    const bool outcomes = value_of(labels, "by") == "outcomes";
    tags = {{"strategy_name", outcomes ? "outcomes_aggregator" : "process_message"}};
  }
  if (line.name == "insertions.batch_write_ms") {
    for (auto& [name, value] : tags) {
      if (name != "result") continue;
      name = "success";
      value = value == "success" ? "true" : "false";
    }
  }
  if (line.name == "rust_consumer.kafka_error") tags = {{"error", "broker_transport_failure"}};
  if (june && line.name == "rust_consumer.clickhouse_insert_error") {
    const bool last = value_of(labels, "attempt") == value_of(labels, "max_attempts");
    tags.emplace_back("retried", last ? "false" : "true");
  }
}

const char* type_name(StatsdLine::Type type) {
  switch (type) {
    case T::Counter:
      return "counter";
    case T::Gauge:
      return "gauge";
    default:
      return "timer";
  }
}

}  // namespace

std::span<const StatsdLine> statsd_table() { return kTable; }

bool takes(const StatsdLine& line, const Labels& labels, bool june, Labels& tags) {
  if (line.only == (june ? O::Head : O::June)) return false;
  bool right = true;
  tags = labels;
  for_each_part(line.where, [&](std::string_view part) {
    const size_t equals = part.find('=');
    right = right && value_of(labels, part.substr(0, equals)) == part.substr(equals + 1);
    erase(tags, part.substr(0, equals));
  });
  if (june) for_each_part(line.not_in_june, [&](std::string_view name) { erase(tags, name); });
  reword(line, labels, june, tags);
  return right;
}

std::string statsd_markdown() {
  std::string out;
  for (const StatsdLine& line : kTable) {
    const char* only = line.only == O::Head ? " (head)" : line.only == O::June ? " (june)" : "";
    out += fmt::format("| `{}`{} | {} | `{}`{} |\n", line.name, only, type_name(line.type), line.metric,
                       line.where.empty() ? "" : fmt::format(" with {}", line.where));
  }
  return out;
}

}  // namespace freshet::telemetry
