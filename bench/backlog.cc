#include "backlog.h"

#include <fmt/format.h>

#include <memory>

#include "testkit/kafka_client.h"
#include "testkit/web_events.h"

namespace freshet::bench {
namespace {

constexpr int64_t kAt = 1'790'000'000'000;
constexpr size_t kPieces = 100'000;  // different beginnings of texts

}  // namespace

MessageOf web_events(size_t bytes) {
  const auto events = std::make_shared<testkit::WebEvents>(1, bytes);
  return [events](uint64_t id) { return events->valid(id, kAt); };
}

MessageOf texts(size_t bytes) {
  // Text of web events: it compresses as such text does. Each message has another piece of it.
  const auto pool = std::make_shared<std::string>();
  testkit::WebEvents events(1, 0);
  for (uint64_t id = 0; pool->size() < bytes + kPieces; ++id) {
    for (const char c : events.valid(id, kAt)) {
      if (c >= ' ' && c <= '~' && c != '"' && c != '\\') *pool += c;
    }
  }
  return [pool, bytes](uint64_t id) {
    std::string message = fmt::format(R"({{"event_id":{},"note":")", id);
    const size_t end = 2;
    message.append(*pool, id * 7919 % kPieces, bytes - message.size() - end);
    return message + "\"}";
  };
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
