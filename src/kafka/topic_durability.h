// How safely a topic keeps its records: replicas, and the topic settings that decide about acknowledged records.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "kafka/kafka_settings.h"

namespace freshet::kafka {

struct TopicDurability {
  int32_t replicas = 0;  // of the partition with the fewest
  // None: the broker does not tell; see `settings_error`.
  std::optional<int32_t> min_insync_replicas;
  std::optional<bool> unclean_leader_election;
  std::string settings_error;  // why the settings are unknown; empty: they are known
};

// Looks the topic up with a client of its own. Retry: no broker answered within `timeout`, or the topic does not exist
// (code UNKNOWN_TOPIC_OR_PART). Threads: any.
Result<TopicDurability> topic_durability(const ConnectionSettings& connection, const std::string& topic,
                                         Duration timeout, Log& log);

}  // namespace freshet::kafka
