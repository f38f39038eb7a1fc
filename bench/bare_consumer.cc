// bare-consumer BOOTSTRAP TOPIC GROUP MESSAGES: measures the minimum cost of a librdkafka consumer. Reads the messages
// in batches (rd_kafka_consume_batch_queue, the cheapest call of the library), drops them and exits.
#include <librdkafka/rdkafka.h>

#include <array>
#include <cstdio>
#include <cstdlib>

int main(int argc, char** argv) {
  if (argc != 5) return 2;
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  char error[512];
  const char* const properties[][2] = {{"bootstrap.servers", argv[1]},
                                       {"group.id", argv[3]},
                                       {"auto.offset.reset", "earliest"},
                                       {"enable.auto.commit", "false"}};
  for (const auto& property : properties) rd_kafka_conf_set(conf, property[0], property[1], error, sizeof error);
  rd_kafka_t* client = rd_kafka_new(RD_KAFKA_CONSUMER, conf, error, sizeof error);
  rd_kafka_poll_set_consumer(client);
  rd_kafka_topic_partition_list_t* topics = rd_kafka_topic_partition_list_new(1);
  rd_kafka_topic_partition_list_add(topics, argv[2], RD_KAFKA_PARTITION_UA);
  rd_kafka_subscribe(client, topics);
  rd_kafka_topic_partition_list_destroy(topics);
  const long long wanted = std::atoll(argv[4]);
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
      }
      rd_kafka_message_destroy(message);
    }
  }
  rd_kafka_queue_destroy(queue);
  rd_kafka_consumer_close(client);
  rd_kafka_destroy(client);
  std::printf("%lld messages, %zu bytes\n", read, bytes);
}
