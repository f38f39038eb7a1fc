#include "kafka/record_deletion.h"

#include <fmt/format.h>

#include <array>

#include "kafka/error_table.h"
#include "kafka/lookup.h"

namespace freshet::kafka {

Status delete_records(const ConnectionSettings& connection, const std::string& topic,
                      const std::map<Partition, Offset>& before, Duration timeout, Log& log) {
  if (before.empty()) return {};
  auto client = lookup_client(connection, log);
  if (!client) return tl::make_unexpected(client.error());
  const Partitions list(rd_kafka_topic_partition_list_new(static_cast<int>(before.size())));
  for (const auto& [partition, offset] : before) {
    rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), partition.value)->offset = offset.value;
  }
  const std::string what = "deleting records of topic " + topic;
  const RecordDeletion deletion(rd_kafka_DeleteRecords_new(list.get()));
  const AdminOptions options(rd_kafka_AdminOptions_new(client->get(), RD_KAFKA_ADMIN_OP_DELETERECORDS));
  std::array<char, 512> text{};
  rd_kafka_AdminOptions_set_request_timeout(options.get(), milliseconds_of(timeout), text.data(), text.size());
  const Queue queue(rd_kafka_queue_new(client->get()));
  rd_kafka_DeleteRecords_t* raw = deletion.get();
  rd_kafka_DeleteRecords(client->get(), &raw, 1, options.get(), queue.get());
  const Event event(rd_kafka_queue_poll(queue.get(), milliseconds_of(timeout) + 1000));
  if (!event) return tl::make_unexpected(to_error(RD_KAFKA_RESP_ERR__TIMED_OUT, what));
  if (const auto error = rd_kafka_event_error(event.get()); error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return tl::make_unexpected(to_error(error, what));
  }
  const auto* result = rd_kafka_event_DeleteRecords_result(event.get());
  const rd_kafka_topic_partition_list_t* done = rd_kafka_DeleteRecords_result_offsets(result);
  for (int i = 0; i < done->cnt; ++i) {
    const rd_kafka_topic_partition_t& one = done->elems[i];
    if (one.err == RD_KAFKA_RESP_ERR_NO_ERROR) continue;
    return tl::make_unexpected(to_error(one.err, fmt::format("{}, partition {}", what, one.partition)));
  }
  return {};
}

}  // namespace freshet::kafka
