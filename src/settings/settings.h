// The effective configuration, immutable once loaded.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "admin/admin_settings.h"
#include "clickhouse/clickhouse_settings.h"
#include "dead_letters/dead_letters_settings.h"
#include "kafka/kafka_settings.h"
#include "model/options.h"
#include "outcomes/outcomes_settings.h"
#include "processors/processors_settings.h"
#include "runtime_config/runtime_config_settings.h"
#include "secrets/secrets_settings.h"
#include "snuba_outputs/snuba_outputs_settings.h"
#include "stream/stream_settings.h"
#include "supervisor/supervisor_settings.h"
#include "telemetry/telemetry_settings.h"

namespace freshet::settings {

// The delivery that an operator asks for.
enum class DeliveryChoice {
  AtLeastOnce,
  ExactlyOnce,  // freshet waits until the table can take exactly-once inserts
  Auto,         // exactly once if the table can take such inserts when the process starts, otherwise at least once
};

// The format of inserts that an operator asks for.
enum class InsertFormat {
  Auto,    // columns, for data sets and tables that freshet can write so; JSONEachRow for the others
  Native,  // the same, and the log warns of JSONEachRow
  JsonEachRow,
};

// One topic into one table.
struct Pipeline {
  kafka::KafkaSettings kafka;
  clickhouse::ClickHouseSettings clickhouse;
  stream::StreamSettings stream;
  processors::ProcessorsSettings processors;
  std::optional<snuba_outputs::SnubaOutputsSettings> snuba;     // only for Snuba's commands
  std::optional<outcomes::OutcomesSettings> accepted_outcomes;  // none: rows are written to a table
  LiveOptions options;
  // app/delivery_decision.h sets StreamSettings::delivery and ClickHouseSettings::delivery accordingly.
  DeliveryChoice delivery = DeliveryChoice::Auto;
  InsertFormat insert_format = InsertFormat::Auto;
  // Whether rows may have the types of the table.
  bool wants_native() const { return insert_format != InsertFormat::JsonEachRow; }
};

struct Settings {
  Pipeline pipeline;
  telemetry::TelemetrySettings telemetry;
  admin::AdminSettings admin;
  runtime_config::RuntimeConfigSettings runtime_config;
  supervisor::SupervisorSettings supervisor;
  secrets::SecretsSettings secrets;
  bool print_config = false;
  bool core_dumps = false;
  dead_letters::DeadLettersSettings dead_letters;
  size_t tap_count = 10;       // `tap`: number of messages
  size_t sample = 1000;        // `check`, `suggest-table`: number of messages
  bool suggest_table = false;  // `check`: print a statement, too
  bool replicated = false;     // the suggested table is a ReplicatedMergeTree
  // `renew`, `top`: HOST:PORT of the admin servers of other processes
  std::vector<std::string> admin_addresses;
  bool once = false;  // `top`: print one table, and exit
  bool json = false;  // `check`, `dlq`, `top`, `explain`, `suggest-table`: print JSON
  // `explain`: a message; without both = standard input, unless `at` is set
  std::optional<std::string> message_text;
  std::string message_file;
  bool secrets_in_arguments = false;  // are accepted
  std::string processor_environment;  // `process`: a file with a JSON object
};

struct EffectiveValue {
  std::string key;
  std::string value;   // *** for a secret
  std::string source;  // "flag", "environment", "file FILE:LINE", "default"
};

struct Loaded {
  Settings settings;
  std::vector<EffectiveValue> effective;
  std::vector<std::string> warnings;
  std::vector<std::string> notices;  // logged once at the start, for information
};

// Values from another command line (that of `rust-consumer`), expressed as settings of the table.
struct DefaultsLayer {
  // By Setting::name. They rank above the defaults and below flags, environment and file.
  std::map<std::string, std::vector<std::string>, std::less<>> values;
  std::string source;  // their source in --print-config
  // Sets what the table has no setting for. Called last, after the rules.
  std::function<void(Loaded&)> complete;
};

// All problems at once, one line each: where, key, value, and what would be valid.
using Refusals = std::vector<std::string>;

// Precedence: flag, environment (empty = unset), file, default. `command` must be a name in commands.h, otherwise this
// throws std::invalid_argument.
tl::expected<Loaded, Refusals> load(std::string_view command, const std::vector<std::string>& args,
                                    const std::map<std::string, std::string>& environment,
                                    const DefaultsLayer& defaults = {});

// True if `args` contain --help or -h.
bool wants_help(const std::vector<std::string>& args);
std::string help(std::string_view command);
// Only the options, without those for which `skip` returns true.
std::string option_help(std::string_view command, const std::function<bool(std::string_view)>& skip);
// The sentences of --help about flags, variables and keys. One line.
std::string about_sources();
// The effective configuration as YAML, with the source of each value.
std::string to_yaml(const Loaded& loaded);
// The text of docs/settings.md.
std::string to_markdown();

}  // namespace freshet::settings
