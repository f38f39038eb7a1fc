#include "app/delivery_check.h"

#include <fmt/format.h>

#include <charconv>
#include <string>
#include <vector>

#include "kafka/cluster.h"
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

Result<clickhouse::DeliveryAudit> check_delivery(const settings::Pipeline& pipeline, Clock& clock, Duration timeout,
                                                 const std::stop_token& stop, Log& log, SecretMask* secrets,
                                                 clickhouse::PartsRate* rates) {
  const kafka::KafkaSettings& kafka = pipeline.kafka;
  const auto partitions = kafka::count_partitions(kafka.connection, kafka.topic, timeout, log);
  if (!partitions) return tl::make_unexpected(partitions.error());
  clickhouse::DeliveryNeeds needs;
  needs.partitions = *partitions;
  needs.repeat_after = session_timeout(kafka.connection) + pipeline.stream.drain_timeout + longest_attempt(pipeline);
  auto audit = clickhouse::audit_delivery(pipeline.clickhouse, needs, clock, secrets, timeout, stop, rates);
  if (!audit) return audit;
  // Without the topic nobody has committed yet; the broker creates it for the first consumer group.
  const auto offsets = kafka::topic_durability(kafka.connection, kOffsetsTopic, timeout, log);
  if (!offsets) return audit;
  for (Finding& finding : check_offsets_topic(*offsets)) audit->findings.push_back(std::move(finding));
  return audit;
}

}  // namespace freshet::app
