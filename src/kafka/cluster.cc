#include "kafka/cluster.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <memory>

#include "kafka/client_config.h"
#include "kafka/error_table.h"
#include "kafka/events.h"
#include "kafka/offset_query.h"

namespace freshet::kafka {
namespace {

int to_ms(Duration duration) {
  return static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(duration).count());
}

Result<Client> lookup_client(const ConnectionSettings& connection, Log& log) {
  auto conf = lookup_conf(connection, log);
  if (!conf) return tl::make_unexpected(conf.error());
  return make_client(RD_KAFKA_CONSUMER, *std::move(conf));
}

// The client's error events explain more than the timeout of a lookup: a rejected login, a name that cannot be
// resolved. An error that names a cause is preferred over "down" and "broken".
Error explain(rd_kafka_t* client, rd_kafka_resp_err_t code, const std::string& what) {
  Error error = to_error(code, what);
  const Queue queue(rd_kafka_queue_get_main(client));
  while (const Event event{rd_kafka_queue_poll(queue.get(), 0)}) {
    const auto why = rd_kafka_event_error(event.get());
    if (rd_kafka_event_type(event.get()) != RD_KAFKA_EVENT_ERROR || why == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN)
      continue;
    error = to_error(event.get());
    error.text = fmt::format("{}: {}", what, error.text);
    if (why != RD_KAFKA_RESP_ERR__TRANSPORT) break;
  }
  return error;
}

Result<int32_t> count(rd_kafka_t* client, const std::string& name, Duration timeout) {
  const Topic topic(rd_kafka_topic_new(client, name.c_str(), nullptr));
  const rd_kafka_metadata_t* raw = nullptr;
  const auto error = rd_kafka_metadata(client, 0, topic.get(), &raw, to_ms(timeout));
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR)
    return tl::make_unexpected(explain(client, error, "looking up topic " + name));
  const Metadata metadata(raw);
  if (metadata->topic_cnt != 1 || metadata->topics[0].partition_cnt < 1) {
    return tl::make_unexpected(to_error(RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, "topic " + name));
  }
  return metadata->topics[0].partition_cnt;
}

SampledMessage copy_of(const rd_kafka_message_t& record) {
  SampledMessage out;
  out.partition = record.partition;
  out.offset = record.offset;
  rd_kafka_timestamp_type_t type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
  out.timestamp_ms = rd_kafka_message_timestamp(&record, &type);
  if (record.key != nullptr) out.key.emplace(static_cast<const char*>(record.key), record.key_len);
  if (record.payload != nullptr) out.payload.emplace(static_cast<const char*>(record.payload), record.len);
  std::vector<HeaderView> headers;
  append_headers(&record, headers);
  for (const auto& [name, value] : headers) out.headers.emplace_back(name, value);
  return out;
}

struct RecordFreed {
  void operator()(rd_kafka_message_t* record) const noexcept { rd_kafka_message_destroy(record); }
};
using Record = std::unique_ptr<rd_kafka_message_t, RecordFreed>;

// Assigns the last `share` messages of each partition. Returns the end offsets of the partitions with messages.
Result<std::map<int32_t, int64_t>> assign_newest(rd_kafka_t* client, const std::string& topic, int32_t partitions,
                                                 int64_t share, Duration timeout) {
  std::vector<Partition> all;
  for (int32_t p = 0; p < partitions; ++p) all.push_back(Partition{p});
  const auto begins_at = query_offsets(client, topic, all, PartitionEdge::Begin, to_ms(timeout));
  if (!begins_at) return tl::make_unexpected(begins_at.error());
  const auto ends_at = query_offsets(client, topic, all, PartitionEdge::End, to_ms(timeout));
  if (!ends_at) return tl::make_unexpected(ends_at.error());
  if (begins_at->size() < all.size() || ends_at->size() < all.size()) {
    return tl::make_unexpected(to_error(RD_KAFKA_RESP_ERR__TIMED_OUT, "looking up topic " + topic));
  }
  const Partitions list(rd_kafka_topic_partition_list_new(partitions));
  std::map<int32_t, int64_t> ends;
  for (int32_t p = 0; p < partitions; ++p) {
    const int64_t low = begins_at->at(Partition{p}).value;
    const int64_t high = ends_at->at(Partition{p}).value;
    if (high <= low) continue;
    rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), p)->offset = std::max(low, high - share);
    ends.emplace(p, high);
  }
  if (!ends.empty()) rd_kafka_assign(client, list.get());
  return ends;
}

}  // namespace

Result<int32_t> count_partitions(const ConnectionSettings& connection, const std::string& topic, Duration timeout,
                                 Log& log) {
  auto client = lookup_client(connection, log);
  if (!client) return tl::make_unexpected(client.error());
  return count(client->get(), topic, timeout);
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
  rd_kafka_AdminOptions_set_request_timeout(options.get(), to_ms(timeout), text.data(), text.size());
  const Queue queue(rd_kafka_queue_new(client->get()));
  rd_kafka_NewTopic_t* raw = new_topic.get();
  rd_kafka_CreateTopics(client->get(), &raw, 1, options.get(), queue.get());
  const Event event(rd_kafka_queue_poll(queue.get(), to_ms(timeout) + 1000));
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
  auto conf = lookup_conf(connection, log);
  if (!conf) return tl::make_unexpected(conf.error());
  // assign() requires a group id; this group is never joined and gets no commits.
  rd_kafka_conf_set(conf->get(), "group.id", "freshet-look-up", nullptr, 0);
  auto client = make_client(RD_KAFKA_CONSUMER, *std::move(conf));
  if (!client) return tl::make_unexpected(client.error());
  const SteadyTime deadline = clock.steady_now() + timeout;
  const auto partitions = count(client->get(), topic, timeout);
  if (!partitions) return tl::make_unexpected(partitions.error());
  rd_kafka_poll_set_consumer(client->get());
  const auto share = static_cast<int64_t>(std::max<size_t>(1, limit.messages / static_cast<size_t>(*partitions)));
  auto unread = assign_newest(client->get(), topic, *partitions, share, timeout);
  if (!unread) return tl::make_unexpected(unread.error());
  std::vector<SampledMessage> found;
  uint64_t left = limit.bytes;
  while (!unread->empty() && clock.steady_now() < deadline && !stop.stop_requested()) {
    const Record record(rd_kafka_consumer_poll(client->get(), 100));
    const auto end = record ? unread->find(record->partition) : unread->end();
    if (end == unread->end()) continue;
    if (record->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
      unread->erase(end);
    } else if (record->err == RD_KAFKA_RESP_ERR_NO_ERROR && record->offset < end->second) {
      const uint64_t bytes = record->key_len + record->len;
      if (bytes > left) continue;
      left -= bytes;
      found.push_back(copy_of(*record));
    }
  }
  if (found.size() > limit.messages) found.resize(limit.messages);
  return found;
}

}  // namespace freshet::kafka
