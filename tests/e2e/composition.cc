#include "composition.h"

#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>
#include <stdexcept>

#include "testkit/freshet_process.h"

namespace freshet::e2e {

const std::vector<Service>& composition() {
  static const std::vector<Service> services = {
      {"errors", "errors", "snuba-consumers", "events", "latest", "750", {}},
      {"outcomes", "outcomes_raw", "snuba-consumers", "outcomes", "earliest", "750", {}},
      {"outcomes-billing",
       "outcomes_raw",
       "snuba-consumers",
       "outcomes-billing",
       "earliest",
       "750",
       {"--raw-events-topic", "outcomes-billing"}},
      {"group-attributes",
       "group_attributes",
       "snuba-group-attributes-consumers",
       "group-attributes",
       "latest",
       "750",
       {}},
      {"transactions", "transactions", "transactions_group", "transactions", "latest", "750", {}},
      {"replays", "replays", "snuba-consumers", "ingest-replay-events", "latest", "750", {}},
      {"issue-occurrence", "search_issues", "generic_events_group", "generic-events", "latest", "750", {}},
      {"metrics", "metrics_raw", "snuba-metrics-consumers", "snuba-metrics", "latest", "750", {}},
      {"generic-metrics-counters",
       "generic_metrics_counters_raw",
       "snuba-gen-metrics-counters-consumers",
       "snuba-generic-metrics",
       "latest",
       "750",
       {}},
      {"profiling-profiles", "profiles", "snuba-consumers", "processed-profiles", "latest", "1000", {}},
      {"profiling-functions", "functions_raw", "snuba-consumers", "profiles-call-tree", "latest", "1000", {}},
      {"profiling-profile-chunks", "profile_chunks", "snuba-consumers", "snuba-profile-chunks", "latest", "1000", {}},
      {"eap-items", "eap_items", "eap_items_group", "snuba-items", "latest", "1000", {"--use-rust-processor"}},
      {"accepted-outcomes",
       "eap_items",
       "accepted_outcomes",
       "snuba-items",
       "earliest",
       "750",
       {"--accepted-outcomes-topic", "outcomes-billing"},
       "accepted-outcomes-consumer"},
      // Two storages that are not part of the Compose file.
      {"querylog", "querylog", "snuba-consumers", "snuba-queries", "earliest", "750", {}},
      {"llm-proxy-cost", "llm_proxy_cost_raw", "snuba-consumers", "snuba-llm-proxy-cost", "earliest", "750", {}},
  };
  return services;
}

const Storage& storage(const std::string& name) {
  static const std::map<std::string, Storage> storages = {
      {"errors", {"errors_local", "ErrorsProcessor", "snuba-commit-log", "", "event-replacements", true}},
      {"outcomes_raw", {"outcomes_raw_local", "OutcomesProcessor"}},
      {"group_attributes",
       {"group_attributes_local", "GroupAttributesMessageProcessor", "", "snuba-dead-letter-group-attributes"}},
      {"transactions",
       {"transactions_local", "TransactionsMessageProcessor", "snuba-transactions-commit-log", "", "", true}},
      {"replays", {"replays_local", "ReplaysProcessor", "", "snuba-dead-letter-replays"}},
      {"search_issues",
       {"search_issues_local_v2", "SearchIssuesMessageProcessor", "snuba-generic-events-commit-log",
        "snuba-dead-letter-generic-events"}},
      {"metrics_raw",
       {"metrics_raw_v2_local", "PolymorphicMetricsProcessor", "snuba-metrics-commit-log",
        "snuba-dead-letter-metrics"}},
      {"generic_metrics_counters_raw",
       {"generic_metric_counters_raw_local", "GenericCountersMetricsProcessor",
        "snuba-generic-metrics-counters-commit-log", "snuba-dead-letter-generic-metrics"}},
      {"querylog", {"querylog_local", "QuerylogProcessor", "", "snuba-dead-letter-querylog"}},
      {"llm_proxy_cost_raw", {"llm_proxy_cost_raw_local", "LlmProxyCostProcessor"}},
      {"profiles", {"profiles_local", "ProfilesMessageProcessor"}},
      {"functions_raw", {"functions_raw_local", "FunctionsMessageProcessor"}},
      {"profile_chunks", {"profile_chunks_local", "ProfileChunksProcessor"}},
      {"eap_items",
       {"eap_items_1_local", "EAPItemsProcessor", "snuba-items-commit-log", "snuba-dead-letter-items", "", true}},
  };
  return storages.at(name);
}

void create_topics(testkit::KafkaClient& client) {
  std::set<std::string> raw;
  std::set<std::string> beside = {"shared-resources-usage"};
  for (const Service& service : composition()) {
    const Storage& s = storage(service.storage);
    raw.insert(service.topic);
    for (const char* topic : {s.commit_log, s.dead_letters, s.replacements}) {
      if (*topic != '\0') beside.insert(topic);
    }
  }
  // The messages of the cases are years old.
  for (const std::string& topic : raw) client.create_topic(topic, kPartitions, {{"retention.ms", "-1"}});
  for (const std::string& topic : beside) client.create_topic(topic, 1, {{"retention.ms", "-1"}});
}

std::string table_definition(const std::string& storage, bool old) {
  std::ifstream file(std::string(FRESHET_SOURCE_DIR) + "/tests/e2e/tables/" + storage + ".sql");
  if (!file) throw std::runtime_error("no table of " + storage);
  std::stringstream text;
  text << file.rdbuf();
  if (!old) return text.str();
  const std::string plain =
      std::regex_replace(text.str(), std::regex(R"(LowCardinality\((Nullable\(String\)|String)\))"), "$1");
  return std::regex_replace(plain, std::regex(R"(DateTime64\((\d)\))"), "String");
}

std::map<std::string, std::string> environment(const Servers& servers) {
  return {{"SNUBA_SETTINGS", "self_hosted"},     {"DEFAULT_BROKERS", servers.kafka},
          {"CLICKHOUSE_HOST", "127.0.0.1"},      {"CLICKHOUSE_HTTP_PORT", std::to_string(servers.clickhouse_port)},
          {"REDIS_HOST", "127.0.0.1"},           {"REDIS_PORT", std::to_string(servers.redis_port)},
          {"SENTRY_EVENT_RETENTION_DAYS", "90"}, {"SNUBA_STATSD_ADDR", ""}};
}

Consumer::Consumer(const Service& service, std::map<std::string, std::string> environment, bool as_snuba)
    : service_(service) {
  std::string program = testkit::freshet_program();
  if (as_snuba) {
    std::filesystem::create_symlink(program, folder_.path("snuba"));
    program = folder_.path("snuba");
  }
  std::vector<std::string> command = {program,
                                      service.command,
                                      "--storage",
                                      service.storage,
                                      "--consumer-group",
                                      service.group,
                                      std::string("--auto-offset-reset=") + service.reset,
                                      "--max-batch-time-ms",
                                      service.batch_time_ms,
                                      "--no-strict-offset-reset",
                                      "--max-poll-interval-ms",
                                      "300000"};
  if (has_health_file()) command.insert(command.end(), {"--health-check-file", health_file()});
  command.insert(command.end(), service.more.begin(), service.more.end());
  process_ = std::make_unique<testkit::ChildProcess>(command, folder_.path("out"), environment);
}

size_t Consumer::times_in_output(const std::string& text) const {
  const std::string all = output();
  size_t count = 0;
  for (size_t at = all.find(text); at != std::string::npos; at = all.find(text, at + text.size())) ++count;
  return count;
}

}  // namespace freshet::e2e
