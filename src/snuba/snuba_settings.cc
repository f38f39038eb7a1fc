#include "snuba/snuba_settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>

#include "settings/values.h"
#include "snuba/python_settings.h"

namespace freshet::snuba {
namespace {

using settings::wrong;

class Reader {
 public:
  explicit Reader(const Environment& environment) : environment_(environment) {}

  std::string text(const std::string& name, std::string fallback = {}) const {
    const auto found = environment_.find(name);
    return found == environment_.end() || found->second.empty() ? std::move(fallback) : found->second;
  }

  template <typename N>
  void number(const std::string& name, int64_t least, int64_t most, N& target) {
    const std::string value = text(name);
    if (value.empty()) return;
    int64_t number = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (error != std::errc() || end != value.data() + value.size() || number < least || number > most) {
      return refuse(fmt::format("{}: '{}' is not an integer from {} to {}", name, value, least, most));
    }
    target = static_cast<N>(number);
  }

  bool truth(const std::string& name) const {
    std::string value = text(name);
    std::transform(value.begin(), value.end(), value.begin(), [](unsigned char c) { return std::tolower(c); });
    return value == "true" || value == "1";
  }

  void refuse(std::string text) {
    if (error_.empty()) error_ = std::move(text);
  }
  const std::string& error() const { return error_; }

 private:
  const Environment& environment_;
  std::string error_;
};

void read_brokers(Reader& env, SnubaSettings& s) {
  s.brokers = {{"bootstrap.servers", env.text("DEFAULT_BROKERS", "127.0.0.1:9092")},
               {"security.protocol", env.text("KAFKA_SECURITY_PROTOCOL", "plaintext")}};
  for (const auto& [property, variable] : {std::pair{"ssl.ca.location", "KAFKA_SSL_CA_PATH"},
                                           {"ssl.certificate.location", "KAFKA_SSL_CERT_PATH"},
                                           {"ssl.key.location", "KAFKA_SSL_KEY_PATH"},
                                           {"sasl.mechanism", "KAFKA_SASL_MECHANISM"},
                                           {"sasl.username", "KAFKA_SASL_USERNAME"},
                                           {"sasl.password", "KAFKA_SASL_PASSWORD"}}) {
    if (const std::string value = env.text(variable); !value.empty()) s.brokers[property] = value;
  }
}

void read_cluster(Reader& env, Cluster& c) {
  c.host = env.text("CLICKHOUSE_HOST", c.host);
  env.number("CLICKHOUSE_HTTP_PORT", 1, 65535, c.http_port);
  c.user = env.text("CLICKHOUSE_USER", c.user);
  c.password = env.text("CLICKHOUSE_PASSWORD");
  c.database = env.text("CLICKHOUSE_DATABASE", c.database);
  c.secure = env.truth("CLICKHOUSE_SECURE");
}

// ADDRESS[:PORT] in one variable, otherwise the two older variables.
void read_statsd(Reader& env, SnubaSettings& s) {
  s.env.dogstatsd_socket_path = env.text("SNUBA_DOGSTATSD_SOCKET_PATH");
  if (const std::string address = env.text("SNUBA_STATSD_ADDR"); !address.empty()) {
    const size_t colon = address.rfind(':');
    s.env.dogstatsd_host = address.substr(0, colon);
    s.env.dogstatsd_port = 8125;
    const std::string port = colon == std::string::npos ? "" : address.substr(colon + 1);
    if (port.empty()) return;
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), s.env.dogstatsd_port);
    if (error != std::errc() || end != port.data() + port.size() || s.env.dogstatsd_port == 0 ||
        s.env.dogstatsd_host.empty()) {
      env.refuse(fmt::format("SNUBA_STATSD_ADDR: '{}' is not of the form HOST:PORT", address));
    }
    return;
  }
  s.env.dogstatsd_host = env.text("DOGSTATSD_HOST", env.text("SNUBA_STATSD_HOST"));
  if (s.env.dogstatsd_host.empty()) return;
  s.env.dogstatsd_port = 8125;
  env.number("SNUBA_STATSD_PORT", 1, 65535, s.env.dogstatsd_port);
  env.number("DOGSTATSD_PORT", 1, 65535, s.env.dogstatsd_port);
}

void read_redis(Reader& env, Redis& r) {
  r.configured = !env.text("REDIS_HOST").empty();
  r.host = env.text("REDIS_HOST", r.host);
  env.number("REDIS_PORT", 1, 65535, r.port);
  env.number("REDIS_DB", 0, 1'000'000, r.database);
  r.password = env.text("REDIS_PASSWORD");
  r.cluster = env.text("USE_REDIS_CLUSTER", "0") != "0";
}

// Added by the settings `self_hosted` and `docker`.
void read_self_hosted(Reader& env, SnubaSettings& s) {
  env.number("SENTRY_EVENT_RETENTION_DAYS", 1, 65535, s.env.default_retention_days);
  s.env.lower_retention_days = std::min<uint16_t>(s.env.default_retention_days, 30);
  s.env.valid_retention_days = {s.env.default_retention_days, 30, 60};
}

bool is_self_hosted(const std::string& name) {
  return name == "self_hosted" || name == "settings_self_hosted" || name == "docker" || name == "settings_docker";
}

}  // namespace

Result<SnubaSettings> read_snuba_settings(const Environment& environment) {
  Reader env(environment);
  SnubaSettings s;
  s.name = env.text("SNUBA_SETTINGS");
  read_brokers(env, s);
  read_cluster(env, s.clusters.front());
  read_statsd(env, s);
  read_redis(env, s.redis);
  s.env.sentry_dsn = env.text("SENTRY_DSN");
  s.release = env.text("SNUBA_RELEASE");
  s.env.record_cogs = env.truth("RECORD_COGS");
  if (is_self_hosted(s.name)) read_self_hosted(env, s);
  if (!env.error().empty()) return wrong(env.error());
  if (s.name.empty() || is_self_hosted(s.name)) return s;
  if (!s.name.starts_with('/') || !s.name.ends_with(".py")) {
    return wrong(
        fmt::format("SNUBA_SETTINGS: '{}' is unknown; leave it unset, use self_hosted or docker, give the "
                    "absolute path of a .py file, or a resolved document with --consumer-config",
                    s.name));
  }
  const auto json = run_python_settings(s.name, environment);
  if (!json) return wrong(fmt::format("SNUBA_SETTINGS: {}: {}", s.name, json.error().text));
  if (const Status applied = apply_python_settings(*json, s); !applied) {
    return wrong(fmt::format("SNUBA_SETTINGS: {}: {}", s.name, applied.error().text));
  }
  if (env.text("SENTRY_SINGLE_TENANT").empty()) s.config_state.clear();
  return s;
}

}  // namespace freshet::snuba
