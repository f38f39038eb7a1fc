#include "settings/rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>

#include "base/files.h"
#include "base/net_address.h"
#include "model/table_name.h"
#include "settings/values.h"

namespace freshet::settings {
namespace {

// A value of --clickhouse-setting that contradicts what freshet relies on.
struct ContradictedSetting {
  std::string_view name;
  bool (*agrees)(std::string_view value);
  bool refused;  // false: only a warning
  std::string_view why;
};

bool is_off(std::string_view value) { return value == "0" || value == "false"; }
bool is_on(std::string_view value) { return !is_off(value); }
bool holds_a_batch(std::string_view value) {
  const auto rows = integer(std::string(value), 0, std::numeric_limits<int64_t>::max());
  return rows && *rows >= 1'000'000;
}

constexpr std::string_view kOneBlock =
    "an insert would be stored in several blocks; when a later one fails the earlier ones are in the table already, "
    "and "
    "sending them again stores them twice; leave this setting out";
constexpr std::string_view kSpooled = "rows are acknowledged before a shard has stored them, and lost with the server";
constexpr std::string_view kErrorsAllowed = "the server leaves out rows that it cannot read, without a dead letter";

constexpr ContradictedSetting kContradicted[] = {
    {"async_insert", is_off, false, "the server may then acknowledge rows it loses, and repeat others"},
    {"wait_for_async_insert", is_on, false, "the server may then acknowledge rows it loses"},
    {"min_insert_block_size_bytes", is_off, true, kOneBlock},
    {"min_insert_block_size_rows", holds_a_batch, true, kOneBlock},
    {"max_insert_block_size", holds_a_batch, true, kOneBlock},
    {"max_insert_block_size_bytes", is_off, true, kOneBlock},
    {"insert_distributed_sync", is_on, false, kSpooled},
    {"distributed_foreground_insert", is_on, false, kSpooled},
    {"insert_deduplicate", is_on, false, "a repeated insert is stored again"},
    {"deduplicate_insert", [](std::string_view value) { return value != "disable"; }, false,
     "a repeated insert is stored again"},
    {"deduplicate_blocks_in_dependent_materialized_views", is_on, false,
     "a repeated insert may be stored again by the table's views, or never reach them"},
    {"input_format_allow_errors_num", is_off, false, kErrorsAllowed},
    {"input_format_allow_errors_ratio", is_off, false, kErrorsAllowed},
};

class Check {
 public:
  Check(const Settings& s, const Origins& origins, Refusals& refusals, std::vector<std::string>& warnings)
      : s_(s), p_(s.pipeline), origins_(origins), refusals_(refusals), warnings_(warnings) {}

  void required(std::initializer_list<std::pair<std::string_view, std::string_view>> names) {
    for (const auto& [name, example] : names) {
      if (!origins_.present(name)) refuse("--{}: missing; for example --{} {}", name, name, example);
    }
  }

  void deadlines() {
    const auto drain = p_.stream.drain_timeout.count();
    const auto poll = p_.kafka.max_poll_interval.count();
    if (drain * 2 >= poll) {
      refuse(
          "--drain-timeout-ms: {} is not well below --max-poll-interval-ms {}; a member that rebalances that slowly "
          "is evicted; use less than {}",
          drain, poll, poll / 2);
    }
    if (drain > 10'000) {
      warn("--drain-timeout-ms {}: container runtimes kill the process after 10 s by default", drain);
    }
    if (p_.clickhouse.connect_timeout > p_.clickhouse.request_timeout) {
      refuse("--clickhouse-connect-timeout-ms: {} is more than --clickhouse-request-timeout-ms {}",
             p_.clickhouse.connect_timeout.count(), p_.clickhouse.request_timeout.count());
    }
    const auto batch = p_.stream.batch_deadline;
    if (batch.count() > 0 && batch < p_.clickhouse.request_timeout) {
      warn(
          "--clickhouse-batch-deadline-ms {}: less than --clickhouse-request-timeout-ms {}; a batch may be reported "
          "as overdue during its first attempt",
          batch.count(), p_.clickhouse.request_timeout.count());
    }
  }

  void batches() {
    if (p_.options.max_batch_bytes * 2 > p_.stream.memory_limit) {
      refuse("--max-batch-bytes: {} is more than half of --memory-limit-bytes {}; a batch could never fill",
             p_.options.max_batch_bytes, p_.stream.memory_limit);
    }
  }

  void dead_letters() {
    if (p_.kafka.dead_letter_topic.empty()) {
      if (p_.stream.on_invalid == stream::OnInvalid::Block && !origins_.given("on-invalid")) {
        warn(
            "no --dead-letter-topic: a message that cannot become a row blocks its partition until an operator "
            "decides");
      }
      return;
    }
    if (p_.kafka.dead_letter_topic == p_.kafka.topic) {
      refuse("--dead-letter-topic: '{}' is the topic that is read; use another", p_.kafka.topic);
    }
    if (origins_.given("on-invalid")) {
      refuse("--on-invalid: only for use without --dead-letter-topic; leave one of them out");
    }
  }

  void kafka_security() {
    const auto& c = p_.kafka.connection;
    const std::string protocol = lower_case(c.security_protocol);
    const bool tls = protocol == "ssl" || protocol == "sasl_ssl";
    const bool sasl = protocol.starts_with("sasl_");
    if (!tls && !(c.ssl_ca_file.empty() && c.ssl_cert_file.empty() && c.ssl_key_file.empty())) {
      refuse("--kafka-ssl-*: has no effect without --kafka-security-protocol ssl or sasl_ssl");
    }
    if (!sasl && !(c.sasl_mechanism.empty() && c.sasl_username.empty() && c.sasl_password.empty())) {
      refuse("--kafka-sasl-*: has no effect without --kafka-security-protocol sasl_plaintext or sasl_ssl");
    }
    if (sasl && c.sasl_mechanism.empty()) refuse("--kafka-sasl-mechanism: missing; for example SCRAM-SHA-512");
    if (c.sasl_username.empty() != c.sasl_password.empty()) {
      refuse(
          "--kafka-sasl-username and --kafka-sasl-password-file (or FRESHET_KAFKA_SASL_PASSWORD): one needs the other");
    }
    if (sasl) sasl_login();
    for (const auto& [flag, is_given] : token_flags()) {
      if (is_given && c.sasl_mechanism != "OAUTHBEARER") refuse("{}: needs --kafka-sasl-mechanism OAUTHBEARER", flag);
    }
    if (c.ssl_cert_file.empty() != c.ssl_key_file.empty()) {
      refuse("--kafka-ssl-cert-file and --kafka-ssl-key-file: one needs the other");
    }
  }

  // The flags that name a source of tokens, and whether they are given.
  std::map<std::string, bool> token_flags() const {
    const auto& c = p_.kafka.connection;
    return {{"--kafka-oauthbearer-token-file", !c.oauthbearer_token.empty()},
            {"--kafka-msk-iam-region", c.msk_iam_region.has_value()}};
  }

  void oauthbearer_login() {
    const auto& extra = p_.kafka.connection.extra;
    auto all = token_flags();
    all["kafka.sasl.oauthbearer.method"] = extra.contains("sasl.oauthbearer.method");
    std::vector<std::string> given;
    for (const auto& [source, is_given] : all) {
      if (is_given) given.push_back(source);
    }
    if (given.size() > 1) {
      return refuse("{}: each is a source of the token; leave one of them out", fmt::join(given, " and "));
    }
    if (!given.empty() || extra.contains("enable.sasl.oauthbearer.unsecure.jwt")) return;
    refuse(
        "--kafka-sasl-mechanism OAUTHBEARER: has no source of tokens; add --kafka-oauthbearer-token-file, "
        "--kafka-msk-iam-region for Amazon MSK, or --set kafka.sasl.oauthbearer.method=oidc with .token.endpoint.url "
        "and .client.id, and .client.secret by --set-file (as kafka.sasl.oauthbearer.*)");
  }

  void sasl_login() {
    const auto& c = p_.kafka.connection;
    const auto given = [&](const char* property) { return c.extra.contains(property); };
    if (c.sasl_mechanism == "OAUTHBEARER") return oauthbearer_login();
    const bool by_name = c.sasl_mechanism == "PLAIN" || c.sasl_mechanism.starts_with("SCRAM-");
    if (by_name && c.sasl_username.empty() && !given("sasl.username")) {
      refuse(
          "--kafka-sasl-mechanism {}: needs a login; add --kafka-sasl-username and --kafka-sasl-password-file (or "
          "FRESHET_KAFKA_SASL_PASSWORD)",
          c.sasl_mechanism);
    }
  }

  void clickhouse_ports() {
    for (const std::string& url : p_.clickhouse.urls) {
      const std::string host = url.substr(url.find("://") + 3);
      const size_t colon = host.ends_with(']') ? std::string::npos : host.rfind(':');
      const std::string port =
          colon == std::string::npos ? "" : host.substr(colon + 1, host.find('/', colon) - colon - 1);
      const bool tls = url.starts_with("https");
      if (port.empty()) {
        warn("--clickhouse-url {}: has no port, so {} is used; ClickHouse's own is usually {}", url, tls ? 443 : 80,
             tls ? 8443 : 8123);
      } else if (port == "9000" || port == "9440" || port == "9009") {
        warn(
            "--clickhouse-url {}: port {} is usually not ClickHouse's HTTP but its native protocol; HTTP is usually on "
            "8123, with TLS on 8443",
            url, port);
      } else if (tls ? port == "8123" : port == "8443") {
        warn("--clickhouse-url {}: port {} is usually {} TLS; use {}", url, port, tls ? "without" : "with",
             tls ? "http:// or port 8443" : "https:// or port 8123");
      }
    }
  }

  void clickhouse_security() {
    const auto& h = p_.clickhouse;
    const bool has_cert = !(h.cert_file.empty() && h.cert.empty());
    if (has_cert == (h.key_file.empty() && h.key.empty())) {
      refuse("--clickhouse-cert-file and --clickhouse-key-file: one needs the other");
    }
    const bool https = std::any_of(h.urls.begin(), h.urls.end(), [](const auto& u) { return u.starts_with("https"); });
    if (!https && (has_cert || !h.ca_file.empty())) {
      refuse("--clickhouse-ca-file, -cert-file and -key-file: have no effect without an https:// --clickhouse-url");
    }
    // A storage of Snuba always has a user, which the token replaces.
    const bool user = !h.user.empty() && origins_.given("clickhouse-user");
    if (!h.token.empty() && (user || !h.password.empty())) {
      refuse(
          "--clickhouse-token-file (or FRESHET_CLICKHOUSE_TOKEN): the token names the user; leave out "
          "--clickhouse-user "
          "and --clickhouse-password-file");
    }
    if (!h.token.empty() && !https) {
      warn("--clickhouse-token-file: the token is sent unencrypted; use an https:// --clickhouse-url");
    }
    if (!h.password.empty() && h.user.empty()) {
      refuse("--clickhouse-password-file (or FRESHET_CLICKHOUSE_PASSWORD): needs --clickhouse-user");
    }
  }

  void table() {
    const std::string& name = p_.clickhouse.table;
    if (!origins_.present("table")) {
      // already refused as missing
    } else if (const auto parsed = parse_table_name(name); !parsed) {
      refuse("--table: {}", parsed.error().text);
    } else if (!p_.clickhouse.database.empty() && !parsed->database.empty()) {
      refuse("--clickhouse-database: --table '{}' names a database already; leave one of them out", name);
    }
    for (const char* owned : {"query", "decompress", "insert_deduplication_token", "database"}) {
      if (p_.clickhouse.insert_settings.contains(owned)) {
        refuse("--clickhouse-setting: '{}' is freshet's own", owned);
      }
    }
    for (const char* login : {"user", "password"}) {
      if (p_.clickhouse.insert_settings.contains(login)) {
        refuse("--clickhouse-setting: '{}' is not a setting; use --clickhouse-user and --clickhouse-password-file",
               login);
      }
    }
    for (const ContradictedSetting& one : kContradicted) {
      const auto given = p_.clickhouse.insert_settings.find(std::string(one.name));
      if (given == p_.clickhouse.insert_settings.end() || one.agrees(given->second)) continue;
      if (one.refused || p_.delivery == DeliveryChoice::ExactlyOnce) {
        refuse("--clickhouse-setting {}={}: {}", one.name, given->second, one.why);
      } else {
        warn("--clickhouse-setting {}={}: {}", one.name, given->second, one.why);
      }
    }
  }

  // Two sources of one column would write the field twice in each row.
  void json_columns() {
    const auto& json = p_.processors.json;
    std::map<std::string, std::string> taken;  // column -> the setting that fills it
    const auto take = [&](const std::string& column, const std::string& by) {
      if (column.empty()) return;
      const auto [first, is_new] = taken.emplace(column, by);
      if (!is_new) refuse("{}: fills the column '{}', as {} does; name another", by, column, first->second);
    };
    for (const auto& [field, column] : json.fields) take(column, fmt::format("--json-field {}={}", field, column));
    take(json.topic_column, "--json-topic-column");
    take(json.partition_column, "--json-partition-column");
    take(json.offset_column, "--json-offset-column");
    take(json.timestamp_column, "--json-timestamp-column");
    take(json.key_column, "--json-key-column");
    for (const auto& [header, column] : json.header_columns) {
      take(column, fmt::format("--json-header-column {}={}", header, column));
    }
  }

  // Includes secrets from the environment; other files are checked when they are read.
  void secrets() {
    const auto one_line = [&](const std::string& secret, std::string_view settings) {
      if (!is_one_line(secret)) refuse("{}: holds a line break or another control character", settings);
    };
    one_line(p_.clickhouse.password.reveal(), "--clickhouse-password-file or FRESHET_CLICKHOUSE_PASSWORD");
    one_line(p_.clickhouse.token.reveal(), "--clickhouse-token-file or FRESHET_CLICKHOUSE_TOKEN");
    one_line(p_.kafka.connection.sasl_password.reveal(), "--kafka-sasl-password-file or FRESHET_KAFKA_SASL_PASSWORD");
    const std::string& token = s_.admin.token.reveal();
    if (!std::all_of(token.begin(), token.end(), [](char c) { return c > ' ' && c <= '~'; })) {
      refuse(
          "--admin-token-file or FRESHET_ADMIN_TOKEN: a token that a header carries has neither blanks nor letters "
          "beyond ASCII; make one with `openssl rand -hex 32`");
    }
  }

  // The table is compared only if there is one.
  void one_message() {
    std::string source;
    for (const std::string_view name : {"at", "offset", "message", "message-text"}) {
      if (!origins_.given(name)) continue;
      const std::string where = origins_.where(name);
      if (!source.empty()) refuse("{} and {}: each names a message; leave one of them out", source, where);
      source = where;
    }
    if (s_.dead_letters.selection.at) {
      required({{"bootstrap-server", "localhost:9092"}, {"topic", "events"}});
      kafka_security();
    }
    table_if_named();
    enforced_schema();
  }

  void enforced_schema() {
    if (p_.stream.schema.enforce && p_.stream.schema.dir.empty()) {
      refuse("--enforce-schema: give the folder of the schemas with --schema-dir");
    }
  }

  void table_if_named() {
    if (!origins_.present("table") && !origins_.present("clickhouse-url")) return;
    required({{"clickhouse-url", "http://localhost:8123"}, {"table", "default.events"}});
    clickhouse_security();
    clickhouse_ports();
    table();
  }

  void one_address() {
    if (s_.admin_addresses.size() > 1)
      refuse("--admin: given {} times; renew one process at a time", s_.admin_addresses.size());
  }

  void admin() {
    if (s_.admin.listen.empty() || !s_.admin.token.empty()) return;
    if (const auto address = parse_listen_address(s_.admin.listen); address && address->is_loopback()) return;
    warn("--admin-listen {}: not loopback; POST /renew and /skip are refused without --admin-token-file",
         s_.admin.listen);
  }

  void runtime_config() {
    const std::string& store = s_.runtime_config.store;
    if (!s_.runtime_config.password.empty() && !store.starts_with("redis://")) {
      refuse("--runtime-config-password-file: needs --runtime-config redis://HOST:PORT/DB");
    }
    if (store.empty() || store.starts_with("file:") || store.starts_with("redis://")) return;
    if (store.starts_with("rediss://")) {
      return refuse(
          "--runtime-config: TLS to Redis (rediss://) is not built in; use redis:// through a local TLS proxy");
    }
    refuse("--runtime-config: expected file:PATH or redis://[:PASSWORD@]HOST:PORT/DB");
  }

 private:
  template <typename... Args>
  void refuse(fmt::format_string<Args...> text, Args&&... args) {
    refusals_.push_back(fmt::format(text, std::forward<Args>(args)...));
  }
  template <typename... Args>
  void warn(fmt::format_string<Args...> text, Args&&... args) {
    warnings_.push_back(fmt::format(text, std::forward<Args>(args)...));
  }

  const Settings& s_;
  const Pipeline& p_;
  const Origins& origins_;
  Refusals& refusals_;
  std::vector<std::string>& warnings_;
};

}  // namespace

void check_rules(Rules rules, const Settings& settings, const Origins& origins, Refusals& refusals,
                 std::vector<std::string>& warnings) {
  Check check(settings, origins, refusals, warnings);
  check.json_columns();
  if (rules == Rules::Columns) return;
  check.secrets();
  if (rules == Rules::AdminClient) return check.required({{"admin", "127.0.0.1:8080"}});
  if (rules == Rules::OneAdminClient) {
    check.required({{"admin", "127.0.0.1:8080"}});
    return check.one_address();
  }
  if (rules == Rules::DeadLetters || rules == Rules::Replay) {
    check.required({{"bootstrap-server", "localhost:9092"}, {"dead-letter-topic", "events-dead"}});
    check.kafka_security();
    if (rules == Rules::Replay && settings.dead_letters.check) {
      check.table_if_named();
      check.enforced_schema();
    }
    return;
  }
  if (rules == Rules::OneMessage) return check.one_message();
  check.required({{"bootstrap-server", "localhost:9092"}, {"topic", "events"}});
  check.kafka_security();
  if (rules == Rules::Reading) return;
  check.required({{"consumer-group", "events-to-clickhouse"},
                  {"clickhouse-url", "http://localhost:8123"},
                  {"table", "default.events"}});
  check.deadlines();
  check.batches();
  check.dead_letters();
  check.clickhouse_security();
  check.clickhouse_ports();
  check.table();
  check.runtime_config();
  check.admin();
}

}  // namespace freshet::settings
