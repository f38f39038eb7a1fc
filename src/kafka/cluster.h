// Lookups and topic creation for `check`, `tap` and --create-topics. Each call creates its own client.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "kafka/kafka_settings.h"

namespace freshet::kafka {

struct SampledMessage {
  int32_t partition = 0;
  int64_t offset = 0;
  int64_t timestamp_ms = -1;
  std::optional<std::string> key;
  std::optional<std::string> payload;
  std::vector<std::pair<std::string, std::optional<std::string>>> headers;
};

// Number of partitions. Retry: no broker answered within `timeout`, or the topic does not exist (code
// UNKNOWN_TOPIC_OR_PART).
Result<int32_t> count_partitions(const ConnectionSettings& connection, const std::string& topic, Duration timeout,
                                 Log& log);

// Uses the broker's default replication factor, and its default partition count if `partitions` < 1. Succeeds if the
// topic exists already.
Status create_topic(const ConnectionSettings& connection, const std::string& topic, int32_t partitions,
                    Duration timeout, Log& log);

// Limits of a sample. A message that exceeds the remaining `bytes` is left out.
struct SampleLimit {
  size_t messages = 0;
  uint64_t bytes = std::numeric_limits<uint64_t>::max();  // keys and payloads
};

// The newest messages of the topic, about as many as the limit allows, spread over its partitions, oldest first within
// each. Joins no group and commits nothing.
Result<std::vector<SampledMessage>> newest_messages(const ConnectionSettings& connection, const std::string& topic,
                                                    SampleLimit limit, Clock& clock, Duration timeout,
                                                    std::stop_token stop, Log& log);

}  // namespace freshet::kafka
