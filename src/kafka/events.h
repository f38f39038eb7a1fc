// Converts events of the consumer's queue to the pipeline's types. Threads: any; nothing blocks.
#pragma once

#include <librdkafka/rdkafka.h>

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "kafka/handles.h"
#include "model/message.h"
#include "ports/source.h"

namespace freshet::kafka {

// Appends a message: `record`, which has no error. `event` must contain exactly this one. The message owns the event:
// key, payload and headers stay in the library's memory until the message is destroyed, on any thread.
void append_message(Event event, const rd_kafka_message_t& record, std::vector<Message>& out);
// The same for a message of a batch, which is `record`.
void append_message(FetchedMessage fetched, const rd_kafka_message_t& record, std::vector<Message>& out);

// Loads what append_message() reads beside the fields of `record`, which the library has just written: the timestamp,
// in memory that the thread of the broker has written and this one has not seen yet.
inline void prefetch(const rd_kafka_message_t& record) {
  constexpr size_t kTimestampBehind = 24;  // in librdkafka 2; elsewhere this does nothing
  __builtin_prefetch(reinterpret_cast<const char*>(&record + 1) + kTimestampBehind);
}

// An error of the client, or of one partition.
struct ConsumerError {
  Error error;
  rd_kafka_resp_err_t code;
  bool fatal;
  int32_t partition;  // kNoPartition if it is about no partition
  int64_t offset;     // where it happened, if it is about a partition; may be RD_KAFKA_OFFSET_INVALID
};
ConsumerError to_consumer_error(rd_kafka_event_t* event);
// `record` has an error instead of a message.
ConsumerError to_consumer_error(const rd_kafka_message_t& record);

// Appends the headers of `record`; they point into the library's memory.
void append_headers(const rd_kafka_message_t* record, std::vector<HeaderView>& out);

// For an OFFSET_COMMIT event. Each rejected partition has its own error if the library reports one.
CommitResult to_commit_result(rd_kafka_event_t* event);

// `list` may be null: no partitions.
std::vector<Partition> to_partitions(const rd_kafka_topic_partition_list_t* list);

}  // namespace freshet::kafka
