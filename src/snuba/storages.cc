#include "snuba/storages.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <utility>

#include "settings/values.h"

namespace freshet::snuba {
namespace {

struct Line {
  const char* key;
  const char* storage_set;
  const char* tables;  // LOCAL/DISTRIBUTED
  const char* topic;
  const char* commit_log;
  const char* replacements;
  const char* dead_letters;
  const char* processor;  // MODULE.CLASS, relative to snuba.datasets.processors
};

constexpr Line kLines[] = {
    {"errors", "events", "errors_local/errors_dist", "events", "snuba-commit-log", "event-replacements", "",
     "errors_processor.ErrorsProcessor"},
    {"eap_items", "events_analytics_platform", "eap_items_1_local/eap_items_1_dist", "snuba-items",
     "snuba-items-commit-log", "", "snuba-dead-letter-items", "eap_items_processor.EAPItemsProcessor"},
    {"eap_items_dlq_replay", "events_analytics_platform", "eap_items_1_local/eap_items_1_dist",
     "snuba-dead-letter-items", "", "", "", "eap_items_processor.EAPItemsProcessor"},
    {"functions_raw", "functions", "functions_raw_local/functions_raw_dist", "profiles-call-tree", "", "", "",
     "functions_processor.FunctionsMessageProcessor"},
    {"generic_metrics_counters_raw", "generic_metrics_counters",
     "generic_metric_counters_raw_local/generic_metric_counters_raw_dist", "snuba-generic-metrics",
     "snuba-generic-metrics-counters-commit-log", "", "snuba-dead-letter-generic-metrics",
     "generic_metrics_processor.GenericCountersMetricsProcessor"},
    {"generic_metrics_distributions_raw", "generic_metrics_distributions",
     "generic_metric_distributions_raw_local/generic_metric_distributions_raw_dist", "snuba-generic-metrics",
     "snuba-generic-metrics-distributions-commit-log", "", "snuba-dead-letter-generic-metrics",
     "generic_metrics_processor.GenericDistributionsMetricsProcessor"},
    {"generic_metrics_gauges_raw", "generic_metrics_gauges",
     "generic_metric_gauges_raw_local/generic_metric_gauges_raw_dist", "snuba-generic-metrics",
     "snuba-generic-metrics-gauges-commit-log", "", "snuba-dead-letter-generic-metrics",
     "generic_metrics_processor.GenericGaugesMetricsProcessor"},
    {"generic_metrics_sets_raw", "generic_metrics_sets", "generic_metric_sets_raw_local/generic_metric_sets_raw_dist",
     "snuba-generic-metrics", "snuba-generic-metrics-sets-commit-log", "", "snuba-dead-letter-generic-metrics",
     "generic_metrics_processor.GenericSetsMetricsProcessor"},
    {"group_attributes", "group_attributes", "group_attributes_local/group_attributes_dist", "group-attributes", "", "",
     "snuba-dead-letter-group-attributes", "group_attributes_processor.GroupAttributesMessageProcessor"},
    {"search_issues", "search_issues", "search_issues_local_v2/search_issues_dist_v2", "generic-events",
     "snuba-generic-events-commit-log", "", "snuba-dead-letter-generic-events",
     "search_issues_processor.SearchIssuesMessageProcessor"},
    {"metrics_raw", "metrics", "metrics_raw_v2_local/metrics_raw_v2_dist", "snuba-metrics", "snuba-metrics-commit-log",
     "", "snuba-dead-letter-metrics", "metrics_bucket_processor.PolymorphicMetricsProcessor"},
    {"llm_proxy_cost_raw", "outcomes", "llm_proxy_cost_raw_local/llm_proxy_cost_raw_dist", "snuba-llm-proxy-cost", "",
     "", "", "llm_proxy_cost_processor.LlmProxyCostProcessor"},
    {"outcomes_raw", "outcomes", "outcomes_raw_local/outcomes_raw_dist", "outcomes", "", "", "",
     "outcomes_processor.OutcomesProcessor"},
    {"profile_chunks", "profile_chunks", "profile_chunks_local/profile_chunks_dist", "snuba-profile-chunks", "", "", "",
     "profile_chunks_processor.ProfileChunksProcessor"},
    {"profiles", "profiles", "profiles_local/profiles_dist", "processed-profiles", "", "", "",
     "profiles_processor.ProfilesMessageProcessor"},
    {"querylog", "querylog", "querylog_local/querylog_dist", "snuba-queries", "", "", "snuba-dead-letter-querylog",
     "querylog_processor.QuerylogProcessor"},
    {"replays", "replays", "replays_local/replays_dist", "ingest-replay-events", "", "", "snuba-dead-letter-replays",
     "replays_processor.ReplaysProcessor"},
    {"transactions", "transactions", "transactions_local/transactions_dist", "transactions",
     "snuba-transactions-commit-log", "", "", "transactions_processor.TransactionsMessageProcessor"},
    {"groupassignees", "events", "groupassignee_local/groupassignee_dist", "cdc", "", "", "",
     "groupassignee_processor.GroupAssigneeProcessor"},
    {"groupedmessages", "events", "groupedmessage_local/groupedmessage_dist", "cdc", "", "", "",
     "groupedmessage_processor.GroupedMessageProcessor"},
};

std::pair<std::string, std::string> split(std::string_view text, char at) {
  const size_t found = text.find(at);
  return {std::string(text.substr(0, found)), std::string(text.substr(found + 1))};
}

Storages make_built_in() {
  Storages out;
  for (const Line& line : kLines) {
    Storage s;
    s.key = line.key;
    s.storage_set = line.storage_set;
    std::tie(s.local_table, s.distributed_table) = split(line.tables, '/');
    s.topic = line.topic;
    s.commit_log_topic = line.commit_log;
    s.replacements_topic = line.replacements;
    s.dead_letter_topic = line.dead_letters;
    std::tie(s.processor_module, s.processor) = split(line.processor, '.');
    s.processor_module.insert(0, "snuba.datasets.processors.");
    out.emplace(s.key, std::move(s));
  }
  for (const char* key : {"group_attributes", "search_issues", "transactions", "groupassignees", "groupedmessages"}) {
    out.at(key).python_only = true;
  }
  for (const char* key : {"groupassignees", "groupedmessages"}) {
    Storage& cdc = out.at(key);
    cdc.processor_module = "snuba.datasets.cdc." + cdc.processor_module.substr(sizeof "snuba.datasets.processors");
  }
  out.at("querylog").writer_options = {{"input_format_skip_unknown_fields", "1"}};
  out.at("transactions").writer_options = {{"insert_allow_materialized_columns", "1"},
                                           {"input_format_skip_unknown_fields", "1"}};
  for (const auto& [key, letter] : {std::pair{"generic_metrics_counters_raw", "c"},
                                    {"generic_metrics_distributions_raw", "d"},
                                    {"generic_metrics_gauges_raw", "g"},
                                    {"generic_metrics_sets_raw", "s"}}) {
    out.at(key).pre_filter = {"metric_type", letter, {"c", "d", "g", "s"}};
    if (letter != std::string_view("c")) out.at(key).only_in = Compat::June;
  }
  out.at("groupassignees").pre_filter = {"table", "sentry_groupasignee"};
  out.at("groupedmessages").pre_filter = {"table", "sentry_groupedmessage"};
  out.at("llm_proxy_cost_raw").only_in = Compat::Head;
  return out;
}

using settings::wrong;

std::string* text_field(Storage& s, const std::string& name) {
  if (name == "storage_set") return &s.storage_set;
  if (name == "local_table") return &s.local_table;
  if (name == "distributed_table") return &s.distributed_table;
  if (name == "topic") return &s.topic;
  if (name == "commit_log_topic") return &s.commit_log_topic;
  if (name == "replacements_topic") return &s.replacements_topic;
  if (name == "dead_letter_topic") return &s.dead_letter_topic;
  if (name == "processor") return &s.processor;
  if (name == "processor_module") return &s.processor_module;
  return nullptr;
}

Status read_field(Storage& s, const std::string& name, const YAML::Node& value) {
  if (std::string* target = text_field(s, name); target != nullptr) {
    if (!value.IsScalar() && !value.IsNull()) return wrong(fmt::format("{}: expected a string", name));
    *target = value.IsNull() ? std::string() : value.Scalar();
    return {};
  }
  if (name == "writer_options") {
    if (!value.IsMap()) return wrong("writer_options: expected a map of ClickHouse settings");
    s.writer_options.clear();
    for (const auto& one : value) {
      if (!one.second.IsScalar()) return wrong("writer_options: expected a map of ClickHouse settings");
      s.writer_options[one.first.Scalar()] = one.second.Scalar();
    }
    return {};
  }
  if (name == "pre_filter") {
    if (value.IsNull()) {
      s.pre_filter.reset();
      return {};
    }
    if (!value.IsMap() || value.size() != 2 || !value["header"] || !value["value"] || !value["header"].IsScalar() ||
        !value["value"].IsScalar()) {
      return wrong("pre_filter: expected {header: NAME, value: VALUE}");
    }
    s.pre_filter = PreFilter{value["header"].Scalar(), value["value"].Scalar()};
    return {};
  }
  return wrong(fmt::format("{}: unknown field", name));
}

Status read_storage(Storage& s, const YAML::Node& fields) {
  if (!fields.IsMap()) return wrong("expected a map of fields");
  for (const auto& field : fields) {
    if (!field.first.IsScalar()) return wrong("expected a map of fields");
    if (const Status read = read_field(s, field.first.Scalar(), field.second); !read) return read;
  }
  if (s.distributed_table.empty()) s.distributed_table = s.local_table;
  if (s.storage_set.empty()) s.storage_set = s.key;
  for (const auto& [name, value] :
       {std::pair{"topic", &s.topic}, {"local_table", &s.local_table}, {"processor", &s.processor}}) {
    if (value->empty()) return wrong(fmt::format("{}: missing", name));
  }
  return {};
}

}  // namespace

const Storages& built_in_storages() {
  static const Storages storages = make_built_in();
  return storages;
}

Result<Storages> storages_from_yaml(const std::string& yaml) {
  Storages out = built_in_storages();
  try {
    const YAML::Node root = YAML::Load(yaml);
    if (root.IsNull()) return out;
    if (!root.IsMap()) return wrong("expected a map of storages");
    for (const auto& entry : root) {
      if (!entry.first.IsScalar()) return wrong("expected a map of storages");
      const std::string key = entry.first.Scalar();
      Storage& storage = out[key];
      storage.key = key;
      if (const Status read = read_storage(storage, entry.second); !read) {
        return wrong(fmt::format("line {}: {}: {}", entry.first.Mark().line + 1, key, read.error().text));
      }
    }
  } catch (const YAML::Exception& e) {
    return wrong(fmt::format("line {}: {}", e.mark.line + 1, e.msg));
  }
  return out;
}

}  // namespace freshet::snuba
