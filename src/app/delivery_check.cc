#include "app/delivery_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <string>
#include <vector>

#include "clickhouse/clickhouse_client.h"
#include "kafka/cluster.h"
#include "kafka/connection_files.h"
#include "kafka/topic_durability.h"

namespace freshet::app {
namespace {

using clickhouse::Finding;
using clickhouse::Severity;
using std::chrono::milliseconds;

constexpr const char* kOffsetsTopic = "__consumer_offsets";

milliseconds session_timeout(const kafka::ConnectionSettings& connection) {
  milliseconds::rep value = 45'000;  // librdkafka's default
  const auto set = connection.extra.find("session.timeout.ms");
  if (set != connection.extra.end()) {
    std::from_chars(set->second.data(), set->second.data() + set->second.size(), value);
  }
  return milliseconds(value);
}

// One attempt of an insert, from the connection to the response.
milliseconds longest_attempt(const settings::Pipeline& pipeline) {
  const InsertOptions& live = pipeline.options.insert;
  return pipeline.snuba ? live.connect_timeout + live.request_timeout
                        : pipeline.clickhouse.connect_timeout + pipeline.clickhouse.request_timeout;
}

std::string topic_setting(const char* assignment) {
  return fmt::format(
      "kafka-configs.sh --bootstrap-server ... --alter --entity-type topics --entity-name {} --add-config {}",
      kOffsetsTopic, assignment);
}

// Acknowledged commits may be lost, so that messages are read again whose rows are stored.
std::vector<Finding> check_offsets_topic(const kafka::TopicDurability& topic) {
  std::vector<Finding> out;
  const auto warn = [&](const char* subject, const std::string& text) {
    out.push_back({Severity::Warning, fmt::format("{} {}", kOffsetsTopic, subject), text});
  };
  if (!topic.settings_error.empty()) {
    out.push_back({Severity::Info, kOffsetsTopic, "its settings cannot be read: " + topic.settings_error});
  }
  if (topic.replicas == 1) {
    warn("replication factor", "it is 1: acknowledged commits are lost with the broker's disk; use 3");
    return out;
  }
  if (topic.min_insync_replicas == 1) {
    warn("min.insync.replicas", "it is 1: a commit may be acknowledged by a single broker, and is lost with it; " +
                                    topic_setting("min.insync.replicas=2"));
  }
  if (topic.unclean_leader_election == true) {
    warn("unclean.leader.election.enable", "it is true: a broker that misses acknowledged commits may become leader; " +
                                               topic_setting("unclean.leader.election.enable=false"));
  }
  return out;
}

}  // namespace

DeliveryCheck::DeliveryCheck(const settings::Pipeline& pipeline, Delivery delivery, Clock& clock, Log& log,
                             secrets::SecretStore* secrets)
    : pipeline_(pipeline),
      clickhouse_(pipeline.clickhouse),
      clock_(clock),
      log_(log),
      secrets_(secrets),
      rates_(clock) {
  clickhouse_.delivery = delivery;
  // A member that was frozen may send a planned insert as late as this, after its next owner has.
  const milliseconds late = delivery == Delivery::ExactlyOnce ? pipeline.stream.planned_inserts_valid : milliseconds(0);
  const milliseconds taken_over = session_timeout(pipeline.kafka.connection) + pipeline.stream.drain_timeout;
  needs_.repeat_after = std::max(late, taken_over) + longest_attempt(pipeline);
}

Result<clickhouse::DeliveryAudit> DeliveryCheck::audit(Duration timeout, const std::stop_token& stop) {
  if (!looked_at_) {  // Kafka's timeout would be in vain
    clickhouse::ClickHouseClient client(clickhouse_, clock_, secrets_);
    const auto answer = client.server_version(timeout, stop);
    if (!answer && answer.error().code == 0) return tl::make_unexpected(answer.error());
  }
  const Status looked = look_at_topics();
  if (stop.stop_requested()) return failure(ErrorKind::Stopping, "stopping");
  auto audit = clickhouse::audit_delivery(clickhouse_, needs_, clock_, secrets_, timeout, stop, &rates_);
  // More partitions need a larger window: without their number, only an unsuitable table is certain.
  if (!looked && audit && audit->suitable) return tl::make_unexpected(looked.error());
  if (audit) audit->findings.insert(audit->findings.end(), of_kafka_.begin(), of_kafka_.end());
  return audit;
}

Status DeliveryCheck::look_at_topics() {
  constexpr Duration kTimeout = std::chrono::seconds(5);  // a stop waits for it
  constexpr Duration kEvery = std::chrono::minutes(10);
  constexpr int kNoSuchTopic = 3;  // Kafka's UNKNOWN_TOPIC_OR_PARTITION
  if (looked_at_ && clock_.steady_now() - *looked_at_ < kEvery) return {};
  const kafka::KafkaSettings& kafka = pipeline_.kafka;
  const kafka::ConnectionSettings connection = kafka::ConnectionFiles(kafka.connection, secrets_).settings();
  const auto partitions = kafka::count_partitions(connection, kafka.topic, kTimeout, log_);
  if (!partitions && partitions.error().code != kNoSuchTopic) return tl::make_unexpected(partitions.error());
  needs_.partitions = partitions.value_or(1);
  // Without the topic nobody has committed yet; the broker creates it for the first consumer group.
  const auto offsets = kafka::topic_durability(connection, kOffsetsTopic, kTimeout, log_);
  of_kafka_ = offsets ? check_offsets_topic(*offsets) : std::vector<Finding>();
  if (partitions) looked_at_ = clock_.steady_now();
  return {};
}

}  // namespace freshet::app
