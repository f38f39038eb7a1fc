#include "clickhouse/delivery_audit.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <string>
#include <utility>

#include "clickhouse/error_codes.h"
#include "clickhouse/login.h"
#include "clickhouse/server_identities.h"
#include "clickhouse/table_survey.h"
#include "model/delivery.h"

namespace freshet::clickhouse {
namespace {

using Seconds = std::chrono::duration<double>;

bool means_off(std::string_view value) { return value == "0" || value == "false"; }

// What an insert needs so that its repeat is not stored again.
struct Requirement {
  std::string_view name;
  bool (*agrees)(std::string_view value);
  std::string_view good;  // as SQL: a value that agrees
  std::string_view why;   // what happens with another value; for people
};

constexpr std::string_view kNotOneBlock =
    "an insert may be stored in several blocks; if only some of them are, a repeat may store these again";
constexpr std::string_view kStoredAgain = "a repeated insert is stored again";
constexpr std::string_view kPushedToViews = "deduplicate_blocks_in_dependent_materialized_views";
constexpr std::string_view kParallelParsing = "input_format_parallel_parsing";
constexpr std::string_view kWaitForStored = "wait_for_async_insert";
constexpr std::string_view kRemoved =
    "A proxy between freshet and ClickHouse does not pass on what freshet sends: let it pass all parameters of the URL "
    "(chproxy cannot), or connect freshet to ClickHouse itself";
// A block of this many rows holds every insert.
constexpr uint64_t kLargestInsert = 1'000'000;

constexpr Requirement kRequirements[] = {
    {"async_insert", means_off, "0", "the server may put inserts together or split them, and ignore their tokens"},
    {kWaitForStored, [](std::string_view value) { return !means_off(value); }, "1",
     "the server acknowledges rows before it has stored them, and loses them if it fails"},
    {"min_insert_block_size_bytes", means_off, "0", kNotOneBlock},
    {"min_insert_block_size_rows",
     [](std::string_view value) { return std::strtoull(std::string(value).c_str(), nullptr, 10) >= kLargestInsert; },
     "1048576", kNotOneBlock},
    {"max_insert_block_size_bytes", means_off, "0", kNotOneBlock},
    {kParallelParsing, means_off, "0", "a large insert that is repeated in another format is stored again"},
    {"insert_deduplicate", [](std::string_view value) { return !means_off(value); }, "1", kStoredAgain},
    {"deduplicate_insert", [](std::string_view value) { return value != "disable"; }, "'enable'", kStoredAgain},
    {kPushedToViews, [](std::string_view value) { return !means_off(value); }, "1",
     "a repeated insert may be stored again by the table's views, or never reach them"},
};

// 26.5 stores two entries for each part in the log of a non-replicated table. For other tables this is a safety factor.
constexpr uint64_t kEntriesPerPart = 2;
constexpr uint64_t kRecommendedWindow = 100'000;
constexpr uint64_t kRecommendedSeconds = 86'400;
constexpr std::pair kFirstWithViews = {24, 7};  // pull request 61601: a view's target gets a token of its own
constexpr std::string_view kWindowSeconds = "replicated_deduplication_window_seconds";

constexpr int kAccessDenied = 497;

// The server answers, and would answer the same again: the user may not run the audit's queries, or the server does not
// understand them. A missing table, a rejected login, an address that is not allowed and an exceeded quota stop inserts
// as well, and are waited for.
bool is_refusal(const Error& error) {
  constexpr std::array kStopInserts = {60, 81, 195, 201, 218};
  if (error.code == kUnreadableAnswer || error.code == kAccessDenied) return true;
  if (is_login_error(error.code) || std::count(kStopInserts.begin(), kStopInserts.end(), error.code) > 0) return false;
  const ErrorCode* known = find_error_code(error.code);
  return known != nullptr && known->error_class == ErrorClass::Operator;
}

std::string sql_name(const ReachedTable& table) {
  return quote_where_needed(table.name.database) + "." + quote_where_needed(table.name.table);
}

std::string alter(const ReachedTable& table, std::string_view setting, uint64_t value) {
  return fmt::format("ALTER TABLE {} MODIFY SETTING {} = {}", sql_name(table), setting, value);
}

std::string role(const ReachedTable& table) {
  return table.view.empty() ? "table " + table.text()
                            : "table " + table.text() + ", into which the view " + table.view + " writes,";
}

std::string why_not_engine(std::string_view engine) {
  if (engine == "Distributed") {
    return "it passes rows on to tables of other servers, and a repeated insert may be split among them in another "
           "way; insert into the table that it points to";
  }
  if (engine == "Buffer") return "it acknowledges rows before they are stored, and forgets tokens";
  if (engine == "Null") return "it stores nothing, and recognises no repeat for the views that read from it";
  return "only the engines of the MergeTree family recognise a repeated insert; create it with one of them";
}

// "24.8.1.2" -> {24, 8}; {0, 0} if it is no version.
std::pair<int, int> major_minor(const std::string& version) {
  const size_t dot = version.find('.');
  if (dot == std::string::npos) return {0, 0};
  return {std::atoi(version.c_str()), std::atoi(version.c_str() + dot + 1)};
}

class Audit {
 public:
  Audit(const ClickHouseSettings& settings, const DeliveryNeeds& needs, PartsRate& rates, Clock& clock,
        secrets::SecretStore* secrets, Duration timeout, const std::stop_token& stop)
      : settings_(settings),
        needs_(needs),
        rates_(rates),
        surveyor_(settings, clock, secrets, timeout, stop),
        identities_(settings, clock, secrets, stop) {}

  Result<DeliveryAudit> run() {
    const Status done = query_all();
    if (!done && is_refusal(done.error())) {
      add_refusal(done.error());
    } else if (!done && (done.error().kind == ErrorKind::Stopping || !has_error())) {
      return tl::make_unexpected(done.error());
    }  // otherwise what was found decides, whatever else does not answer
    sort_by_severity(audit_.findings);
    audit_.suitable = !has_error();
    return std::move(audit_);
  }

 private:
  Status query_all() {
    auto surveyed = surveyor_.survey();
    if (!surveyed) return tl::make_unexpected(surveyed.error());
    survey_ = *std::move(surveyed);
    const bool knows_tokens = survey_.knows("insert_deduplication_token");
    if (!knows_tokens) {  // first: the statements below are of no use
      add(Severity::Error, "insert_deduplication_token",
          "the server does not know this setting, with which freshet marks an insert; use a newer server");
    }
    check_settings();
    for (const ReachedTable& table : survey_.reached) check_table(table);
    if (survey_.failed_query) {
      return failure(survey_.failed_query->kind, survey_.incomplete + ": " + survey_.failed_query->text,
                     survey_.failed_query->code);
    }
    if (!survey_.incomplete.empty()) add(Severity::Error, survey_.reached.front().text(), survey_.incomplete);
    return knows_tokens ? query_further() : Status();
  }

  bool has_error() const {
    return std::any_of(audit_.findings.begin(), audit_.findings.end(),
                       [](const Finding& one) { return one.severity == Severity::Error; });
  }

  void add_refusal(const Error& error) {
    const bool denied = error.code == kAccessDenied;
    add(Severity::Error, "the audit's queries",
        "whether a repeated insert is stored once cannot be found out: " + error.text,
        denied ? fmt::format("GRANT SELECT ON system.* TO {}", user()) : "");
  }

  void add(Severity severity, std::string_view subject, std::string text, std::string statement = {}) {
    audit_.findings.push_back({severity, std::string(subject), std::move(text), std::move(statement)});
  }

  // What servers that know no token cannot tell.
  Status query_further() {
    check_fixed_settings();
    Status done = check_version();
    if (done) done = check_hosts();
    for (const ReachedTable& table : survey_.reached) {
      if (done && table.merge_tree()) done = measure(table);
    }
    return done;
  }

  void check_settings() {
    for (const Requirement& one : kRequirements) {
      if (one.name == kPushedToViews && !survey_.has_views) continue;
      if (one.name == kParallelParsing && !survey_.sent.contains(one.name)) continue;  // only exactly-once inserts do
      if (!survey_.knows(one.name) || one.agrees(survey_.value(one.name))) continue;
      if (one.name == kWaitForStored && means_off(survey_.value("async_insert"))) continue;
      const bool removed = survey_.removed(one.name);
      const bool sent = survey_.sent.contains(one.name) && !removed;
      const std::string who = sent ? fmt::format("Leave out --clickhouse-setting {}", one.name)
                                   : fmt::format("The profile of user {} sets it", user());
      add(Severity::Error, one.name,
          fmt::format("it is {}: {}. {}", survey_.value(one.name), one.why, removed ? std::string(kRemoved) : who),
          sent ? std::string() : set_for_user(one));
    }
    if (survey_.removed("insert_deduplication_token")) {
      add(Severity::Error, "insert_deduplication_token",
          fmt::format("inserts have no token: a repeat with other bytes is stored again, and different inserts with "
                      "equal rows may count as one. {}",
                      kRemoved));
    }
    constexpr std::string_view kAfterShards = "insert_distributed_sync";
    if (survey_.table.engine == "Distributed" && survey_.removed(kAfterShards)) {
      add(Severity::Error, kAfterShards,
          fmt::format("rows are acknowledged before a shard has stored them, and lost with the server. {}", kRemoved));
    }
    if (survey_.has_views && !survey_.knows(kPushedToViews)) {
      add(Severity::Error, kPushedToViews,
          "the server does not know this setting, so that a repeated insert is stored again by the table's views, or "
          "never reaches them; use a newer server");
    }
    constexpr std::string_view kIgnored = "materialized_views_ignore_errors";
    if (const std::string value = survey_.value(kIgnored); survey_.has_views && !value.empty() && value != "0") {
      add(Severity::Warning, kIgnored,
          fmt::format("it is {}: when a view fails, its target misses the rows of an acknowledged insert", value),
          fmt::format("ALTER USER {} SETTINGS {} = 0", user(), kIgnored));
    }
  }

  // A setting that inserts send has no effect if the profile does not allow changing it: the server rejects them.
  void check_fixed_settings() {
    for (const Requirement& one : kRequirements) {
      const auto found = survey_.fixed.find(one.name);
      if (!survey_.sent.contains(one.name) || (one.name == kPushedToViews && !survey_.has_views)) continue;
      if (found == survey_.fixed.end() || one.agrees(found->second)) continue;
      add(Severity::Error, one.name,
          fmt::format("the profile of user {} fixes it at {} and does not allow an insert to change it: {}", user(),
                      found->second, one.why),
          set_for_user(one));
    }
  }

  std::string user() const { return settings_.user.empty() ? "default" : quote_where_needed(settings_.user); }
  std::string set_for_user(const Requirement& one) const {
    return fmt::format("ALTER USER {} SETTINGS {} = {}", user(), one.name, one.good);
  }

  Status check_version() {
    const auto version = surveyor_.rows("SELECT version() FORMAT JSONCompact", 1);
    if (!version || version->empty()) return version ? Status() : tl::make_unexpected(version.error());
    const auto number = major_minor((*version)[0][0]);
    if (survey_.has_views && number < std::pair<int, int>(kFirstWithViews)) {
      add(Severity::Error, "version",
          fmt::format("ClickHouse {} takes equal rows that a view makes of different inserts for a repeat and drops "
                      "them, or stores a repeat again; a table with materialized views needs {}.{} or newer",
                      (*version)[0][0], kFirstWithViews.first, kFirstWithViews.second));
    }
    return {};
  }

  void check_table(const ReachedTable& table) {
    if (table.engine.empty()) {
      return add(Severity::Error, table.text(),
                 fmt::format("the {} does not exist, or user {} may not see it", role(table), user()));
    }
    const auto window = survey_.window(table);
    if (!window) {
      return add(Severity::Error, table.text(),
                 fmt::format("the {} has the engine {}: {}", role(table), table.engine, why_not_engine(table.engine)));
    }
    check_window(table, *window);
  }

  uint64_t in_flight() const {
    return static_cast<uint64_t>(kPlannedInsertsPerPartition) * static_cast<uint64_t>(std::max(1, needs_.partitions));
  }

  void check_window(const ReachedTable& table, uint64_t window) {
    const std::string_view setting = window_setting(table);
    const uint64_t needed = in_flight() * kEntriesPerPart;
    const std::string statement = alter(table, setting, std::max(kRecommendedWindow, 2 * needed));
    if (window == 0) {
      return add(
          Severity::Error, setting,
          fmt::format("the {} has no deduplication window: it stores the rows of a repeated insert again", role(table)),
          statement);
    }
    if (window >= needed) return;
    add(Severity::Error, setting,
        fmt::format("the {} has a deduplication window of {} entries, two for each part: after {} further parts it "
                    "stores the rows of a repeated insert again. {} inserts may be in flight ({} for each of {} "
                    "partitions), so it needs at least {}",
                    role(table), window, window / kEntriesPerPart, in_flight(), kPlannedInsertsPerPartition,
                    needs_.partitions, needed),
        statement);
  }

  // How long the table recognises a repeat.
  Status measure(const ReachedTable& table) {
    const uint64_t window = survey_.window(table).value_or(0);
    const auto rate = rates_.per_second(surveyor_, survey_, table);
    if (!rate) return tl::make_unexpected(rate.error());
    if (window == 0) return {};
    if (*rate > 0) limit_by_count(table, window, *rate);
    if (table.replicated()) limit_by_seconds(table);
    return {};
  }

  void limit_by_count(const ReachedTable& table, uint64_t window, double rate) {
    const Seconds horizon(static_cast<double>(window) / kEntriesPerPart / rate);
    shorten(horizon);
    if (horizon >= needs_.repeat_after) return;
    const auto needed = static_cast<uint64_t>(std::ceil(2 * kEntriesPerPart * rate * needed_seconds()));
    add(Severity::Error, window_setting(table),
        fmt::format("the {} gets {:.1f} parts a second, so that its window of {} entries, two for each part, remembers "
                    "an insert for {:.0f} s; it may be repeated up to {:.0f} s later, and is stored again then. "
                    "Make the window larger, or let all writers make larger inserts",
                    role(table), rate, window, horizon.count(), needed_seconds()),
        alter(table, window_setting(table), std::max(kRecommendedWindow, needed)));
  }

  void limit_by_seconds(const ReachedTable& table) {
    const auto seconds = survey_.number(table, kWindowSeconds);
    if (!seconds) return;
    const Seconds horizon(static_cast<double>(*seconds));
    shorten(horizon);
    if (horizon >= needs_.repeat_after) return;
    add(Severity::Error, kWindowSeconds,
        fmt::format("the {} remembers an insert for {} s; it may be repeated up to {:.0f} s later, and is stored again "
                    "then",
                    role(table), *seconds, needed_seconds()),
        alter(table, kWindowSeconds,
              std::max(kRecommendedSeconds, static_cast<uint64_t>(std::ceil(2 * needed_seconds())))));
  }

  double needed_seconds() const { return Seconds(needs_.repeat_after).count(); }
  void shorten(Seconds horizon) { audit_.horizon = std::min(audit_.horizon.value_or(horizon), horizon); }

  Status check_hosts() {
    const ReachedTable& table = survey_.reached.front();
    const auto known = identities_.query(table.name, table.replicated(), surveyor_.left());
    if (!known && settings_.urls.size() > 1 && known.error().kind == ErrorKind::Retry && !is_refusal(known.error())) {
      audit_.undecided = !has_error();
      add(Severity::Error, "--clickhouse-url",
          fmt::format("one of the hosts does not answer, so that freshet cannot see whether it is the same server; the "
                      "{} is not replicated: {}",
                      role(table), known.error().text));
      return {};
    }
    if (!known) return tl::make_unexpected(known.error());
    for (const std::string& host : known->silent) {
      add(Severity::Warning, host,
          "it does not answer, so that freshet cannot see whether it has a replica of the same table");
    }
    if (known->different.empty()) return {};
    add(Severity::Error, "--clickhouse-url",
        table.replicated()
            ? fmt::format(
                  "the servers {} do not have replicas of one table {}, so that a repeated insert may be stored "
                  "once in each; give the URLs of the replicas of one table only",
                  fmt::join(known->different, " and "), table.text())
            : fmt::format("the servers {} have tables {} that are not replicated, so that a repeated insert may be "
                          "stored once in each; give the URL of one server, or use a ReplicatedMergeTree table",
                          fmt::join(known->different, " and "), table.text()));
    return {};
  }

  const ClickHouseSettings& settings_;
  const DeliveryNeeds needs_;
  PartsRate& rates_;
  TableSurveyor surveyor_;
  ServerIdentities identities_;
  TableSurvey survey_;
  DeliveryAudit audit_;
};

}  // namespace

Result<DeliveryAudit> audit_delivery(const ClickHouseSettings& settings, const DeliveryNeeds& needs, Clock& clock,
                                     secrets::SecretStore* secrets, Duration timeout, std::stop_token stop,
                                     PartsRate* rates) {
  PartsRate once(clock);
  return Audit(settings, needs, rates != nullptr ? *rates : once, clock, secrets, timeout, stop).run();
}

}  // namespace freshet::clickhouse
