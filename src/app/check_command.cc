#include "app/check_command.h"

#include <fmt/format.h>

#include <algorithm>

#include "app/check_report.h"
#include "app/delivery_check.h"
#include "app/format_decision.h"
#include "app/processor_factory.h"
#include "app/request_builders.h"
#include "app/side_topics.h"
#include "app/suggested_table.h"
#include "app/table_check.h"
#include "app/table_types.h"
#include "base/log.h"
#include "base/metrics.h"
#include "clickhouse/insert_probe.h"
#include "http/proxy.h"
#include "http/url.h"
#include "kafka/client_config.h"
#include "kafka/cluster.h"
#include "runtime_config/stores.h"
#include "runtime_config/table.h"

namespace freshet::app {
namespace {

constexpr Duration kTimeout = std::chrono::seconds(5);
constexpr Duration kWholeAudit = std::chrono::seconds(20);  // a dozen queries, also of a server with much to do
constexpr uint64_t kMostCheckedBytes = 1 << 30;             // of the sampled messages
constexpr int kUnknownTable = 60;                           // ClickHouse's UNKNOWN_TABLE
constexpr int kUnknownTopic = 3;                            // Kafka's UNKNOWN_TOPIC_OR_PARTITION

// True if the topic exists. `created`: `run` would create a missing topic.
bool check_topic(const kafka::ProducerSettings& at, bool created, CheckReport& report) {
  const auto& [topic, connection] = at;
  const auto partitions = kafka::count_partitions(connection, topic, kTimeout, null_log());
  if (partitions) {
    report.good(fmt::format("Kafka: topic {} has {} partitions", topic, *partitions));
  } else if (created && partitions.error().code == kUnknownTopic) {
    report.warning(
        fmt::format("Kafka: topic {} does not exist, or is hidden from this login; `freshet run` with "
                    "--create-topics creates it where it may",
                    topic));
  } else {
    report.bad("Kafka: " + partitions.error().text);
  }
  return partitions.has_value();
}

void report_sample(const TableCheck& checked, CheckReport& report) {
  const std::string first = fmt::format("the first: {}", checked.first_reason);
  const size_t good = checked.sampled - checked.invalid - checked.skipped;
  if (good == 0 && checked.invalid > 0) {
    return report.bad(fmt::format("none of {} sampled messages becomes a row; {}", checked.sampled, first));
  }
  if (checked.invalid > 0) {
    report.warning(
        fmt::format("{} of {} sampled messages cannot become rows; {}", checked.invalid, checked.sampled, first));
  }
  if (checked.skipped > 0) {
    report.warning(fmt::format("{} of {} sampled messages become no row by a rule of the processor ({})",
                               checked.skipped, checked.sampled, checked.first_skip));
  }
  if (good > 0) report.good(fmt::format("{} sampled messages become rows", good));
}

// Names the proxy that the environment sets, because it is easily forgotten.
void name_proxy(const std::string& url, CheckReport& report) {
  const auto target = http::parse_url(url);
  const auto proxy = target ? http::environment_proxy(*target) : std::nullopt;
  if (!proxy) return;
  report.warning(
      fmt::format("ClickHouse: {} is reached through the proxy {} ({} of the environment), unless no_proxy "
                  "names the host (now: {})",
                  url, proxy->address, proxy->variable, proxy->no_proxy.empty() ? "no host" : proxy->no_proxy));
}

// True if the host at `url` has the table and accepts inserts. A run inserts into the first host that works, so each
// must. `without_table`: advice if the table does not exist.
bool check_host(const settings::Pipeline& p, const std::string& url, const RowLayout& layout,
                std::string_view without_table, Clock& clock, CheckReport& report) {
  clickhouse::ClickHouseSettings one = p.clickhouse;
  one.urls = {url};
  name_proxy(url, report);
  clickhouse::ClickHouseClient client(one, clock, report.secrets());
  const auto version = client.server_version(kTimeout);
  if (!version) {
    report.bad("ClickHouse: " + version.error().text);
    return false;
  }
  report.good(fmt::format("ClickHouse: version {} at {}", *version, url));
  if (const auto table = client.describe_table(kTimeout, {}); !table) {
    report.bad(
        fmt::format("{} ({}){}", table.error().text, url, table.error().code == kUnknownTable ? without_table : ""));
    return false;
  }
  if (const Status taken = clickhouse::probe_insert(one, url, layout, p.options, request_builders(p), clock, kTimeout,
                                                    {}, report.secrets());
      !taken) {
    report.bad(fmt::format("an insert into table {} fails ({}): {}", one.table, url, taken.error().text));
  } else {
    report.good(fmt::format("table {} accepts inserts", one.table));
  }
  return true;
}

void compare_with_messages(const settings::Pipeline& p, size_t sample, Clock& clock, CheckReport& report) {
  const auto checked = check_table(p, {sample, kMostCheckedBytes}, clock, kTimeout, {}, null_log(), report.secrets());
  if (!checked) return report.bad(checked.error().text);
  if (checked->sampled == 0) {
    report.warning(fmt::format("topic {} is empty: nothing to compare the table with", p.kafka.topic));
  } else {
    report_sample(*checked, report);
  }
  for (const clickhouse::Finding& finding : checked->findings) {
    const std::string text = fmt::format("{}: {}", finding.subject, finding.text);
    finding.severity == clickhouse::Severity::Error ? report.bad(text) : report.warning(text);
  }
}

// What `freshet run` would do.
void report_delivery(settings::DeliveryChoice choice, bool suitable, CheckReport& report) {
  if (choice == settings::DeliveryChoice::AtLeastOnce) return;
  if (suitable) return report.good("delivery: exactly once");
  if (choice == settings::DeliveryChoice::Auto) {
    return report.warning("delivery: at least once, as long as a repeated insert may be stored twice");
  }
  report.bad("delivery: `freshet run` waits until a repeated insert is stored once");
}

// Only --delivery exactly-once fails: otherwise freshet works, and a failure may store rows twice.
void report_repeats(const settings::Pipeline& p, const Result<clickhouse::DeliveryAudit>& audit, CheckReport& report) {
  if (!audit) {
    const std::string text = "whether a repeated insert is stored once cannot be checked: " + audit.error().text;
    if (p.delivery == settings::DeliveryChoice::AtLeastOnce) return report.warning(text);
    return report.bad(text + " - `freshet run` waits until it can");
  }
  if (audit->suitable) {
    report.good(fmt::format("table {} and the targets of its views store a repeated insert once{}", p.clickhouse.table,
                            audit->horizon ? fmt::format(", for {:.0f} s", audit->horizon->count()) : ""));
  }
  for (const clickhouse::Finding& finding : audit->findings) {
    if (finding.severity == clickhouse::Severity::Info) continue;
    const bool repeats = finding.severity == clickhouse::Severity::Error;
    const std::string text =
        fmt::format("{}{}: {}{}{}", repeats ? "a repeated insert may be stored twice: " : "", finding.subject,
                    finding.text, finding.statement.empty() ? "" : ": ", finding.statement);
    const bool fails = repeats && p.delivery == settings::DeliveryChoice::ExactlyOnce;
    fails ? report.bad(text) : report.warning(text);
  }
  report_delivery(p.delivery, audit->suitable, report);
}

Result<clickhouse::DeliveryAudit> audit(const settings::Pipeline& p, Clock& clock, CheckReport& report) {
  const bool more = p.delivery != settings::DeliveryChoice::AtLeastOnce;
  return DeliveryCheck(p, more ? Delivery::ExactlyOnce : Delivery::AtLeastOnce, clock, null_log(), report.secrets())
      .audit(kWholeAudit, {});
}

// The format that `freshet run` would choose. A warning if Native is configured; exactly once is not the table's fault.
void report_format(const settings::Pipeline& p, Clock& clock, CheckReport& report) {
  Metrics metrics;
  FormatDecision decision(p, clock, null_log(), metrics);
  if (decision.depends_on_table()) {
    auto types = table_types(p, clock, kTimeout, {}, report.secrets());
    if (types) types = if_user_may_insert(*types, p, clock, kTimeout, {}, report.secrets()).value_or(*types);
    decision.follow(types);
  }
  const InsertFormatStatus status = decision.status();
  const std::string text =
      fmt::format("inserts: FORMAT {}{}", status.format, status.reason.empty() ? "" : " (" + status.reason + ")");
  const bool wanted = p.insert_format != settings::InsertFormat::Native || status.reason.empty();
  wanted ? report.good(text) : report.warning(text);
}

// Snuba's commands have no --suggest-table, and their tables are Snuba's.
std::string_view advice_without_table(const settings::Settings& settings) {
  const bool has_option = !settings.pipeline.snuba && !settings.pipeline.accepted_outcomes;
  return has_option && !settings.suggest_table ? "; --suggest-table prints a statement for it" : "";
}

// `sample`: how many messages to compare the table with; 0: there are none.
void check_rows(const settings::Settings& settings, size_t sample, Clock& clock, CheckReport& report) {
  settings::Pipeline p = settings.pipeline;
  // The inserts are probed as a run would send them.
  const auto audited = audit(p, clock, report);
  const bool exactly_once = p.delivery == settings::DeliveryChoice::ExactlyOnce ||
                            (p.delivery == settings::DeliveryChoice::Auto && audited && audited->suitable);
  p.clickhouse.delivery = exactly_once ? Delivery::ExactlyOnce : Delivery::AtLeastOnce;
  p.stream.delivery = p.clickhouse.delivery;
  Metrics metrics;
  const auto factory = processor_factory(p.processors, {&clock, &metrics}, null_log());
  if (!factory) return report.bad(factory.error().text);
  const RowLayout layout = (*factory)()->layout();
  bool has_table = false;
  for (const std::string& url : p.clickhouse.urls) {
    if (check_host(p, url, layout, advice_without_table(settings), clock, report)) has_table = true;
  }
  if (!has_table) return;
  report_repeats(p, audited, report);
  report_format(p, clock, report);
  if (sample > 0) return compare_with_messages(p, sample, clock, report);
  report.good(
      fmt::format("table {} is there; without messages there is nothing to compare it with", p.clickhouse.table));
}

void check_options(const settings::Settings& settings, CheckReport& report) {
  auto store = runtime_config::open_store(settings.runtime_config);
  const auto read = store ? (*store)->read() : tl::make_unexpected(store.error());
  if (!read) return report.bad("runtime options: " + read.error().text);
  report.good(fmt::format("runtime options: {} keys in {}", read->size(), (*store)->describe()));
  const settings::Pipeline& p = settings.pipeline;
  const runtime_config::OptionScope scope{p.kafka.consumer_group, settings.runtime_config.storage};
  std::vector<runtime_config::BadOption> bad;
  runtime_config::read_options(*read, scope, p.options, p.options, bad);
  for (const auto& [key, value, why] : bad) report.bad(fmt::format("runtime option {}: '{}' {}", key, value, why));
  // The store may be shared with other programs; their keys are not checked.
  const auto known = [&](const std::string& key) {
    const auto options = runtime_config::table();
    return std::any_of(options.begin(), options.end(),
                       [&](const auto& option) { return runtime_config::key_of(option, scope) == key; });
  };
  for (const auto& [key, value] : *read) {
    if (!key.starts_with("freshet_") || known(key)) continue;
    report.warning(fmt::format("runtime option {}: there is no such option; docs/runtime-options.md lists them", key));
  }
}

void suggest(const settings::Settings& settings, Clock& clock, std::ostream& out, CheckReport& report) {
  Metrics metrics;
  const auto factory = json_processor_factory(settings.pipeline.processors, {&clock, &metrics}, null_log());
  const auto table = factory ? suggest_table_for_topic(settings, *(*factory)(), clock, {})
                             : Result<SuggestedTable>(tl::make_unexpected(factory.error()));
  if (!table) return report.bad("no table can be suggested: " + table.error().text);
  out << to_text(*table, settings.json);
}

}  // namespace

int check(const settings::Loaded& loaded, Clock& clock, std::ostream& out, std::ostream& errors) {
  const settings::Settings& settings = loaded.settings;
  const bool statement_alone = settings.suggest_table && !settings.json;
  CheckReport report(statement_alone ? errors : out, settings.json, settings.telemetry.secrets, clock);
  const settings::Pipeline& p = settings.pipeline;
  report.good("the configuration is valid");
  for (const std::string& warning : loaded.warnings) report.warning(warning);
  if (const Status valid = kafka::check_connection_settings(p.kafka); !valid) {
    report.bad(valid.error().text);
  } else {
    bool has_messages = false;
    for (const kafka::ProducerSettings& topic : topics_of(p)) {
      const bool there = check_topic(topic, p.kafka.create_topics, report);
      has_messages = has_messages || (there && topic.topic == p.kafka.topic);
    }
    if (!p.stream.skip_write && !p.accepted_outcomes) {
      check_rows(settings, has_messages ? settings.sample : 0, clock, report);
    }
  }
  const runtime_config::RuntimeConfigSettings& options = settings.runtime_config;
  if (!options.store.empty() || !options.values_file.empty()) check_options(settings, report);
  if (settings.suggest_table) suggest(settings, clock, out, report);
  return report.status();
}

}  // namespace freshet::app
