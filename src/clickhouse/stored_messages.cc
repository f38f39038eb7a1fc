#include "clickhouse/stored_messages.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <span>
#include <string_view>

#include "clickhouse/insert_url.h"

namespace freshet::clickhouse {
namespace {

constexpr Duration kCountTimeout = std::chrono::seconds(60);
// A profile may limit what a query reads or returns, or hide rows. The server gives up when freshet does.
constexpr const char* kWholeAnswer =
    "SETTINGS max_rows_to_read = 0, max_bytes_to_read = 0, max_result_rows = 0, max_result_bytes = 0, "
    "max_rows_to_group_by = 0, read_overflow_mode = 'throw', result_overflow_mode = 'throw', "
    "group_by_overflow_mode = 'throw', max_execution_time = 60, timeout_overflow_mode = 'throw', "
    "limit = 0, offset = 0, final = 0, use_query_cache = 0";

using ColumnTypes = std::span<const std::string_view>;
constexpr std::string_view kPartitionTypes[] = {"UInt16", "UInt32", "UInt64", "Int32", "Int64"};
constexpr std::string_view kOffsetTypes[] = {"UInt64", "Int64"};
constexpr std::string_view kTopicTypes[] = {"String", "LowCardinality(String)"};

// Inserts fill the column, and each value fits into it.
bool holds_values(const TableInfo& table, const std::string& name, ColumnTypes types) {
  const auto column =
      std::find_if(table.columns.begin(), table.columns.end(), [&](const ColumnInfo& one) { return one.name == name; });
  return column != table.columns.end() && column->insertable() && column->default_kind != "EPHEMERAL" &&
         std::find(types.begin(), types.end(), column->type) != types.end();
}

std::string count_query(const TableInfo& table, const PositionColumns& columns, const InsertMessages& inserted) {
  const std::string offset = quote_identifier(columns.offset);
  std::string where =
      fmt::format("{} = {} AND {} BETWEEN {} AND {}", quote_identifier(columns.partition), inserted.partition.value,
                  offset, inserted.messages.front().offset.value, inserted.messages.back().offset.value);
  if (!columns.topic.empty()) {
    where += fmt::format(" AND {} = {}", quote_identifier(columns.topic), quote_literal(columns.topic_value));
  }
  return fmt::format("SELECT toString({0}), toString(count()) FROM {1} WHERE {2} GROUP BY {0} {3} FORMAT JSONCompact",
                     offset, quote_table({table.database, table.table}), where, kWholeAnswer);
}

template <typename Number>
Number number_in(const std::string& text) {
  Number value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

// Rows that the user may not see are not missing. Reading the row policies needs a privilege, so this compares what the
// parts have with what the user can count, which costs nothing where there is no policy.
Status sees_all_rows(TableSurveyor& server, const TableInfo& table) {
  const auto stored = server.rows(
      fmt::format("SELECT toString(ifNull(total_rows, 0)) FROM system.tables WHERE database = {} AND name = {} FORMAT "
                  "JSONCompact",
                  quote_literal(table.database), quote_literal(table.table)),
      1);
  if (!stored) return tl::make_unexpected(stored.error());
  const auto seen = server.rows(fmt::format("SELECT toString(count()) FROM {} {} FORMAT JSONCompact",
                                            quote_table({table.database, table.table}), kWholeAnswer),
                                1);
  if (!seen) return tl::make_unexpected(seen.error());
  const auto number = [](const auto& rows) { return rows.empty() ? 0 : number_in<uint64_t>(rows[0][0]); };
  if (number(*seen) >= number(*stored)) return {};
  return failure(ErrorKind::Fatal, "the user does not see all rows: there is a row policy, or rows are deleted");
}

}  // namespace

std::string why_not_countable(const TableSurvey& survey, const PositionColumns& columns) {
  const TableInfo& table = survey.table;
  if (!survey.incomplete.empty()) return survey.incomplete;
  if (survey.has_views) return "views write rows of the insert into other tables, where they cannot be counted";
  if (!survey.reached.front().merge_tree()) return fmt::format("the table has the engine {}", table.engine);
  if (!holds_values(table, columns.partition, kPartitionTypes)) {
    return fmt::format("the table has no column {} of an integer type that holds each partition", columns.partition);
  }
  if (!holds_values(table, columns.offset, kOffsetTypes)) {
    return fmt::format("the table has no column {} of type UInt64 or Int64", columns.offset);
  }
  if (!columns.topic.empty() && !holds_values(table, columns.topic, kTopicTypes)) {
    return fmt::format("the table has no column {} of type String", columns.topic);
  }
  return {};
}

std::string why_rows_may_be_gone(const TableInfo& table) {
  if (table.engine != "MergeTree") return fmt::format("the engine {} removes rows at merges", table.engine);
  if (table.engine_full.find(" TTL ") != std::string::npos) return "the table has a TTL, which removes rows";
  return {};
}

Result<std::vector<Offset>> missing_messages(const InsertMessages& inserted,
                                             const std::map<int64_t, uint64_t>& counts) {
  std::vector<Offset> missing;
  for (const auto& [offset, rows] : inserted.messages) {
    const auto found = counts.find(offset.value);
    if (found == counts.end()) {
      missing.push_back(offset);
    } else if (found->second != rows) {
      return failure(ErrorKind::Invalid,
                     fmt::format("the table has {} rows of offset {} of partition {}, and the insert has {}",
                                 found->second, offset.value, inserted.partition.value, rows));
    }
  }
  return missing;
}

Result<std::vector<Offset>> StoredMessages::missing(const InsertMessages& inserted, const std::stop_token& stop) {
  if (!columns_) {
    return failure(ErrorKind::Fatal, "the rows have no columns for the partition and offset of their message");
  }
  if (inserted.messages.empty()) return std::vector<Offset>();
  TableSurveyor server(settings_, clock_, secrets_, kCountTimeout, stop);
  const auto survey = server.survey();
  if (!survey) return tl::make_unexpected(survey.error());
  if (std::string why = why_not_countable(*survey, *columns_); !why.empty()) {
    return failure(survey->failed_query ? survey->failed_query->kind : ErrorKind::Fatal, std::move(why));
  }
  if (const Status all_visible = sees_all_rows(server, survey->table); !all_visible) {
    return tl::make_unexpected(all_visible.error());
  }
  const auto rows = server.rows(count_query(survey->table, *columns_, inserted), 2);
  if (!rows) return tl::make_unexpected(rows.error());
  std::map<int64_t, uint64_t> counts;
  for (const auto& row : *rows) counts[number_in<int64_t>(row[0])] = number_in<uint64_t>(row[1]);
  auto absent = missing_messages(inserted, counts);
  const std::string gone = absent && !absent->empty() ? why_rows_may_be_gone(survey->table) : std::string();
  if (gone.empty()) return absent;
  return failure(ErrorKind::Fatal, fmt::format("{} messages have no row, and {}", absent->size(), gone));
}

}  // namespace freshet::clickhouse
