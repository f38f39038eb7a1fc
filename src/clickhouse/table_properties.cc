#include "clickhouse/table_properties.h"

#include <algorithm>
#include <cctype>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <tuple>
#include <utility>

#include "clickhouse/insert_url.h"

namespace freshet::clickhouse {
namespace {

constexpr size_t kMostViews = 50;  // of one table, including views of views
constexpr size_t kMostFields = 100;
constexpr Duration kTimeout = std::chrono::seconds(5);

struct Name {
  std::string database;
  std::string table;
  auto operator<=>(const Name&) const = default;
};

std::string where(const Name& name) {
  return " WHERE database = " + quote_literal(name.database) + " AND name = " + quote_literal(name.table);
}

// Removes and returns the first line of `text`.
std::string_view take_line(std::string_view& text) {
  const std::string_view line = text.substr(0, text.find('\n'));
  text.remove_prefix(std::min(line.size() + 1, text.size()));
  return line;
}

std::vector<std::string> lines(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) out.emplace_back(take_line(text));
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

std::string own_engine(std::string_view create) {
  constexpr std::string_view kEngine = " ENGINE = ";
  const size_t begin = create.find(kEngine);
  if (begin == std::string_view::npos) return {};
  create.remove_prefix(begin + kEngine.size());
  return std::string(create.substr(0, create.find(" AS SELECT ")));
}

bool is_off(const std::string& value) { return value == "0" || value == "false" || value == "disable"; }

// Queries about one table and its views, within one deadline.
class Survey {
 public:
  Survey(const ClickHouseSettings& settings, Clock& clock, SecretMask* mask, Duration timeout, std::stop_token stop)
      : settings_(settings),
        clock_(clock),
        client_(settings, clock, mask),
        deadline_(clock.steady_now() + timeout),
        stop_(std::move(stop)) {}

  Result<TableProperties> properties() {
    const auto table = client_.describe_table(left(), stop_);
    if (!table) return tl::make_unexpected(table.error());
    const auto asked = ask_settings();
    if (!asked) return tl::make_unexpected(asked.error());
    TableProperties properties;
    properties.table = table->database + "." + table->table;
    properties.replicated = table->replicated();
    properties.whole_or_nothing = !is_partitioned(*table) && table->engine != "Distributed";
    properties.loose_names = matches_loosely();
    for (const ColumnInfo& column : table->columns) {
      if (column.insertable()) properties.columns.push_back(column.name);
    }
    properties.why_not = why_repeats_are_stored(*table);
    properties.repeats_recognised = properties.why_not.empty();
    return properties;
  }

 private:
  Duration left() const { return std::max<Duration>(deadline_ - clock_.steady_now(), std::chrono::milliseconds(1)); }

  // Queries the server's values of the relevant settings, which apply if an insert does not set them.
  Status ask_settings() {
    const auto rows = client_.rows(
        "SELECT name, value FROM system.settings WHERE name IN ('insert_deduplicate', 'deduplicate_insert', "
        "'deduplicate_blocks_in_dependent_materialized_views', 'insert_deduplication_token', "
        "'input_format_column_name_matching_mode') UNION ALL SELECT name, value FROM system.merge_tree_settings WHERE "
        "name = 'non_replicated_deduplication_window' FORMAT JSONCompact",
        2, left(), stop_);
    if (!rows) return tl::make_unexpected(rows.error());
    for (const auto& row : *rows) server_[row[0]] = row[1];
    ours_ = insert_settings(settings_, "token");
    return {};
  }

  bool knows(const std::string& setting) const { return server_.contains(setting); }
  std::string value(const std::string& setting) const {
    if (const auto ours = ours_.find(setting); ours != ours_.end()) return ours->second;
    const auto theirs = server_.find(setting);
    return theirs != server_.end() ? theirs->second : std::string();
  }

  bool matches_loosely() const {
    constexpr const char* kMode = "input_format_column_name_matching_mode";
    return knows(kMode) && value(kMode) != "match_case";
  }

  static bool is_partitioned(const TableInfo& table) {
    const std::string& engine = table.engine_full;
    return engine.find(" PARTITION BY ") != std::string::npos ||
           (!table.replicated() &&
            engine.find("MergeTree(") != std::string::npos);  // the old engine syntax partitions by month
  }

  // Empty if the table and its views deduplicate repeated inserts.
  std::string why_repeats_are_stored(const TableInfo& table) {
    if (!is_off(value("async_insert"))) return "async_insert is on";
    for (const char* setting : {"insert_deduplicate", "deduplicate_insert"}) {
      if (knows(setting) && is_off(value(setting))) return std::string(setting) + " is off";
    }
    if (!knows("insert_deduplication_token") && !table.replicated()) return "the server knows no insert token";
    if (std::string why = why_not_recognised({table.database, table.table}, table); !why.empty()) return why;
    return why_views_store_again({table.database, table.table});
  }

  std::string why_not_recognised(const Name& name, const TableInfo& table) const {
    const std::string text = name.database + "." + name.table;
    const std::optional<bool> known = table.deduplicates();
    if (!known) return text + " (" + table.engine + ") is not known to recognise a repeat";
    if (*known) return {};
    const bool by_default = !table.replicated() && !table.settings.contains("non_replicated_deduplication_window") &&
                            knows("non_replicated_deduplication_window") &&
                            !is_off(server_.at("non_replicated_deduplication_window"));
    return by_default ? std::string() : text + " has no deduplication window";
  }

  // Checks the table's views, their targets, and the views on these targets.
  std::string why_views_store_again(const Name& table) {
    std::vector<Name> open = {table};
    std::set<Name> seen = {table};
    while (!open.empty()) {
      const Name next = open.back();
      open.pop_back();
      const auto views = client_.rows(
          "SELECT arrayStringConcat(dependencies_database, '\\n'), "
          "arrayStringConcat(dependencies_table, '\\n') FROM system.tables" +
              where(next) + " FORMAT JSONCompact",
          2, left(), stop_);
      if (!views || views->empty()) return "the views of " + next.database + "." + next.table + " cannot be looked up";
      const auto databases = lines(views->front()[0]);
      const auto names = lines(views->front()[1]);
      for (size_t i = 0; i < names.size() && i < databases.size(); ++i) {
        const Name view{databases[i], names[i]};
        if (!seen.insert(view).second) continue;
        if (seen.size() > kMostViews) return "it has too many views to look at";
        open.push_back(view);
        if (std::string why = why_target_stores_again(view, open, seen); !why.empty()) return why;
      }
    }
    return {};
  }

  std::string why_target_stores_again(const Name& view, std::vector<Name>& open, std::set<Name>& seen) {
    constexpr const char* kToViews = "deduplicate_blocks_in_dependent_materialized_views";
    if (!knows(kToViews) || is_off(value(kToViews))) return "a repeat is not pushed to its views";
    const std::string text = view.database + "." + view.table;
    const auto rows = client_.rows(
        "SELECT engine, engine_full, create_table_query FROM system.tables" + where(view) + " FORMAT JSONCompact", 3,
        left(), stop_);
    if (!rows || rows->empty()) return "the view " + text + " cannot be looked up";
    const auto& [engine, engine_full, create] = std::tie((*rows)[0][0], (*rows)[0][1], (*rows)[0][2]);
    if (engine != "MaterializedView") return {};  // live and window views do not store inserted rows
    TableInfo target;
    const std::optional<TableName> to = view_target(create);
    if (!to) {  // an inner table
      target.engine_full = own_engine(create);
      target.engine = target.engine_full.substr(0, target.engine_full.find_first_of(" ("));
      target.settings = parse_table_settings(target.engine_full);
      return why_not_recognised(view, target);
    }
    const Name name{to->database.empty() ? view.database : to->database, to->table};
    const auto found = client_.rows(
        "SELECT engine, engine_full FROM system.tables" + where(name) + " FORMAT JSONCompact", 2, left(), stop_);
    if (!found || found->empty()) return "the target of the view " + text + " cannot be looked up";
    target.engine = (*found)[0][0];
    target.engine_full = (*found)[0][1];
    target.settings = parse_table_settings(target.engine_full);
    if (seen.insert(name).second) open.push_back(name);
    return why_not_recognised(name, target);
  }

  const ClickHouseSettings& settings_;
  Clock& clock_;
  ClickHouseClient client_;
  const SteadyTime deadline_;
  const std::stop_token stop_;
  std::map<std::string, std::string> server_;
  SettingMap ours_;
};

bool equal_names(std::string_view a, std::string_view b, bool loosely) {
  if (!loosely) return a == b;
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

// True also for a Nested: a field `n` fills the columns `n.x`.
bool is_column(std::string_view field, const TableProperties& properties) {
  return std::any_of(properties.columns.begin(), properties.columns.end(), [&](std::string_view column) {
    if (equal_names(field, column, properties.loose_names)) return true;
    const size_t dot = column.find('.');
    return dot != std::string_view::npos && equal_names(field, column.substr(0, dot), properties.loose_names);
  });
}

// Passes on the names of an object's members in order and stores nothing, because a row may be large.
class MemberNames : public nlohmann::json_sax<nlohmann::json> {
 public:
  // `next` is not called again after it has returned false.
  explicit MemberNames(std::function<bool(const std::string&)> next) : next_(std::move(next)) {}

  bool key(string_t& name) override { return depth_ != 1 || next_(name); }
  bool start_object(size_t) override { return ++depth_ > 0; }
  bool end_object() override { return --depth_ >= 0; }
  bool start_array(size_t) override { return ++depth_ > 1; }  // otherwise it is not an object
  bool end_array() override { return --depth_ >= 0; }
  bool null() override { return depth_ > 0; }
  bool boolean(bool) override { return depth_ > 0; }
  bool number_integer(number_integer_t) override { return depth_ > 0; }
  bool number_unsigned(number_unsigned_t) override { return depth_ > 0; }
  bool number_float(number_float_t, const string_t&) override { return depth_ > 0; }
  bool string(string_t&) override { return depth_ > 0; }
  bool binary(binary_t&) override { return false; }
  bool parse_error(size_t, const std::string&, const nlohmann::json::exception&) override { return false; }

 private:
  const std::function<bool(const std::string&)> next_;
  int depth_ = 0;
};

}  // namespace

Result<TableProperties> query_table_properties(const ClickHouseSettings& settings, Clock& clock, SecretMask* mask,
                                               Duration timeout, std::stop_token stop) {
  return Survey(settings, clock, mask, timeout, std::move(stop)).properties();
}

std::optional<TableProperties> TablePropertiesCache::properties(Duration max_age, std::stop_token stop) {
  {
    MutexLock lock(mutex_);
    if (known_ && clock_.steady_now() - known_at_ < max_age) return known_;
  }
  auto asked = query_table_properties(settings_, clock_, mask_, kTimeout, std::move(stop));
  if (!asked) return std::nullopt;
  MutexLock lock(mutex_);
  known_ = *std::move(asked);
  known_at_ = clock_.steady_now();
  return known_;
}

std::vector<std::string> fields_without_column(const std::vector<std::string_view>& rows,
                                               const TableProperties& properties) {
  std::vector<std::string> fields;
  const auto is_none = [&](const std::string& field) {
    if (is_column(field, properties)) return false;
    const bool known = std::find(fields.begin(), fields.end(), field) != fields.end();
    if (!known && fields.size() < kMostFields) fields.push_back(field);
    return true;
  };
  for (std::string_view some : rows) {
    while (!some.empty()) {
      MemberNames names(is_none);
      // Parsing stops if a field is a column, or if the row is not an object, which the server must reject.
      if (!nlohmann::json::sax_parse(take_line(some), &names)) return {};
    }
  }
  return fields;
}

}  // namespace freshet::clickhouse
