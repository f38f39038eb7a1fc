#include "backlog.h"

#include <fmt/format.h>

#include <memory>

#include "testkit/kafka_client.h"
#include "testkit/web_events.h"

namespace freshet::bench {
namespace {

constexpr int64_t kAt = 1'790'000'000'000;
constexpr size_t kPieces = 100'000;  // different beginnings of texts

std::string outcome(uint64_t id) {
  return fmt::format(
      R"text({{"timestamp":"2026-02-03T04:05:06.789000Z","org_id":1,"project_id":{},"key_id":3,"outcome":2,"reason":"quota","event_id":"{}","category":1,"quantity":1}})text",
      id % 1000, fmt::format("{:032x}", id));
}

std::string error(uint64_t id, size_t bytes) {
  std::string frames;
  while (frames.size() + 1000 < bytes) {
    frames += fmt::format(
        R"text({}{{"function":"handle_request_{}","module":"shop.api.views","filename":"shop/api/views.py","abs_path":"/srv/shop/api/views.py","lineno":{},"in_app":true,"context_line":"    return self.step(request)","pre_context":["def handle(self, request):","    # one step after another"],"post_context":["",""],"vars":{{"request":"<Request GET>","step":"{}"}}}})text",
        frames.empty() ? "" : ",", frames.size(), frames.size() % 900, id);
  }
  return fmt::format(
      R"text([2,"insert",{{"group_id":{},"event_id":"{}","organization_id":1,"project_id":{},"message":"","platform":"python","datetime":"2026-02-03T04:05:06.789000Z","primary_hash":"d41d8cd98f00b204e9800998ecf8427e","retention_days":90,"data":{{"received":1770091506.5,"type":"error","title":"CheckoutError: card declined","culprit":"shop.api.views","level":"error","version":"7","tags":[["environment","production"],["release","shop@8.1"],["url","https://shop.example/api/checkout"]],"user":{{"id":"{}","ip_address":"192.0.2.7"}},"sdk":{{"name":"sentry.python","version":"2.1.0","integrations":["django","redis"]}},"exception":{{"values":[{{"type":"CheckoutError","value":"card declined","stacktrace":{{"frames":[{}]}}}}]}}}}}},{{}}])text",
      id % 1000, fmt::format("{:032x}", id), id % 100, id % 5000, frames);
}

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

uint64_t produce_snuba(const std::string& bootstrap, const Backlog& backlog, const std::string& storage, size_t bytes) {
  if (storage == "outcomes_raw") return produce(bootstrap, backlog, outcome);
  testkit::KafkaClient client(bootstrap);
  client.create_topic("snuba-commit-log", 1);
  client.create_topic("event-replacements", 1);
  return produce(bootstrap, backlog, [bytes](uint64_t id) { return error(id, bytes); });
}

}  // namespace freshet::bench
