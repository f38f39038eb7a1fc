// Snuba's settings, from the environment and from SNUBA_SETTINGS (docs/snuba.md, Configuration).
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

// librdkafka properties as text; null and empty values are dropped.
using BrokerConfig = std::map<std::string, std::string>;

// One entry of CLUSTERS.
struct Cluster {
  std::string host = "127.0.0.1";
  uint16_t http_port = 8123;
  bool secure = false;
  std::string user = "default";
  std::string password;
  std::string database = "default";
  bool single_node = true;             // use local tables; false = distributed ones
  std::set<std::string> storage_sets;  // its storage sets; empty = all
};

// Redis with the live options (`snuba-config`).
struct Redis {
  bool configured = false;  // a host was set
  std::string host = "127.0.0.1";
  uint16_t port = 6379;
  int database = 1;  // 0 in a cluster
  std::string password;
  bool cluster = false;  // `host` is one of its nodes
  bool tls = false;      // not supported: live options are not read
};

// The `env` section of a consumer document.
struct EnvSection {
  std::string sentry_dsn;
  std::string dogstatsd_socket_path;  // address for current Snuba, in any of its forms
  std::string dogstatsd_host;         // address for older Snuba
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
  std::map<std::string, BrokerConfig> brokers_of_topic;  // by logical topic; replaces `brokers`
  std::map<std::string, std::string> topic_names;        // logical -> physical
  std::vector<Cluster> clusters{Cluster()};
  std::string release;  // SNUBA_RELEASE
  EnvSection env;
  processors::PythonRules python_rules;
  Redis redis;
  std::map<std::string, std::string> config_state;  // live options that override Redis; only with SENTRY_SINGLE_TENANT
};

// Empty variables count as unset. Runs python3 if SNUBA_SETTINGS is the absolute path of a Python file. Fatal: names
// the variable, its value, and what would be valid.
Result<SnubaSettings> read_snuba_settings(const Environment& environment);

// Applies the names of a Python settings file (a JSON object, see python_settings.h) to `settings`.
Status apply_python_settings(const std::string& json, SnubaSettings& settings);

// Parses a broker_config object in JSON; booleans become "true" and "false".
Result<BrokerConfig> broker_config_from_json(const std::string& text);

}  // namespace freshet::snuba
