#include "settings/hints.h"

#include <algorithm>
#include <array>

#include "settings/values.h"

namespace freshet::settings {
namespace {

struct Hint {
  std::string_view flag;
  std::string_view text;
};

constexpr std::string_view kClickhousePassword =
    "a secret has a file of its own (on the command line everybody on the machine sees it); use "
    "--clickhouse-password-file or "
    "FRESHET_CLICKHOUSE_PASSWORD";
constexpr std::string_view kKafkaPassword =
    "a secret has a file of its own (on the command line everybody on the machine sees it); use "
    "--kafka-sasl-password-file or "
    "FRESHET_KAFKA_SASL_PASSWORD";

constexpr std::array kHints = {
    Hint{"clickhouse-password", kClickhousePassword},
    Hint{"password", kClickhousePassword},
    Hint{"kafka-sasl-password", kKafkaPassword},
    Hint{"kafka-password", kKafkaPassword},
    Hint{"sasl-password", kKafkaPassword},
    Hint{"admin-token",
         "a secret has a file of its own (on the command line everybody on the machine sees it); use "
         "--admin-token-file or "
         "FRESHET_ADMIN_TOKEN"},
    Hint{"brokers", "use --bootstrap-server"},
    Hint{"broker", "use --bootstrap-server"},
    Hint{"broker-list", "use --bootstrap-server"},
    Hint{"bootstrap-servers", "use --bootstrap-server"},
    Hint{"group", "use --consumer-group"},
    Hint{"group-id", "use --consumer-group"},
    Hint{"topics", "a process reads one topic; use --topic, and one process for each topic"},
    Hint{"clickhouse-table", "use --table"},
    Hint{"database", "use --clickhouse-database, or --table DB.TABLE"},
    Hint{"clickhouse-host", "use --clickhouse-url http://HOST:8123"},
    Hint{"clickhouse-port", "use --clickhouse-url http://HOST:PORT"},
    Hint{"clickhouse-username", "use --clickhouse-user"},
    Hint{"user", "use --clickhouse-user, or --kafka-sasl-username"},
    Hint{"dlq-topic", "use --dead-letter-topic"},
    Hint{"dlq", "use --dead-letter-topic"},
    Hint{"batch-size", "use --max-batch-size"},
    Hint{"sasl-mechanism", "use --kafka-sasl-mechanism"},
    Hint{"security-protocol", "use --kafka-security-protocol"},
    Hint{"listen", "use --admin-listen"},
    Hint{"port", "use --admin-listen 127.0.0.1:PORT"},
    Hint{"version", "`freshet --version` alone prints it"},
    Hint{"verbose", "use --log-level debug"},
    Hint{"debug", "use --log-level debug"},
    Hint{"dry-run", "use `freshet check`, or `freshet tap`"},
};

constexpr std::array kSecretVariables = {
    SecretVariable{"FRESHET_CLICKHOUSE_PASSWORD", "clickhouse-password-file",
                   [](Settings& s, const std::string& value) { s.pipeline.clickhouse.password = value; }},
    SecretVariable{"FRESHET_CLICKHOUSE_TOKEN", "clickhouse-token-file",
                   [](Settings& s, const std::string& value) { s.pipeline.clickhouse.token = value; }},
    SecretVariable{"FRESHET_CLICKHOUSE_CERT", "clickhouse-cert-file",
                   [](Settings& s, const std::string& value) { s.pipeline.clickhouse.cert = value; }},
    SecretVariable{"FRESHET_CLICKHOUSE_KEY", "clickhouse-key-file",
                   [](Settings& s, const std::string& value) { s.pipeline.clickhouse.key = value; }},
    SecretVariable{"FRESHET_KAFKA_SASL_PASSWORD", "kafka-sasl-password-file",
                   [](Settings& s, const std::string& value) { s.pipeline.kafka.connection.sasl_password = value; }},
    SecretVariable{"FRESHET_RUNTIME_CONFIG_PASSWORD", "runtime-config-password-file",
                   [](Settings& s, const std::string& value) { s.runtime_config.password = value; }},
    SecretVariable{"FRESHET_ADMIN_TOKEN", "admin-token-file",
                   [](Settings& s, const std::string& value) { s.admin.token = value; }},
};

}  // namespace

std::string hint_for_flag(std::string_view name) {
  const auto found = std::find_if(kHints.begin(), kHints.end(), [&](const Hint& hint) { return hint.flag == name; });
  return found == kHints.end() ? std::string() : std::string(found->text);
}

bool sounds_secret(std::string_view name) {
  const std::string lower = lower_case(std::string(name));
  for (const char* part : {"pass", "pasw", "psw", "pwd", "secr", "token", "tokn", "jaas", "credential", "key", "dsn"}) {
    if (lower.find(part) != std::string::npos) return true;
  }
  return false;
}

std::string shown_argument(std::string_view argument) {
  const size_t equals = argument.find('=');
  if (equals == std::string_view::npos || !sounds_secret(argument.substr(0, equals))) return std::string(argument);
  return std::string(argument.substr(0, equals)) + "=***";
}

const SecretVariable* find_secret_variable(std::string_view variable) {
  const auto found = std::find_if(kSecretVariables.begin(), kSecretVariables.end(),
                                  [&](const SecretVariable& one) { return one.variable == variable; });
  return found == kSecretVariables.end() ? nullptr : &*found;
}

std::vector<std::string_view> secret_variables() {
  std::vector<std::string_view> names;
  for (const SecretVariable& one : kSecretVariables) names.push_back(one.variable);
  names.emplace_back("FRESHET_SENTRY_DSN");
  return names;
}

}  // namespace freshet::settings
