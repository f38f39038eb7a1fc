// The commit log: after each insert, the offset that the consumer has reached in each of its partitions.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/batch.h"
#include "ports/record_producer.h"

namespace freshet::snuba_outputs {

// {"offset":5,"orig_message_ts":1696381946.0,"received_p99":null}; timestamps in milliseconds since 1970 UTC.
std::string commit_log_value(Offset next, int64_t last_timestamp_ms, std::optional<int64_t> received_p99_ms);
// TOPIC:PARTITION:GROUP
std::string commit_log_key(std::string_view topic, Partition partition, std::string_view consumer_group);
// The element at index floor(n * 0.99) of the sorted timestamps; nullopt if there are none. Reorders them.
std::optional<int64_t> received_p99(std::span<int64_t> timestamps_ms);

// Decides which records may be written. Batches are stored in any order, but a record states that everything below its
// offset is stored, so it waits for the batches before it. Threads: the loop only.
class CommitLog {
 public:
  // A part of a batch whose record may be written now.
  struct Due {
    Partition partition;
    AssignmentId assignment;
    std::vector<uint64_t> chunks;  // by sequence number
    ProducerRecord record;
  };

  CommitLog(std::string topic, std::string consumer_group)
      : topic_(std::move(topic)), consumer_group_(std::move(consumer_group)) {}

  // Call in the order in which batches are sealed.
  void sealed(const SealedBatch& batch);
  void stored(const SealedBatch& batch, std::vector<Due>& due);
  void drop(Partition partition, AssignmentId assignment);

 private:
  struct Waiting {
    uint64_t batch;
    AssignmentId assignment;
    std::optional<Due> due;  // once the batch is stored; its rows, which take memory, are not kept
  };
  ProducerRecord record(const SealedBatch& batch, const BatchPart& part) const;

  const std::string topic_;
  const std::string consumer_group_;
  std::map<Partition, std::deque<Waiting>> waiting_;  // in sealing order
};

}  // namespace freshet::snuba_outputs
