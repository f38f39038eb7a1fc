#include "kafka/statistics.h"

#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace freshet::kafka {
namespace {

using simdjson::dom::element;
using simdjson::dom::object;

constexpr const char* kFetched = "freshet_librdkafka_fetch_queue_messages";

// 0 if there is no such number.
double number(const object& from, std::string_view key) {
  double value = 0;
  if (from.at_key(key).get(value) != simdjson::SUCCESS) return 0;
  return value;
}

Labels of_partition(const std::string& topic, int32_t partition) {
  return {{"topic", topic}, {"partition", std::to_string(partition)}};
}

void show_broker(const object& broker, const std::string& producer, Metrics& metrics) {
  const double node = number(broker, "nodeid");
  if (node < 0) return;  // a bootstrap address that is not yet known as a broker
  const std::string id = std::to_string(static_cast<int64_t>(node));
  const Labels labels = {{"producer", producer}, {"broker", id}};
  for (const char* of : {"int_latency", "outbuf_latency", "rtt"}) {
    object window;
    if (broker.at_key(of).get(window) != simdjson::SUCCESS) continue;
    metrics
        .gauge("freshet_producer_p99_seconds",
               "99th percentile over the last seconds: time in the queue (int_latency), time until sent "
               "(outbuf_latency), round trip (rtt).",
               {{"producer", producer}, {"broker", id}, {"of", of}})
        .set(number(window, "p99") / 1e6);
  }
  metrics.gauge("freshet_producer_request_errors", "Failed requests to a broker, as librdkafka counts them.", labels)
      .set(number(broker, "txerrs"));
  metrics.gauge("freshet_producer_request_retries", "Retried requests to a broker, as librdkafka counts them.", labels)
      .set(number(broker, "txretries"));
}

bool all_leaders_up(const object& all) {
  object brokers;
  if (all.at_key("brokers").get(brokers) != simdjson::SUCCESS) return false;
  bool any_up = false;
  for (const auto& [name, value] : brokers) {
    object broker, leads;
    std::string_view state;
    if (value.get(broker) != simdjson::SUCCESS || number(broker, "nodeid") < 0 ||
        broker.at_key("state").get(state) != simdjson::SUCCESS) {
      continue;
    }
    const bool up = state == "UP";
    if (!up && broker.at_key("toppars").get(leads) == simdjson::SUCCESS && leads.size() > 0) return false;
    any_up = any_up || up;
  }
  return any_up;
}

}  // namespace

ConsumerStatistics::~ConsumerStatistics() { show({}); }

void ConsumerStatistics::update(std::string_view json, const std::function<bool(Partition)>& owned) {
  simdjson::dom::parser parser;
  object all;
  if (parser.parse(json.data(), json.size()).get(all) != simdjson::SUCCESS) return;
  metrics_.gauge("freshet_librdkafka_reply_queue_operations", "Operations in librdkafka's queue for the main loop.")
      .set(number(all, "replyq"));
  leaders_connected_ = all_leaders_up(all);
  std::set<int32_t> shown;
  object topics, topic, partitions;
  if (all.at_key("topics").get(topics) != simdjson::SUCCESS || topics.at_key(topic_).get(topic) != simdjson::SUCCESS ||
      topic.at_key("partitions").get(partitions) != simdjson::SUCCESS) {
    return show({});
  }
  for (const auto& [name, value] : partitions) {
    int32_t partition = -1;
    std::from_chars(name.data(), name.data() + name.size(), partition);
    object one;
    if (partition < 0 || value.get(one) != simdjson::SUCCESS || !owned(Partition{partition})) continue;
    metrics_.gauge(kFetched, "Fetched messages in librdkafka's queue.", of_partition(topic_, partition))
        .set(number(one, "fetchq_cnt"));
    shown.insert(partition);
  }
  show(shown);
}

// Removes the gauges of all other partitions.
void ConsumerStatistics::show(const std::set<int32_t>& partitions) {
  for (const int32_t partition : shown_) {
    if (!partitions.contains(partition)) metrics_.remove_gauge(kFetched, of_partition(topic_, partition));
  }
  shown_ = partitions;
}

void show_producer_statistics(std::string_view json, const std::string& producer, Metrics& metrics) {
  simdjson::dom::parser parser;
  object all, brokers;
  if (parser.parse(json.data(), json.size()).get(all) != simdjson::SUCCESS) return;
  const Labels labels = {{"producer", producer}};
  metrics.gauge("freshet_producer_messages", "Records in the producer's queue and in flight.", labels)
      .set(number(all, "msg_cnt"));
  metrics.gauge("freshet_producer_messages_max", "Limit of records in the producer's queue.", labels)
      .set(number(all, "msg_max"));
  metrics.gauge("freshet_producer_bytes", "Bytes of the records in the producer's queue and in flight.", labels)
      .set(number(all, "msg_size"));
  metrics.gauge("freshet_producer_bytes_max", "Limit of bytes in the producer's queue.", labels)
      .set(number(all, "msg_size_max"));
  metrics.gauge("freshet_producer_reply_queue_operations", "Operations in librdkafka's queue for the producer.", labels)
      .set(number(all, "replyq"));
  if (all.at_key("brokers").get(brokers) != simdjson::SUCCESS) return;
  for (const auto& [name, value] : brokers) {
    object broker;
    if (value.get(broker) == simdjson::SUCCESS) show_broker(broker, producer, metrics);
  }
}

}  // namespace freshet::kafka
