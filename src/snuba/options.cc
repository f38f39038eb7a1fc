// Snuba's options, one line each, and their help.
#include <fmt/format.h>

#include "snuba/command_line.h"

namespace freshet::snuba {
namespace {

using K = Option::Kind;

constexpr const char* kLogLevels = "error|warn|info|debug|trace";
constexpr const char* kResets = "error|earliest|latest";

// Snuba's own defaults. They do not follow freshet's (model/options.h), so that a consumer that is switched over keeps
// its batches.
constexpr const char* kBatchSize = "50000";
constexpr const char* kBatchTimeMs = "2000";

// Options of both commands.
constexpr Option kConsumerGroup = {"consumer-group", K::Text, "", "Kafka consumer group", ""};
constexpr Option kAutoOffsetReset = {"auto-offset-reset", K::Choice, "earliest",
                                     "where a partition without a committed offset starts", kResets};
constexpr Option kNoStrictOffsetReset = {
    "no-strict-offset-reset", K::Flag, "",
    "reset committed offsets that are out of range, too; otherwise the partition is blocked", ""};
constexpr Option kQueuedKbytes = {"queued-max-messages-kbytes", K::Integer, "",
                                  "librdkafka's queued.max.messages.kbytes (freshet's own: 65536)", ""};
constexpr Option kQueuedMessages = {"queued-min-messages", K::Integer, "",
                                    "librdkafka's queued.min.messages (freshet's own: 100000)", ""};
constexpr Option kBootstrapServer = {"bootstrap-server", K::Text, "", "brokers of the source topic", "", true};
constexpr Option kLogLevel = {"log-level", K::Choice, "info", "minimum level of log lines", kLogLevels};
constexpr Option kMaxPollInterval = {"max-poll-interval-ms", K::Integer, "30000",
                                     "maximum time between polls before the group removes this member", ""};
constexpr Option kMaxDlqBuffer = {
    "max-dlq-buffer-length",
    K::Integer,
    "25000",
    "",
    "",
    false,
    "messages stay in memory until they are stored or dead-lettered; --memory-limit-bytes limits them"};
constexpr Option kJoinTimeout = {"join-timeout-ms", K::Integer, "1000",
                                 "minimum drain time on shutdown or rebalance; --drain-timeout-ms is the maximum", ""};
constexpr Option kConsumerConfig = {"consumer-config", K::Text, "",
                                    "JSON document with the resolved configuration, instead of SNUBA_SETTINGS", ""};
constexpr Option kStorageTable = {"storage-table", K::Text, "", "YAML file that changes or adds storages", ""};
constexpr Option kCompat = {"compat", K::Choice, "head", "which generation of Snuba to match where they differ",
                            "head|june"};

const std::vector<Option> kRustConsumer = {
    {"storage", K::Text, "", "storage to write; exactly one", "", true},
    kConsumerGroup,
    kAutoOffsetReset,
    kNoStrictOffsetReset,
    kQueuedKbytes,
    kQueuedMessages,
    {"raw-events-topic", K::Text, "", "physical name of the source topic", ""},
    {"commit-log-topic", K::Text, "", "physical name of the commit log", ""},
    {"replacements-topic", K::Text, "", "physical name of the replacements topic", ""},
    kBootstrapServer,
    {"commit-log-bootstrap-server", K::Text, "", "brokers of the commit log", "", true},
    {"replacement-bootstrap-server", K::Text, "", "brokers of the replacements topic", "", true},
    {"max-batch-size", K::Integer, kBatchSize, "maximum size of a batch", ""},
    {"max-batch-size-calculation", K::Choice, "rows", "unit of --max-batch-size", "rows|bytes"},
    {"max-batch-time-ms", K::Integer, kBatchTimeMs, "maximum age of a batch", ""},
    kLogLevel,
    {"concurrency", K::Integer, "1", "processing threads", ""},
    {"clickhouse-concurrency", K::Integer, "2", "concurrent inserts; 2 unless --async-inserts is given", ""},
    {"use-rust-processor", K::Flag, "", "native processor (default)", ""},
    {"use-python-processor", K::Flag, "", "the storage's Python class, in worker processes", ""},
    {"python-max-queue-depth", K::Integer, "", "messages per request to a Python process", ""},
    kMaxPollInterval,
    {"async-inserts", K::Flag, "", "enables --clickhouse-concurrency; inserts stay synchronous", ""},
    kMaxDlqBuffer,
    {"enforce-schema", K::Flag, "", "messages that do not match the topic's schema are invalid", ""},
    {"stop-at-timestamp", K::Integer, "",
     "stop each partition at its first message after this unix second, then exit 0", ""},
    {"batch-write-timeout-ms", K::Integer, "", "", "", false,
     "Snuba does not use it; see --clickhouse-request-timeout-ms"},
    kJoinTimeout,
    {"health-check", K::Choice, "arroyo",
     "snuba: with the live option experimental_healthcheck, the health file requires progress", "snuba|arroyo"},
    {"use-row-binary", K::Flag, "", "RowBinary instead of JSONEachRow; only for eap_items", ""},
    {"skip-write", K::Flag, "", "consume, process and commit, but write nothing", ""},
    {"no-skip-write", K::Flag, "", "write (default)", ""},
    {"consumer-version", K::Choice, "v2", "", "v1|v2", false, "Snuba ignores it, too"},
    {"use-pull-consumer", K::Flag, "", "same engine; enables --clickhouse-concurrency", ""},
    {"dry-run", K::MaybeInteger, "", "with --use-pull-consumer: values other than 0 mean --skip-write", ""},
    kConsumerConfig,
    kStorageTable,
    kCompat,
};

const std::vector<Option> kAcceptedOutcomes = {
    {"storage", K::Text, "", "storage whose topic is consumed", ""},
    kConsumerGroup,
    kAutoOffsetReset,
    kNoStrictOffsetReset,
    kQueuedKbytes,
    kQueuedMessages,
    {"raw-topic", K::Text, "", "physical name of the source topic", ""},
    {"accepted-outcomes-topic", K::Text, "outcomes-billing", "topic of the outcomes", ""},
    kBootstrapServer,
    {"accepted-outcomes-bootstrap-server", K::Text, "", "brokers of the outcomes topic", "", true},
    {"max-batch-size", K::Integer, kBatchSize, "maximum number of distinct buckets of a batch", ""},
    {"max-batch-time-ms", K::Integer, kBatchTimeMs, "maximum age of a batch", ""},
    {"bucket-interval", K::Integer, "60", "seconds of one bucket", ""},
    {"commit-frequency-sec", K::Integer, "10", "seconds between commits", ""},
    kLogLevel,
    {"concurrency", K::Integer, "1", "", "", false, "one ordered producer is fast enough"},
    kMaxPollInterval,
    kMaxDlqBuffer,
    {"enforce-schema", K::Flag, "", "", "", false, "Snuba ignores it, too"},
    {"health-check", K::Choice, "arroyo", "", "snuba|arroyo", false, "Snuba ignores it, too"},
    kJoinTimeout,
    kConsumerConfig,
    kStorageTable,
    kCompat,
};

std::string placeholder(const Option& option) {
  switch (option.kind) {
    case Option::Kind::Flag:
      return "";
    case Option::Kind::Choice:
      return fmt::format(" {}", option.choices);
    case Option::Kind::MaybeInteger:
      return " [N]";
    case Option::Kind::Integer:
      return " N";
    case Option::Kind::Text:
      break;
  }
  return option.name == "consumer-config" || option.name == "storage-table" ? " FILE" : " TEXT";
}

}  // namespace

const std::vector<Option>& options_of(std::string_view command) {
  return command == "rust-consumer" ? kRustConsumer : kAcceptedOutcomes;
}

std::string help(std::string_view command) {
  std::string out = fmt::format(
      "{} - Snuba's command, served by freshet\n\n"
      "  snuba {} --storage {} --consumer-group {} --no-strict-offset-reset\n\n"
      "Settings come from the environment as Snuba reads it (SNUBA_SETTINGS, DEFAULT_BROKERS, CLICKHOUSE_HOST, ...);\n"
      "docs/snuba.md lists the variables and the differences from Snuba.\n\n"
      "Snuba's options\n",
      command, command, command == "rust-consumer" ? "errors" : "eap_items",
      command == "rust-consumer" ? "snuba-consumers" : "accepted_outcomes");
  for (const Option& option : options_of(command)) {
    std::string left = fmt::format("  --{}{}", option.name, placeholder(option));
    if (left.size() > 38) {
      out += left + "\n";
      left.clear();
    }
    out += fmt::format("{:<38}  {}", left,
                       option.no_effect.empty() ? std::string(option.help)
                                                : fmt::format("accepted, without effect: {}", option.no_effect));
    if (!option.fallback.empty() && option.no_effect.empty()) out += fmt::format(" [{}]", option.fallback);
    if (option.repeatable && option.name != "storage") out += " (repeatable)";
    out += '\n';
  }
  return out;
}

}  // namespace freshet::snuba
