// A Kafka client for tests.
#pragma once

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace freshet::testkit {

struct Record {
  int32_t partition = -1;  // to produce: -1 = by key or round robin
  int64_t offset = -1;
  std::optional<std::string> key;
  std::optional<std::string> value;
  std::vector<std::pair<std::string, std::string>> headers;
  int64_t timestamp_ms = 0;  // to produce: 0 = now
};

// Threads: one at a time. Failures throw.
class KafkaClient {
 public:
  // `properties` are added to the producer's.
  explicit KafkaClient(const std::string& bootstrap, std::map<std::string, std::string> properties = {});
  ~KafkaClient();

  void create_topic(const std::string& topic, int partitions, const std::map<std::string, std::string>& config = {});
  void add_partitions(const std::string& topic, int total);
  // Deletion is asynchronous: creating the same name may fail for a moment.
  void delete_topic(const std::string& topic);
  // Queues the record; waits while the queue is full.
  void produce(const std::string& topic, const Record& record);
  // Waits until all records are acknowledged.
  void flush();
  // Sends the values in one record batch.
  void produce_batch(const std::string& topic, int32_t partition, const std::vector<std::string>& values,
                     const std::string& codec);
  // Sends the records in one transaction, with a separate producer. A commit marker takes the offset after those of
  // each partition. Returns once the markers are written.
  void produce_in_transaction(const std::string& topic, const std::vector<Record>& records);
  // Calls `take` with each record of the topic, in the order of offsets within a partition.
  void read_each(const std::string& topic, const std::function<void(Record&&)>& take);
  // All records of the topic, ordered by partition and offset.
  std::vector<Record> read_all(const std::string& topic);
  int64_t count(const std::string& topic);  // end offsets minus begin offsets
  // By partition; -1001 if the group has committed nothing.
  std::map<int32_t, int64_t> committed(const std::string& group, const std::string& topic);
  void commit(const std::string& group, const std::string& topic, int32_t partition, int64_t offset,
              const std::string& metadata = {});
  // Joins the group as a plain consumer, for which a partition without a committed offset is an error. Reads `count`
  // messages, commits without metadata, and leaves.
  std::vector<Record> read_as_member(const std::string& group, const std::string& topic, size_t count);
  int partitions(const std::string& topic);

 private:
  void await_leaders(const std::string& topic, int partitions);
  void await_markers(const std::string& topic);

  const std::string bootstrap_;
  rd_kafka_t* producer_ = nullptr;
};

// librdkafka's mock broker in this process. It keeps 5 MiB per partition and silently drops older messages.
class MockCluster {
 public:
  MockCluster();
  ~MockCluster();
  std::string bootstrap() const;
  void create_topic(const std::string& topic, int partitions);

 private:
  rd_kafka_t* owner_ = nullptr;
  rd_kafka_mock_cluster_t* cluster_ = nullptr;
};

}  // namespace freshet::testkit
