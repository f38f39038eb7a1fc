#include "kafka/early_start.h"

#include <chrono>
#include <vector>

#include "kafka/client_config.h"
#include "kafka/cluster.h"
#include "kafka/start_positions.h"

namespace freshet::kafka {

Status commit_starts(const KafkaSettings& settings, Clock& clock, const std::stop_token& stop, Log& log) {
  constexpr Duration kTimeout = std::chrono::seconds(2);
  if (settings.auto_offset_reset != OffsetReset::Latest) return {};
  const auto count = count_partitions(settings.connection, settings.topic, kTimeout, log);
  if (!count) return tl::make_unexpected(count.error());
  auto conf = lookup_conf(settings.connection, log);
  if (!conf) return tl::make_unexpected(conf.error());
  // A client that never subscribes does not join the group.
  rd_kafka_conf_set(conf->get(), "group.id", settings.consumer_group.c_str(), nullptr, 0);
  const auto client = make_client(RD_KAFKA_CONSUMER, *std::move(conf));
  if (!client) return tl::make_unexpected(client.error());
  std::vector<Partition> partitions;
  for (int32_t p = 0; p < *count; ++p) partitions.push_back(Partition{p});
  GroupRequests requests;
  StartPositions starts(client->get(), requests, settings, clock, [](const Error&) {});
  const auto resolved = starts.try_resolve(partitions, false, stop);
  // The broker takes commits from outside only while the group has no members, so this one replaces no plan, even if it
  // arrives late.
  if (resolved || resolved.error().code == RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID) return {};
  return tl::make_unexpected(resolved.error());
}

}  // namespace freshet::kafka
