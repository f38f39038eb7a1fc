#include "settings/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <limits>
#include <vector>

#include "runtime_config/table.h"
#include "settings/names.h"
#include "settings/values.h"

namespace freshet::settings {
namespace {

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

template <typename Value, typename E, size_t N>
std::string name_of(Value value, const std::array<std::pair<const char*, E>, N>& choices) {
  for (const auto& [name, one] : choices) {
    if (value == one) return name;
  }
  return {};
}

std::string shown(const std::string& value) { return value; }
std::string shown(std::chrono::milliseconds value) { return fmt::format("{}", value.count()); }
std::string shown(std::chrono::seconds value) { return fmt::format("{}", value.count()); }
template <typename T>
std::string shown(T value) {
  return fmt::format("{}", value);
}

template <typename Map>
Status into_map(const Result<std::pair<std::string, std::string>>& pair, Map& map) {
  if (!pair) return tl::make_unexpected(pair.error());
  map[pair->first] = pair->second;
  return {};
}

constexpr int64_t kMostPartition = std::numeric_limits<int32_t>::max();
constexpr int64_t kMostCount = std::numeric_limits<int64_t>::max();

Status context_not_stored(const std::string& value, std::map<uint64_t, std::set<std::string>>& contexts) {
  const auto pair = key_value(value);
  if (!pair) return tl::make_unexpected(pair.error());
  const auto project = integer(pair->first, 0, std::numeric_limits<int64_t>::max());
  if (!project) return failure(ErrorKind::Fatal, "is not of the form PROJECT=CONTEXT, with a project's number");
  contexts[static_cast<uint64_t>(*project)].insert(pair->second);
  return {};
}

// Like kafka_property, but the value is read from a file or a command.
Status kafka_secret_property(Settings& s, const std::string& value) {
  auto pair = key_value(value);
  if (!pair) return tl::make_unexpected(pair.error());
  if (!pair->first.starts_with("kafka.") || pair->first.size() == 6) {
    return failure(ErrorKind::Fatal, "is not of the form kafka.KEY=FILE, with a librdkafka property as KEY");
  }
  auto secret = secret_source(pair->second, SecretForm::Lines);
  if (!secret) return tl::make_unexpected(secret.error());
  kafka::ConnectionSettings& connection = s.pipeline.kafka.connection;
  const std::string property = pair->first.substr(6);
  connection.extra[property] = secret->reveal();
  connection.extra_secrets[property] = *std::move(secret);
  return {};
}

Status kafka_property(Settings& s, const std::string& value) {
  auto pair = key_value(value);
  if (!pair) return tl::make_unexpected(pair.error());
  if (!pair->first.starts_with("kafka.") || pair->first.size() == 6) {
    return failure(ErrorKind::Fatal, "is not of the form kafka.KEY=VALUE, with a librdkafka property as KEY");
  }
  const std::string property = pair->first.substr(6);
  s.pipeline.kafka.connection.extra[property] = pair->second;
  return kafka_file_property(property, pair->second);
}

// PARTITION:OFFSET.
Status position(const std::string& value, std::optional<dead_letters::Position>& target) {
  const size_t colon = value.find(':');
  const auto partition = integer(value.substr(0, colon), 0, kMostPartition);
  const auto offset = integer(colon == std::string::npos ? "" : value.substr(colon + 1), 0, kMostCount);
  if (!partition || !offset) return failure(ErrorKind::Fatal, "is not of the form PARTITION:OFFSET, for example 0:42");
  target = {Partition{static_cast<int32_t>(*partition)}, Offset{*offset}};
  return {};
}

using kafka::OffsetReset;
using stream::OnInvalid;
constexpr int64_t kDay = 24 * 3600 * 1000;

constexpr std::array kOffsetResets = {std::pair{"earliest", OffsetReset::Earliest},
                                      std::pair{"latest", OffsetReset::Latest}, std::pair{"error", OffsetReset::Error}};
constexpr std::array kOnInvalid = {std::pair{"block", OnInvalid::Block}, std::pair{"drop", OnInvalid::Drop}};
constexpr std::array kCompressions = {std::pair{"lz4", clickhouse::Compression::Lz4},
                                      std::pair{"zstd", clickhouse::Compression::Zstd}};
constexpr std::array kDeliveries = {std::pair{"exactly-once", DeliveryChoice::ExactlyOnce},
                                    std::pair{"at-least-once", DeliveryChoice::AtLeastOnce},
                                    std::pair{"auto", DeliveryChoice::Auto}};
constexpr std::array kInsertFormats = {std::pair{"auto", InsertFormat::Auto}, std::pair{"native", InsertFormat::Native},
                                       std::pair{"json-each-row", InsertFormat::JsonEachRow}};
constexpr std::array kStates = {std::pair{"any", dead_letters::State::Any},
                                std::pair{"open", dead_letters::State::Open},
                                std::pair{"replayed", dead_letters::State::Replayed}};
constexpr std::array kGenerations = {std::pair{"head", false}, std::pair{"june", true}};
constexpr std::array kLogFormats = {std::pair{"text", telemetry::LogFormat::Text},
                                    std::pair{"json", telemetry::LogFormat::Json},
                                    std::pair{"reference", telemetry::LogFormat::Reference}};
constexpr std::array kProtocols = {std::pair{"plaintext", "plaintext"}, std::pair{"ssl", "ssl"},
                                   std::pair{"sasl_plaintext", "sasl_plaintext"}, std::pair{"sasl_ssl", "sasl_ssl"}};

// How a setting is parsed, printed and bounded. Its default is the initialiser of the struct's member.
#define ACCEPT(...) \
  [](Settings& s, const std::string& v) -> Status { __VA_ARGS__; }, nullptr, {}
#define READ_AND_SHOWN(member, reading, bounds)                                         \
  [](Settings& s, const std::string& v) -> Status { return store(reading, s.member); }, \
      [](const Settings& s) { return shown(s.member); }, bounds
#define INTEGER(member, least, most) READ_AND_SHOWN(member, integer(v, least, most), (Bounds{least, most}))
#define MILLISECONDS(member, least, most) READ_AND_SHOWN(member, milliseconds(v, least, most), (Bounds{least, most}))
#define DECIMAL(member, least, most) READ_AND_SHOWN(member, decimal(v, least, most), {})
#define SWITCH(member) READ_AND_SHOWN(member, boolean(v), {})
#define INVERTED_SWITCH(member)                                                                                   \
  [](Settings& s, const std::string& v) { return store(boolean(v).map([](bool on) { return !on; }), s.member); }, \
      [](const Settings& s) { return shown(!s.member); }, {}
#define TEXT(member)                                                             \
  [](Settings& s, const std::string& v) -> Status { return text(v, s.member); }, \
      [](const Settings& s) { return shown(s.member); }, {}
#define CHECKED(member, check)                                                                 \
  [](Settings& s, const std::string& v) -> Status { return store_if(check(v), v, s.member); }, \
      [](const Settings& s) { return shown(s.member); }, {}
#define SECRET(member)                                                                                               \
  [](Settings& s, const std::string& v) -> Status { return store(secret_source(v), s.member); }, nullptr, {}, false, \
      false, true
#define CHOICE(member, choices)                                                             \
  [](Settings& s, const std::string& v) -> Status { return choice(v, s.member, choices); }, \
      [](const Settings& s) { return name_of(s.member, choices); }, {}

// A line that is replaced by the live options of the group (runtime_config/table.cc).
constexpr Setting live_options(std::string_view group, unsigned commands) {
  return {{}, group, {}, {}, commands, nullptr, nullptr, {}};
}

constexpr Setting kTable[] = {
    {"config", "General", "FILE", "YAML file with any of these settings (key: the flag's name with '_' for '-')",
     kAll | kDlq, ACCEPT((void)s; (void)v; return {})},
    {"print-config", "General", "", "print the effective configuration with the source of each value, and exit",
     kRun | kCheck, SWITCH(print_config)},

    {"bootstrap-server", "Kafka", "HOST:PORT", "initial brokers, separated by commas", kConnected,
     CHECKED(pipeline.kafka.connection.bootstrap_servers, broker_list)},
    {"topic", "Kafka", "T", "topic to read; `dlq`: topic of the messages", kConnected | kProcess,
     CHECKED(pipeline.kafka.topic, topic_name)},
    {"consumer-group", "Kafka", "G", "consumer group; its members share the topic's partitions", kStreaming,
     TEXT(pipeline.kafka.consumer_group)},
    {"auto-offset-reset", "Kafka", "earliest|latest|error",
     "where a partition without a valid committed offset starts; error: it is blocked", kStreaming,
     CHOICE(pipeline.kafka.auto_offset_reset, kOffsetResets)},
    {"strict-offset-reset", "Kafka", "", "block a partition whose committed offset is out of range, do not reset it",
     kStreaming, SWITCH(pipeline.kafka.strict_offset_reset)},
    {"create-topics", "Kafka", "", "create the topic and the dead-letter topic where they are missing", kRun,
     SWITCH(pipeline.kafka.create_topics)},
    {"group-instance-id", "Kafka", "ID",
     "your own group.instance.id (KIP-345): a restart within the session timeout keeps the partitions; must be unique",
     kStreaming, TEXT(pipeline.kafka.group_instance_id)},
    {"no-static-membership", "Kafka", "",
     "do not generate a group.instance.id; renewals then leave the group and join again", kStreaming,
     INVERTED_SWITCH(pipeline.kafka.generate_instance_id)},
    {"max-poll-interval-ms", "Kafka", "MS", "maximum time between polls before the group removes this member",
     kStreaming, MILLISECONDS(pipeline.kafka.max_poll_interval, 10'000, kDay)},
    {"drain-timeout-ms", "Kafka", "MS",
     "maximum wait for in-flight batches on shutdown or rebalance; container runtimes kill the process after 10 s by "
     "default",
     kStreaming, MILLISECONDS(pipeline.stream.drain_timeout, 100, kDay)},
    {"commit-interval-ms", "Kafka", "MS", "at most one offset commit in this time", kStreaming,
     MILLISECONDS(pipeline.stream.commit_interval, 10, 600'000)},
    {"stop-at-timestamp", "Kafka", "TIME",
     "stop each partition at its first message after this (unix seconds or ms, or 2026-11-23T10:00:00Z), then exit 0",
     kRun, ACCEPT(return store(timestamp(v), s.pipeline.stream.stop_at_timestamp_ms))},
    {"kafka-security-protocol", "Kafka", "plaintext|ssl|sasl_plaintext|sasl_ssl", "security.protocol of the brokers",
     kConnected, ACCEPT(return choice(lower_case(v), s.pipeline.kafka.connection.security_protocol, kProtocols))},
    {"kafka-sasl-mechanism", "Kafka", "PLAIN|SCRAM-SHA-256|...", "SASL mechanism", kConnected,
     CHECKED(pipeline.kafka.connection.sasl_mechanism, sasl_mechanism)},
    {"kafka-sasl-username", "Kafka", "NAME", "SASL user", kConnected, TEXT(pipeline.kafka.connection.sasl_username)},
    {"kafka-sasl-password-file", "Kafka", "FILE|exec:COMMAND",
     "file that holds the SASL password, or a command that prints it; read again when it changes or a broker refuses "
     "it",
     kConnected, SECRET(pipeline.kafka.connection.sasl_password)},
    {"kafka-oauthbearer-token-file", "Kafka", "FILE|exec:COMMAND",
     "OAUTHBEARER: file that holds the token, or a command that prints it; read again before the token expires",
     kConnected, SECRET(pipeline.kafka.connection.oauthbearer_token)},
    {"kafka-msk-iam-region", "Kafka", "REGION|auto",
     "OAUTHBEARER at Amazon MSK with IAM: region of the cluster (auto: that of AWS's tools); tokens are signed with "
     "AWS credentials from the places that docs/operations.md lists, and renewed",
     kConnected, ACCEPT(return store(aws_region(v), s.pipeline.kafka.connection.msk_iam_region))},
    {"kafka-ssl-ca-file", "Kafka", "FILE", "CA certificates (PEM)", kConnected,
     CHECKED(pipeline.kafka.connection.ssl_ca_file, readable_file)},
    {"kafka-ssl-cert-file", "Kafka", "FILE", "client certificate (PEM)", kConnected,
     CHECKED(pipeline.kafka.connection.ssl_cert_file, readable_file)},
    {"kafka-ssl-key-file", "Kafka", "FILE", "key of the client certificate (PEM)", kConnected,
     CHECKED(pipeline.kafka.connection.ssl_key_file, readable_file), false, false, true},
    {"set",
     "Kafka",
     "kafka.KEY=VALUE",
     "any librdkafka property, for example kafka.fetch.min.bytes=100000",
     kConnected,
     kafka_property,
     nullptr,
     {},
     true,
     true},
    {"set-file",
     "Kafka",
     "kafka.KEY=FILE",
     "a librdkafka property whose value is read from a file or exec:COMMAND, and again at each renewal, for "
     "secrets: kafka.sasl.oauthbearer.client.secret=/run/secrets/oidc",
     kConnected,
     kafka_secret_property,
     nullptr,
     {},
     true,
     false,
     true},

    {"dead-letter-topic", "Dead letters", "T", "topic for messages that cannot become rows", kConnected,
     CHECKED(pipeline.kafka.dead_letter_topic, topic_name)},
    {"on-invalid", "Dead letters", "block|drop",
     "without a dead-letter topic: the partition is blocked until an operator decides, or the message is counted and "
     "dropped",
     kStreaming, CHOICE(pipeline.stream.on_invalid, kOnInvalid)},
    {"dlq-provenance",
     "Dead letters",
     "",
     "add dead-letter headers besides original_partition and original_offset: topic, timestamp, reason, consumer group",
     kRun,
     [](Settings& s, const std::string& v) -> Status {
       const auto on = boolean(v);
       if (!on) return tl::make_unexpected(on.error());
       s.pipeline.stream.dlq_headers = *on ? stream::DlqHeaders::Provenance : stream::DlqHeaders::Position;
       return {};
     },
     [](const Settings& s) { return shown(s.pipeline.stream.dlq_headers == stream::DlqHeaders::Provenance); },
     {}},
    live_options("Dead letters", kRun),
    {"partition", "Dead letters", "N", "only messages that were in this partition", kDlq,
     ACCEPT(return store(integer(v, 0, kMostPartition), s.dead_letters.selection.partition.emplace().value))},
    {"reason", "Dead letters", "TEXT", "only dead letters whose reason contains this text", kDlq,
     TEXT(dead_letters.selection.reason)},
    {"key", "Dead letters", "KEY", "only messages with this key", kDlq,
     ACCEPT(s.dead_letters.selection.key = v; return {})},
    {"since", "Dead letters", "TIME",
     "only what became a dead letter then or later (unix seconds or ms, or 2026-11-23T10:00:00Z)", kDlq,
     ACCEPT(return store(timestamp(v), s.dead_letters.selection.since_ms))},
    {"until", "Dead letters", "TIME", "only what became a dead letter before then", kDlq,
     ACCEPT(return store(timestamp(v), s.dead_letters.selection.until_ms))},
    {"at", "Dead letters", "PARTITION:OFFSET",
     "only the dead letter at this place of the dead-letter topic; `explain`: the message at this place of the topic",
     kDlq | kExplain, ACCEPT(return position(v, s.dead_letters.selection.at))},
    {"state", "Dead letters", "any|open|replayed",
     "only dead letters that were not replayed (open), or that were; the default is open for `replay`, replayed for "
     "`purge`, and any for the others",
     kDlq, ACCEPT(return choice(v, s.dead_letters.state.emplace(), kStates))},
    {"limit", "Dead letters", "N", "print at most so many; 0 = all", kDlqList | kDlqShow,
     INTEGER(dead_letters.limit, 0, kMostCount)},
    {"dry-run", "Dead letters", "", "say what would be replayed, and produce nothing", kDlqReplay,
     SWITCH(dead_letters.dry_run)},
    {"check-first", "Dead letters", "",
     "check each message first, and leave out those that would become dead letters again", kDlqReplay,
     SWITCH(dead_letters.check)},
    {"rate", "Dead letters", "N", "messages per second; 0 = no limit", kDlqReplay,
     INTEGER(dead_letters.rate, 0, 1'000'000)},
    {"yes", "Dead letters", "", "delete; without it the command only says what it would delete", kDlqPurge,
     SWITCH(dead_letters.confirmed)},

    {"clickhouse-url", "ClickHouse", "URL",
     "http://HOST:PORT; again for further hosts, tried in turn. The environment's http_proxy, https_proxy, all_proxy "
     "and no_proxy apply, except to loopback addresses",
     kWithTable,
     ACCEPT(if (const Status ok = url(v); !ok) return ok; s.pipeline.clickhouse.urls.push_back(v); return {}), true},
    {"table", "ClickHouse", "[DB.]TABLE", "table to insert into; `suggest-table`: to create",
     kWithTable | kSuggestTable, TEXT(pipeline.clickhouse.table)},
    {"delivery", "ClickHouse", "exactly-once|at-least-once|auto",
     "exactly-once: each row is stored once, also after failures; freshet waits until the table has what that needs (a "
     "deduplication window). at-least-once: after a failure, rows may be stored twice. auto: exactly-once if the table "
     "permits it at the start, otherwise at-least-once, and the log has the statement that changes that. Except with "
     "at-least-once, freshet looks at the table before it reads, and waits while it cannot",
     kRun, CHOICE(pipeline.delivery, kDeliveries)},
    {"insert-format", "ClickHouse", "auto|native|json-each-row",
     "auto: rows are sent as columns in the types of the table (FORMAT Native), which costs the server less CPU time; "
     "rows and tables that freshet cannot write so are sent as JSONEachRow, with the same stored values, and the log "
     "says why. native: the same, and the log warns. json-each-row: all rows are JSONEachRow "
     "(docs/insert-formats.md)",
     kRun, CHOICE(pipeline.insert_format, kInsertFormats)},
    {"max-inserts-per-second", "ClickHouse", "N",
     "with exactly-once delivery: batches that become due by time or size, on average; with many partitions they wait "
     "longer and grow. 0 = no limit",
     kRun, DECIMAL(pipeline.stream.max_inserts_per_second, 0, 10'000)},
    {"clickhouse-database", "ClickHouse", "DB", "database of a table without one", kWithTable | kSuggestTable,
     TEXT(pipeline.clickhouse.database)},
    {"clickhouse-user", "ClickHouse", "NAME", "user", kWithTable, TEXT(pipeline.clickhouse.user)},
    {"clickhouse-password-file", "ClickHouse", "FILE|exec:COMMAND",
     "file that holds the password, or a command that prints it (docs/operations.md, Secrets); read again when it "
     "changes or the server rejects it",
     kWithTable, SECRET(pipeline.clickhouse.password)},
    {"clickhouse-token-file", "ClickHouse", "FILE|exec:COMMAND",
     "file that holds a bearer token (JWT), which is sent instead of user and password, or a command that prints it; "
     "read again as the password",
     kWithTable, SECRET(pipeline.clickhouse.token)},
    {"clickhouse-ca-file", "ClickHouse", "FILE", "CA certificates (PEM)", kWithTable,
     CHECKED(pipeline.clickhouse.ca_file, readable_file)},
    {"clickhouse-cert-file", "ClickHouse", "FILE|exec:COMMAND",
     "client certificate (PEM), or a command that prints it; used again when it changes", kWithTable,
     ACCEPT(return pem_source(v, s.pipeline.clickhouse.cert_file, s.pipeline.clickhouse.cert))},
    {"clickhouse-key-file", "ClickHouse", "FILE|exec:COMMAND",
     "key of the client certificate (PEM), or a command that prints it", kWithTable,
     ACCEPT(return pem_source(v, s.pipeline.clickhouse.key_file, s.pipeline.clickhouse.key)), false, false, true},
    {"clickhouse-setting", "ClickHouse", "K=V", "a ClickHouse setting for every insert; wins over freshet's own",
     kWithTable, ACCEPT(return into_map(key_value(v), s.pipeline.clickhouse.insert_settings)), true},
    {"clickhouse-compression", "ClickHouse", "lz4|zstd", "compression of the insert's body", kStreaming,
     CHOICE(pipeline.clickhouse.compression, kCompressions)},
    {"clickhouse-connect-timeout-ms", "ClickHouse", "MS", "timeout of name look-up, TCP and TLS together", kWithTable,
     MILLISECONDS(pipeline.clickhouse.connect_timeout, 10, 600'000)},
    {"clickhouse-request-timeout-ms", "ClickHouse", "MS", "timeout of one attempt of one batch, response included",
     kStreaming, MILLISECONDS(pipeline.clickhouse.request_timeout, 100, kDay)},
    {"clickhouse-batch-deadline-ms", "ClickHouse", "MS",
     "a batch that is not stored this long after it was sealed is overdue: freshet then moves from an overloaded "
     "host to the next one and reports the batch in log, metrics and readiness; it keeps retrying; 0 = never overdue",
     kRun, MILLISECONDS(pipeline.stream.batch_deadline, 0, kDay)},
    live_options("ClickHouse", kRun),

    live_options("Batches", kRun),
    {"concurrency", "Batches", "N", "threads that turn messages into rows", kRun,
     INTEGER(pipeline.stream.concurrency, 1, 256)},
    {"memory-limit-bytes", "Batches", "BYTES",
     "in-flight bytes (fetched messages, rows, dead-letter records, insert bodies); pause above, resume below 50%",
     kRun, INTEGER(pipeline.stream.memory_limit, 16 << 20, int64_t{1} << 40)},

    {"processor", "Messages to rows", "NAME",
     "the processor that turns messages into rows; module.Class is a Python class (docs/python-workers.md)",
     kAll | kDlqReplay, TEXT(pipeline.processors.processor)},
    {"python", "Messages to rows", "PROGRAM", "the interpreter of Python classes", kAll,
     TEXT(pipeline.processors.python.python)},
    {"python-timeout-ms", "Messages to rows", "MS", "a Python process that takes longer for its work is replaced", kAll,
     MILLISECONDS(pipeline.processors.python.timeout, 100, kDay)},
    {"python-environment", "Messages to rows", "NAME",
     "an environment variable for Python classes, in addition to those that every program needs; NAME*: all with that "
     "prefix",
     kAll, ACCEPT(s.pipeline.processors.python.environment.push_back(v); return {}), true},
    {"python-memory-bytes", "Messages to rows", "BYTES",
     "memory that a Python process may allocate; beyond it a message fails with MemoryError; 0 = no limit", kAll,
     INTEGER(pipeline.processors.python.memory_limit, 0, int64_t{1} << 44)},
    {"schema-dir", "Messages to rows", "DIR",
     "validate messages with DIR/TOPIC.schema.json or DIR/TOPIC.proto; schemas are not part of freshet",
     kRun | kExplain | kDlqReplay, TEXT(pipeline.stream.schema.dir)},
    {"enforce-schema", "Messages to rows", "", "messages that do not match their schema are invalid",
     kRun | kExplain | kDlqReplay, SWITCH(pipeline.stream.schema.enforce)},
    {"schema-sample-rate", "Messages to rows", "SHARE",
     "share of messages that is validated where the schema is not enforced", kRun,
     DECIMAL(pipeline.stream.schema.sample_rate, 0, 1)},
    {"enforce-retention", "Messages to rows", "",
     "transactions, search issues: replace an invalid retention by the lower or the default retention", kAll,
     SWITCH(pipeline.processors.python_rules.enforce_retention)},
    {"keep-old-events", "Messages to rows", "",
     "transactions, search issues: events older than their retention become rows too", kAll,
     SWITCH(pipeline.processors.python_rules.keep_old_events)},
    {"context-not-stored", "Messages to rows", "PROJECT=CONTEXT",
     "transactions: a context that is left out of the rows of a project", kAll,
     ACCEPT(return context_not_stored(v, s.pipeline.processors.python_rules.contexts_not_stored)), true},
    {"offset", "Messages to rows", "PARTITION:OFFSET", "the message at this place of the topic, as --at", kExplain,
     ACCEPT(return position(v, s.dead_letters.selection.at))},
    {"message-text", "Messages to rows", "TEXT",
     "the value of a message, as a producer would send it; MESSAGE without a flag is the same", kExplain,
     ACCEPT(s.message_text = v; return {})},
    {"message", "Messages to rows", "FILE",
     "a file with the value of a message; without it, a text and a place: standard input", kExplain,
     TEXT(message_file)},
    {"environment", "Messages to rows", "FILE", "a JSON object with values that a processor may read", kProcess,
     CHECKED(processor_environment, readable_file)},
    {"compat", "Messages to rows", "head|june",
     "Snuba's data sets: which generation's rows, where they differ (docs/snuba.md)", kProcess,
     CHOICE(pipeline.processors.june, kGenerations)},
    {"use-row-binary", "Messages to rows", "", "EAPItemsProcessor: RowBinary, all rows as one base64 text", kProcess,
     SWITCH(pipeline.processors.row_binary)},
    {"json-field", "Messages to rows", "FIELD[=COLUMN]", "write only the named fields, renamed to COLUMN", kAll,
     ACCEPT(return into_map(to_column(v, "FIELD[=COLUMN]"), s.pipeline.processors.json.fields)), true},
    {"json-required-field", "Messages to rows", "FIELD", "a field that must exist and not be null", kAll,
     ACCEPT(s.pipeline.processors.json.required_fields.push_back(v); return {}), true},
    {"json-topic-column", "Messages to rows", "COLUMN", "column for the topic's name", kAll,
     TEXT(pipeline.processors.json.topic_column)},
    {"json-partition-column", "Messages to rows", "COLUMN", "column for the partition", kAll,
     TEXT(pipeline.processors.json.partition_column)},
    {"json-offset-column", "Messages to rows", "COLUMN", "column for the offset", kAll,
     TEXT(pipeline.processors.json.offset_column)},
    {"json-timestamp-column", "Messages to rows", "COLUMN", "column for the broker's timestamp (DateTime64(3), UTC)",
     kAll, TEXT(pipeline.processors.json.timestamp_column)},
    {"json-key-column", "Messages to rows", "COLUMN", "column for the message's key", kAll,
     TEXT(pipeline.processors.json.key_column)},
    {"json-header-column", "Messages to rows", "HEADER=COLUMN", "column for a header's value", kAll,
     ACCEPT(return into_map(to_column(v, "HEADER=COLUMN"), s.pipeline.processors.json.header_columns)), true},

    live_options("Renewal", kRun),
    {"renew-jitter",
     "Renewal",
     "PERCENT",
     "share of the interval over which renewals are spread, so that members do not renew at the same time",
     kRun,
     [](Settings& s, const std::string& v) {
       return store(decimal(v, 0, 100).map([](double percent) { return percent / 100; }), s.supervisor.renew_jitter);
     },
     [](const Settings& s) { return shown(s.supervisor.renew_jitter * 100); },
     {}},

    {"admin-listen", "Operation", "ADDRESS:PORT", "address of the admin server: metrics, health, status, renewal", kRun,
     CHECKED(admin.listen, listen_address)},
    {"admin-allowed-host", "Operation", "NAME",
     "a host name that requests to the admin server may use; addresses and localhost are always allowed", kRun,
     ACCEPT(auto name = host_name(v); if (name) s.admin.allowed_hosts.push_back(*name);
            return name ? Status() : tl::make_unexpected(name.error())),
     true},
    {"admin-token-file", "Operation", "FILE|exec:COMMAND",
     "file with the token that POST requests must carry, or a command that prints it; read again when it changes; "
     "needed unless --admin-listen is loopback",
     kRun | kRenew | kTop, SECRET(admin.token)},
    {"health-check-file", "Operation", "FILE", "touched every second while the main loop runs", kRun,
     CHECKED(admin.health_check_file, writable_file)},
    {"runtime-config", "Operation", "file:PATH|redis://[:PASSWORD@]HOST:PORT/DB",
     "where live options come from; see docs/runtime-options.md", kRun | kCheck, TEXT(runtime_config.store), false,
     true},
    {"runtime-config-password-file", "Operation", "FILE|exec:COMMAND",
     "file that holds the password of the Redis of --runtime-config, or a command that prints it; read again when it "
     "changes or Redis refuses it",
     kRun | kCheck, SECRET(runtime_config.password)},
    {"runtime-config-hash", "Operation", "NAME", "the Redis hash that holds the live options", kRun | kCheck,
     TEXT(runtime_config.redis_hash)},
    live_options("Operation", kAll),
    {"log-format", "Operation", "text|json|reference",
     "format of the log on standard error; reference: as Snuba's consumers, JSON on standard output", kAll,
     CHOICE(telemetry.format, kLogFormats)},
    {"statsd", "Operation", "ADDRESS",
     "send metrics to a DogStatsD agent: udp://HOST:PORT, unixgram://PATH or unix://PATH (stream)", kRun,
     CHECKED(telemetry.statsd.address, statsd_address)},
    {"sentry-dsn", "Operation", "DSN", "report errors to Sentry", kRun,
     ACCEPT(const Status valid = sentry_dsn(v); if (valid) s.telemetry.sentry.dsn = v; return valid), false, true},
    {"sentry-dsn-file", "Operation", "FILE|exec:COMMAND",
     "file that holds the DSN of --sentry-dsn, or a command that prints it; read again when it changes or Sentry "
     "refuses it",
     kRun,
     ACCEPT(auto dsn = secret_source(v); if (!dsn) return tl::make_unexpected(dsn.error());
            const Status valid = sentry_dsn(dsn->reveal()); if (valid) s.telemetry.sentry.dsn = *std::move(dsn);
            return valid ? valid : failure(ErrorKind::Fatal, "holds what " + valid.error().text)),
     false, false, true},
    {"secret-command-interval", "Operation", "SECONDS",
     "a command of exec: runs again after this time, and at once when its secret is refused; 0 = only then", kRun,
     READ_AND_SHOWN(secrets.command_interval, seconds(v, 0, 86'400), (Bounds{0, 86'400}))},
    {"allow-secrets-in-arguments", "Operation", "",
     "accept a secret as the value of --sentry-dsn, --runtime-config or --set, where every user can see it in the "
     "process list while freshet starts",
     kAll | kDlq, SWITCH(secrets_in_arguments)},
    {"core-dumps", "Operation", "",
     "allow core dumps and debuggers of the same user; a dump holds passwords and messages", kAll, SWITCH(core_dumps)},
    {"admin", "Operation", "HOST:PORT", "address of the admin server of a running process; `top` takes several",
     kRenew | kTop,
     ACCEPT(if (const Status ok = server_address(v); !ok) return ok; s.admin_addresses.push_back(v); return {}), true},
    {"once", "Operation", "", "print one table, and exit; the default if the output is no terminal", kTop,
     SWITCH(once)},
    {"json", "Operation", "", "print JSON, one object a line; `top`: the status of each process, and exit",
     kDlq | kTop | kExplain | kSuggestTable | kCheck, SWITCH(json)},
    {"sample", "Operation", "N", "number of messages to look at", kSuggestTable | kCheck,
     INTEGER(sample, 1, 1'000'000)},
    {"suggest-table", "Operation", "",
     "also print a CREATE TABLE statement, as `freshet suggest-table` does; findings then go to standard error, unless "
     "--json is given",
     kCheck, SWITCH(suggest_table)},
    {"replicated", "Operation", "", "suggest a ReplicatedMergeTree, with the server's macros shard and replica",
     kSuggestTable | kCheck, SWITCH(replicated)},
    {"count", "Operation", "N", "number of messages to print", kTap, INTEGER(tap_count, 1, 1'000'000)},
};

#undef CHOICE
#undef SECRET
#undef CHECKED
#undef TEXT
#undef INVERTED_SWITCH
#undef SWITCH
#undef DECIMAL
#undef MILLISECONDS
#undef INTEGER
#undef READ_AND_SHOWN
#undef ACCEPT

runtime_config::Range flag_range(const runtime_config::LiveOption& option) {
  runtime_config::Range range = option.range;
  range.most = std::min(range.most, option.flag.most);
  return range;
}

Status apply_live(const runtime_config::LiveOption& option, LiveOptions& options, const std::string& value) {
  if (!option.flag.placeholder.empty()) return option.apply(options, value, flag_range(option));
  const auto on = boolean(value);  // a switch accepts more spellings than a flag in the store
  return on ? option.apply(options, *on ? "1" : "0", {}) : tl::make_unexpected(on.error());
}

Setting setting_of(const runtime_config::LiveOption& option, unsigned commands) {
  const runtime_config::Range range = flag_range(option);
  return {.name = option.flag.name,
          .group = option.flag.group,
          .placeholder = option.flag.placeholder,
          .help = option.flag.help,
          .commands = commands,
          .apply = nullptr,
          .show = nullptr,
          .bounds = Bounds{range.least, range.most},
          .live = &option};
}

std::vector<Setting> with_live_options() {
  std::vector<Setting> all;
  for (const Setting& line : kTable) {
    if (!line.name.empty()) {
      all.push_back(line);
      continue;
    }
    for (const runtime_config::LiveOption& option : runtime_config::table()) {
      if (option.flag.group == line.group) all.push_back(setting_of(option, line.commands));
    }
  }
  return all;
}

std::string with(std::string_view name, char dash, bool upper) {
  std::string out;
  for (const char c : name) {
    out += c == '-' ? dash : static_cast<char>(upper ? std::toupper(static_cast<unsigned char>(c)) : c);
  }
  return out;
}

}  // namespace

std::span<const Setting> table() {
  static const std::vector<Setting> all = with_live_options();
  return all;
}

const Setting* find_setting(std::string_view name) {
  const auto settings = table();
  const auto found = std::find_if(settings.begin(), settings.end(), [&](const Setting& s) { return s.name == name; });
  return found == settings.end() ? nullptr : &*found;
}

Status apply(const Setting& setting, Settings& settings, const std::string& value) {
  return setting.live == nullptr ? setting.apply(settings, value)
                                 : apply_live(*setting.live, settings.pipeline.options, value);
}

std::string default_of(const Setting& setting) {
  static const Settings defaults;
  if (setting.live != nullptr) return setting.live->show(defaults.pipeline.options);
  return setting.show == nullptr ? std::string() : setting.show(defaults);
}

std::string flag_of(const Setting& setting) { return fmt::format("--{}", setting.name); }
std::string variable_of(const Setting& setting) { return "FRESHET_" + with(setting.name, '_', true); }
std::string file_key_of(const Setting& setting) { return with(setting.name, '_', false); }

}  // namespace freshet::settings
