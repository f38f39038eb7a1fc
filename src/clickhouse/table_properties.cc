#include "clickhouse/table_properties.h"

#include <algorithm>
#include <cctype>
#include <functional>
#include <nlohmann/json.hpp>
#include <utility>

#include "clickhouse/table_survey.h"

namespace freshet::clickhouse {
namespace {

constexpr size_t kMostFields = 100;
constexpr Duration kTimeout = std::chrono::seconds(5);

// Removes and returns the first line of `text`.
std::string_view take_line(std::string_view& text) {
  const std::string_view line = text.substr(0, text.find('\n'));
  text.remove_prefix(std::min(line.size() + 1, text.size()));
  return line;
}

bool is_off(const std::string& value) { return value == "0" || value == "false" || value == "disable"; }

bool is_partitioned(const TableInfo& table) {
  const std::string& engine = table.engine_full;
  return engine.find(" PARTITION BY ") != std::string::npos ||
         (!table.replicated() &&
          engine.find("MergeTree(") != std::string::npos);  // the old engine syntax partitions by month
}

std::string why_not_recognised(const ReachedTable& table, const TableSurvey& survey) {
  if (table.engine.empty()) return "the target of the view " + table.view + " cannot be looked up";
  const std::string name = table.text() + (table.view.empty() ? "" : " (the target of the view " + table.view + ")");
  const auto window = survey.window(table);
  if (!window) return name + " (" + table.engine + ") is not known to recognise a repeat";
  return *window > 0 ? std::string() : name + " has no deduplication window";
}

// Empty if the table and its views deduplicate repeated inserts.
std::string why_repeats_are_stored(const TableSurvey& survey) {
  constexpr const char* kToViews = "deduplicate_blocks_in_dependent_materialized_views";
  if (!is_off(survey.value("async_insert"))) return "async_insert is on";
  for (const char* setting : {"insert_deduplicate", "deduplicate_insert"}) {
    if (survey.knows(setting) && is_off(survey.value(setting))) return std::string(setting) + " is off";
  }
  if (!survey.knows("insert_deduplication_token") && !survey.table.replicated()) {
    return "the server knows no insert token";
  }
  for (const ReachedTable& table : survey.reached) {
    if (!table.view.empty() && (!survey.knows(kToViews) || is_off(survey.value(kToViews)))) {
      return "a repeat is not pushed to its views";
    }
    if (std::string why = why_not_recognised(table, survey); !why.empty()) return why;
  }
  return survey.incomplete;
}

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

Result<TableProperties> query_table_properties(const ClickHouseSettings& settings, Clock& clock,
                                               secrets::SecretStore* secrets, Duration timeout, std::stop_token stop) {
  constexpr const char* kMatching = "input_format_column_name_matching_mode";
  const auto survey = TableSurveyor(settings, clock, secrets, timeout, std::move(stop)).survey();
  if (!survey) return tl::make_unexpected(survey.error());
  const TableInfo& table = survey->table;
  TableProperties properties;
  properties.table = table.database + "." + table.table;
  properties.replicated = table.replicated();
  properties.whole_or_nothing = !is_partitioned(table) && table.engine != "Distributed";
  properties.loose_names = survey->knows(kMatching) && survey->value(kMatching) != "match_case";
  for (const ColumnInfo& column : table.columns) {
    if (column.insertable()) properties.columns.push_back(column.name);
  }
  properties.why_not = why_repeats_are_stored(*survey);
  properties.repeats_recognised = properties.why_not.empty();
  return properties;
}

std::optional<TableProperties> TablePropertiesCache::properties(Duration max_age, std::stop_token stop) {
  {
    MutexLock lock(mutex_);
    if (known_ && clock_.steady_now() - known_at_ < max_age) return known_;
  }
  auto asked = query_table_properties(settings_, clock_, secrets_, kTimeout, std::move(stop));
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
