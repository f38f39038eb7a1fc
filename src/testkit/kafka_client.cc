#include "testkit/kafka_client.h"

#include <algorithm>
#include <array>
#include <iostream>
#include <memory>
#include <stdexcept>

#include "testkit/child_process.h"

namespace freshet::testkit {
namespace {

constexpr int kTimeoutMs = 120'000;

void check(rd_kafka_resp_err_t error, const std::string& what) {
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) throw std::runtime_error(what + ": " + rd_kafka_err2str(error));
}

// Reports messages that were not produced, so that a test that waits for them does not fail without an explanation.
void report_delivery(rd_kafka_t*, const rd_kafka_message_t* message, void*) {
  if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR && message->offset >= 0) return;
  if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
    std::cerr << "a message of " << message->len << " bytes was acknowledged without an offset\n";
    return;
  }
  std::cerr << "a message of " << message->len << " bytes was not produced: " << rd_kafka_err2str(message->err) << '\n';
}

rd_kafka_t* make(rd_kafka_type_t type, const std::map<std::string, std::string>& properties) {
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  std::array<char, 512> text{};
  for (const auto& [key, value] : properties) {
    if (rd_kafka_conf_set(conf, key.c_str(), value.c_str(), text.data(), text.size()) != RD_KAFKA_CONF_OK) {
      throw std::runtime_error(text.data());
    }
  }
  if (type == RD_KAFKA_PRODUCER) rd_kafka_conf_set_dr_msg_cb(conf, report_delivery);
  rd_kafka_t* client = rd_kafka_new(type, conf, text.data(), text.size());
  if (client == nullptr) throw std::runtime_error(text.data());
  return client;
}

template <auto destroy>
struct Destroyed {
  template <typename T>
  void operator()(T* handle) const {
    destroy(handle);
  }
};
template <typename T, auto destroy>
using Owned = std::unique_ptr<T, Destroyed<destroy>>;
using Event = Owned<rd_kafka_event_t, rd_kafka_event_destroy>;

// Sends an admin request through `ask` and waits for its result.
template <typename Ask>
Event answer(rd_kafka_t* client, const char* request, Ask ask) {
  const Owned<rd_kafka_queue_t, rd_kafka_queue_destroy> queue(rd_kafka_queue_new(client));
  ask(queue.get());
  Event event(rd_kafka_queue_poll(queue.get(), kTimeoutMs));
  if (!event) throw std::runtime_error(std::string("no answer to ") + request);
  check(rd_kafka_event_error(event.get()), request);
  return event;
}

// A consumer for one call.
class Consumer {
 public:
  explicit Consumer(const std::string& bootstrap, const std::string& group = "testkit",
                    std::map<std::string, std::string> more = {}) {
    more.merge(std::map<std::string, std::string>{{"bootstrap.servers", bootstrap},
                                                  {"group.id", group},
                                                  {"enable.auto.commit", "false"},
                                                  {"enable.partition.eof", "true"}});
    client_ = make(RD_KAFKA_CONSUMER, more);
    rd_kafka_poll_set_consumer(client_);
  }
  ~Consumer() { rd_kafka_destroy(client_); }
  rd_kafka_t* get() { return client_; }

 private:
  rd_kafka_t* client_;
};

Record copy_of(const rd_kafka_message_t& message) {
  Record record;
  record.partition = message.partition;
  record.offset = message.offset;
  rd_kafka_timestamp_type_t type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
  record.timestamp_ms = rd_kafka_message_timestamp(&message, &type);
  if (message.key != nullptr) record.key.emplace(static_cast<const char*>(message.key), message.key_len);
  if (message.payload != nullptr) record.value.emplace(static_cast<const char*>(message.payload), message.len);
  rd_kafka_headers_t* headers = nullptr;
  if (rd_kafka_message_headers(&message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR) {
    const char* name = nullptr;
    const void* value = nullptr;
    size_t size = 0;
    for (size_t i = 0; rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR; ++i) {
      record.headers.emplace_back(name, std::string(static_cast<const char*>(value), size));
    }
  }
  return record;
}

rd_kafka_topic_partition_list_t* all_partitions(const std::string& topic, int count) {
  auto* list = rd_kafka_topic_partition_list_new(count);
  for (int p = 0; p < count; ++p) rd_kafka_topic_partition_list_add(list, topic.c_str(), p);
  return list;
}

void send(rd_kafka_t* producer, const std::string& topic, const Record& record) {
  std::array<rd_kafka_vu_t, 7> parts{};
  size_t n = 0;
  const auto mem = [](const std::optional<std::string>& bytes) {
    decltype(rd_kafka_vu_t::u.mem) out{};
    if (bytes) out = {const_cast<char*>(bytes->data()), bytes->size()};
    return out;
  };
  parts[n].vtype = RD_KAFKA_VTYPE_TOPIC;
  parts[n++].u.cstr = topic.c_str();
  parts[n].vtype = RD_KAFKA_VTYPE_MSGFLAGS;
  parts[n++].u.i = RD_KAFKA_MSG_F_COPY;
  parts[n].vtype = RD_KAFKA_VTYPE_PARTITION;
  parts[n++].u.i32 = record.partition;
  parts[n].vtype = RD_KAFKA_VTYPE_KEY;
  parts[n++].u.mem = mem(record.key);
  parts[n].vtype = RD_KAFKA_VTYPE_VALUE;
  parts[n++].u.mem = mem(record.value);
  parts[n].vtype = RD_KAFKA_VTYPE_TIMESTAMP;
  parts[n++].u.i64 = record.timestamp_ms;
  rd_kafka_headers_t* headers = nullptr;
  if (!record.headers.empty()) {
    headers = rd_kafka_headers_new(record.headers.size());
    for (const auto& [name, value] : record.headers) {
      rd_kafka_header_add(headers, name.c_str(), -1, value.data(), static_cast<ssize_t>(value.size()));
    }
    parts[n].vtype = RD_KAFKA_VTYPE_HEADERS;
    parts[n++].u.headers = headers;
  }
  while (true) {
    rd_kafka_error_t* error = rd_kafka_produceva(producer, parts.data(), n);
    if (error == nullptr) break;
    const auto code = rd_kafka_error_code(error);
    rd_kafka_error_destroy(error);
    if (code != RD_KAFKA_RESP_ERR__QUEUE_FULL) check(code, "produce");
    rd_kafka_poll(producer, 100);
  }
  rd_kafka_poll(producer, 0);
}

}  // namespace

KafkaClient::KafkaClient(const std::string& bootstrap, std::map<std::string, std::string> properties)
    : bootstrap_(bootstrap) {
  // A request that is retried after a timeout is not stored twice (enable.idempotence). The messages of a test wait
  // for a broker that is away as long as it takes.
  properties.merge(std::map<std::string, std::string>{{"bootstrap.servers", bootstrap},
                                                      {"linger.ms", "5"},
                                                      {"acks", "all"},
                                                      {"enable.idempotence", "true"},
                                                      {"message.timeout.ms", "0"},
                                                      {"message.max.bytes", "100000000"},
                                                      {"queue.buffering.max.messages", "200000"}});
  producer_ = make(RD_KAFKA_PRODUCER, properties);
}

KafkaClient::~KafkaClient() {
  rd_kafka_flush(producer_, 5000);
  rd_kafka_destroy(producer_);
}

void KafkaClient::create_topic(const std::string& topic, int partitions,
                               const std::map<std::string, std::string>& config) {
  std::array<char, 512> text{};
  const Owned<rd_kafka_NewTopic_t, rd_kafka_NewTopic_destroy> made(
      rd_kafka_NewTopic_new(topic.c_str(), partitions, 1, text.data(), text.size()));
  for (const auto& [key, value] : config) rd_kafka_NewTopic_set_config(made.get(), key.c_str(), value.c_str());
  const Event event = answer(producer_, "CreateTopics", [&](rd_kafka_queue_t* queue) {
    rd_kafka_NewTopic_t* one = made.get();
    rd_kafka_CreateTopics(producer_, &one, 1, nullptr, queue);
  });
  size_t n = 0;
  const auto** topics = rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event.get()), &n);
  check(rd_kafka_topic_result_error(topics[0]), "CreateTopics " + topic);
  await_leaders(topic, partitions);
}

// Messages that a producer sends to a topic that is a few milliseconds old were lost now and then: acknowledged, but
// not in the log.
void KafkaClient::await_leaders(const std::string& topic, int partitions) {
  Consumer consumer(bootstrap_);
  for (int32_t partition = 0; partition < partitions; ++partition) {
    int64_t low = 0;
    int64_t high = 0;
    rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR_NO_ERROR;
    const bool ready = eventually(std::chrono::milliseconds(kTimeoutMs), [&] {
      error = rd_kafka_query_watermark_offsets(consumer.get(), topic.c_str(), partition, &low, &high, 5'000);
      return error == RD_KAFKA_RESP_ERR_NO_ERROR;
    });
    if (!ready) check(error, "watermarks of the new topic " + topic);
  }
}

void KafkaClient::add_partitions(const std::string& topic, int total) {
  std::array<char, 512> text{};
  const Owned<rd_kafka_NewPartitions_t, rd_kafka_NewPartitions_destroy> more(
      rd_kafka_NewPartitions_new(topic.c_str(), static_cast<size_t>(total), text.data(), text.size()));
  answer(producer_, "CreatePartitions", [&](rd_kafka_queue_t* queue) {
    rd_kafka_NewPartitions_t* one = more.get();
    rd_kafka_CreatePartitions(producer_, &one, 1, nullptr, queue);
  });
}

void KafkaClient::delete_topic(const std::string& topic) {
  const Owned<rd_kafka_DeleteTopic_t, rd_kafka_DeleteTopic_destroy> old(rd_kafka_DeleteTopic_new(topic.c_str()));
  const Event event = answer(producer_, "DeleteTopics", [&](rd_kafka_queue_t* queue) {
    rd_kafka_DeleteTopic_t* one = old.get();
    rd_kafka_DeleteTopics(producer_, &one, 1, nullptr, queue);
  });
  size_t n = 0;
  const auto** topics = rd_kafka_DeleteTopics_result_topics(rd_kafka_event_DeleteTopics_result(event.get()), &n);
  check(rd_kafka_topic_result_error(topics[0]), "DeleteTopics " + topic);
}

void KafkaClient::produce(const std::string& topic, const Record& record) { send(producer_, topic, record); }

void KafkaClient::produce_in_transaction(const std::string& topic, const std::vector<Record>& records) {
  const auto checked = [](rd_kafka_error_t* error, const std::string& what) {
    const auto code = rd_kafka_error_code(error);
    rd_kafka_error_destroy(error);
    check(code, what);
  };
  rd_kafka_t* producer = make(RD_KAFKA_PRODUCER, {{"bootstrap.servers", bootstrap_}, {"transactional.id", topic}});
  checked(rd_kafka_init_transactions(producer, kTimeoutMs), "init_transactions");
  checked(rd_kafka_begin_transaction(producer), "begin_transaction");
  for (const Record& record : records) send(producer, topic, record);
  checked(rd_kafka_commit_transaction(producer, kTimeoutMs), "commit_transaction");
  rd_kafka_destroy(producer);
  await_markers(topic);
}

void KafkaClient::await_markers(const std::string& topic) {
  // The end that a client of committed messages is told is the last stable offset. It is below the high watermark until
  // the marker of the last transaction is written.
  Consumer committed(bootstrap_, "testkit", {{"isolation.level", "read_committed"}});
  Consumer all(bootstrap_, "testkit", {{"isolation.level", "read_uncommitted"}});
  const auto end_offset = [&topic](Consumer& consumer, int32_t partition) {
    int64_t low = 0;
    int64_t high = 0;
    check(rd_kafka_query_watermark_offsets(consumer.get(), topic.c_str(), partition, &low, &high, kTimeoutMs),
          "watermarks");
    return high;
  };
  const int count = partitions(topic);
  std::string offsets;
  const bool written = eventually(std::chrono::milliseconds(kTimeoutMs), [&] {
    offsets.clear();
    bool equal = true;
    for (int32_t partition = 0; partition < count; ++partition) {
      const int64_t stable = end_offset(committed, partition);
      const int64_t end = end_offset(all, partition);
      equal = equal && stable == end;
      offsets += " " + std::to_string(stable) + "/" + std::to_string(end);
    }
    return equal;
  });
  if (!written) throw std::runtime_error("a transaction has no marker; last stable and end offsets:" + offsets);
}

void KafkaClient::produce_batch(const std::string& topic, int32_t partition, const std::vector<std::string>& values,
                                const std::string& codec) {
  // The library sends the batch once it has all messages. A flush would send what it has.
  rd_kafka_t* producer = make(RD_KAFKA_PRODUCER, {{"bootstrap.servers", bootstrap_},
                                                  {"compression.codec", codec},
                                                  {"linger.ms", "120000"},
                                                  {"batch.num.messages", std::to_string(values.size())},
                                                  {"batch.size", "100000000"},
                                                  {"message.max.bytes", "100000000"}});
  for (const std::string& value : values) send(producer, topic, {partition, -1, std::nullopt, value, {}, 0});
  for (int polls = 0; rd_kafka_outq_len(producer) > 0 && polls < 1200; ++polls) rd_kafka_poll(producer, 100);
  if (rd_kafka_outq_len(producer) > 0) throw std::runtime_error("the batch is not produced");
  rd_kafka_destroy(producer);
}

void KafkaClient::flush() {
  rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR_NO_ERROR;
  eventually(std::chrono::milliseconds(kTimeoutMs), [&] {
    error = rd_kafka_flush(producer_, 1'000);
    return error == RD_KAFKA_RESP_ERR_NO_ERROR;
  });
  check(error, "flush");
}

int KafkaClient::partitions(const std::string& topic) {
  auto* handle = rd_kafka_topic_new(producer_, topic.c_str(), nullptr);
  const rd_kafka_metadata_t* metadata = nullptr;
  const auto error = rd_kafka_metadata(producer_, 0, handle, &metadata, kTimeoutMs);
  rd_kafka_topic_destroy(handle);
  check(error, "metadata");
  const int count = metadata->topics[0].partition_cnt;
  rd_kafka_metadata_destroy(metadata);
  return count;
}

void KafkaClient::read_each(const std::string& topic, const std::function<void(Record&&)>& take) {
  Consumer consumer(bootstrap_);
  const int count = partitions(topic);
  auto* list = all_partitions(topic, count);
  for (int i = 0; i < list->cnt; ++i) list->elems[i].offset = RD_KAFKA_OFFSET_BEGINNING;
  rd_kafka_assign(consumer.get(), list);
  rd_kafka_topic_partition_list_destroy(list);
  int ended = 0;
  for (int polls = 0; ended < count && polls < 10'000'000; ++polls) {
    rd_kafka_message_t* message = rd_kafka_consumer_poll(consumer.get(), kTimeoutMs);
    if (message == nullptr) throw std::runtime_error("no end of topic " + topic);
    if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) ++ended;
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) take(copy_of(*message));
    rd_kafka_message_destroy(message);
  }
}

std::vector<Record> KafkaClient::read_all(const std::string& topic) {
  std::vector<Record> records;
  read_each(topic, [&](Record&& record) { records.push_back(std::move(record)); });
  std::sort(records.begin(), records.end(), [](const Record& a, const Record& b) {
    return std::pair(a.partition, a.offset) < std::pair(b.partition, b.offset);
  });
  return records;
}

int64_t KafkaClient::count(const std::string& topic) {
  int64_t total = 0;
  const int n = partitions(topic);
  for (int p = 0; p < n; ++p) {
    int64_t low = 0;
    int64_t high = 0;
    check(rd_kafka_query_watermark_offsets(producer_, topic.c_str(), p, &low, &high, kTimeoutMs), "watermarks");
    total += high - low;
  }
  return total;
}

std::map<int32_t, int64_t> KafkaClient::committed(const std::string& group, const std::string& topic) {
  Consumer consumer(bootstrap_, group);
  auto* list = all_partitions(topic, partitions(topic));
  // The coordinator of a new cluster's first group may be unknown or still loading its log.
  rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR_NO_ERROR;
  eventually(std::chrono::milliseconds(kTimeoutMs), [&] {
    error = rd_kafka_committed(consumer.get(), list, kTimeoutMs);
    return error != RD_KAFKA_RESP_ERR_NOT_COORDINATOR && error != RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE &&
           error != RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS;
  });
  check(error, "committed");
  std::map<int32_t, int64_t> out;
  for (int i = 0; i < list->cnt; ++i) out[list->elems[i].partition] = list->elems[i].offset;
  rd_kafka_topic_partition_list_destroy(list);
  return out;
}

void KafkaClient::commit(const std::string& group, const std::string& topic, int32_t partition, int64_t offset,
                         const std::string& metadata) {
  Consumer consumer(bootstrap_, group);
  auto* list = rd_kafka_topic_partition_list_new(1);
  auto* one = rd_kafka_topic_partition_list_add(list, topic.c_str(), partition);
  one->offset = offset;
  if (!metadata.empty()) {
    one->metadata = rd_kafka_mem_malloc(consumer.get(), metadata.size());
    std::copy(metadata.begin(), metadata.end(), static_cast<char*>(one->metadata));
    one->metadata_size = metadata.size();
  }
  check(rd_kafka_commit(consumer.get(), list, 0), "commit");
  rd_kafka_topic_partition_list_destroy(list);
}

std::vector<Record> KafkaClient::read_as_member(const std::string& group, const std::string& topic, size_t count) {
  Consumer consumer(bootstrap_, group, {{"auto.offset.reset", "error"}, {"session.timeout.ms", "6000"}});
  auto* topics = rd_kafka_topic_partition_list_new(1);
  rd_kafka_topic_partition_list_add(topics, topic.c_str(), RD_KAFKA_PARTITION_UA);
  check(rd_kafka_subscribe(consumer.get(), topics), "subscribe");
  rd_kafka_topic_partition_list_destroy(topics);
  std::vector<Record> records;
  auto* read = rd_kafka_topic_partition_list_new(1);
  while (records.size() < count) {
    rd_kafka_message_t* message = rd_kafka_consumer_poll(consumer.get(), kTimeoutMs);
    if (message == nullptr) throw std::runtime_error("no more messages for " + group);
    const auto error = message->err;
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) records.push_back(copy_of(*message));
    rd_kafka_message_destroy(message);
    if (error != RD_KAFKA_RESP_ERR__PARTITION_EOF) check(error, "reading as a member of " + group);
  }
  for (const Record& record : records) {
    auto* one = rd_kafka_topic_partition_list_find(read, topic.c_str(), record.partition);
    if (one == nullptr) one = rd_kafka_topic_partition_list_add(read, topic.c_str(), record.partition);
    one->offset = record.offset + 1;
  }
  check(rd_kafka_commit(consumer.get(), read, 0), "commit");
  rd_kafka_topic_partition_list_destroy(read);
  check(rd_kafka_consumer_close(consumer.get()), "close");
  return records;
}

MockCluster::MockCluster() : owner_(make(RD_KAFKA_PRODUCER, {{"log_level", "3"}})) {
  cluster_ = rd_kafka_mock_cluster_new(owner_, 1);
}

MockCluster::~MockCluster() {
  rd_kafka_mock_cluster_destroy(cluster_);
  rd_kafka_destroy(owner_);
}

std::string MockCluster::bootstrap() const { return rd_kafka_mock_cluster_bootstraps(cluster_); }

void MockCluster::create_topic(const std::string& topic, int partitions) {
  check(rd_kafka_mock_topic_create(cluster_, topic.c_str(), partitions, 1), "creating " + topic);
}

}  // namespace freshet::testkit
