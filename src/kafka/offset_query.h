// Begin and end offsets of partitions, queried from their leaders.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "kafka/handles.h"
#include "model/ids.h"

namespace freshet::kafka {

enum class PartitionEdge : int64_t { End = -1, Begin = -2 };  // the values of ListOffsets requests

// At the isolation level of the client. Blocks for at most `timeout_ms`; rd_kafka_query_watermark_offsets() exceeds its
// timeout while a leader hangs, because it waits for the request's own timeout (socket.timeout.ms, a minute).
// Partitions that were not answered are missing. Retry: none was answered.
Result<std::map<Partition, Offset>> query_offsets(rd_kafka_t* client, const std::string& topic,
                                                  const std::vector<Partition>& partitions, PartitionEdge edge,
                                                  int timeout_ms);

}  // namespace freshet::kafka
