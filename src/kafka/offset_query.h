// Where partitions begin and end, asked of their leaders.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "kafka/handles.h"
#include "model/ids.h"

namespace freshet::kafka {

enum class PartitionEdge : int64_t { End = -1, Begin = -2 };  // as the ListOffsets request names them

// As the isolation level of the client shows them. Blocks for `timeout_ms` at most, whoever does not answer:
// rd_kafka_query_watermark_offsets() does not keep its timeout while a leader hangs, and waits for the request's own
// (socket.timeout.ms, a minute). Partitions that were not answered are missing. Retry: nothing was answered.
Result<std::map<Partition, Offset>> query_offsets(rd_kafka_t* client, const std::string& topic,
                                                  const std::vector<Partition>& partitions, PartitionEdge edge,
                                                  int timeout_ms);

}  // namespace freshet::kafka
