#include "admin/status_json.h"

#include <nlohmann/json.hpp>

#include "base/message_text.h"

namespace freshet::admin {
namespace {

using nlohmann::ordered_json;

ordered_json optional(const std::optional<Offset>& offset) {
  return offset ? ordered_json(offset->value) : ordered_json(nullptr);
}

int64_t unix_ms(SystemTime time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

ordered_json unix_ms(const std::optional<SystemTime>& time) {
  return time ? ordered_json(unix_ms(*time)) : ordered_json(nullptr);
}

ordered_json partition_json(const PartitionStatus& p, MessageTexts message_texts) {
  ordered_json out{{"partition", p.partition.value},
                   {"position", p.position.value},
                   {"committed", optional(p.committed)},
                   {"end", optional(p.end)},
                   {"lag", p.lag ? ordered_json(*p.lag) : ordered_json(nullptr)},
                   {"paused", p.paused},
                   {"held", text_for(p.held, message_texts)}};
  return out;
}

ordered_json report_json(const RenewalReport& r) {
  const auto milliseconds = [](Duration d) { return std::chrono::duration<double, std::milli>(d).count(); };
  ordered_json out{{"number", r.number},
                   {"reason", to_string(r.reason)},
                   {"detail", r.detail},
                   {"mode", to_string(r.mode)},
                   {"result", to_string(r.result)},
                   {"error", r.error},
                   {"duration_ms", milliseconds(r.duration)},
                   {"pause_ms", nullptr},
                   {"generation_kept", r.generation_kept},
                   {"assignment_kept", r.assignment_kept},
                   {"finished_at_ms", unix_ms(r.finished_at)}};
  if (r.pause) out["pause_ms"] = milliseconds(*r.pause);
  return out;
}

ordered_json session_json(const SessionStatus& session) {
  ordered_json out{{"instance_id", session.instance_id},
                   {"instance_id_configured", session.instance_id_configured},
                   {"continuity", session.continuity},
                   {"waiting_for", session.waiting_for},
                   {"renewal_waits_for", session.renewal_waits_for},
                   {"last_renewal", nullptr}};
  if (session.last_renewal) out["last_renewal"] = report_json(*session.last_renewal);
  return out;
}

std::string text_of(const ordered_json& json) {
  return json.dump(2, ' ', false, ordered_json::error_handler_t::replace);
}

}  // namespace

std::string text_for(const std::string& text, MessageTexts message_texts) {
  if (message_texts == MessageTexts::Shown) return with_message_texts(text);
  return without_message_texts(text, "[may quote messages: see the log, or ask with the admin token]");
}

std::string renewal_json(const RenewalReport& report) { return text_of(report_json(report)) + "\n"; }

std::string status_json(const StreamStatus& s, const SessionStatus& session, const LiveOptions& o, const Answer& health,
                        const Answer& ready, const std::string& version, const std::string& kafka_client,
                        MessageTexts message_texts) {
  ordered_json partitions = ordered_json::array();
  for (const PartitionStatus& p : s.partitions) partitions.push_back(partition_json(p, message_texts));
  const ordered_json out{{"version", version},
                         {"kafka_client", kafka_client},
                         {"healthy", health.ok},
                         {"health_reason", text_for(health.reason, message_texts)},
                         {"ready", ready.ok},
                         {"ready_reason", text_for(ready.reason, message_texts)},
                         {"topic", s.topic},
                         {"table", s.table},
                         {"consumer_group", s.consumer_group},
                         {"session", s.session},
                         {"session_age_seconds", s.session_age_seconds},
                         {"generation", s.generation},
                         {"membership", session_json(session)},
                         {"assigned", s.assigned},
                         {"draining", s.draining},
                         {"messages_consumed", s.messages_consumed},
                         {"rows_written", s.rows_written},
                         {"bytes_written", s.bytes_written},
                         {"batches_written", s.batches_written},
                         {"batches_in_flight", s.batches_in_flight},
                         {"in_flight_bytes", s.in_flight_bytes},
                         {"dead_letters", s.dead_letters},
                         {"skipped", s.skipped},
                         {"abandoned", s.abandoned},
                         {"rebalances", s.rebalances},
                         {"waiting_for", text_for(s.waiting_for, message_texts)},
                         {"last_insert_error", text_for(s.last_insert_error, message_texts)},
                         {"last_insert_error_at_ms", unix_ms(s.last_insert_error_at)},
                         {"last_kafka_error", text_for(s.last_kafka_error, message_texts)},
                         {"last_kafka_error_at_ms", unix_ms(s.last_kafka_error_at)},
                         {"partitions", partitions},
                         {"options",
                          {{"max_batch_size", o.max_batch_rows},
                           {"max_batch_bytes", o.max_batch_bytes},
                           {"max_batch_time_ms", o.max_batch_time.count()},
                           {"clickhouse_concurrency", o.clickhouse_concurrency},
                           {"dead_letters_per_second", o.dead_letters_per_second},
                           {"dead_letter_burst", o.dead_letter_burst},
                           {"log_level", to_string(o.log_level)}}}};
  return text_of(out);
}

}  // namespace freshet::admin
