#include "kafka/topic_reader.h"

#include <array>
#include <memory>
#include <utility>
#include <vector>

#include "kafka/error_table.h"
#include "kafka/events.h"
#include "kafka/lookup.h"
#include "kafka/oauth_token.h"
#include "kafka/offset_query.h"

namespace freshet::kafka {
namespace {

using PolledRecord = std::unique_ptr<rd_kafka_message_t, Freed<rd_kafka_message_destroy>>;

// They win over an operator's values.
constexpr std::array kOwnProperties = {
    std::pair{"group.id", "freshet-look-up"},  // assign() requires one; it is never joined and gets no commits
    std::pair{"isolation.level", "read_committed"},
    std::pair{"auto.offset.reset", "earliest"},  // the beginning may be deleted between ranges() and read()
};
constexpr int kReadStepMs = 100;  // how soon a stop is noticed

}  // namespace

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

Result<TopicReader> TopicReader::open(const ConnectionSettings& connection, const std::string& topic, Duration timeout,
                                      ReadAhead ahead, Clock& clock, Log& log) {
  auto conf = lookup_conf(connection, log, ahead);
  if (!conf) return tl::make_unexpected(conf.error());
  for (const auto& [key, value] : kOwnProperties) rd_kafka_conf_set(conf->get(), key, value, nullptr, 0);
  auto client = make_client(RD_KAFKA_CONSUMER, *std::move(conf));
  if (!client) return tl::make_unexpected(client.error());
  const auto metadata = topic_metadata(client->get(), topic, timeout);
  if (!metadata) return tl::make_unexpected(metadata.error());
  rd_kafka_poll_set_consumer(client->get());
  return TopicReader(*std::move(client), topic, (*metadata)->topics[0].partition_cnt, timeout, clock);
}

Result<TopicReader::Ranges> TopicReader::ranges() {
  std::vector<Partition> all;
  for (int32_t p = 0; p < partitions_; ++p) all.push_back(Partition{p});
  const auto begins = query_offsets(client_.get(), topic_, all, PartitionEdge::Begin, milliseconds_of(timeout_));
  if (!begins) return tl::make_unexpected(begins.error());
  const auto ends = query_offsets(client_.get(), topic_, all, PartitionEdge::End, milliseconds_of(timeout_));
  if (!ends) return tl::make_unexpected(ends.error());
  if (begins->size() < all.size() || ends->size() < all.size()) {
    return tl::make_unexpected(to_error(RD_KAFKA_RESP_ERR__TIMED_OUT, "looking up topic " + topic_));
  }
  Ranges found;
  for (const auto& [partition, begin] : *begins) {
    const Offset end = ends->at(partition);
    if (begin < end) found.emplace(partition, Range{begin, end});
  }
  return found;
}

Status TopicReader::read(const Ranges& ranges, const std::stop_token& stop,
                         const std::function<bool(const rd_kafka_message_t&)>& take) {
  const Partitions list(rd_kafka_topic_partition_list_new(partitions_));
  std::map<int32_t, int64_t> unread;  // by partition: where it ends
  for (const auto& [partition, range] : ranges) {
    if (range.end <= range.begin) continue;
    rd_kafka_topic_partition_list_add(list.get(), topic_.c_str(), partition.value)->offset = range.begin.value;
    unread.emplace(partition.value, range.end.value);
  }
  if (unread.empty()) return {};
  rd_kafka_assign(client_.get(), list.get());
  SteadyTime last_at = clock_.steady_now();
  auto why = RD_KAFKA_RESP_ERR__TIMED_OUT;  // the last error, if there is one
  while (!unread.empty()) {
    if (stop.stop_requested()) return failure(ErrorKind::Stopping, "reading topic " + topic_ + " was interrupted");
    const PolledRecord record(rd_kafka_consumer_poll(client_.get(), kReadStepMs));
    const auto end = record ? unread.find(record->partition) : unread.end();
    const auto error = record ? record->err : RD_KAFKA_RESP_ERR_NO_ERROR;
    const bool failed = error != RD_KAFKA_RESP_ERR_NO_ERROR && error != RD_KAFKA_RESP_ERR__PARTITION_EOF;
    if (failed) {
      why = error;
      note_client_error(client_.get(), to_error(error, rd_kafka_message_errstr(record.get())));
    }
    if (end == unread.end() || failed) {
      if (why != RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED && clock_.steady_now() - last_at < timeout_) continue;
      return tl::make_unexpected(to_error(why, "reading topic " + topic_));
    }
    const bool is_message = record->err == RD_KAFKA_RESP_ERR_NO_ERROR;
    if (is_message && record->offset < end->second && !take(*record)) return {};
    // Messages that are produced meanwhile may keep the reader from the partition's end for ever.
    if (!is_message || record->offset >= end->second - 1) unread.erase(end);
    last_at = clock_.steady_now();  // now, because `take` may take long
  }
  return {};
}

}  // namespace freshet::kafka
