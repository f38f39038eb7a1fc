// The queries that Snuba itself executed. One row per message, with one array element per ClickHouse query.
#include <simdjson.h>

#include "processors/data_sets/data_sets.h"
#include "processors/data_sets/querylog/querylog_stats.h"
#include "processors/description/described_processor.h"

namespace freshet::processors {
namespace {

using ColumnNames = List<JsonString>;

struct Query {
  JsonString sql;
  JsonString status;
  Uuid trace_id;
  QuerylogStats stats;
  std::optional<uint32_t> time_range;
  bool multi_level_condition = false;
  ColumnNames all_columns;
  ColumnNames where_columns;
  ColumnNames where_mapping_columns;
  ColumnNames groupby_columns;
  ColumnNames array_join_columns;
  uint64_t bytes = 0;
  uint64_t progress_bytes = 0;
  Truncated elapsed;  // seconds
};

struct Entry {
  Uuid request_id;
  std::string_view request_body;
  JsonString referrer;
  JsonString dataset;
  List<uint64_t> projects;
  std::optional<uint64_t> organization;
  JsonString status;
  uint64_t timestamp = 0;
  uint64_t duration_ms = 0;
  List<Query> queries;
};

// --- reading --------------------------------------------------------------------------------------------------------

// None and empty text become the nil UUID.
bool read_trace_id(ReadContext& in, Uuid& out) {
  if (in.json.consume_null()) return true;
  if (in.json.peek_text(0) == nullptr) return read_value(in.json, out);
  in.json.take_text(0);
  return true;
}

constexpr auto kWhereProfile = describe<Query>(field<&Query::where_columns>("columns", Need::Required),
                                               field<&Query::where_mapping_columns>("mapping_cols", Need::Required));

constexpr auto kProfile =
    describe<Query>(field<&Query::time_range>("time_range"), field<&Query::all_columns>("all_columns", Need::Required),
                    field<&Query::multi_level_condition>("multi_level_condition", Need::Required),
                    field<object<kWhereProfile>>("where_profile", Need::Required),
                    field<&Query::groupby_columns>("groupby_cols", Need::Required),
                    field<&Query::array_join_columns>("array_join_cols", Need::Required));

constexpr auto kResult = describe<Query>(field<&Query::bytes>("bytes", Need::Defaulted),
                                         field<&Query::progress_bytes>("progress_bytes", Need::Defaulted),
                                         field<&Query::elapsed>("elapsed", Need::Defaulted));

bool read_result(ReadContext& in, Query& query) { return in.json.consume_null() || kResult.read(in, query); }

constexpr auto kQuery = describe<Query>(field<&Query::sql>("sql", Need::Required),                  //
                                        field<&Query::status>("status", Need::Required),            //
                                        field<&Query::trace_id, read_trace_id>("trace_id"),         //
                                        field<&Query::stats, read_stats>("stats", Need::Required),  //
                                        field<object<kProfile>>("profile", Need::Required),         //
                                        field<read_result>("result_profile"));

bool read_body(ReadContext& in, std::string_view& out) {
  if (!in.json.skip(out)) return false;
  return simdjson::validate_utf8(out) || in.json.fail("the request's body is not UTF-8");
}

constexpr auto kRequest = describe<Entry>(field<&Entry::request_id>("id", Need::Required),
                                          field<&Entry::request_body, read_body>("body", Need::Required),
                                          field<&Entry::referrer>("referrer", Need::Required));

constexpr auto kTiming = describe<Entry>(field<&Entry::timestamp>("timestamp", Need::Required),
                                         field<&Entry::duration_ms>("duration_ms", Need::Required));

// --- columns --------------------------------------------------------------------------------------------------------

template <auto... kPath>
consteval auto query_column(std::string_view name) {
  return column<&Entry::queries, each<kPath...>>(name);
}

uint8_t as_number(const bool& flag) { return flag ? 1 : 0; }
uint32_t or_zero(const std::optional<uint32_t>& number) { return number.value_or(0); }
uint64_t milliseconds(const Truncated& seconds) { return to_u64(seconds.value * 1000.0); }

constexpr auto kEntry = describe<Entry>(
    field<object<kRequest>>("request", Need::Required),                                         //
    field<&Entry::dataset>("dataset", Need::Required),                                          //
    field<&Entry::projects>("projects", Need::Required),                                        //
    field<&Entry::organization>("organization"),                                                //
    field<&Entry::status>("status", Need::Required),                                            //
    field<object<kTiming>>("timing", Need::Required),                                           //
    field<&Entry::queries, list_of<kQuery>>("query_list", Need::Required),                      //
    column<&Entry::request_id>("request_id"),                                                   //
    column<&Entry::request_body>("request_body"),                                               //
    column<&Entry::referrer>("referrer"),                                                       //
    column<&Entry::dataset>("dataset"),                                                         //
    column<&Entry::projects, each<>>("projects"),                                               //
    column<&Entry::organization>("organization"),                                               //
    column<&Entry::status>("status"),                                                           //
    column<partition_of>("partition"),                                                          //
    column<offset_of>("offset"),                                                                //
    column<&Entry::timestamp>("timestamp"),                                                     //
    column<&Entry::duration_ms>("duration_ms"),                                                 //
    query_column<&Query::sql>("clickhouse_queries.sql"),                                        //
    query_column<&Query::status>("clickhouse_queries.status"),                                  //
    query_column<&Query::trace_id>("clickhouse_queries.trace_id"),                              //
    query_column<&Query::stats, &QuerylogStats::all>("clickhouse_queries.stats"),               //
    query_column<&Query::stats, &QuerylogStats::final, as_number>("clickhouse_queries.final"),  //
    query_column<&Query::stats, &QuerylogStats::cache_hit>("clickhouse_queries.cache_hit"),     //
    query_column<&Query::stats, &QuerylogStats::sample>("clickhouse_queries.sample"),           //
    query_column<&Query::stats, &QuerylogStats::max_threads>("clickhouse_queries.max_threads"),
    query_column<&Query::time_range, or_zero>("clickhouse_queries.num_days"),  //
    query_column<&Query::stats, &QuerylogStats::clickhouse_table>("clickhouse_queries.clickhouse_table"),
    query_column<&Query::stats, &QuerylogStats::query_id>("clickhouse_queries.query_id"),
    query_column<&Query::stats, &QuerylogStats::is_duplicate>("clickhouse_queries.is_duplicate"),
    query_column<&Query::stats, &QuerylogStats::consistent, as_number>("clickhouse_queries.consistent"),
    query_column<&Query::all_columns, each<>>("clickhouse_queries.all_columns"),
    query_column<&Query::multi_level_condition, as_number>("clickhouse_queries.or_conditions"),
    query_column<&Query::where_columns, each<>>("clickhouse_queries.where_columns"),
    query_column<&Query::where_mapping_columns, each<>>("clickhouse_queries.where_mapping_columns"),
    query_column<&Query::groupby_columns, each<>>("clickhouse_queries.groupby_columns"),
    query_column<&Query::array_join_columns, each<>>("clickhouse_queries.array_join_columns"),
    query_column<&Query::progress_bytes>("clickhouse_queries.bytes_scanned"),
    query_column<&Query::bytes>("clickhouse_queries.bytes"),
    query_column<&Query::elapsed, milliseconds>("clickhouse_queries.duration_ms"));

}  // namespace

ProcessorFactory querylog(const ProcessorsSettings& settings, const ProcessorEnvironment& environment) {
  return described<kEntry>(settings, environment);
}

}  // namespace freshet::processors
