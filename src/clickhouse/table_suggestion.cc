#include "clickhouse/table_suggestion.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "base/terminal_text.h"
#include "clickhouse/insert_url.h"
#include "clickhouse/json_value.h"

namespace freshet::clickhouse {
namespace {

constexpr size_t kMostSortingColumns = 3;  // beside the time

// In backquotes where needed, with control characters as escape sequences: names come from messages and are printed.
std::string column_name(const std::string& name) {
  const std::string quoted = quote_where_needed(name);
  std::string out;
  for (size_t i = 0; i < quoted.size(); ++i) {
    const auto byte = static_cast<unsigned char>(quoted[i]);
    const bool begins_c1 = byte == 0xC2 && i + 1 < quoted.size() && static_cast<unsigned char>(quoted[i + 1]) < 0xA0;
    const bool ends_c1 = i > 0 && quoted[i - 1] == '\xC2' && byte < 0xA0;
    if (byte < 0x20 || byte == 0x7F || begins_c1 || ends_c1) {
      out += fmt::format("\\x{:02X}", byte);
    } else {
      out += quoted[i];
    }
  }
  return out;
}

std::string comment_of(const SuggestedColumn& column, uint64_t rows) {
  std::string out;
  const auto add = [&](const std::string& part) { out += (out.empty() ? " -- " : ", ") + part; };
  if (column.missing > 0) add(fmt::format("missing in {} of {} rows", column.missing, rows));
  if (column.nulls > 0) add(fmt::format("null in {} of {} rows", column.nulls, rows));
  if (!column.type.note.empty()) add(column.type.note);
  return out;
}

// The first time, then columns of few distinct values. Nullable columns cannot be in a sorting key.
std::vector<std::string> sorting_key(const std::vector<SuggestedColumn>& columns) {
  std::vector<std::string> key;
  const auto time = std::find_if(columns.begin(), columns.end(),
                                 [](const auto& column) { return column.type.is_time && !column.type.nullable; });
  if (time != columns.end()) key.push_back(column_name(time->name));
  size_t more = 0;
  for (const SuggestedColumn& column : columns) {
    if (!column.type.low_cardinality || column.type.nullable || more == kMostSortingColumns) continue;
    key.push_back(column_name(column.name));
    ++more;
  }
  return key;
}

std::string key_text(const std::vector<std::string>& key) {
  return key.empty() ? "tuple()" : fmt::format("({})", fmt::join(key, ", "));
}

std::string engine_of(const SuggestionOptions& options) {
  if (!options.replicated) return "MergeTree";
  const std::string path = "/clickhouse/tables/{shard}/" +
                           (options.table.database.empty() ? "" : options.table.database + "/") + options.table.table;
  return fmt::format("ReplicatedMergeTree({}, '{{replica}}')", quote_literal(path));
}

std::string window_of(bool replicated) {
  return replicated ? "replicated_deduplication_window = 100000, replicated_deduplication_window_seconds = 86400"
                    : "non_replicated_deduplication_window = 100000";
}

std::string statement_of(const SuggestionOptions& options, const std::vector<SuggestedColumn>& columns, uint64_t rows,
                         const std::string& warnings) {
  const std::string database = options.table.database;
  std::string out =
      terminal_text("-- Suggested from " + options.source) + "; look at types and ORDER BY before you use it.\n";
  out += warnings;
  out += fmt::format("CREATE TABLE {}{}\n(\n", database.empty() ? "" : column_name(database) + ".",
                     column_name(options.table.table));
  for (size_t i = 0; i < columns.size(); ++i) {
    out += fmt::format("    {} {}{}{}\n", column_name(columns[i].name), columns[i].type.name,
                       i + 1 < columns.size() ? "," : "", comment_of(columns[i], rows));
  }
  out += fmt::format(")\nENGINE = {}\n", engine_of(options));
  out += "-- Best are the columns that your queries filter by. The key cannot be changed later.\n";
  out += fmt::format("ORDER BY {}\n", key_text(sorting_key(columns)));
  out += "-- The window in which the server recognises repeated inserts: exactly-once delivery needs it.\n";
  return out + fmt::format("SETTINGS {};\n", window_of(options.replicated));
}

}  // namespace

void TableSuggester::add(std::string_view row) {
  const auto value = JsonValue::parse(row);
  if (!value || value->kind != JsonValue::Kind::Object) return;
  ++rows_;
  std::set<std::string_view> seen;
  for (size_t i = 0; i < value->elements.size(); ++i) {
    const std::string& name = value->names[i];
    if (!seen.insert(name).second) continue;  // a field that occurs twice fills one column
    if (name.empty()) {
      ++nameless_;
      continue;
    }
    auto known = by_name_.find(name);
    if (known == by_name_.end()) {
      if (fields_.size() == kMostColumns) {
        ++surplus_;
        continue;
      }
      known = by_name_.emplace(name, fields_.size()).first;
      fields_.push_back({name, {}});
    }
    fields_[known->second].values.add(value->elements[i]);
  }
}

TableSuggestion TableSuggester::suggest(const SuggestionOptions& options) const {
  TableSuggestion out;
  out.rows = rows_;
  for (const auto& [name, values] : fields_) {
    const uint64_t missing = rows_ - std::min(rows_, values.values());
    const auto known = options.known.find(name);
    out.columns.push_back(
        {name, known == options.known.end() ? values.type(missing > 0) : known->second, missing, values.nulls()});
  }
  std::string warnings;
  if (nameless_ > 0)
    warnings += fmt::format("-- {} rows have a field without a name, which has no column.\n", nameless_);
  if (surplus_ > 0) {
    warnings += fmt::format("-- There are more than {} fields; the others have no column.\n", kMostColumns);
  }
  out.statement = statement_of(options, out.columns, rows_, warnings);
  return out;
}

}  // namespace freshet::clickhouse
