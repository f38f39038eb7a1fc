#include "kafka/statistics.h"

#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace freshet::kafka {
namespace {

using simdjson::dom::element;
using simdjson::dom::object;

// 0 if there is no such number.
double number(const object& from, std::string_view key) {
  double value = 0;
  if (from.at_key(key).get(value) != simdjson::SUCCESS) return 0;
  return value;
}

// `total` is librdkafka's count, of which `counted` is in the counter already.
void add_growth(Counter& counter, double total, uint64_t& counted) {
  const auto now = static_cast<uint64_t>(total);
  counter.add(now > counted ? now - counted : 0);
  counted = now;
}

// Others are the library's own: "internal", and "logical" for the coordinator of a group, which is a handle to a
// broker.
bool is_broker(const object& one) {
  std::string_view source;
  return one.at_key("source").get(source) == simdjson::SUCCESS && (source == "configured" || source == "learned");
}

bool names_no_broker(const object& all) {
  object brokers;
  if (all.at_key("brokers").get(brokers) != simdjson::SUCCESS) return false;
  return std::none_of(brokers.begin(), brokers.end(), [](const auto& entry) {
    object one;
    return entry.value.get(one) == simdjson::SUCCESS && is_broker(one);
  });
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
  metrics_.reply_queue().set(number(all, "replyq"));
  leaders_connected_ = all_leaders_up(all);
  brokers_forgotten_ = names_no_broker(all);
  std::set<int32_t> shown;
  object topics, topic, partitions;
  if (all.at_key("topics").get(topics) != simdjson::SUCCESS ||
      topics.at_key(metrics_.topic).get(topic) != simdjson::SUCCESS ||
      topic.at_key("partitions").get(partitions) != simdjson::SUCCESS) {
    return show({});
  }
  for (const auto& [name, value] : partitions) {
    int32_t partition = -1;
    std::from_chars(name.data(), name.data() + name.size(), partition);
    object one;
    if (partition < 0 || value.get(one) != simdjson::SUCCESS || !owned(Partition{partition})) continue;
    metrics_.fetch_queue(partition).set(number(one, "fetchq_cnt"));
    shown.insert(partition);
  }
  show(shown);
}

// Removes the gauges of all other partitions.
void ConsumerStatistics::show(const std::set<int32_t>& partitions) {
  for (const int32_t partition : shown_) {
    if (!partitions.contains(partition)) metrics_.remove_fetch_queue(partition);
  }
  shown_ = partitions;
}

void ProducerStatistics::update(std::string_view json) {
  simdjson::dom::parser parser;
  object all, brokers;
  if (parser.parse(json.data(), json.size()).get(all) != simdjson::SUCCESS) return;
  metrics_.messages().set(number(all, "msg_cnt"));
  metrics_.messages_max().set(number(all, "msg_max"));
  metrics_.bytes().set(number(all, "msg_size"));
  metrics_.bytes_max().set(number(all, "msg_size_max"));
  metrics_.reply_queue().set(number(all, "replyq"));
  brokers_forgotten_ = names_no_broker(all);
  if (all.at_key("brokers").get(brokers) != simdjson::SUCCESS) return;
  for (const auto& [name, value] : brokers) {
    object broker;
    if (value.get(broker) != simdjson::SUCCESS) continue;
    const double node = number(broker, "nodeid");
    if (node < 0) continue;  // a bootstrap address that is not yet known as a broker
    const std::string id = std::to_string(static_cast<int64_t>(node));
    for (const char* of : {"int_latency", "outbuf_latency", "rtt"}) {
      object window;
      if (broker.at_key(of).get(window) != simdjson::SUCCESS) continue;
      metrics_.p99_seconds(id, of).set(number(window, "p99") / 1e6);
    }
    Counted& counted = counted_[id];
    add_growth(metrics_.request_errors(id), number(broker, "txerrs"), counted.request_errors);
    add_growth(metrics_.request_retries(id), number(broker, "txretries"), counted.request_retries);
  }
}

}  // namespace freshet::kafka
