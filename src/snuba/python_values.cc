// Applies the JSON of a Python settings file to the settings from the environment.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/json.h"
#include "snuba/snuba_settings.h"

namespace freshet::snuba {
namespace {

using nlohmann::json;

// Thrown only within this file: the value's place and what was expected.
struct UnexpectedValue {
  std::string text;
};

std::string text_or_empty(const json& value, const char* name) {
  if (value.is_null()) return {};
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number_integer()) return to_json_text(value);
  throw UnexpectedValue{fmt::format("{}: expected a string", name)};
}

template <typename N>
N number(const json& value, const char* name) {
  const json parsed = value.is_string() ? parse_json(value.get<std::string>()) : value;
  if (!parsed.is_number_unsigned() || parsed.get<uint64_t>() > std::numeric_limits<N>::max()) {
    throw UnexpectedValue{fmt::format("{}: '{}' is not an integer in range", name, to_json_text(value))};
  }
  return parsed.get<N>();
}

template <typename N>
std::set<N> numbers(const json& value, const char* name) {
  if (!value.is_array()) throw UnexpectedValue{fmt::format("{}: expected a set of numbers", name)};
  std::set<N> out;
  for (const json& one : value) out.insert(number<N>(one, name));
  return out;
}

BrokerConfig brokers(const json& value, const std::string& name) {
  auto read = broker_config_from_json(to_json_text(value));
  if (!read) throw UnexpectedValue{name + ": " + read.error().text};
  return *std::move(read);
}

Cluster cluster(const json& value) {
  if (!value.is_object()) throw UnexpectedValue{"CLUSTERS: expected a list of objects"};
  Cluster c;
  c.host = text_or_empty(value.value("host", json(c.host)), "CLUSTERS: host");
  c.http_port = number<uint16_t>(value.value("http_port", json(c.http_port)), "CLUSTERS: http_port");
  c.secure = value.value("secure", json(false)) == true;
  c.user = text_or_empty(value.value("user", json(c.user)), "CLUSTERS: user");
  c.password = text_or_empty(value.value("password", json("")), "CLUSTERS: password");
  c.database = text_or_empty(value.value("database", json(c.database)), "CLUSTERS: database");
  c.single_node = value.value("single_node", json(true)) == true;
  for (const json& one : value.value("storage_sets", json::array())) {
    c.storage_sets.insert(text_or_empty(one, "CLUSTERS: storage_sets"));
  }
  return c;
}

bool truth(const json& from, const char* name, bool fallback) {
  const auto found = from.find(name);
  return found == from.end() || found->is_null() ? fallback : *found != false && *found != 0 && *found != "0";
}

// Reads TLS and the cluster's nodes; any one node is sufficient.
void redis_kind(const json& from, const char* tls, const char* use_cluster, const char* nodes, Redis& r) {
  r.tls = truth(from, tls, r.tls);
  r.cluster = truth(from, use_cluster, r.cluster);
  if (!r.cluster || !from.contains(nodes) || !from[nodes].is_array() || from[nodes].empty()) return;
  const json& node = from[nodes].front();
  r.host = text_or_empty(node.value("host", json(r.host)), nodes);
  r.port = number<uint16_t>(node.value("port", json(r.port)), nodes);
  r.configured = true;
}

std::map<std::string, std::string> config_state(const json& value) {
  std::map<std::string, std::string> out;
  if (!value.is_object()) throw UnexpectedValue{"CONFIG_STATE: expected an object of keys and values"};
  for (const auto& [key, one] : value.items()) out[key] = one.is_string() ? one.get<std::string>() : to_json_text(one);
  return out;
}

void redis(const json& all, Redis& r) {
  const auto read = [&r](const json& from, const char* host, const char* port, const char* db, const char* password) {
    if (from.contains(host)) {
      r.host = text_or_empty(from[host], host);
      r.configured = true;
    }
    if (from.contains(port)) r.port = number<uint16_t>(from[port], port);
    if (from.contains(db)) r.database = number<uint16_t>(from[db], db);
    if (from.contains(password)) r.password = text_or_empty(from[password], password);
  };
  // A star import also imports the default host, which does not count as configured.
  const bool configured = r.configured;
  const std::string host = r.host;
  read(all, "REDIS_HOST", "REDIS_PORT", "REDIS_DB", "REDIS_PASSWORD");
  r.configured = configured || r.host != host;
  redis_kind(all, "REDIS_SSL", "USE_REDIS_CLUSTER", "REDIS_CLUSTER_STARTUP_NODES", r);
  if (!all.contains("REDIS_CLUSTERS") || !all["REDIS_CLUSTERS"].is_object()) return;
  const json own = all["REDIS_CLUSTERS"].value("config", json());
  if (!own.is_object()) return;
  read(own, "host", "port", "db", "password");
  redis_kind(own, "ssl", "use_redis_cluster", "cluster_startup_nodes", r);
}

std::map<uint64_t, std::set<std::string>> contexts_by_project(const json& value) {
  constexpr const char* kName = "TRANSACT_SKIP_CONTEXT_STORE";
  if (!value.is_object())
    throw UnexpectedValue{fmt::format("{}: expected an object of project ids and sets of contexts", kName)};
  std::map<uint64_t, std::set<std::string>> out;
  for (const auto& [project, contexts] : value.items()) {
    auto& names = out[number<uint64_t>(json(project), kName)];
    for (const json& one : contexts) names.insert(text_or_empty(one, kName));
  }
  return out;
}

void apply(const json& all, SnubaSettings& s) {
  const auto when = [&all](const char* name, auto&& use) {
    if (const auto found = all.find(name); found != all.end() && !found->is_null()) use(*found);
  };
  when("BROKER_CONFIG", [&](const json& v) { s.brokers = brokers(v, "BROKER_CONFIG"); });
  when("KAFKA_BROKER_CONFIG", [&](const json& v) {
    for (const auto& [topic, config] : v.items()) {
      s.brokers_of_topic[topic] = brokers(config, "KAFKA_BROKER_CONFIG: " + topic);
    }
  });
  when("KAFKA_TOPIC_MAP", [&](const json& v) {
    for (const auto& [logical, physical] : v.items()) {
      s.topic_names[logical] = text_or_empty(physical, "KAFKA_TOPIC_MAP");
    }
  });
  when("CLUSTERS", [&](const json& v) {
    s.clusters.clear();
    for (const json& one : v) s.clusters.push_back(cluster(one));
  });
  when("SENTRY_DSN", [&](const json& v) { s.env.sentry_dsn = text_or_empty(v, "SENTRY_DSN"); });
  when("DOGSTATSD_SOCKET_PATH",
       [&](const json& v) { s.env.dogstatsd_socket_path = text_or_empty(v, "DOGSTATSD_SOCKET_PATH"); });
  when("DOGSTATSD_HOST", [&](const json& v) {
    s.env.dogstatsd_host = text_or_empty(v, "DOGSTATSD_HOST");
    if (s.env.dogstatsd_port == 0) s.env.dogstatsd_port = 8125;
  });
  when("DOGSTATSD_PORT", [&](const json& v) { s.env.dogstatsd_port = number<uint16_t>(v, "DOGSTATSD_PORT"); });
  when("DEFAULT_RETENTION_DAYS",
       [&](const json& v) { s.env.default_retention_days = number<uint16_t>(v, "DEFAULT_RETENTION_DAYS"); });
  when("LOWER_RETENTION_DAYS",
       [&](const json& v) { s.env.lower_retention_days = number<uint16_t>(v, "LOWER_RETENTION_DAYS"); });
  when("VALID_RETENTION_DAYS",
       [&](const json& v) { s.env.valid_retention_days = numbers<uint16_t>(v, "VALID_RETENTION_DAYS"); });
  when("RECORD_COGS", [&](const json& v) { s.env.record_cogs = v == true; });
  when("PROJECT_STACKTRACE_BLACKLIST", [&](const json& v) {
    s.env.project_stacktrace_blacklist = numbers<uint64_t>(v, "PROJECT_STACKTRACE_BLACKLIST");
  });
  when("ENFORCE_RETENTION", [&](const json& v) { s.python_rules.enforce_retention = v == true; });
  when("DISCARD_OLD_EVENTS", [&](const json& v) { s.python_rules.keep_old_events = v == false; });
  when("TRANSACT_SKIP_CONTEXT_STORE",
       [&](const json& v) { s.python_rules.contexts_not_stored = contexts_by_project(v); });
  when("CONFIG_STATE", [&](const json& v) { s.config_state = config_state(v); });
  redis(all, s.redis);
}

}  // namespace

Status apply_python_settings(const std::string& text, SnubaSettings& settings) {
  const json all = parse_json(text);
  if (!all.is_object()) return failure(ErrorKind::Fatal, "python3 did not print an object");
  try {
    apply(all, settings);
  } catch (const UnexpectedValue& unexpected) {
    return failure(ErrorKind::Fatal, unexpected.text);
  } catch (const json::exception& e) {
    return failure(ErrorKind::Fatal, e.what());
  }
  if (settings.clusters.empty()) return failure(ErrorKind::Fatal, "CLUSTERS: expected at least one");
  return {};
}

Result<BrokerConfig> broker_config_from_json(const std::string& text) {
  const json config = parse_json(text);
  if (!config.is_object()) return failure(ErrorKind::Fatal, "expected an object of librdkafka properties");
  BrokerConfig out;
  for (const auto& [key, value] : config.items()) {
    if (value.is_null() || (value.is_string() && value.get_ref<const std::string&>().empty())) continue;
    if (value.is_object() || value.is_array()) {
      return failure(ErrorKind::Fatal, fmt::format("{}: expected a string, a number, true or false", key));
    }
    out[key] = value.is_string() ? value.get<std::string>() : to_json_text(value);
  }
  return out;
}

}  // namespace freshet::snuba
