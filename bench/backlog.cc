#include "backlog.h"

#include <memory>

#include "testkit/kafka_client.h"
#include "testkit/web_events.h"

namespace freshet::bench {

MessageOf web_events(size_t bytes) {
  constexpr int64_t kAt = 1'790'000'000'000;
  const auto events = std::make_shared<testkit::WebEvents>(1, bytes);
  return [events](uint64_t id) { return events->valid(id, kAt); };
}

uint64_t produce(const std::string& bootstrap, const Backlog& backlog, const MessageOf& message_of) {
  testkit::KafkaClient client(bootstrap);
  client.create_topic(backlog.topic, backlog.partitions, {{"max.message.bytes", "20000000"}});
  testkit::Record record;
  uint64_t bytes = 0;
  for (uint64_t id = 0; id < backlog.messages; ++id) {
    record.partition = static_cast<int32_t>(id % static_cast<uint64_t>(backlog.partitions));
    record.value = message_of(id);
    bytes += record.value->size();
    client.produce(backlog.topic, record);
  }
  client.flush();
  return bytes;
}

}  // namespace freshet::bench
