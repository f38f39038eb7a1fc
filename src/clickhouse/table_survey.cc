#include "clickhouse/table_survey.h"

#include <algorithm>
#include <charconv>
#include <set>
#include <tuple>
#include <utility>

namespace freshet::clickhouse {
namespace {

constexpr size_t kMostViews = 50;  // of one table, including views of views

std::string where(const TableName& name) {
  return " WHERE database = " + quote_literal(name.database) + " AND name = " + quote_literal(name.table);
}

std::string text_of(const TableName& name) { return name.database + "." + name.table; }

std::vector<std::string> lines(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    out.emplace_back(line);
  }
  return out;
}

// Skips the name at the start of `text`: parts in backquotes or bare, separated by dots.
size_t name_end(std::string_view text) {
  size_t at = 0;
  bool quoted = false;
  for (; at < text.size(); ++at) {
    if (text[at] == '\\' && quoted) {
      ++at;
    } else if (text[at] == '`') {
      quoted = !quoted;
    } else if (!quoted && (text[at] == ' ' || text[at] == '(')) {
      break;
    }
  }
  return std::min(at, text.size());
}

// The target of a materialized view, parsed from its CREATE statement. None: an inner table.
std::optional<TableName> view_target(std::string_view create) {
  constexpr std::string_view kCreate = "CREATE MATERIALIZED VIEW ";
  constexpr std::string_view kTo = " TO ";
  if (!create.starts_with(kCreate)) return std::nullopt;
  create.remove_prefix(kCreate.size());
  create.remove_prefix(name_end(create));
  if (!create.starts_with(kTo) || create.starts_with(" TO INNER UUID ")) return std::nullopt;
  create.remove_prefix(kTo.size());
  const Result<TableName> target = parse_table_name(create.substr(0, name_end(create)));
  return target ? std::optional(*target) : std::nullopt;
}

// The engine of a view's inner table, parsed from the view's CREATE statement.
std::string own_engine(std::string_view create) {
  constexpr std::string_view kEngine = " ENGINE = ";
  const size_t begin = create.find(kEngine);
  if (begin == std::string_view::npos) return {};
  create.remove_prefix(begin + kEngine.size());
  return std::string(create.substr(0, create.find(" AS SELECT ")));
}

// The server writes the values of switches as numbers.
bool same_value(std::string_view one, std::string_view other) {
  const auto number = [](std::string_view value) {
    return value == "true" ? std::string_view("1") : value == "false" ? std::string_view("0") : value;
  };
  return number(one) == number(other);
}

ReachedTable reached_table(TableName name, std::string view, const std::string& engine_full) {
  return {std::move(name), std::move(view), engine_full.substr(0, engine_full.find_first_of(" (")),
          parse_table_settings(engine_full)};
}

}  // namespace

std::string_view window_setting(const ReachedTable& table) {
  return table.replicated() ? "replicated_deduplication_window" : "non_replicated_deduplication_window";
}

bool TableSurvey::removed(std::string_view setting) const {
  const auto now = arrived.find(setting);
  return now != arrived.end() && !same_value(now->second, sent.find(setting)->second);
}

std::string TableSurvey::value(std::string_view setting) const {
  if (const auto now = arrived.find(setting); now != arrived.end()) return now->second;
  if (const auto ours = sent.find(setting); ours != sent.end()) return ours->second;
  const auto theirs = server.find(setting);
  return theirs != server.end() ? theirs->second : std::string();
}

std::optional<uint64_t> TableSurvey::number(const ReachedTable& of, std::string_view setting) const {
  const auto own = of.settings.find(std::string(setting));
  const auto usual = merge_tree.find(setting);
  if (own == of.settings.end() && usual == merge_tree.end()) return std::nullopt;
  const std::string& text = own != of.settings.end() ? own->second : usual->second;
  uint64_t value = 0;
  return std::from_chars(text.data(), text.data() + text.size(), value).ec == std::errc() ? std::optional(value)
                                                                                          : std::nullopt;
}

std::optional<uint64_t> TableSurvey::window(const ReachedTable& of) const {
  constexpr uint64_t kOldDefault = 100;  // of replicated tables, before system.merge_tree_settings listed it
  if (!of.merge_tree()) return std::nullopt;
  return number(of, window_setting(of)).value_or(of.replicated() ? kOldDefault : 0);
}

// Where to look for further views.
struct TableSurveyor::Open {
  std::vector<TableName> tables;
  std::set<std::pair<std::string, std::string>> seen;
  bool add(const TableName& name) { return seen.emplace(name.database, name.table).second; }
};

TableSurveyor::TableSurveyor(const ClickHouseSettings& settings, Clock& clock, secrets::SecretStore* secrets,
                             Duration timeout, std::stop_token stop)
    : settings_(settings),
      clock_(clock),
      client_(settings, clock, secrets),
      deadline_(clock.steady_now() + timeout),
      stop_(std::move(stop)) {}

Duration TableSurveyor::left() const {
  return std::max<Duration>(deadline_ - clock_.steady_now(), std::chrono::milliseconds(1));
}

Result<std::vector<std::vector<std::string>>> TableSurveyor::rows(std::string_view sql, size_t width) {
  return client_.rows(sql, width, left(), stop_);
}

Result<TableSurvey> TableSurveyor::survey() {
  TableSurvey survey;
  auto table = client_.describe_table(left(), stop_);
  if (!table) return tl::make_unexpected(table.error());
  survey.table = *std::move(table);
  if (const Status queried = query_settings(survey); !queried) return tl::make_unexpected(queried.error());
  survey.reached.push_back(
      {{survey.table.database, survey.table.table}, {}, survey.table.engine, survey.table.settings});
  add_targets(survey);
  return survey;
}

Status TableSurveyor::query_settings(TableSurvey& survey) {
  const auto found = rows(
      "SELECT '', name, value FROM system.settings WHERE name IN ('insert_deduplicate', 'deduplicate_insert', "
      "'deduplicate_blocks_in_dependent_materialized_views', 'insert_deduplication_token', 'async_insert', "
      "'input_format_column_name_matching_mode', 'materialized_views_ignore_errors', 'min_insert_block_size_rows', "
      "'min_insert_block_size_bytes', 'max_insert_block_size_bytes', 'input_format_parallel_parsing', "
      "'wait_for_async_insert', 'insert_distributed_sync') UNION ALL SELECT 'MergeTree', name, value FROM "
      "system.merge_tree_settings WHERE name IN ('non_replicated_deduplication_window', "
      "'replicated_deduplication_window', 'replicated_deduplication_window_seconds', 'old_parts_lifetime') "
      "FORMAT JSONCompact",
      3);
  if (!found) return tl::make_unexpected(found.error());
  for (const auto& row : *found) (row[0].empty() ? survey.server : survey.merge_tree)[row[1]] = row[2];
  survey.sent = insert_settings(settings_, "token");
  return survey.knows("insert_deduplication_token") ? query_arrived(survey) : Status();
}

Status TableSurveyor::query_arrived(TableSurvey& survey) {
  const auto fixed = rows("SELECT name, value FROM system.settings WHERE readonly = 1 FORMAT JSONCompact", 2);
  if (!fixed) return tl::make_unexpected(fixed.error());
  for (const auto& row : *fixed) survey.fixed[row[0]] = row[1];
  SettingMap settings;
  for (const auto& [name, value] : survey.sent) {
    if (survey.knows(name) && !survey.fixed.contains(name)) settings.emplace(name, value);
  }
  const auto arrived = client_.values_when_sent(settings, left(), stop_);
  // A value that the server does not take fails the inserts, and is reported then.
  if (!arrived) return arrived.error().code > 0 ? Status() : tl::make_unexpected(arrived.error());
  survey.arrived = *arrived;
  return {};
}

// Adds the targets of the table's views, of the views on these targets, and so on.
void TableSurveyor::add_targets(TableSurvey& survey) {
  Open open;
  open.tables = {survey.reached.front().name};
  open.add(open.tables.front());
  while (!open.tables.empty()) {
    const TableName next = open.tables.back();
    open.tables.pop_back();
    if (!add_views_of(next, open, survey)) return;
  }
}

bool TableSurveyor::add_views_of(const TableName& table, Open& open, TableSurvey& survey) {
  const auto views = rows(
      "SELECT arrayStringConcat(dependencies_database, '\\n'), arrayStringConcat(dependencies_table, '\\n') FROM "
      "system.tables" +
          where(table) + " FORMAT JSONCompact",
      2);
  if (!views || views->empty()) {
    survey.incomplete = "the views of " + text_of(table) + " cannot be looked up";
    if (!views) survey.failed_query = views.error();
    return false;
  }
  const auto databases = lines(views->front()[0]);
  const auto names = lines(views->front()[1]);
  for (size_t i = 0; i < names.size() && i < databases.size(); ++i) {
    const TableName view{databases[i], names[i]};
    if (!open.add(view)) continue;
    if (open.seen.size() > kMostViews) {
      survey.incomplete = "it has too many views to look at";
      return false;
    }
    open.tables.push_back(view);
    if (!add_target(view, open, survey)) return false;
  }
  return true;
}

bool TableSurveyor::add_target(const TableName& view, Open& open, TableSurvey& survey) {
  const auto fails = [&](const std::string& what, const std::optional<Error>& error) {
    survey.incomplete = what + text_of(view) + " cannot be looked up";
    survey.failed_query = error;
    return false;
  };
  const auto found =
      rows("SELECT engine, create_table_query FROM system.tables" + where(view) + " FORMAT JSONCompact", 2);
  if (!found) return fails("the view ", found.error());
  if (found->empty()) return fails("the view ", std::nullopt);
  const auto& [engine, create] = std::tie((*found)[0][0], (*found)[0][1]);
  if (engine != "MaterializedView") return true;  // live and window views do not store inserted rows
  survey.has_views = true;
  const std::optional<TableName> to = view_target(create);
  if (!to) {
    const Status added = add_inner_table(view, create, survey);
    return added || fails("the inner table of the view ", added.error());
  }
  const TableName name{to->database.empty() ? view.database : to->database, to->table};
  if (!open.add(name)) return true;  // another view has the same target
  const auto target = rows("SELECT engine_full FROM system.tables" + where(name) + " FORMAT JSONCompact", 1);
  if (!target) return fails("the target of the view ", target.error());
  survey.reached.push_back(reached_table(name, text_of(view), target->empty() ? std::string() : (*target)[0][0]));
  if (!target->empty()) open.tables.push_back(name);
  return true;
}

Status TableSurveyor::add_inner_table(const TableName& view, const std::string& create, TableSurvey& survey) {
  const auto found =
      rows("SELECT name, engine_full FROM system.tables WHERE database = " + quote_literal(view.database) +
               " AND name IN (" + inner_names(view, survey) + ") FORMAT JSONCompact",
           2);
  if (!found) return tl::make_unexpected(found.error());
  // Its settings may have been altered since the view was created.
  survey.reached.push_back(found->empty()
                               ? reached_table(view, text_of(view), own_engine(create))
                               : reached_table({view.database, (*found)[0][0]}, text_of(view), (*found)[0][1]));
  return {};
}

// As SQL: the names that servers give to the view's inner table.
std::string TableSurveyor::inner_names(const TableName& view, const TableSurvey& survey) const {
  const std::string plain = quote_literal(".inner." + view.table);
  if (!survey.knows("insert_deduplication_token")) return plain;  // old servers have no UUIDs of tables
  return plain + ", (SELECT concat('.inner_id.', toString(uuid)) FROM system.tables" + where(view) + ")";
}

}  // namespace freshet::clickhouse
