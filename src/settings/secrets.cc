#include "settings/secrets.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>

#include "base/files.h"
#include "base/percent.h"
#include "secrets/secret_command.h"
#include "secrets/secret_reading.h"
#include "settings/hints.h"
#include "settings/values.h"

namespace freshet::settings {
namespace {

constexpr std::array<std::string_view, 6> kSecretWords = {"pass",       "secret",     "token",
                                                          "credential", "access_key", "jaas"};

bool is_pair(const Setting& setting) { return setting.placeholder.find('=') != std::string_view::npos; }

// Some users give the secret itself instead of its file. A base64 text may hold '/' too, so only what begins like a
// path or is one may be shown.
bool is_path(const std::string& value) {
  for (const std::string_view begin : {"/", "./", "../"}) {
    if (value.starts_with(begin)) return true;
  }
  std::error_code error;
  return std::filesystem::exists(value, error);
}

// Of a setting that names the file of a secret.
std::string shown_file(const std::string& value) {
  if (secrets::command_in(value)) return secrets::shown_source(value);
  return is_path(value) ? value : "***";
}

// Turns http://USER:PASSWORD@HOST into http://***@HOST, and USER:PASSWORD@HOST into ***@HOST: such values are refused,
// and must not be printed either.
std::string without_login(const std::string& value) {
  const size_t at = value.rfind('@');
  if (at == std::string::npos) return value;
  const size_t scheme = value.find("://");
  const bool has_scheme = scheme != std::string::npos && scheme < at;
  const size_t login = has_scheme ? scheme + 3 : 0;
  if (!has_scheme && value.find(':') > at) return value;  // no password
  return value.substr(0, login) + "***" + value.substr(at);
}

void add(std::vector<std::string>& secrets, const std::string& secret) {
  if (!secret.empty()) secrets.push_back(secret);
}

void add(std::vector<std::string>& secrets, const kafka::ConnectionSettings& connection) {
  add(secrets, connection.sasl_password.reveal());
  for (const auto& [key, value] : connection.extra) {
    if (names_secret(key)) add(secrets, value);
  }
}

// Those that are read again while the process runs.
std::vector<const secrets::SecretSource*> sources_of(const Settings& s) {
  const kafka::ConnectionSettings& kafka = s.pipeline.kafka.connection;
  std::vector<const secrets::SecretSource*> sources = {&s.pipeline.clickhouse.password,
                                                       &s.pipeline.clickhouse.token,
                                                       &s.pipeline.clickhouse.cert,
                                                       &s.pipeline.clickhouse.key,
                                                       &kafka.sasl_password,
                                                       &kafka.oauthbearer_token,
                                                       &s.admin.token,
                                                       &s.telemetry.sentry.dsn,
                                                       &s.runtime_config.password};
  for (const auto& [property, source] : kafka.extra_secrets) sources.push_back(&source);
  return sources;
}

// The password of redis://[USER]:PASSWORD@HOST:PORT/DB, not decoded.
std::string password_in(const std::string& url) {
  const size_t at = url.rfind('@');
  const size_t login = url.find("://");
  const size_t colon = login == std::string::npos ? login : url.find(':', login + 3);
  if (at == std::string::npos || colon == std::string::npos || colon >= at) return {};
  return url.substr(colon + 1, at - colon - 1);
}

}  // namespace

bool names_secret(std::string_view name) {
  if (kafka::is_secret(name)) return true;
  const std::string lower = lower_case(std::string(name));
  // sasl.oauthbearer.token.endpoint.url, sasl.oauthbearer.client.credentials.client.id
  if (lower.ends_with(".url") || lower.ends_with(".client.id")) return false;
  return std::any_of(kSecretWords.begin(), kSecretWords.end(),
                     [&](std::string_view word) { return lower.find(word) != std::string::npos; });
}

bool holds_pem(std::string_view value) {
  return value.find("-----BEGIN") != std::string_view::npos || value.find_first_of("\r\n") != std::string_view::npos;
}

std::string shown(const Setting& setting, const std::string& value) {
  if (!is_pair(setting)) {
    const bool command = setting.placeholder.find("exec:COMMAND") != std::string_view::npos;
    if (command && secrets::command_in(value)) return secrets::shown_source(value);
    if (setting.secret || holds_pem(value)) return "***";
    return setting.secret_file ? shown_file(value) : without_login(value);
  }
  const size_t end = std::min(value.find_first_of("=: "), value.size());
  const std::string name = value.substr(0, end);
  if (holds_pem(name)) return "***";
  const std::string of_name = value.substr(std::min(end + 1, value.size()));
  if (setting.secret_file && end < value.size()) {
    const bool hidden = holds_pem(of_name) && !secrets::command_in(of_name);
    return name + value[end] + (hidden ? "***" : shown_file(of_name));
  }
  const bool is_secret = names_secret(name) || sounds_secret(name) || holds_pem(of_name);
  if (!is_secret || end == value.size()) return without_login(value);
  return name + value[end] + "***";
}

bool runs_commands(const Settings& settings) {
  const auto sources = sources_of(settings);
  return std::any_of(sources.begin(), sources.end(),
                     [](const secrets::SecretSource* source) { return secrets::command_in(source->from).has_value(); });
}

std::vector<std::string> secrets_of(const Settings& s) {
  std::vector<std::string> secrets;
  const Pipeline& p = s.pipeline;
  for (const secrets::SecretSource* source : sources_of(s)) add(secrets, source->reveal());
  for (const std::string& secret :
       {password_in(s.runtime_config.store), percent_decoded(password_in(s.runtime_config.store))}) {
    add(secrets, secret);
  }
  for (const auto& [name, value] : p.clickhouse.insert_settings) {
    if (names_secret(name)) add(secrets, value);
  }
  const kafka::SideTopicSettings& side = p.kafka.side_topics;
  for (const kafka::ConnectionSettings* connection :
       {&p.kafka.connection, &side.commit_log.connection, &side.replacements.connection, &side.cogs.connection,
        &side.accepted_outcomes.connection}) {
    add(secrets, *connection);
  }
  if (p.kafka.dead_letter_connection) add(secrets, *p.kafka.dead_letter_connection);
  return secrets;
}

std::string exposed_by_flag(const Setting& setting, const std::string& value) {
  std::string_view instead;
  if (setting.name == "sentry-dsn") {
    instead = "--sentry-dsn-file or FRESHET_SENTRY_DSN";
  } else if (setting.name == "runtime-config" && !password_in(value).empty()) {
    instead = "--runtime-config-password-file or FRESHET_RUNTIME_CONFIG";
  } else if (setting.name == "set" && names_secret(value.substr(0, value.find('=')))) {
    instead = "--set-file, FRESHET_SET or the file of --config";
  }
  if (instead.empty()) return {};
  return fmt::format(
      "{}: a secret in the command line is seen by every user in the process list while freshet starts; "
      "use {} (or insist with --allow-secrets-in-arguments)",
      flag_of(setting), instead);
}

std::string exposed_by_file(const Setting& setting, const std::string& value) {
  const std::string path = is_pair(setting) ? value.substr(value.find('=') + 1) : value;
  const auto exposure = setting.secret_file ? exposure_of(path) : std::nullopt;
  if (!exposure) return {};
  return fmt::format("{} {}: holds a secret and {}; chmod {} it", flag_of(setting), path, exposure->who,
                     exposure->mode);
}

}  // namespace freshet::settings
