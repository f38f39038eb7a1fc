// A record of a dead-letter topic, as stream/dlq_record.h or Snuba writes it.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "dead_letters/dead_letters_settings.h"
#include "kafka/cluster.h"
#include "model/ids.h"

namespace freshet::dead_letters {

// Where the message was before it became a dead letter: its identity, also if several records hold it.
struct Origin {
  std::string topic;  // empty: the record does not say, as those of Snuba
  Partition partition;
  Offset offset;
  int64_t timestamp_ms = -1;  // -1: the record does not say
  auto operator<=>(const Origin&) const = default;
};

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
// nullopt: the record is no mark.
std::optional<Origin> read_mark(const kafka::SampledMessage& record);

}  // namespace freshet::dead_letters
