// The cheapest consumer that librdkafka allows, for programs that a measurement compares freshet with.
#pragma once

#include <librdkafka/rdkafka.h>

#include <array>
#include <cstdio>
#include <string_view>

namespace freshet::bench {

// Reads `wanted` messages of the topic in batches (rd_kafka_consume_batch_queue, the cheapest call of the library),
// calls `on_message` with the payload of each, and leaves the group. Returns the size of all payloads.
template <typename OnMessage>
size_t consume(const char* bootstrap, const char* topic, const char* group, long long wanted, OnMessage on_message) {
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  char error[512];
  const char* const properties[][2] = {{"bootstrap.servers", bootstrap},
                                       {"group.id", group},
                                       {"auto.offset.reset", "earliest"},
                                       {"enable.auto.commit", "false"}};
  for (const auto& property : properties) rd_kafka_conf_set(conf, property[0], property[1], error, sizeof error);
  rd_kafka_t* client = rd_kafka_new(RD_KAFKA_CONSUMER, conf, error, sizeof error);
  rd_kafka_poll_set_consumer(client);
  rd_kafka_topic_partition_list_t* topics = rd_kafka_topic_partition_list_new(1);
  rd_kafka_topic_partition_list_add(topics, topic, RD_KAFKA_PARTITION_UA);
  rd_kafka_subscribe(client, topics);
  rd_kafka_topic_partition_list_destroy(topics);
  long long read = 0;
  size_t bytes = 0;
  rd_kafka_queue_t* queue = rd_kafka_queue_get_consumer(client);
  std::array<rd_kafka_message_t*, 4096> batch;
  while (read < wanted) {
    const ssize_t count = rd_kafka_consume_batch_queue(queue, 100, batch.data(), batch.size());
    for (ssize_t i = 0; i < count; ++i) {
      rd_kafka_message_t* message = batch[static_cast<size_t>(i)];
      if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        ++read;
        bytes += message->len;
        on_message(std::string_view(static_cast<const char*>(message->payload), message->len));
      }
      rd_kafka_message_destroy(message);
    }
  }
  rd_kafka_queue_destroy(queue);
  rd_kafka_consumer_close(client);
  rd_kafka_destroy(client);
  return bytes;
}

}  // namespace freshet::bench
