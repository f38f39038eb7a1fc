#include "kafka/cluster.h"

#include <algorithm>
#include <array>

#include "kafka/error_table.h"
#include "kafka/lookup.h"
#include "kafka/topic_reader.h"

namespace freshet::kafka {
Result<int32_t> count_partitions(const ConnectionSettings& connection, const std::string& topic, Duration timeout,
                                 Log& log) {
  auto client = lookup_client(connection, log);
  if (!client) return tl::make_unexpected(client.error());
  const auto metadata = topic_metadata(client->get(), topic, timeout);
  if (!metadata) return tl::make_unexpected(metadata.error());
  return (*metadata)->topics[0].partition_cnt;
}

Status create_topic(const ConnectionSettings& connection, const std::string& topic, int32_t partitions,
                    Duration timeout, Log& log) {
  auto client = lookup_client(connection, log);
  if (!client) return tl::make_unexpected(client.error());
  std::array<char, 512> text{};
  const NewTopic new_topic(
      rd_kafka_NewTopic_new(topic.c_str(), partitions < 1 ? -1 : partitions, -1, text.data(), text.size()));
  if (!new_topic) return failure(ErrorKind::Fatal, text.data());
  const AdminOptions options(rd_kafka_AdminOptions_new(client->get(), RD_KAFKA_ADMIN_OP_CREATETOPICS));
  rd_kafka_AdminOptions_set_request_timeout(options.get(), milliseconds_of(timeout), text.data(), text.size());
  const Queue queue(rd_kafka_queue_new(client->get()));
  rd_kafka_NewTopic_t* raw = new_topic.get();
  rd_kafka_CreateTopics(client->get(), &raw, 1, options.get(), queue.get());
  const Event event(rd_kafka_queue_poll(queue.get(), milliseconds_of(timeout) + 1000));
  if (!event) return tl::make_unexpected(to_error(RD_KAFKA_RESP_ERR__TIMED_OUT, "creating topic " + topic));
  if (rd_kafka_event_error(event.get()) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return tl::make_unexpected(to_error(rd_kafka_event_error(event.get()), "creating topic " + topic));
  }
  size_t n = 0;
  const auto* result = rd_kafka_event_CreateTopics_result(event.get());
  const rd_kafka_topic_result_t** topics = rd_kafka_CreateTopics_result_topics(result, &n);
  const auto error = n == 1 ? rd_kafka_topic_result_error(topics[0]) : RD_KAFKA_RESP_ERR__FAIL;
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR || error == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) return {};
  return tl::make_unexpected(to_error(error, "creating topic " + topic));
}

Result<std::vector<SampledMessage>> newest_messages(const ConnectionSettings& connection, const std::string& topic,
                                                    SampleLimit limit, Clock& clock, Duration timeout,
                                                    std::stop_token stop, Log& log) {
  auto reader = TopicReader::open(connection, topic, timeout, ReadAhead::Little, clock, log);
  if (!reader) return tl::make_unexpected(reader.error());
  auto ranges = reader->ranges();
  if (!ranges) return tl::make_unexpected(ranges.error());
  const auto share = static_cast<int64_t>(std::max<size_t>(1, limit.messages / std::max<size_t>(1, ranges->size())));
  for (auto& [partition, range] : *ranges) {
    range.begin.value = std::max(range.begin.value, range.end.value - share);
  }
  std::vector<SampledMessage> found;
  uint64_t left = limit.bytes;
  const Status read = reader->read(*ranges, stop, [&](const rd_kafka_message_t& record) {
    const uint64_t bytes = record.key_len + record.len;
    if (bytes > left) return true;
    left -= bytes;
    found.push_back(copy_of(record));
    return true;
  });
  if (!read && found.empty() && read.error().kind != ErrorKind::Stopping) return tl::make_unexpected(read.error());
  if (found.size() > limit.messages) found.resize(limit.messages);
  return found;
}

}  // namespace freshet::kafka
