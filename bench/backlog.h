// Topics that are filled before a measurement.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

namespace freshet::bench {

// The message with this id.
using MessageOf = std::function<std::string(uint64_t id)>;

// Web events with 14 fields, of about `bytes` bytes (at least about 400).
MessageOf web_events(size_t bytes);

// {"event_id":...,"note":"..."} of exactly `bytes` bytes (at least 50): the same number of fields in every size.
MessageOf texts(size_t bytes);

struct Backlog {
  std::string topic;
  int partitions = 8;
  uint64_t messages = 0;
};

// Creates the topic and produces the messages with the ids from 0, to each partition in turn. Returns the total size of
// the payloads. Throws if the broker refuses something.
uint64_t produce(const std::string& bootstrap, const Backlog& backlog, const MessageOf& message_of);

// The same with messages of a storage of the drop-in, and with the topics beside it that the storage needs:
// "outcomes_raw", messages of about 190 bytes, or "errors", filled up to `bytes` (at least about 1,000).
uint64_t produce_snuba(const std::string& bootstrap, const Backlog& backlog, const std::string& storage, size_t bytes);

}  // namespace freshet::bench
