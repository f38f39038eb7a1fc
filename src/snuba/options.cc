// The reference's options, one line each, and their help.
#include <fmt/format.h>

#include "snuba/command_line.h"

namespace freshet::snuba {
namespace {

using K = Option::Kind;

constexpr const char* kLogLevels = "error|warn|info|debug|trace";
constexpr const char* kResets = "error|earliest|latest";

// Those that both commands have.
constexpr Option kConsumerGroup = {"consumer-group", K::Text, "", "Kafka consumer group", ""};
constexpr Option kAutoOffsetReset = {"auto-offset-reset", K::Choice, "earliest",
                                     "where a partition without a committed offset starts", kResets};
constexpr Option kNoStrictOffsetReset = {
    "no-strict-offset-reset", K::Flag, "",
    "a committed offset that is out of range is reset too; without this the partition is held", ""};
constexpr Option kQueuedKbytes = {"queued-max-messages-kbytes", K::Integer, "",
                                  "librdkafka's queued.max.messages.kbytes (freshet's own: 65536)", ""};
constexpr Option kQueuedMessages = {"queued-min-messages", K::Integer, "",
                                    "librdkafka's queued.min.messages (freshet's own: 100000)", ""};
constexpr Option kBootstrapServer = {"bootstrap-server", K::Text, "", "brokers of the topic that is read", "", true};
constexpr Option kLogLevel = {"log-level", K::Choice, "info", "what is logged", kLogLevels};
constexpr Option kMaxPollInterval = {"max-poll-interval-ms", K::Integer, "30000",
                                     "how long the loop may stand still before the group evicts it", ""};
constexpr Option kMaxDlqBuffer = {"max-dlq-buffer-length",
                                  K::Integer,
                                  "25000",
                                  "",
                                  "",
                                  false,
                                  "every message is kept until its outcome is known, bounded by --memory-limit-bytes"};
constexpr Option kJoinTimeout = {"join-timeout-ms", K::Integer, "1000",
                                 "how long a drain may take at least; --drain-timeout-ms is the upper bound", ""};
constexpr Option kConsumerConfig = {"consumer-config", K::Text, "",
                                    "JSON document with everything resolved, instead of SNUBA_SETTINGS", ""};
constexpr Option kStorageTable = {"storage-table", K::Text, "", "YAML file with storages on top of the built-in ones",
                                  ""};
constexpr Option kCompat = {"compat", K::Choice, "head", "which generation of the reference to match where they differ",
                            "head|june"};

const std::vector<Option> kRustConsumer = {
    {"storage", K::Text, "", "storage to fill; exactly one", "", true},
    kConsumerGroup,
    kAutoOffsetReset,
    kNoStrictOffsetReset,
    kQueuedKbytes,
    kQueuedMessages,
    {"raw-events-topic", K::Text, "", "physical name of the topic that is read", ""},
    {"commit-log-topic", K::Text, "", "physical name of the commit log", ""},
    {"replacements-topic", K::Text, "", "physical name of the replacements topic", ""},
    kBootstrapServer,
    {"commit-log-bootstrap-server", K::Text, "", "brokers of the commit log", "", true},
    {"replacement-bootstrap-server", K::Text, "", "brokers of the replacements topic", "", true},
    {"max-batch-size", K::Integer, "50000", "a batch is written at this size", ""},
    {"max-batch-size-calculation", K::Choice, "rows", "what that size counts", "rows|bytes"},
    {"max-batch-time-ms", K::Integer, "2000", "a batch is written at this age", ""},
    kLogLevel,
    {"concurrency", K::Integer, "1", "threads that turn messages into rows", ""},
    {"clickhouse-concurrency", K::Integer, "2", "inserts at a time; 2 unless --async-inserts is given", ""},
    {"use-rust-processor", K::Flag, "", "native processor (default)", ""},
    {"use-python-processor", K::Flag, "", "the storage's Python class, in processes of its own", ""},
    {"python-max-queue-depth", K::Integer, "", "messages a Python process is given at a time", ""},
    kMaxPollInterval,
    {"async-inserts", K::Flag, "", "lets --clickhouse-concurrency count; inserts stay synchronous", ""},
    kMaxDlqBuffer,
    {"enforce-schema", K::Flag, "", "messages that do not fit the topic's schema are invalid", ""},
    {"stop-at-timestamp", K::Integer, "",
     "stop each partition at its first message after this unix second, then exit 0", ""},
    {"batch-write-timeout-ms", K::Integer, "", "", "", false,
     "the reference stores it and never uses it; see --clickhouse-request-timeout-ms"},
    kJoinTimeout,
    {"health-check", K::Choice, "arroyo",
     "snuba: with the live option experimental_healthcheck the health file asks for progress", "snuba|arroyo"},
    {"use-row-binary", K::Flag, "", "RowBinary instead of JSONEachRow; only for eap_items", ""},
    {"skip-write", K::Flag, "", "consume, process and commit, and write nothing anywhere", ""},
    {"no-skip-write", K::Flag, "", "the opposite, which is the default", ""},
    {"consumer-version", K::Choice, "v2", "", "v1|v2", false, "the reference ignores it too"},
    {"use-pull-consumer", K::Flag, "", "served by the same engine; --clickhouse-concurrency counts", ""},
    {"dry-run", K::MaybeInteger, "", "with --use-pull-consumer: other than 0 is --skip-write", ""},
    kConsumerConfig,
    kStorageTable,
    kCompat,
};

const std::vector<Option> kAcceptedOutcomes = {
    {"storage", K::Text, "", "storage whose topic is read", ""},
    kConsumerGroup,
    kAutoOffsetReset,
    kNoStrictOffsetReset,
    kQueuedKbytes,
    kQueuedMessages,
    {"raw-topic", K::Text, "", "physical name of the topic that is read", ""},
    {"accepted-outcomes-topic", K::Text, "outcomes-billing", "where outcomes go", ""},
    kBootstrapServer,
    {"accepted-outcomes-bootstrap-server", K::Text, "", "brokers of the outcomes topic", "", true},
    {"max-batch-size", K::Integer, "50000", "distinct buckets that end a batch", ""},
    {"max-batch-time-ms", K::Integer, "2000", "age that ends a batch", ""},
    {"bucket-interval", K::Integer, "60", "seconds of one bucket", ""},
    {"commit-frequency-sec", K::Integer, "10", "seconds between commits", ""},
    kLogLevel,
    {"concurrency", K::Integer, "1", "", "", false, "one ordered producer keeps up"},
    kMaxPollInterval,
    kMaxDlqBuffer,
    {"enforce-schema", K::Flag, "", "", "", false, "the reference ignores it too"},
    {"health-check", K::Choice, "arroyo", "", "snuba|arroyo", false, "the reference ignores it too"},
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
      "docs/snuba.md lists the variables, and what is better here.\n\n"
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
