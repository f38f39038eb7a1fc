// A record of a dead-letter topic, as stream/dlq_record.h or Snuba writes it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/city_hash.h"
#include "dead_letters/dead_letters_settings.h"
#include "kafka/cluster.h"
#include "model/ids.h"
#include "model/message.h"

namespace freshet::dead_letters {

// Where the message was before it became a dead letter: its identity, also if several records hold it.
struct Origin {
  std::string topic;  // empty: the record does not say, as those of Snuba
  Partition partition;
  Offset offset;
  int64_t timestamp_ms = -1;  // -1: the record does not say
  // Hash of key and value if topic or time are not said: messages of several topics may have the same offset.
  uint64_t content = 0;
  bool operator==(const Origin&) const = default;
};

// Stands for an origin in sets of millions.
using OriginId = Hash128;
OriginId id_of(const Origin& origin);

struct OriginIdHash {
  size_t operator()(const OriginId& id) const noexcept { return static_cast<size_t>(id.low); }
};
using OriginIds = std::unordered_set<OriginId, OriginIdHash>;

using Headers = std::vector<std::pair<std::string, std::optional<std::string>>>;

struct StoredDeadLetter {
  Position position;
  int64_t stored_at_ms = -1;
  Origin origin;
  std::string reason;          // empty: the record does not say
  std::string consumer_group;  // the same
  std::optional<std::string> key;
  std::optional<std::string> payload;
  Headers headers;  // of the message itself
};

// nullopt: the record is something else, because it has no origin.
std::optional<StoredDeadLetter> read_dead_letter(kafka::SampledMessage record);

// A mark says that a message was replayed. It is a record of the dead-letter topic.
struct ReplayMark {
  std::string key;  // distinct, so that a compacted topic keeps the mark
  Headers headers;
};
ReplayMark mark_of(const Origin& origin);
// From the headers of a record. nullopt: it is no mark.
std::optional<Origin> read_mark(std::span<const HeaderView> headers);

}  // namespace freshet::dead_letters
