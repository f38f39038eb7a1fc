// Settings of the Kafka module, filled by the settings module. Plain data.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/byte_budget.h"
#include "secrets/secret.h"

namespace freshet::kafka {

// Where a partition without a usable committed offset starts. Error: the partition is blocked.
enum class OffsetReset { Earliest, Latest, Error };

// Connection to a cluster; shared by consumer, producer and admin calls.
struct ConnectionSettings {
  std::string bootstrap_servers;  // HOST:PORT[,HOST:PORT...]
  std::string security_protocol;  // empty = librdkafka's default (plaintext)
  std::string sasl_mechanism;
  std::string sasl_username;
  secrets::SecretSource sasl_password;
  secrets::SecretSource oauthbearer_token;    // read for each client, and again before it expires
  std::optional<std::string> msk_iam_region;  // tokens are signed for Amazon MSK; empty = the region of AWS's tools
  std::string ssl_ca_file;
  std::string ssl_cert_file;
  std::string ssl_key_file;
  std::map<std::string, std::string>
      extra;  // any librdkafka property (--set kafka.KEY=VALUE); overrides the fields above
  std::map<std::string, secrets::SecretSource> extra_secrets;  // those of `extra` that are read again (--set-file)
};

// True for librdkafka properties with secret values, which are never printed.
inline bool is_secret(std::string_view property) {
  for (const std::string_view part : {"pass", "secret", "key.pem", "oauthbearer.config"}) {
    if (property.find(part) != std::string_view::npos) return true;
  }
  return false;
}

// A topic with its own producer and connection.
struct ProducerSettings {
  std::string topic;  // empty = not written
  ConnectionSettings connection;
};

// Topics that Snuba's consumers write in addition to the rows (docs/snuba.md).
struct SideTopicSettings {
  ProducerSettings commit_log;
  ProducerSettings replacements;
  ProducerSettings cogs;
  ProducerSettings accepted_outcomes;
};

// Size of the consumer's prefetch queue, derived from the process's memory limit: 1 to 32 MiB.
constexpr uint64_t fetch_queue_bytes(uint64_t memory_limit) {
  return std::clamp<uint64_t>(memory_limit / 16, 1 << 20, 32 << 20);
}
// The queue is also full with one message for each 512 bytes of its size (client_config.cc). MessageChunk::bytes counts
// 448 bytes for a message without content (kafka_source.cc).
constexpr uint64_t fewest_bytes_of_full_queue(uint64_t memory_limit) {
  const uint64_t queue = fetch_queue_bytes(memory_limit);
  return queue - queue / 8;
}
// What one fetch request asks for, of one partition and in total. As the broker fills its answer in the order of the
// partitions, and the library begins each request with the next one, each answer then brings messages of another
// partition. Independent of the memory limit: it must only be worth a request, and enough for the way to the broker.
constexpr uint64_t kFetchBytes = 512 << 10;

struct KafkaSettings {
  ConnectionSettings connection;
  uint64_t memory_limit = kDefaultMemoryLimit;  // of the process; determines the size of the prefetch queue
  std::string topic;
  std::string consumer_group;
  OffsetReset auto_offset_reset = OffsetReset::Earliest;
  bool strict_offset_reset = false;  // an offset out of range blocks its partition
  std::string group_instance_id;     // configured; empty = none
  bool generate_instance_id = true;  // without one: generated once per process (--no-static-membership)
  std::chrono::milliseconds max_poll_interval{300'000};
  // Commits carry plans of inserts (OffsetToCommit::plan). A commit that may reach the broker late or again ends the
  // consumer, and a consumer that continues a membership reports what is committed (CommittedPlan).
  bool planned_commits = false;
  bool create_topics = false;
  std::string dead_letter_topic;                             // empty = none
  std::optional<ConnectionSettings> dead_letter_connection;  // none = `connection`
  SideTopicSettings side_topics;
};

}  // namespace freshet::kafka
