#include "kafka/offset_query.h"

#include "kafka/error_table.h"

namespace freshet::kafka {

Result<std::map<Partition, Offset>> query_offsets(rd_kafka_t* client, const std::string& topic,
                                                  const std::vector<Partition>& partitions, PartitionEdge edge,
                                                  int timeout_ms) {
  const Partitions list(rd_kafka_topic_partition_list_new(static_cast<int>(partitions.size())));
  for (const Partition partition : partitions) {
    // rd_kafka_offsets_for_times() takes timestamps in milliseconds; these two values query an edge of the partition.
    rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), partition.value)->offset = static_cast<int64_t>(edge);
  }
  const auto error = rd_kafka_offsets_for_times(client, list.get(), timeout_ms);
  std::map<Partition, Offset> found;
  auto why = error;
  for (int i = 0; i < list->cnt && error == RD_KAFKA_RESP_ERR_NO_ERROR; ++i) {
    const rd_kafka_topic_partition_t& one = list->elems[i];
    if (one.err == RD_KAFKA_RESP_ERR_NO_ERROR && one.offset >= 0) {
      found.emplace(Partition{one.partition}, Offset{one.offset});
    } else {
      why = one.err;
    }
  }
  if (found.empty() && !partitions.empty()) {
    return tl::make_unexpected(to_error(why, "looking up where partitions begin and end"));
  }
  return found;
}

}  // namespace freshet::kafka
