#include "kafka/events.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "kafka/error_table.h"
#include "kafka/reported_errors.h"

namespace freshet::kafka {
namespace {

// The library's memory of a message, which lives as long as its event, or as its handle from a batch.
template <typename Handle>
class LibraryMemory final : public MessageMemory {
 public:
  void release(void* handle) const noexcept override {
    typename Handle::deleter_type()(static_cast<typename Handle::pointer>(handle));
  }
  void headers(const void* record, std::vector<HeaderView>& out) const override {
    append_headers(static_cast<const rd_kafka_message_t*>(record), out);
  }
};

const LibraryMemory<Event> kMemoryOfEvents;
const LibraryMemory<FetchedMessage> kMemoryOfBatches;

std::optional<std::string_view> bytes_or_null(const void* data, size_t size) {
  if (data == nullptr) return std::nullopt;
  return std::string_view(static_cast<const char*>(data), size);
}

// In its place: the loop does this for each message, and moves of a message cost more than all of its fields.
template <typename Handle>
void append(const MessageMemory& memory, Handle handle, const rd_kafka_message_t& record, std::vector<Message>& out) {
  Message& message = out.emplace_back(&memory, handle.get(), &record);
  (void)handle.release();  // the message has it
  message.offset = Offset{record.offset};
  rd_kafka_timestamp_type_t type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
  message.timestamp_ms = rd_kafka_message_timestamp(&record, &type);
  message.key = bytes_or_null(record.key, record.key_len);
  message.payload = bytes_or_null(record.payload, record.len);
}

}  // namespace

void append_message(Event event, const rd_kafka_message_t& record, std::vector<Message>& out) {
  append(kMemoryOfEvents, std::move(event), record, out);
}

void append_message(FetchedMessage fetched, const rd_kafka_message_t& record, std::vector<Message>& out) {
  append(kMemoryOfBatches, std::move(fetched), record, out);
}

ConsumerError to_consumer_error(rd_kafka_event_t* event) {
  const OnePartition of(rd_kafka_event_topic_partition(event));
  return {to_error(event), rd_kafka_event_error(event), rd_kafka_event_error_is_fatal(event) != 0,
          of ? of->partition : kNoPartition, of ? of->offset : RD_KAFKA_OFFSET_INVALID};
}

// An error of a topic has a topic, no offset, and a partition that means nothing. So does a reset of the position, but
// its partition is right: after a truncation of the log no offset is valid.
ConsumerError to_consumer_error(const rd_kafka_message_t& record) {
  const bool of_partition = record.rkt != nullptr && (record.offset != RD_KAFKA_OFFSET_INVALID ||
                                                      record.err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET);
  return {to_error(record.err, rd_kafka_message_errstr(&record)), record.err, record.err == RD_KAFKA_RESP_ERR__FATAL,
          of_partition ? record.partition : kNoPartition, record.offset};
}

void append_headers(const rd_kafka_message_t* record, std::vector<HeaderView>& out) {
  rd_kafka_headers_t* headers = nullptr;
  if (rd_kafka_message_headers(record, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return;
  const char* name = nullptr;
  const void* value = nullptr;
  size_t size = 0;
  for (size_t i = 0; rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR; ++i) {
    out.push_back({name, bytes_or_null(value, size)});
  }
}

CommitResult to_commit_result(rd_kafka_event_t* event) {
  CommitResult result;
  const auto whole = rd_kafka_event_error(event);
  const rd_kafka_topic_partition_list_t* list = rd_kafka_event_topic_partition_list(event);
  // If the broker rejects only some offsets, the library reports the last rejection as the error of the whole commit:
  // use the error of each partition instead.
  const bool each_has_its_own =
      list != nullptr && std::any_of(list->elems, list->elems + list->cnt,
                                     [](const auto& one) { return one.err != RD_KAFKA_RESP_ERR_NO_ERROR; });
  for (int i = 0; list != nullptr && i < list->cnt; ++i) {
    const rd_kafka_topic_partition_t& one = list->elems[i];
    const auto code = each_has_its_own ? one.err : whole;
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
      result.committed.emplace_back(Partition{one.partition}, Offset{one.offset});
      continue;
    }
    if (code == RD_KAFKA_RESP_ERR_OFFSET_METADATA_TOO_LARGE) result.plan_too_large = true;
    if (ends_commits(code)) result.void_now.push_back(Partition{one.partition});
    if (!result.error) result.error = to_error(code, "committing offsets");
  }
  if (whole != RD_KAFKA_RESP_ERR_NO_ERROR && !result.error) result.error = to_error(whole, "committing offsets");
  return result;
}

std::vector<Partition> to_partitions(const rd_kafka_topic_partition_list_t* list) {
  std::vector<Partition> partitions;
  for (int i = 0; list != nullptr && i < list->cnt; ++i) partitions.push_back(Partition{list->elems[i].partition});
  return partitions;
}

}  // namespace freshet::kafka
