// Reads Snuba's configuration document. Each key is read by name, so keys that remain are unknown.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/json.h"
#include "snuba/consumer_config.h"

namespace freshet::snuba {
namespace {

using nlohmann::json;

// Thrown only within this file.
struct Unexpected {
  std::string text;
};

// A JSON object that records which keys were read.
class Object {
 public:
  Object(const json& value, std::string place) : value_(value), place_(std::move(place)) {
    if (!value.is_object()) throw Unexpected{fmt::format("{}: expected an object", place_)};
  }

  // A missing key and null are equivalent.
  const json* find(const std::string& key) {
    seen_.insert(key);
    const auto found = value_.find(key);
    return found == value_.end() || found->is_null() ? nullptr : &*found;
  }
  const json& at(const std::string& key) {
    const json* found = find(key);
    if (found == nullptr) throw Unexpected{fmt::format("{}: missing", place(key))};
    return *found;
  }
  std::string text(const std::string& key) { return text_of(at(key), key); }
  std::string text_or(const std::string& key, std::string fallback) {
    const json* found = find(key);
    return found == nullptr ? std::move(fallback) : text_of(*found, key);
  }
  uint64_t number(const std::string& key, uint64_t most) { return number_of(at(key), key, most); }
  template <typename N>
  void number_if(const std::string& key, N& target) {
    if (const json* found = find(key); found != nullptr) {
      target = static_cast<N>(number_of(*found, key, std::numeric_limits<N>::max()));
    }
  }
  bool truth(const std::string& key) {
    const json& value = at(key);
    if (!value.is_boolean()) throw Unexpected{fmt::format("{}: expected true or false", place(key))};
    return value.get<bool>();
  }
  template <typename N>
  void numbers_if(const std::string& key, std::set<N>& target) {
    const json* found = find(key);
    if (found == nullptr) return;
    if (!found->is_array()) throw Unexpected{fmt::format("{}: expected a list of numbers", place(key))};
    target.clear();
    for (const json& one : *found) {
      target.insert(static_cast<N>(number_of(one, key, std::numeric_limits<N>::max())));
    }
  }
  void refuse_the_rest() const {
    for (const auto& [key, value] : value_.items()) {
      if (!seen_.contains(key)) throw Unexpected{fmt::format("{}: unknown key", place(key))};
    }
  }
  std::string place(const std::string& key) const { return place_.empty() ? key : place_ + "." + key; }

 private:
  std::string text_of(const json& value, const std::string& key) const {
    if (!value.is_string()) throw Unexpected{fmt::format("{}: expected a string", place(key))};
    return value.get<std::string>();
  }
  uint64_t number_of(const json& value, const std::string& key, uint64_t most) const {
    if (!value.is_number_unsigned() || value.get<uint64_t>() > most) {
      throw Unexpected{fmt::format("{}: expected an integer from 0 to {}", place(key), most)};
    }
    return value.get<uint64_t>();
  }

  const json& value_;
  const std::string place_;
  std::set<std::string> seen_;
};

Topic read_topic(const json& value, const std::string& place) {
  Object object(value, place);
  Topic topic;
  topic.physical = object.text("physical_topic_name");
  topic.logical = object.text("logical_topic_name");
  if (topic.physical.empty()) throw Unexpected{object.place("physical_topic_name") + ": is empty"};
  auto brokers = broker_config_from_json(to_json_text(object.at("broker_config")));
  if (!brokers) throw Unexpected{fmt::format("{}: {}", object.place("broker_config"), brokers.error().text)};
  topic.brokers = *std::move(brokers);
  constexpr const char* kDelay = "quantized_rebalance_consumer_group_delay_secs";
  if (object.find(kDelay) != nullptr) topic.quantized_delay_secs = object.number(kDelay, UINT64_MAX);
  return topic;  // Snuba ignores other keys here, too
}

std::optional<Topic> read_optional_topic(Object& root, const std::string& key) {
  const json* found = root.find(key);
  if (found == nullptr) return std::nullopt;
  return read_topic(*found, key);
}

void read_cluster(const json& value, const std::string& place, ConsumerConfig& c) {
  Object object(value, place);
  c.cluster.host = object.text("host");
  const uint64_t port = object.number("port", 65535);
  c.cluster.http_port = static_cast<uint16_t>(port);
  if (object.find("http_port") != nullptr) {  // older Snuba: `port` is the native port
    c.cluster.http_port = static_cast<uint16_t>(object.number("http_port", 65535));
    c.compat = Compat::June;
  }
  if (c.cluster.http_port == 0) throw Unexpected{place + ": the port is 0"};
  c.cluster.secure = object.truth("secure");
  c.cluster.user = object.text("user");
  c.cluster.password = object.text("password");
  c.cluster.database = object.text("database");
  object.refuse_the_rest();
}

void read_additions(Object& object, ConsumerConfig& c) {
  if (const json* options = object.find("writer_options"); options != nullptr) {
    auto read = broker_config_from_json(to_json_text(*options));  // the same form: names with scalar values
    if (!read) throw Unexpected{fmt::format("{}: {}", object.place("writer_options"), read.error().text)};
    c.writer_options = *std::move(read);
  }
  if (const json* filter = object.find("pre_filter"); filter != nullptr) {
    Object inner(*filter, object.place("pre_filter"));
    c.pre_filter = PreFilter{inner.text("header"), inner.text("value")};
    inner.refuse_the_rest();
  }
}

void read_storage(const json& storages, ConsumerConfig& c) {
  if (!storages.is_array() || storages.size() != 1) {
    throw Unexpected{"storages: expected a list of exactly one storage; start one process for each"};
  }
  Object object(storages[0], "storages[0]");
  c.storage = object.text("name");
  c.table = object.text("clickhouse_table_name");
  if (c.table.empty()) throw Unexpected{"storages[0].clickhouse_table_name: is empty"};
  read_cluster(object.at("clickhouse_cluster"), "storages[0].clickhouse_cluster", c);
  Object processor(object.at("message_processor"), "storages[0].message_processor");
  c.processor = processor.text("python_class_name");
  c.processor_module = processor.text("python_module");
  processor.refuse_the_rest();
  read_additions(object, c);
  object.refuse_the_rest();
}

void read_env(const json& value, ConsumerConfig& c) {
  Object object(value, "env");
  c.env.sentry_dsn = object.text_or("sentry_dsn", "");
  c.env.dogstatsd_socket_path = object.text_or("dogstatsd_socket_path", "");
  c.env.dogstatsd_host = object.text_or("dogstatsd_host", "");
  object.number_if("dogstatsd_port", c.env.dogstatsd_port);
  object.number_if("default_retention_days", c.env.default_retention_days);
  object.number_if("lower_retention_days", c.env.lower_retention_days);
  object.numbers_if("valid_retention_days", c.env.valid_retention_days);
  if (object.find("record_cogs") != nullptr) c.env.record_cogs = object.truth("record_cogs");
  object.numbers_if("project_stacktrace_blacklist", c.env.project_stacktrace_blacklist);
  object.refuse_the_rest();
}

void read_root(const json& document, ConsumerConfig& c) {
  Object root(document, "");
  read_storage(root.at("storages"), c);
  c.raw = read_topic(root.at("raw_topic"), "raw_topic");
  c.commit_log = read_optional_topic(root, "commit_log_topic");
  c.replacements = read_optional_topic(root, "replacements_topic");
  c.accepted_outcomes = read_optional_topic(root, "accepted_outcomes_topic");
  c.dead_letters = read_optional_topic(root, "dlq_topic");
  c.accountant = read_topic(root.at("accountant_topic"), "accountant_topic");
  c.max_batch_size = root.number("max_batch_size", UINT64_MAX);
  c.max_batch_time_ms = root.number("max_batch_time_ms", UINT64_MAX);
  const std::string measure = root.text_or("max_batch_size_calculation", "rows");
  if (measure != "rows" && measure != "bytes") {
    throw Unexpected{fmt::format("max_batch_size_calculation: '{}' is none of: rows, bytes", measure)};
  }
  c.max_batch_size_in_bytes = measure == "bytes";
  read_env(root.at("env"), c);
  root.refuse_the_rest();
}

}  // namespace

Result<ConsumerConfig> parse_document(const std::string& text) {
  const json document = parse_json(text);
  if (document.is_discarded()) return failure(ErrorKind::Fatal, "is not JSON");
  ConsumerConfig config;
  try {
    read_root(document, config);
  } catch (const Unexpected& unexpected) {
    return failure(ErrorKind::Fatal, unexpected.text);
  } catch (const json::exception& e) {
    return failure(ErrorKind::Fatal, e.what());
  }
  const auto built_in = built_in_storages().find(config.storage);
  config.python_only = built_in != built_in_storages().end() && built_in->second.python_only;
  return config;
}

}  // namespace freshet::snuba
