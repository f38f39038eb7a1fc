#include "settings/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <limits>

#include "settings/names.h"
#include "settings/values.h"

namespace freshet::settings {
namespace {

Pipeline& pipeline(Settings& s) { return s.pipelines.front(); }

template <typename T, typename Target>
Status store(Result<T> value, Target& target) {
  if (!value) return tl::make_unexpected(value.error());
  target = static_cast<Target>(*std::move(value));
  return {};
}

Status store_if(Status valid, const std::string& value, std::string& target) {
  if (valid) target = value;
  return valid;
}

Status text(const std::string& value, std::string& target) {
  if (value.empty()) return failure(ErrorKind::Fatal, "is empty");
  if (std::isspace(static_cast<unsigned char>(value.front())) != 0 ||
      std::isspace(static_cast<unsigned char>(value.back())) != 0) {
    return failure(ErrorKind::Fatal, "begins or ends with white space; leave it out");
  }
  target = value;
  return {};
}

template <typename Target, typename E, size_t N>
Status choice(const std::string& value, Target& target, const std::array<std::pair<const char*, E>, N>& choices) {
  std::string names;
  for (const auto& [name, one] : choices) {
    if (value == name) {
      target = one;
      return {};
    }
    names += names.empty() ? name : fmt::format(", {}", name);
  }
  return failure(ErrorKind::Fatal, fmt::format("is none of: {}", names));
}

template <typename Map>
Status into_map(const Result<std::pair<std::string, std::string>>& pair, Map& map) {
  if (!pair) return tl::make_unexpected(pair.error());
  map[pair->first] = pair->second;
  return {};
}

Status context_not_stored(const std::string& value, std::map<uint64_t, std::set<std::string>>& contexts) {
  const auto pair = key_value(value);
  if (!pair) return tl::make_unexpected(pair.error());
  const auto project = integer(pair->first, 0, std::numeric_limits<int64_t>::max());
  if (!project) return failure(ErrorKind::Fatal, "is not of the form PROJECT=CONTEXT, with a project's number");
  contexts[static_cast<uint64_t>(*project)].insert(pair->second);
  return {};
}

// As kafka_property, with the value in a file.
Status kafka_secret_property(Settings& s, const std::string& value) {
  auto pair = key_value(value);
  if (!pair) return tl::make_unexpected(pair.error());
  if (!pair->first.starts_with("kafka.") || pair->first.size() == 6) {
    return failure(ErrorKind::Fatal, "is not of the form kafka.KEY=FILE, with a librdkafka property as KEY");
  }
  return store(secret_file(pair->second, SecretForm::Lines), pipeline(s).kafka.connection.extra[pair->first.substr(6)]);
}

Status kafka_property(Settings& s, const std::string& value) {
  auto pair = key_value(value);
  if (!pair) return tl::make_unexpected(pair.error());
  if (!pair->first.starts_with("kafka.") || pair->first.size() == 6) {
    return failure(ErrorKind::Fatal, "is not of the form kafka.KEY=VALUE, with a librdkafka property as KEY");
  }
  const std::string property = pair->first.substr(6);
  pipeline(s).kafka.connection.extra[property] = pair->second;
  return kafka_file_property(property, pair->second);
}

using kafka::OffsetReset;
using stream::OnInvalid;
constexpr int64_t kDay = 24 * 3600 * 1000;
constexpr int64_t kYear = 365 * 24 * 3600;  // in seconds
constexpr int64_t kAnySeconds = std::numeric_limits<int64_t>::max();

#define APPLY(...) [](Settings& s, const std::string& v) -> Status { __VA_ARGS__; }

constexpr Setting kTable[] = {
    {"config", "General", "FILE", "", "YAML file with any of these settings (key: the flag's name with '_' for '-')",
     kAll, APPLY((void)s; (void)v; return {})},
    {"print-config", "General", "", "false",
     "print the effective configuration with the source of each value, and exit", kRun | kCheck,
     APPLY(return store(boolean(v), s.print_config))},

    {"bootstrap-server", "Kafka", "HOST:PORT", "", "brokers to begin with, separated by commas", kStreaming,
     APPLY(return store_if(broker_list(v), v, pipeline(s).kafka.connection.bootstrap_servers))},
    {"topic", "Kafka", "T", "", "topic to read", kStreaming | kProcess,
     APPLY(pipeline(s).stream.topic = v; pipeline(s).stream.schema.logical_topic = v;
           return store_if(topic_name(v), v, pipeline(s).kafka.topic))},
    {"consumer-group", "Kafka", "G", "", "consumer group; its members share the topic's partitions", kStreaming,
     APPLY(pipeline(s).stream.consumer_group = v; return text(v, pipeline(s).kafka.consumer_group))},
    {"auto-offset-reset", "Kafka", "earliest|latest|error", "earliest",
     "where a partition without a usable committed offset starts; error: it is held", kStreaming,
     APPLY(
         return choice(v, pipeline(s).kafka.auto_offset_reset,
                       std::array{std::pair{"earliest", OffsetReset::Earliest},
                                  std::pair{"latest", OffsetReset::Latest}, std::pair{"error", OffsetReset::Error}}))},
    {"strict-offset-reset", "Kafka", "", "false",
     "hold a partition whose committed offset is out of range, instead of resetting it", kStreaming,
     APPLY(return store(boolean(v), pipeline(s).kafka.strict_offset_reset))},
    {"create-topics", "Kafka", "", "false", "create the topic and the dead-letter topic where they are missing", kRun,
     APPLY(return store(boolean(v), pipeline(s).kafka.create_topics))},
    {"group-instance-id", "Kafka", "ID", "",
     "your own static member id (KIP-345): a restart within the session timeout keeps the partitions; must be unique",
     kStreaming, APPLY(return text(v, pipeline(s).kafka.group_instance_id))},
    {"no-static-membership", "Kafka", "", "false",
     "do not draw a static member id for the process's life; renewals then leave the group and join again", kStreaming,
     APPLY(const auto off = boolean(v); if (off) pipeline(s).kafka.draw_instance_id = !*off;
           return off ? Status() : tl::make_unexpected(off.error()))},
    {"max-poll-interval-ms", "Kafka", "MS", "300000", "how long the loop may stand still before the group evicts it",
     kStreaming, APPLY(return store(milliseconds(v, 10'000, kDay), pipeline(s).kafka.max_poll_interval))},
    {"drain-timeout-ms", "Kafka", "MS", "8000",
     "how long a stop or a rebalance waits for rows under way; container runtimes give 10 s", kStreaming,
     APPLY(auto ms = milliseconds(v, 100, kDay); if (ms) pipeline(s).kafka.drain_timeout = *ms;
           return store(std::move(ms), pipeline(s).stream.drain_timeout))},
    {"commit-interval-ms", "Kafka", "MS", "1000", "at most one offset commit in this time", kStreaming,
     APPLY(return store(milliseconds(v, 10, 600'000), pipeline(s).stream.commit_interval))},
    {"stop-at-timestamp", "Kafka", "TIME", "",
     "stop each partition at its first message after this (unix seconds or ms, or 2026-11-23T10:00:00Z), then exit 0",
     kRun,
     APPLY(auto at = timestamp(v); if (!at) return tl::make_unexpected(at.error());
           pipeline(s).stream.stop_at_timestamp_ms = *at; return {})},
    {"kafka-security-protocol", "Kafka", "plaintext|ssl|sasl_plaintext|sasl_ssl", "", "how to speak to the brokers",
     kStreaming,
     APPLY(
         return choice(lower_case(v), pipeline(s).kafka.connection.security_protocol,
                       std::array{std::pair{"plaintext", "plaintext"}, std::pair{"ssl", "ssl"},
                                  std::pair{"sasl_plaintext", "sasl_plaintext"}, std::pair{"sasl_ssl", "sasl_ssl"}}))},
    {"kafka-sasl-mechanism", "Kafka", "PLAIN|SCRAM-SHA-256|...", "", "SASL mechanism", kStreaming,
     APPLY(return store_if(sasl_mechanism(v), v, pipeline(s).kafka.connection.sasl_mechanism))},
    {"kafka-sasl-username", "Kafka", "NAME", "", "SASL user", kStreaming,
     APPLY(return text(v, pipeline(s).kafka.connection.sasl_username))},
    {"kafka-sasl-password-file", "Kafka", "FILE", "", "file that holds the SASL password", kStreaming,
     APPLY(pipeline(s).kafka.connection.sasl_password_file = v;
           return store(secret_file(v), pipeline(s).kafka.connection.sasl_password))},
    {"kafka-ssl-ca-file", "Kafka", "FILE", "", "CA certificates (PEM)", kStreaming,
     APPLY(return store_if(readable_file(v), v, pipeline(s).kafka.connection.ssl_ca_file))},
    {"kafka-ssl-cert-file", "Kafka", "FILE", "", "client certificate (PEM)", kStreaming,
     APPLY(return store_if(readable_file(v), v, pipeline(s).kafka.connection.ssl_cert_file))},
    {"kafka-ssl-key-file", "Kafka", "FILE", "", "key of the client certificate (PEM)", kStreaming,
     APPLY(return store_if(readable_file(v), v, pipeline(s).kafka.connection.ssl_key_file))},
    {"set", "Kafka", "kafka.KEY=VALUE", "", "any librdkafka property, for example kafka.fetch.min.bytes=100000",
     kStreaming, kafka_property, true, true},
    {"set-file", "Kafka", "kafka.KEY=FILE", "",
     "a librdkafka property whose value is what the file holds, for secrets: kafka.ssl.key.password=/run/secrets/key",
     kStreaming, kafka_secret_property, true},

    {"dead-letter-topic", "Dead letters", "T", "", "where messages go that cannot become rows", kStreaming,
     APPLY(return store_if(topic_name(v), v, pipeline(s).kafka.dead_letter_topic))},
    {"on-invalid", "Dead letters", "hold|drop", "hold",
     "without a dead-letter topic: the partition waits for an operator, or the message is counted and dropped",
     kStreaming,
     APPLY(return choice(v, pipeline(s).stream.on_invalid,
                         std::array{std::pair{"hold", OnInvalid::Hold}, std::pair{"drop", OnInvalid::Drop}}))},
    {"dlq-provenance", "Dead letters", "", "true",
     "headers of a letter beyond original_partition and original_offset: topic, timestamp, reason, consumer group",
     kRun,
     APPLY(const auto on = boolean(v); if (!on) return tl::make_unexpected(on.error());
           pipeline(s).stream.dlq_headers = *on ? stream::DlqHeaders::Provenance : stream::DlqHeaders::Position;
           return {})},
    {"dead-letters-per-second", "Dead letters", "N", "100",
     "more than this for long holds the partition: a flood is a broken producer; 0 = no limit", kRun,
     APPLY(return store(decimal(v, 0, 1e9), pipeline(s).options.dead_letters_per_second))},
    {"dead-letter-burst", "Dead letters", "N", "10000", "how many may come at once before the limit counts", kRun,
     APPLY(return store(integer(v, 1, 1'000'000'000), pipeline(s).options.dead_letter_burst))},

    {"clickhouse-url", "ClickHouse", "URL", "",
     "http://HOST:PORT; again for further hosts, tried in turn. http_proxy, https_proxy, all_proxy and no_proxy of the "
     "environment hold, but for loopback",
     kStreaming,
     APPLY(if (const Status ok = url(v); !ok) return ok; pipeline(s).clickhouse.urls.push_back(v); return {}), true},
    {"table", "ClickHouse", "[DB.]TABLE", "", "table to insert into", kStreaming,
     APPLY(pipeline(s).stream.table = v; return text(v, pipeline(s).clickhouse.table))},
    {"clickhouse-database", "ClickHouse", "DB", "", "database of a table without one", kStreaming,
     APPLY(return text(v, pipeline(s).clickhouse.database))},
    {"clickhouse-user", "ClickHouse", "NAME", "", "user", kStreaming,
     APPLY(return text(v, pipeline(s).clickhouse.user))},
    {"clickhouse-password-file", "ClickHouse", "FILE", "",
     "file that holds the password; read again when it changes or the server refuses the password", kStreaming,
     APPLY(pipeline(s).clickhouse.password_file = v; return store(secret_file(v), pipeline(s).clickhouse.password))},
    {"clickhouse-ca-file", "ClickHouse", "FILE", "", "CA certificates (PEM)", kStreaming,
     APPLY(return store_if(readable_file(v), v, pipeline(s).clickhouse.ca_file))},
    {"clickhouse-cert-file", "ClickHouse", "FILE", "", "client certificate (PEM)", kStreaming,
     APPLY(return store_if(readable_file(v), v, pipeline(s).clickhouse.cert_file))},
    {"clickhouse-key-file", "ClickHouse", "FILE", "", "key of the client certificate (PEM)", kStreaming,
     APPLY(return store_if(readable_file(v), v, pipeline(s).clickhouse.key_file))},
    {"clickhouse-setting", "ClickHouse", "K=V", "", "a ClickHouse setting for every insert; wins over freshet's own",
     kStreaming, APPLY(return into_map(key_value(v), pipeline(s).clickhouse.insert_settings)), true},
    {"clickhouse-compression", "ClickHouse", "lz4|zstd", "lz4", "compression of the insert's body", kStreaming,
     APPLY(return choice(v, pipeline(s).clickhouse.compression,
                         std::array{std::pair{"lz4", clickhouse::Compression::Lz4},
                                    std::pair{"zstd", clickhouse::Compression::Zstd}}))},
    {"clickhouse-connect-timeout-ms", "ClickHouse", "MS", "5000", "for name look-up, TCP and TLS", kStreaming,
     APPLY(return store(milliseconds(v, 10, 600'000), pipeline(s).clickhouse.connect_timeout))},
    {"clickhouse-request-timeout-ms", "ClickHouse", "MS", "120000", "for one attempt of one batch, answer included",
     kStreaming, APPLY(return store(milliseconds(v, 100, kDay), pipeline(s).clickhouse.request_timeout))},
    {"clickhouse-batch-deadline-ms", "ClickHouse", "MS", "300000",
     "a batch that is not stored this long after it was sealed is overdue: an overloaded host is left for the next "
     "one, and log, metrics and readiness say so; it is never given up; 0 = never overdue",
     kRun, APPLY(return store(milliseconds(v, 0, kDay), pipeline(s).stream.batch_deadline))},
    {"clickhouse-concurrency", "ClickHouse", "N", "2", "inserts at a time", kRun,
     APPLY(return store(integer(v, 1, 64), pipeline(s).options.clickhouse_concurrency))},

    {"max-batch-size", "Batches", "ROWS", "50000", "rows of a batch at most", kRun,
     APPLY(return store(integer(v, 1, 999'999), pipeline(s).options.max_batch_rows))},
    {"max-batch-bytes", "Batches", "BYTES", "67108864", "bytes of a batch at most, uncompressed", kRun,
     APPLY(return store(integer(v, 1024, 200'000'000), pipeline(s).options.max_batch_bytes))},
    {"max-batch-time-ms", "Batches", "MS", "2000", "age of a batch's oldest message at most", kRun,
     APPLY(return store(milliseconds(v, 1, 600'000), pipeline(s).options.max_batch_time))},
    {"concurrency", "Batches", "N", "1", "threads that turn messages into rows", kRun,
     APPLY(return store(integer(v, 1, 256), pipeline(s).stream.concurrency))},
    {"memory-limit-bytes", "Batches", "BYTES", "268435456",
     "what is held for messages under way: fetched ahead, rows, dead-letter records, bodies of inserts; above it "
     "partitions are paused until half is done",
     kRun,
     APPLY(const Status stored = store(integer(v, 16 << 20, int64_t{1} << 40), pipeline(s).stream.memory_limit);
           pipeline(s).kafka.memory_limit = pipeline(s).stream.memory_limit; return stored)},

    {"processor", "Messages to rows", "NAME", "json",
     "what turns a message into rows; module.Class is a Python class (docs/python-workers.md)", kAll,
     APPLY(return text(v, pipeline(s).processors.processor))},
    {"python", "Messages to rows", "PROGRAM", "python3", "the interpreter of Python classes", kAll,
     APPLY(return text(v, pipeline(s).processors.python.python))},
    {"python-timeout-ms", "Messages to rows", "MS", "30000",
     "a Python process that takes longer over what it was given is replaced", kAll,
     APPLY(return store(milliseconds(v, 100, kDay), pipeline(s).processors.python.timeout))},
    {"python-environment", "Messages to rows", "NAME", "",
     "a variable of the environment that Python classes get beside those that every program needs; NAME*: all that "
     "begin so",
     kAll, APPLY(pipeline(s).processors.python.environment.push_back(v); return {}), true},
    {"python-memory-bytes", "Messages to rows", "BYTES", "4294967296",
     "what a Python process may allocate; more is a MemoryError of the message; 0 = no limit", kAll,
     APPLY(return store(integer(v, 0, int64_t{1} << 44), pipeline(s).processors.python.memory_limit))},
    {"schema-dir", "Messages to rows", "DIR", "",
     "validate messages with DIR/TOPIC.schema.json or DIR/TOPIC.proto; schemas are not part of freshet", kRun,
     APPLY(return text(v, pipeline(s).stream.schema.dir))},
    {"enforce-schema", "Messages to rows", "", "false", "messages that do not fit their schema are invalid", kRun,
     APPLY(return store(boolean(v), pipeline(s).stream.schema.enforce))},
    {"schema-sample-rate", "Messages to rows", "SHARE", "0.01",
     "share of messages that is validated where the schema is not enforced", kRun,
     APPLY(return store(decimal(v, 0, 1), pipeline(s).stream.schema.sample_rate))},
    {"enforce-retention", "Messages to rows", "", "false",
     "transactions, search issues: a retention that is none of the valid ones becomes the lower or the default one",
     kAll, APPLY(return store(boolean(v), pipeline(s).processors.python_rules.enforce_retention))},
    {"keep-old-events", "Messages to rows", "", "false",
     "transactions, search issues: events older than their retention become rows too", kAll,
     APPLY(return store(boolean(v), pipeline(s).processors.python_rules.keep_old_events))},
    {"context-not-stored", "Messages to rows", "PROJECT=CONTEXT", "",
     "transactions: a context that is left out of the rows of a project", kAll,
     APPLY(return context_not_stored(v, pipeline(s).processors.python_rules.contexts_not_stored)), true},
    {"environment", "Messages to rows", "FILE", "", "a JSON object with facts that a processor may ask for", kProcess,
     APPLY(return store_if(readable_file(v), v, s.processor_environment))},
    {"compat", "Messages to rows", "head|june", "head",
     "Snuba's data sets: which generation's rows, where they differ (docs/snuba.md)", kProcess,
     APPLY(
         return choice(v, pipeline(s).processors.june, std::array{std::pair{"head", false}, std::pair{"june", true}}))},
    {"use-row-binary", "Messages to rows", "", "false", "EAPItemsProcessor: RowBinary, all rows as one base64 text",
     kProcess, APPLY(return store(boolean(v), pipeline(s).processors.row_binary))},
    {"json-field", "Messages to rows", "FIELD[=COLUMN]", "",
     "take only the fields that are named so, renamed to COLUMN", kAll,
     APPLY(return into_map(to_column(v, "FIELD[=COLUMN]"), pipeline(s).processors.json.fields)), true},
    {"json-required-field", "Messages to rows", "FIELD", "", "a field that must be there and not null", kAll,
     APPLY(pipeline(s).processors.json.required_fields.push_back(v); return {}), true},
    {"json-topic-column", "Messages to rows", "COLUMN", "", "column for the topic's name", kAll,
     APPLY(return text(v, pipeline(s).processors.json.topic_column))},
    {"json-partition-column", "Messages to rows", "COLUMN", "", "column for the partition", kAll,
     APPLY(return text(v, pipeline(s).processors.json.partition_column))},
    {"json-offset-column", "Messages to rows", "COLUMN", "", "column for the offset", kAll,
     APPLY(return text(v, pipeline(s).processors.json.offset_column))},
    {"json-timestamp-column", "Messages to rows", "COLUMN", "",
     "column for the broker's timestamp (DateTime64(3), UTC)", kAll,
     APPLY(return text(v, pipeline(s).processors.json.timestamp_column))},
    {"json-key-column", "Messages to rows", "COLUMN", "", "column for the message's key", kAll,
     APPLY(return text(v, pipeline(s).processors.json.key_column))},
    {"json-header-column", "Messages to rows", "HEADER=COLUMN", "", "column for a header's value", kAll,
     APPLY(return into_map(to_column(v, "HEADER=COLUMN"), pipeline(s).processors.json.header_columns)), true},

    {"renew", "Renewal", "", "false", "build the Kafka session anew every --renew-interval; live", kRun,
     APPLY(return store(boolean(v), pipeline(s).options.renewal.enabled))},
    {"renew-interval", "Renewal", "SECONDS", "900", "from one session's start to the next; live", kRun,
     APPLY(return store(seconds(v, 1, kYear), pipeline(s).options.renewal.interval))},
    {"renew-jitter", "Renewal", "PERCENT", "10",
     "of the interval: renewals are spread over it, so that a fleet does not renew in one instant", kRun,
     APPLY(const auto percent = decimal(v, 0, 100); if (percent) s.supervisor.renew_jitter = *percent / 100;
           return percent ? Status() : tl::make_unexpected(percent.error()))},
    {"quantized-rebalance-consumer-group-delay-secs", "Renewal", "SECONDS", "0",
     "join and leave the group only on multiples of this of the wall clock; 0 = at once; live", kRun,
     APPLY(return store(seconds(v, 0, kAnySeconds), pipeline(s).options.renewal.tick))},
    {"progress-timeout", "Renewal", "SECONDS", "60",
     "a partition with messages that brings none for so long is fetched anew, then the session renewed; 0 = off; live",
     kRun, APPLY(return store(seconds(v, 0, 86'400), pipeline(s).options.renewal.progress_timeout))},

    {"admin-listen", "Operation", "ADDRESS:PORT", "", "serve /metrics, /health, /ready, /status and a page here", kRun,
     APPLY(return store_if(listen_address(v), v, s.admin.listen))},
    {"admin-allowed-host", "Operation", "NAME", "",
     "a name by which a browser or a scraper may ask the admin server; addresses and localhost always may", kRun,
     APPLY(auto name = host_name(v); if (name) s.admin.allowed_hosts.push_back(*name);
           return name ? Status() : tl::make_unexpected(name.error())),
     true},
    {"admin-token-file", "Operation", "FILE", "",
     "file with the token that POST /renew and /release must carry; needed unless --admin-listen is loopback",
     kRun | kRenew, APPLY(return store(secret_file(v), s.admin.token))},
    {"health-check-file", "Operation", "FILE", "", "touched every second while the loop turns", kRun,
     APPLY(return store_if(writable_file(v), v, s.admin.health_check_file))},
    {"runtime-config", "Operation", "file:PATH|redis://[:PASSWORD@]HOST:PORT/DB", "",
     "where live options come from; see docs/runtime-options.md", kRun | kCheck,
     APPLY(return text(v, s.runtime_config.store)), false, true},
    {"runtime-config-password-file", "Operation", "FILE", "",
     "file that holds the password of the Redis of --runtime-config", kRun | kCheck,
     APPLY(return store(secret_file(v), s.runtime_config.password))},
    {"runtime-config-hash", "Operation", "NAME", "snuba-config", "the Redis hash that holds them", kRun | kCheck,
     APPLY(return text(v, s.runtime_config.redis_hash))},
    {"log-level", "Operation", "debug|info|warn|error", "info", "what is logged", kAll,
     APPLY(const auto level = log_level_from(v);
           if (!level) return failure(ErrorKind::Fatal, "is none of: debug, info, warn, error");
           s.telemetry.level = *level; pipeline(s).options.log_level = *level; return {})},
    {"log-format", "Operation", "text|json|reference", "text",
     "how it is logged, to standard error; reference: as Snuba's consumers do, JSON on standard output", kAll,
     APPLY(return choice(
         v, s.telemetry.format,
         std::array{std::pair{"text", telemetry::LogFormat::Text}, std::pair{"json", telemetry::LogFormat::Json},
                    std::pair{"reference", telemetry::LogFormat::Reference}}))},
    {"statsd", "Operation", "ADDRESS", "",
     "send metrics to a DogStatsD agent: udp://HOST:PORT, unixgram://PATH or unix://PATH (stream)", kRun,
     APPLY(return store_if(statsd_address(v), v, s.telemetry.statsd.address))},
    {"sentry-dsn", "Operation", "DSN", "", "report errors to Sentry", kRun,
     APPLY(return store_if(sentry_dsn(v), v, s.telemetry.sentry.dsn)), false, true},
    {"sentry-dsn-file", "Operation", "FILE", "", "file that holds the DSN of --sentry-dsn", kRun,
     APPLY(auto dsn = secret_file(v); if (!dsn) return tl::make_unexpected(dsn.error());
           const Status valid = store_if(sentry_dsn(*dsn), *dsn, s.telemetry.sentry.dsn);
           return valid ? valid : failure(ErrorKind::Fatal, "holds what " + valid.error().text))},
    {"core-dumps", "Operation", "", "false",
     "allow core dumps and debuggers of the same user; a dump holds passwords and messages", kAll,
     APPLY(return store(boolean(v), s.core_dumps))},
    {"admin", "Operation", "HOST:PORT", "", "the --admin-listen of the process that is meant", kRenew,
     APPLY(return store_if(server_address(v), v, s.renew_at))},
    {"count", "Operation", "N", "10", "how many messages to print", kTap,
     APPLY(return store(integer(v, 1, 1'000'000), s.tap_count))},
};

#undef APPLY

std::string with(std::string_view name, char dash, bool upper) {
  std::string out;
  for (const char c : name) {
    out += c == '-' ? dash : static_cast<char>(upper ? std::toupper(static_cast<unsigned char>(c)) : c);
  }
  return out;
}

}  // namespace

std::span<const Setting> table() { return kTable; }

const Setting* find_setting(std::string_view name) {
  const auto found =
      std::find_if(std::begin(kTable), std::end(kTable), [&](const Setting& s) { return s.name == name; });
  return found == std::end(kTable) ? nullptr : found;
}

std::string flag_of(const Setting& setting) { return fmt::format("--{}", setting.name); }
std::string variable_of(const Setting& setting) { return "FRESHET_" + with(setting.name, '_', true); }
std::string file_key_of(const Setting& setting) { return with(setting.name, '_', false); }

}  // namespace freshet::settings
