#include "kafka/topic_durability.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

#include "kafka/error_table.h"
#include "kafka/handles.h"
#include "kafka/lookup.h"

namespace freshet::kafka {
namespace {

void read_entry(std::string_view name, std::string_view value, TopicDurability& out) {
  if (name == "unclean.leader.election.enable") out.unclean_leader_election = value == "true";
  int32_t number = 0;
  if (name != "min.insync.replicas") return;
  if (std::from_chars(value.data(), value.data() + value.size(), number).ec == std::errc()) {
    out.min_insync_replicas = number;
  }
}

Status read_settings(rd_kafka_t* client, const std::string& topic, Duration timeout, TopicDurability& out) {
  const std::string what = "reading the settings of topic " + topic;
  std::array<char, 512> text{};
  const AdminOptions options(rd_kafka_AdminOptions_new(client, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS));
  rd_kafka_AdminOptions_set_request_timeout(options.get(), milliseconds_of(timeout), text.data(), text.size());
  const ConfigResource resource(rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic.c_str()));
  const Queue queue(rd_kafka_queue_new(client));
  rd_kafka_ConfigResource_t* raw = resource.get();
  rd_kafka_DescribeConfigs(client, &raw, 1, options.get(), queue.get());
  const Event event(rd_kafka_queue_poll(queue.get(), milliseconds_of(timeout) + 1000));
  if (!event) return tl::make_unexpected(to_error(RD_KAFKA_RESP_ERR__TIMED_OUT, what));
  if (const auto error = rd_kafka_event_error(event.get()); error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return tl::make_unexpected(to_error(error, what));
  }
  size_t count = 0;
  const auto* result = rd_kafka_event_DescribeConfigs_result(event.get());
  const auto** resources = rd_kafka_DescribeConfigs_result_resources(result, &count);
  const auto error = count == 1 ? rd_kafka_ConfigResource_error(resources[0]) : RD_KAFKA_RESP_ERR__FAIL;
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return tl::make_unexpected(to_error(error, what));
  const auto** entries = rd_kafka_ConfigResource_configs(resources[0], &count);
  for (size_t i = 0; i < count; ++i) {
    const char* value = rd_kafka_ConfigEntry_value(entries[i]);
    if (value != nullptr) read_entry(rd_kafka_ConfigEntry_name(entries[i]), value, out);
  }
  return {};
}

}  // namespace

Result<TopicDurability> topic_durability(const ConnectionSettings& connection, const std::string& topic,
                                         Duration timeout, Log& log) {
  const auto client = lookup_client(connection, log);
  if (!client) return tl::make_unexpected(client.error());
  const auto metadata = topic_metadata(client->get(), topic, timeout);
  if (!metadata) return tl::make_unexpected(metadata.error());
  const rd_kafka_metadata_topic& found = (*metadata)->topics[0];
  TopicDurability out;
  out.replicas = found.partitions[0].replica_cnt;
  for (int i = 1; i < found.partition_cnt; ++i) out.replicas = std::min(out.replicas, found.partitions[i].replica_cnt);
  const Status settings = read_settings(client->get(), topic, timeout, out);
  if (!settings) out.settings_error = settings.error().text;
  return out;
}

}  // namespace freshet::kafka
