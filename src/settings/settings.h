// The effective configuration: immutable once loaded.
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
#include "kafka/kafka_settings.h"
#include "model/options.h"
#include "outcomes/outcomes_settings.h"
#include "processors/processors_settings.h"
#include "runtime_config/runtime_config_settings.h"
#include "snuba_outputs/snuba_outputs_settings.h"
#include "stream/stream_settings.h"
#include "supervisor/supervisor_settings.h"
#include "telemetry/telemetry_settings.h"

namespace freshet::settings {

// One topic into one table.
struct Pipeline {
  kafka::KafkaSettings kafka;
  clickhouse::ClickHouseSettings clickhouse;
  stream::StreamSettings stream;
  processors::ProcessorsSettings processors;
  std::optional<snuba_outputs::SnubaOutputsSettings> snuba;     // of Snuba's commands only
  std::optional<outcomes::OutcomesSettings> accepted_outcomes;  // none: rows to a table
  LiveOptions options;
};

struct Settings {
  Pipeline pipeline;
  telemetry::TelemetrySettings telemetry;
  admin::AdminSettings admin;
  runtime_config::RuntimeConfigSettings runtime_config;
  supervisor::SupervisorSettings supervisor;
  bool print_config = false;
  bool core_dumps = false;
  size_t tap_count = 10;              // `tap`: how many messages
  std::string renew_at;               // `renew`: HOST:PORT of the admin server that is asked
  std::string processor_environment;  // `process`: a file with a JSON object
};

struct EffectiveValue {
  std::string key;
  std::string value;   // secrets are ***
  std::string source;  // "flag", "environment", "file FILE:LINE", "default"
};

struct Loaded {
  Settings settings;
  std::vector<EffectiveValue> effective;
  std::vector<std::string> warnings;
  std::vector<std::string> notices;  // said once at the start, nothing to worry about
};

// What another command line (that of `rust-consumer`) has found out on its own, in the terms of the table.
struct DefaultsLayer {
  // By Setting::name; as if given, above the defaults and below flags, environment and file.
  std::map<std::string, std::vector<std::string>, std::less<>> values;
  std::string source;  // what --print-config shows for them
  // Fills what no setting of the table says; called last, after the rules.
  std::function<void(Loaded&)> complete;
};

// All problems at once, one line each: where, key, value, what would be right.
using Refusals = std::vector<std::string>;

// Precedence: flag, environment (empty = unset), file, default. `command` is one of commands.h; throws
// std::invalid_argument otherwise.
tl::expected<Loaded, Refusals> load(std::string_view command, const std::vector<std::string>& args,
                                    const std::map<std::string, std::string>& environment,
                                    const DefaultsLayer& defaults = {});

// Whether `args` ask for --help or -h.
bool wants_help(const std::vector<std::string>& args);
std::string help(std::string_view command);
// The options alone, without those that `skip` names.
std::string option_help(std::string_view command, const std::function<bool(std::string_view)>& skip);
// The effective configuration as YAML, each value with its source.
std::string to_yaml(const Loaded& loaded);
// docs/settings.md.
std::string to_markdown();

}  // namespace freshet::settings
