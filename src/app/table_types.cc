#include "app/table_types.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <utility>

#include "app/request_builders.h"
#include "clickhouse/clickhouse_client.h"
#include "clickhouse/insert_probe.h"
#include "clickhouse/insert_url.h"

namespace freshet::app {
namespace {

using Settings = std::map<std::string, std::string>;

constexpr const char* kTypesConversion = clickhouse::kTypesConversion.data();

// What an insert has: the server's values, overridden by those that freshet sends.
Settings effective(const clickhouse::TableInfo& table, const clickhouse::ClickHouseSettings& sent) {
  Settings all = table.input_settings;
  for (const auto* const more : {&sent.writer_options, &sent.insert_settings}) {
    for (const auto& [name, value] : *more) all[name] = value;
  }
  return all;
}

bool is_on(const Settings& settings, const char* name) {
  const auto found = settings.find(name);
  return found != settings.end() && (found->second == "1" || found->second == "true");
}

// Also with the settings that freshet sends by itself. Inserts omit those that the user's profile fixes, unless the
// operator has configured them.
Settings effective_of_insert(const clickhouse::TableInfo& table, const settings::Pipeline& pipeline) {
  const auto own = pipeline.snuba ? clickhouse::OwnSettings::Required : clickhouse::OwnSettings::All;
  const clickhouse::ClickHouseSettings& sent = pipeline.clickhouse;
  Settings all = table.input_settings;
  for (const auto& [name, value] : clickhouse::insert_settings(sent, {}, own)) {
    if (!table.fixed_settings.contains(name) || sent.insert_settings.contains(name)) all[name] = value;
  }
  return all;
}

// Where texts of times are times, unless the type of their column has a time zone.
std::string time_zone(const Settings& settings) {
  for (const char* const name : {"session_timezone", "timezone"}) {
    const auto found = settings.find(name);
    if (found != settings.end() && !found->second.empty()) return found->second;
  }
  return {};
}

std::string unusual(const Settings& settings, const char* name) {
  const auto found = settings.find(name);
  return fmt::format("the setting {}={} gives JSONEachRow a meaning that Native does not have", name,
                     found == settings.end() ? "0" : found->second);
}

// Empty: Native means the same as JSONEachRow.
std::string why_not(const Settings& settings, const clickhouse::ClickHouseSettings& sent) {
  if (!settings.contains(kTypesConversion)) {
    return fmt::format("the server is older than ClickHouse 23.3: it has no setting {}", kTypesConversion);
  }
  if (sent.writer_options.contains(kTypesConversion) || sent.insert_settings.contains(kTypesConversion)) {
    return fmt::format("{} is configured, and Native inserts need it to be 0", kTypesConversion);
  }
  constexpr const char* kMatching = "input_format_column_name_matching_mode";
  const auto matching = settings.find(kMatching);
  if (matching != settings.end() && matching->second == "ignore_case") return unusual(settings, kMatching);
  constexpr const char* kOmitted = "input_format_defaults_for_omitted_fields";
  if (!is_on(settings, kOmitted)) return unusual(settings, kOmitted);
  for (const char* const name : {"input_format_json_empty_as_default", "input_format_force_null_for_omitted_fields"}) {
    if (is_on(settings, name)) return unusual(settings, name);
  }
  return {};
}

// The setting that makes Native inserts safe may not reach the server, or not be allowed. Empty: it is in force.
Result<std::string> why_not_in_force(clickhouse::ClickHouseClient& client, Duration timeout,
                                     const std::stop_token& stop) {
  const auto value = client.value_when_sent(kTypesConversion, "0", timeout, stop);
  if (value && *value == "0") return std::string();
  if (value) return fmt::format("a proxy removes {} from requests", kTypesConversion);
  if (value.error().code <= 0) return value;
  return fmt::format("the server does not take {}=0: {}", kTypesConversion, value.error().text);
}

// Whether the server leaves out fields without a column. A proxy may remove the setting that says so, and the user's
// profile may limit it.
Result<bool> skips_unknown_fields(clickhouse::ClickHouseClient& client, const clickhouse::TableInfo& table,
                                  const Settings& of_insert, Duration timeout, const std::stop_token& stop) {
  constexpr const char* kSkips = "input_format_skip_unknown_fields";
  if (!is_on(of_insert, kSkips)) return false;
  if (is_on(table.input_settings, kSkips)) return true;
  const auto value = client.value_when_sent(kSkips, "1", timeout, stop);
  if (!value && value.error().code <= 0) return tl::make_unexpected(value.error());
  return value && *value == "1";
}

}  // namespace

Result<TableColumns> table_types(const settings::Pipeline& pipeline, Clock& clock, Duration timeout,
                                 const std::stop_token& stop, secrets::SecretStore* secrets) {
  const SteadyTime deadline = clock.steady_now() + timeout;
  clickhouse::ClickHouseClient client(pipeline.clickhouse, clock, secrets);
  const auto table = client.describe_table(timeout, stop);
  if (!table) return tl::make_unexpected(table.error());
  const Settings settings = effective(*table, pipeline.clickhouse);
  TableColumns types;
  types.why_json = why_not(settings, pipeline.clickhouse);
  if (!types.why_json.empty()) return types;
  auto not_in_force = why_not_in_force(client, deadline - clock.steady_now(), stop);
  if (!not_in_force) return tl::make_unexpected(not_in_force.error());
  types.why_json = *std::move(not_in_force);
  if (!types.why_json.empty()) return types;
  types.null_as_default = is_on(settings, "input_format_null_as_default");
  types.time_zone = time_zone(settings);
  const Settings of_insert = effective_of_insert(*table, pipeline);
  const auto times = of_insert.find("date_time_input_format");
  const auto skips = skips_unknown_fields(client, *table, of_insert, deadline - clock.steady_now(), stop);
  if (!skips) return tl::make_unexpected(skips.error());
  types.skips_unknown_fields = *skips;
  types.best_effort_times = times != of_insert.end() && times->second == "best_effort";
  for (const clickhouse::ColumnInfo& column : table->columns) {
    if (column.default_kind == "EPHEMERAL") {
      types.ephemeral.push_back(column.name);
      continue;
    }
    types.columns.push_back({column.name, column.type, !column.insertable(), column.default_expression});
  }
  if (types.columns.empty()) types.why_json = "the user may not see the columns of the table";
  return types;
}

Result<TableColumns> if_user_may_insert(TableColumns types, const settings::Pipeline& pipeline, Clock& clock,
                                        Duration timeout, const std::stop_token& stop, secrets::SecretStore* secrets) {
  constexpr int kAccessDenied = 497;
  if (types.columns.empty()) return types;
  const Status taken =
      clickhouse::probe_insert(pipeline.clickhouse, pipeline.clickhouse.urls.front(), *plain_layout(), pipeline.options,
                               request_builders(pipeline), clock, timeout, stop, secrets);
  if (taken) return types;
  if (taken.error().code != kAccessDenied) return tl::make_unexpected(taken.error());
  TableColumns none;
  none.why_json = "the user may not insert into all columns of the table: " + taken.error().text;
  return none;
}

Result<TableColumns> TrustedDescription::accept(Result<TableColumns> described, SteadyTime now) {
  if (described) {
    described_at_ = now;
    why_json_.clear();
    return described;
  }
  if (described.error().kind == ErrorKind::Stopping || !described_at_ || now - *described_at_ < kTrusted) {
    return described;
  }
  // The text of the first error: the next ones may differ, and would be logged each time.
  if (why_json_.empty()) why_json_ = "the table cannot be described any more: " + described.error().text;
  TableColumns unknown;
  unknown.why_json = why_json_;
  return unknown;
}

}  // namespace freshet::app
