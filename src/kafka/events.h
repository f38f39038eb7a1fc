// What an event of the consumer's queue says, in the stream's terms. Threads: any; none of these blocks.
#pragma once

#include <librdkafka/rdkafka.h>

#include <vector>

#include "kafka/handles.h"
#include "model/message.h"
#include "ports/source.h"

namespace freshet::kafka {

// `event` holds one message, `record`, without an error. The message owns the event: key, payload and headers stay in
// the library's memory until the message is destroyed, which any thread may do.
Message to_message(Event event, const rd_kafka_message_t* record);

// Appends the headers of `record`, which own no bytes: they stand in the library's memory.
void append_headers(const rd_kafka_message_t* record, std::vector<HeaderView>& out);

// Of an OFFSET_COMMIT event. Each refused partition counts by its own error where the library tells it.
CommitResult to_commit_result(rd_kafka_event_t* event);

// `list` may be null: none.
std::vector<Partition> to_partitions(const rd_kafka_topic_partition_list_t* list);

}  // namespace freshet::kafka
