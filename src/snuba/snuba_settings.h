// What Snuba's Python settings would say (contract 2.5): from the environment, and from SNUBA_SETTINGS.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "processors/processors_settings.h"

namespace freshet::snuba {

using Environment = std::map<std::string, std::string>;

// librdkafka properties as text (contract 2.3); null and empty values are left out.
using BrokerConfig = std::map<std::string, std::string>;

struct Cluster {
  std::string host = "127.0.0.1";
  uint16_t http_port = 8123;
  bool secure = false;
  std::string user = "default";
  std::string password;
  std::string database = "default";
  bool single_node = true;             // local tables; otherwise the distributed ones
  std::set<std::string> storage_sets;  // which it holds; empty = all
};

// Where the older generation keeps its runtime config (contract A.2).
struct Redis {
  bool configured = false;  // somebody named a host
  std::string host = "127.0.0.1";
  uint16_t port = 6379;
  int database = 1;  // 0 in a cluster
  std::string password;
  bool cluster = false;  // `host` is one of its nodes
  bool tls = false;      // which is not spoken here
};

// What a resolved document says under `env` (contract 2).
struct EnvSection {
  std::string sentry_dsn;
  std::string dogstatsd_socket_path;  // the newer generation's address, any of its grammars
  std::string dogstatsd_host;         // the older one's
  uint16_t dogstatsd_port = 0;
  uint16_t default_retention_days = 90;
  uint16_t lower_retention_days = 30;
  std::set<uint16_t> valid_retention_days{30, 90};
  bool record_cogs = false;
  std::set<uint64_t> project_stacktrace_blacklist;
};

struct SnubaSettings {
  std::string name;  // of the settings: "", "self_hosted", "docker" or the file's path
  BrokerConfig brokers;
  std::map<std::string, BrokerConfig> brokers_of_topic;  // by logical topic; instead of `brokers`, not on top
  std::map<std::string, std::string> topic_names;        // logical -> physical
  std::vector<Cluster> clusters{Cluster()};
  std::string release;  // SNUBA_RELEASE
  EnvSection env;
  processors::PythonRules python_rules;
  Redis redis;
  std::map<std::string, std::string> config_state;  // live options above those of Redis; with SENTRY_SINGLE_TENANT only
};

// Empty variables count as unset. Fatal: the variable, its value, and what would be right. Runs python3 when
// SNUBA_SETTINGS is the absolute path of a Python file.
Result<SnubaSettings> read_snuba_settings(const Environment& environment);

// What a Python settings file says (a JSON object of upper-case names, see python_settings.h) on top of `settings`.
Status apply_python_settings(const std::string& json, SnubaSettings& settings);

// `text` is JSON: a broker_config object (contract 2.3); booleans become true and false.
Result<BrokerConfig> broker_config_from_json(const std::string& text);

}  // namespace freshet::snuba
