#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "settings/values.h"
#include "snuba/consumer_config.h"

namespace freshet::snuba {
namespace {

using settings::wrong;

// Giving the same storage several times counts as giving it once.
Result<std::string> one_storage(const CommandLine& line, const Storages& storages, Compat compat) {
  const std::vector<std::string> given = line.all("storage");
  if (given.empty()) return wrong("--storage: missing; for example --storage errors");
  const std::set<std::string> different(given.begin(), given.end());
  if (different.size() > 1) {
    return wrong(fmt::format("--storage: a process serves exactly one storage, not {}; start one process for each",
                             fmt::join(different, ", ")));
  }
  const auto found = storages.find(given.front());
  if (found == storages.end()) {
    std::vector<std::string> keys;
    for (const auto& [key, storage] : storages) keys.push_back(key);
    return wrong(fmt::format("--storage: '{}' is none of: {}", given.front(), fmt::join(keys, ", ")));
  }
  if (found->second.only_in && *found->second.only_in != compat) {
    return wrong(fmt::format("--storage: {} exists only with --compat {}", given.front(),
                             *found->second.only_in == Compat::June ? "june" : "head"));
  }
  return given.front();
}

Topic topic_of(const std::string& logical, const SnubaSettings& settings) {
  Topic topic;
  topic.logical = logical;
  const auto name = settings.topic_names.find(logical);
  topic.physical = name == settings.topic_names.end() ? logical : name->second;
  const auto brokers = settings.brokers_of_topic.find(logical);
  topic.brokers = brokers == settings.brokers_of_topic.end() ? settings.brokers : brokers->second;
  return topic;
}

std::optional<Topic> optional_topic(const std::string& logical, const SnubaSettings& settings) {
  if (logical.empty()) return std::nullopt;
  return topic_of(logical, settings);
}

Result<Cluster> cluster_of(const std::string& storage_set, const SnubaSettings& settings) {
  for (const Cluster& cluster : settings.clusters) {
    if (cluster.storage_sets.empty() || cluster.storage_sets.contains(storage_set)) return cluster;
  }
  return wrong(fmt::format("SNUBA_SETTINGS: CLUSTERS has no cluster for the storage set {}", storage_set));
}

Status rename(const CommandLine& line, std::string_view option, Topic& topic) {
  if (!line.given(option)) return {};
  topic.physical = line.text(option);
  if (!topic.physical.empty()) return {};
  return wrong(fmt::format("--{}: is empty; give the topic's name, or omit the option", option));
}

Status rename(const CommandLine& line, std::string_view option, const char* what, std::optional<Topic>& topic) {
  if (!line.given(option)) return {};
  if (!topic) return wrong(fmt::format("--{}: this storage has no {}", option, what));
  return rename(line, option, *topic);
}

void reconnect(const CommandLine& line, std::string_view option, Topic& topic) {
  const std::vector<std::string> servers = line.all(option);
  if (!servers.empty()) topic.brokers["bootstrap.servers"] = fmt::format("{}", fmt::join(servers, ","));
}

// The brokers of the outcomes topic are not in the storage table.
void set_accepted_outcomes(const CommandLine& line, const SnubaSettings& settings, ConsumerConfig& config) {
  if (line.command != "accepted-outcomes-consumer") return;
  config.accepted_outcomes = topic_of(line.text("accepted-outcomes-topic"), settings);
  config.accepted_outcomes->physical = config.accepted_outcomes->logical;
}

}  // namespace

Status apply_command_line(const CommandLine& line, ConsumerConfig& c) {
  for (const char* option : {"raw-events-topic", "raw-topic"}) {
    if (const Status s = rename(line, option, c.raw); !s) return s;
  }
  if (const Status s = rename(line, "commit-log-topic", "commit log", c.commit_log); !s) return s;
  if (const Status s = rename(line, "replacements-topic", "replacements topic", c.replacements); !s) return s;
  reconnect(line, "bootstrap-server", c.raw);
  if (c.commit_log) reconnect(line, "commit-log-bootstrap-server", *c.commit_log);
  if (c.replacements) reconnect(line, "replacement-bootstrap-server", *c.replacements);
  if (c.accepted_outcomes) {
    reconnect(line, "accepted-outcomes-bootstrap-server", *c.accepted_outcomes);
    if (const Status s = rename(line, "accepted-outcomes-topic", *c.accepted_outcomes); !s) return s;
  }
  for (const char* option : {"queued-max-messages-kbytes", "queued-min-messages"}) {
    std::string property(option);
    std::replace(property.begin(), property.end(), '-', '.');
    // Unlike Snuba, freshet keeps its own default: with Snuba's 10,000 messages, librdkafka stops fetching a partition
    // for a second whenever that many are queued.
    if (line.given(option)) c.raw.brokers[property] = line.text(option);
  }
  for (const char* option : {"max-batch-size", "max-batch-time-ms"}) {
    if (line.given(option) && *line.integer(option) < 0) return wrong(fmt::format("--{}: is negative", option));
  }
  if (line.given("max-batch-size")) c.max_batch_size = static_cast<uint64_t>(*line.integer("max-batch-size"));
  if (line.given("max-batch-time-ms")) c.max_batch_time_ms = static_cast<uint64_t>(*line.integer("max-batch-time-ms"));
  if (line.given("max-batch-size-calculation")) {
    c.max_batch_size_in_bytes = line.text("max-batch-size-calculation") == "bytes";
  }
  return {};
}

Result<ConsumerConfig> resolve(const CommandLine& line, const SnubaSettings& settings, const Storages& storages,
                               Compat compat) {
  const auto key = one_storage(line, storages, compat);
  if (!key) return tl::make_unexpected(key.error());
  const Storage& storage = storages.at(*key);
  auto cluster = cluster_of(storage.storage_set, settings);
  if (!cluster) return tl::make_unexpected(cluster.error());
  ConsumerConfig c;
  c.compat = compat;
  c.storage = storage.key;
  c.cluster = *std::move(cluster);
  c.table = c.cluster.single_node ? storage.local_table : storage.distributed_table;
  c.processor = storage.processor;
  c.processor_module = storage.processor_module;
  c.python_only = storage.python_only;
  c.writer_options = storage.writer_options;
  c.pre_filter = storage.pre_filter;
  c.raw = topic_of(storage.topic, settings);
  c.commit_log = optional_topic(storage.commit_log_topic, settings);
  c.replacements = optional_topic(storage.replacements_topic, settings);
  c.dead_letters = optional_topic(storage.dead_letter_topic, settings);
  c.accountant = topic_of("shared-resources-usage", settings);
  set_accepted_outcomes(line, settings, c);
  c.env = settings.env;
  c.python_rules = settings.python_rules;
  c.max_batch_size = static_cast<uint64_t>(*line.integer("max-batch-size"));
  c.max_batch_time_ms = static_cast<uint64_t>(*line.integer("max-batch-time-ms"));
  if (const Status applied = apply_command_line(line, c); !applied) return tl::make_unexpected(applied.error());
  return c;
}

}  // namespace freshet::snuba
