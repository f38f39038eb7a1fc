#include "app/process_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "app/admin_client.h"

namespace freshet::app {
namespace {

using nlohmann::json;

constexpr Duration kRateOver = std::chrono::seconds(5);  // rows are written in batches

std::optional<int64_t> number_or_none(const json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end() || !found->is_number_integer()) return std::nullopt;
  return found->get<int64_t>();
}

std::optional<double> double_or_none(const json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end() || !found->is_number()) return std::nullopt;
  return found->get<double>();
}

Times times_of(const json& object) {
  return {double_or_none(object, "p50"), double_or_none(object, "p95"), double_or_none(object, "p99")};
}

json object_at(const json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_object() ? *found : json::object();
}

std::vector<PartitionLine> partitions_of(const json& status) {
  std::vector<PartitionLine> lines;
  const auto found = status.find("partitions");
  if (found == status.end() || !found->is_array()) return lines;
  for (const json& one : *found) {
    if (!one.is_object()) continue;
    lines.push_back({json_field(one, "partition", int64_t{0}), json_field(one, "position", int64_t{0}),
                     number_or_none(one, "committed"), number_or_none(one, "lag"), json_field(one, "paused", false),
                     json_text(one, "blocked")});
  }
  return lines;
}

std::string state_of(const json& status, const ProcessAnswer& answer) {
  if (!json_field(status, "healthy", true)) return "not healthy: " + json_text(status, "health_reason");
  if (const std::string waits = json_text(status, "waiting_for"); !waits.empty()) return "waiting: " + waits;
  for (const PartitionLine& one : answer.partitions) {
    if (!one.blocked.empty()) return fmt::format("partition {} blocked: {}", one.partition, one.blocked);
  }
  if (!json_field(status, "ready", true)) return "not ready: " + json_text(status, "ready_reason");
  if (json_field(status, "draining", false)) return "draining";
  return json_field(status, "assigned", false) ? "streaming" : "joining the group";
}

std::string renewal_of(const json& membership) {
  const json last = object_at(membership, "last_renewal");
  if (last.empty()) return "";
  const std::string result = json_text(last, "result");
  if (result != "renewed") return fmt::format("{}: {}", result, json_text(last, "error"));
  const double pause = json_field(last, "pause_ms", -1.0);
  return fmt::format("{}, pause {}", json_text(last, "mode"), pause < 0 ? "unknown" : fmt::format("{:.0f} ms", pause));
}

}  // namespace

size_t ProcessAnswer::blocked() const {
  return static_cast<size_t>(
      std::count_if(partitions.begin(), partitions.end(), [](const auto& one) { return !one.blocked.empty(); }));
}

ProcessAnswer read_answer(int http_status, const std::string& body) {
  ProcessAnswer answer;
  const auto status = json_object(body);
  if (http_status != 200 || !status || !status->contains("rows_written")) {
    answer.error = fmt::format("the answer is not from freshet (HTTP status {})", http_status);
    return answer;
  }
  answer.version = json_text(*status, "version");
  answer.topic = json_text(*status, "topic");
  answer.table = json_text(*status, "table");
  answer.group = json_text(*status, "consumer_group");
  answer.rows = json_field(*status, "rows_written", uint64_t{0});
  answer.messages = json_field(*status, "messages_consumed", uint64_t{0});
  answer.dead_letters = json_field(*status, "dead_letters", uint64_t{0});
  answer.in_flight_bytes = json_field(*status, "in_flight_bytes", uint64_t{0});
  answer.insert_errors = json_field(*status, "insert_errors", uint64_t{0});
  answer.kafka_errors = json_field(*status, "kafka_errors", uint64_t{0});
  answer.insert_ms = times_of(object_at(*status, "insert_ms"));
  answer.latency_ms = times_of(object_at(*status, "latency_ms"));
  answer.consumer_number = json_field(*status, "consumer_number", uint64_t{0});
  answer.consumer_age_seconds = json_field(*status, "consumer_age_seconds", 0.0);
  answer.last_insert_error = json_text(*status, "last_insert_error");
  answer.last_kafka_error = json_text(*status, "last_kafka_error");
  answer.delivery = json_text(object_at(*status, "delivery"), "mode");
  answer.insert_format = json_text(object_at(*status, "insert_format"), "format");
  const json membership = object_at(*status, "membership");
  answer.last_renewal = renewal_of(membership);
  answer.renewal_waits_for = json_text(membership, "renewal_waits_for");
  answer.partitions = partitions_of(*status);
  for (const PartitionLine& one : answer.partitions) answer.lag += std::max<int64_t>(0, one.lag.value_or(0));
  answer.good = json_field(*status, "healthy", false) && json_field(*status, "ready", false) && answer.blocked() == 0;
  answer.state = state_of(*status, answer);
  return answer;
}

void ProcessView::update(ProcessAnswer answer, SteadyTime now) {
  const bool restarted = !samples_.empty() && answer.rows < samples_.back().rows;
  if (restarted || !answer.error.empty()) samples_.clear();
  if (answer.error.empty()) samples_.push_back({now, answer.rows, answer.dead_letters});
  while (samples_.size() > 2 && now - samples_[1].at >= kRateOver) samples_.pop_front();
  last_ = std::move(answer);
}

double ProcessView::rate(uint64_t Sample::*count) const {
  if (samples_.size() < 2 || samples_.back().at <= samples_.front().at) return 0;
  const uint64_t more = samples_.back().*count - std::min(samples_.back().*count, samples_.front().*count);
  return static_cast<double>(more) / to_seconds(samples_.back().at - samples_.front().at);
}

}  // namespace freshet::app
