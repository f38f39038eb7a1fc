// Code generated from the table of live options: reading the store, /status and docs/runtime-options.md.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "runtime_config/table.h"

namespace freshet::runtime_config {
namespace {

void use_instead(const LiveOption& option, LiveOptions& out, const LiveOptions& base, const LiveOptions& last) {
  switch (option.when_bad) {
    case WhenBad::KeepCurrent:
      return option.copy(out, last);
    case WhenBad::StartValue:
      return option.copy(out, base);
    case WhenBad::Default:
      return option.copy(out, LiveOptions());
  }
}

// For example "0 (off) to 86400 s".
std::string accepted_values(const LiveOption& option) {
  if (!option.accepts.empty()) return std::string(option.accepts);
  const Range& range = option.range;
  std::string out = fmt::format("{}", range.least);
  if (!range.zero.empty()) out += fmt::format(" ({})", range.zero);
  const std::string unit = range.unit.empty() ? "" : fmt::format(" {}", range.unit);
  return range.most == Range::kAny ? fmt::format("{}{} and more", out, unit)
                                   : fmt::format("{} to {}{}", out, range.most, unit);
}

std::string effect(const LiveOption& option) {
  std::string out(option.affects);
  if (option.when_bad == WhenBad::KeepCurrent) return out;
  const bool flag_says = option.when_bad == WhenBad::StartValue && !option.flag.name.empty();
  return fmt::format("{}{}a bad value: {}", out, out.empty() ? "" : "; ",
                     flag_says ? "the flag's" : option.show(LiveOptions()));
}

std::string status_name(const LiveOption& option, const OptionScope& scope) {
  if (option.flag.name.empty()) return key_of(option, scope);
  std::string name(option.flag.name);
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

// Words are quoted; numbers and flags are not.
std::string as_json(const LiveOption& option, const LiveOptions& options) {
  const std::string text = option.show(options);
  const bool is_word = option.type == "text" || option.type == "level";
  if (is_word) return quoted_json(text);
  return parse_json(text).is_discarded() ? "null" : text;
}

}  // namespace

LiveOptions read_options(const RawOptions& raw, const OptionScope& scope, const LiveOptions& base,
                         const LiveOptions& last, std::vector<BadOption>& bad) {
  LiveOptions out = base;
  for (const LiveOption& option : table()) {
    const auto found = raw.find(key_of(option, scope));
    if (found == raw.end() || found->first.empty()) continue;
    const Status status = option.apply(out, found->second, option.range);
    if (status) continue;
    use_instead(option, out, base, last);
    bad.push_back({found->first, found->second, status.error().text});
  }
  return out;
}

std::vector<OptionStatus> options_status(const LiveOptions& options, const OptionScope& scope) {
  std::vector<OptionStatus> out;
  for (const LiveOption& option : table()) {
    const bool of_snuba = option.flag.name.empty() && !option.key.starts_with("freshet_");
    if (key_of(option, scope).empty() || (of_snuba && scope.storage.empty())) continue;
    out.push_back({status_name(option, scope), as_json(option, options)});
  }
  return out;
}

std::string to_markdown() {
  std::string out = R"md(# Runtime options

Live options are read from the store that `--runtime-config` names and take effect within two seconds, without a
restart:

- `file:PATH`: a YAML or JSON map of the keys below. Replace the file or edit it; it is read again when it changes.
- `redis://[[USER]:PASSWORD@]HOST:PORT/DB`, user and password percent-encoded (`@` is `%40`, `:` is `%3A`, `/` is `%2F`,
  `%` is `%25`): the hash `--runtime-config-hash` (`snuba-config`) in database DB (1 when left out), its values typed as Python's int() and float() type them. `redis-cli -n 1 HSET snuba-config freshet_max_batch_time_ms 500`

`freshet rust-consumer` also reads Snuba's options file, `$SENTRY_OPTIONS_DIR/values/snuba/values.json` (without the
variable below /etc/sentry-options, else ./sentry-options), where options of a storage or group are dictionaries: the
key `clickhouse_load_balancing:errors` is `{"clickhouse_load_balancing": {"errors": ...}}` there, and
`kafka_consumer_periodic_restart__my-group` is `{"kafka_consumer_periodic_restart": {"my-group": ...}}`. It reads the
hash too where REDIS_HOST is set or `--runtime-config` is given; the hash wins key by key.

`<group>` stands for the consumer group (`kafka_consumer_periodic_restart__events-to-clickhouse`), `<storage>` for
Snuba's storage. A bad value is
refused by key, logged once and counted (`freshet_runtime_config_refused_total`); the value in force stays, unless
the table says otherwise. Each change is logged with the old and the new value. A key that is removed goes back to the value the process was started with. A store that is down changes
nothing (`freshet_runtime_config_up` is 0). Other keys are ignored.

The flag gives the value that the process starts with.

| Key | Type | Values | Flag | Affects |
|---|---|---|---|---|
)md";
  for (const LiveOption& option : table()) {
    out += fmt::format("| `{}` | {} | {} | {} | {} |\n", option.key, option.type, accepted_values(option),
                       option.flag.name.empty() ? "" : fmt::format("`--{}`", option.flag.name), effect(option));
  }
  return out;
}

}  // namespace freshet::runtime_config
