#include "processors/data_sets/querylog/querylog_processor.h"

#include <simdjson.h>

#include "processors/json/read_lists.h"
#include "processors/json/struct_reader.h"
#include "processors/values/conversions.h"
#include "processors/values/read_values.h"

namespace freshet::processors {
namespace {

enum In { kRequest, kDataset, kProjects, kOrganization, kStatus, kTiming, kQueryList };
constexpr Fields kFields({{"request", Need::Required},
                          {"dataset", Need::Required},
                          {"projects", Need::Required},
                          {"organization"},
                          {"status", Need::Required},
                          {"timing", Need::Required},
                          {"query_list", Need::Required}});

enum Request { kId, kBody, kReferrer };
constexpr Fields kRequestFields({{"id", Need::Required}, {"body", Need::Required}, {"referrer", Need::Required}});

enum Timing { kTimestamp, kDuration };
constexpr Fields kTimingFields({{"timestamp", Need::Required}, {"duration_ms", Need::Required}});

enum QueryFields { kSql, kQueryStatus, kTraceId, kStats, kProfile, kResultProfile };
constexpr Fields kQueryFields({{"sql", Need::Required},
                               {"status", Need::Required},
                               {"trace_id"},
                               {"stats", Need::Required},
                               {"profile", Need::Required},
                               {"result_profile"}});

enum Profile { kTimeRange, kAllColumns, kMultiLevelCondition, kWhereProfile, kGroupbyCols, kArrayJoinCols };
constexpr Fields kProfileFields({{"time_range"},
                                 {"all_columns", Need::Required},
                                 {"multi_level_condition", Need::Required},
                                 {"where_profile", Need::Required},
                                 {"groupby_cols", Need::Required},
                                 {"array_join_cols", Need::Required}});

enum WhereProfile { kColumns, kMappingCols };
constexpr Fields kWhereFields({{"columns", Need::Required}, {"mapping_cols", Need::Required}});

enum ResultProfile { kBytes, kProgressBytes, kElapsed };
constexpr Fields kResultFields({{"bytes", Need::Defaulted},
                                {"progress_bytes", Need::Defaulted},
                                {"elapsed", Need::Defaulted}});

constexpr Column kRequestIdColumn("request_id");
constexpr Column kRequestBody("request_body");
constexpr Column kReferrerColumn("referrer");
constexpr Column kDatasetColumn("dataset");
constexpr Column kProjectsColumn("projects");
constexpr Column kOrganizationColumn("organization");
constexpr Column kStatusColumn("status");
constexpr Column kPartition("partition");
constexpr Column kOffset("offset");
constexpr Column kTimestampColumn("timestamp");
constexpr Column kDurationColumn("duration_ms");
constexpr Column kQuerySql("clickhouse_queries.sql");
constexpr Column kQueryStatusColumn("clickhouse_queries.status");
constexpr Column kQueryTraceId("clickhouse_queries.trace_id");
constexpr Column kQueryStats("clickhouse_queries.stats");
constexpr Column kQueryFinal("clickhouse_queries.final");
constexpr Column kQueryCacheHit("clickhouse_queries.cache_hit");
constexpr Column kQuerySample("clickhouse_queries.sample");
constexpr Column kQueryMaxThreads("clickhouse_queries.max_threads");
constexpr Column kQueryNumDays("clickhouse_queries.num_days");
constexpr Column kQueryTable("clickhouse_queries.clickhouse_table");
constexpr Column kQueryIdColumn("clickhouse_queries.query_id");
constexpr Column kQueryIsDuplicate("clickhouse_queries.is_duplicate");
constexpr Column kQueryConsistent("clickhouse_queries.consistent");
constexpr Column kQueryAllColumns("clickhouse_queries.all_columns");
constexpr Column kQueryOrConditions("clickhouse_queries.or_conditions");
constexpr Column kQueryWhereColumns("clickhouse_queries.where_columns");
constexpr Column kQueryWhereMappingColumns("clickhouse_queries.where_mapping_columns");
constexpr Column kQueryGroupbyColumns("clickhouse_queries.groupby_columns");
constexpr Column kQueryArrayJoinColumns("clickhouse_queries.array_join_columns");
constexpr Column kQueryBytesScanned("clickhouse_queries.bytes_scanned");
constexpr Column kQueryBytes("clickhouse_queries.bytes");
constexpr Column kQueryDuration("clickhouse_queries.duration_ms");

}  // namespace

QuerylogProcessor::QuerylogProcessor(const ProcessorsSettings& settings, const ProcessorEnvironment&)
    : stats_(json_), row_(tick_form(settings)) {}

ProcessResult QuerylogProcessor::process(const MessageContext& context, const Message& message, std::string& rows) {
  if (!message.payload) return null_payload();
  json_.open(message);
  entry_ = Entry();
  projects_.clear();
  queries_.clear();
  columns_.clear();
  if (!read()) return invalid_message(json_);
  row_.clear();
  write(context, message);
  row_.move_to(rows);
  return ProcessResult::rows(1);
}

// --- reading --------------------------------------------------------------------------------------------------------

bool QuerylogProcessor::read() {
  StructReader fields(json_, kFields, Unknown::Skip);
  for (int field; (field = fields.next()) >= 0;) {
    if (!read_field(field)) return false;
  }
  return fields.complete() && json_.finish();
}

bool QuerylogProcessor::read_field(int field) {
  switch (field) {
    case kRequest:
      return read_request();
    case kDataset:
      return json_.read_string(entry_.dataset);
    case kProjects:
      return read_list(json_, [this] { return json_.read_u64(projects_.emplace_back()); });
    case kOrganization:
      return read_optional(json_, entry_.organization);
    case kStatus:
      return json_.read_string(entry_.status);
    case kTiming:
      return read_timing();
    case kQueryList:
      return read_list(json_, [this] { return read_query(); });
    default:
      return false;
  }
}

bool QuerylogProcessor::read_request() {
  StructReader fields(json_, kRequestFields, Unknown::Skip);
  for (int field; (field = fields.next()) >= 0;) {
    bool read = false;
    if (field == kId) {
      read = read_value(json_, entry_.request_id);
    } else if (field == kBody) {
      read = json_.skip(entry_.request_body);
    } else {
      read = json_.read_string(entry_.referrer);
    }
    if (!read) return false;
  }
  if (!simdjson::validate_utf8(entry_.request_body)) return json_.fail("the request's body is not UTF-8");
  return fields.complete();
}

bool QuerylogProcessor::read_timing() {
  StructReader fields(json_, kTimingFields, Unknown::Skip);
  for (int field; (field = fields.next()) >= 0;) {
    if (!json_.read_u64(field == kTimestamp ? entry_.timestamp : entry_.duration_ms)) return false;
  }
  return fields.complete();
}

bool QuerylogProcessor::read_query() {
  Query& query = queries_.emplace_back();
  StructReader fields(json_, kQueryFields, Unknown::Skip);
  for (int field; (field = fields.next()) >= 0;) {
    if (!read_query_field(field, query)) return false;
  }
  return fields.complete();
}

bool QuerylogProcessor::read_query_field(int field, Query& query) {
  switch (field) {
    case kSql:
      return json_.read_string(query.sql);
    case kQueryStatus:
      return json_.read_string(query.status);
    case kTraceId:
      return read_trace_id(query.trace_id);
    case kStats:
      return stats_.read(query.stats);
    case kProfile:
      return read_profile(query);
    case kResultProfile:
      return read_result_profile(query);
    default:
      return false;
  }
}

// None and empty text become the nil UUID.
bool QuerylogProcessor::read_trace_id(Uuid& out) {
  if (json_.consume_null()) return true;
  JsonString text;
  if (!json_.read_string(text)) return false;
  if (text.view.empty()) return true;
  const auto uuid = Uuid::parse(text.view);
  if (!uuid) return json_.fail("expected a UUID");
  out = *uuid;
  return true;
}

bool QuerylogProcessor::read_profile(Query& query) {
  StructReader fields(json_, kProfileFields, Unknown::Skip);
  for (int field; (field = fields.next()) >= 0;) {
    if (!read_profile_field(field, query)) return false;
  }
  return fields.complete();
}

bool QuerylogProcessor::read_profile_field(int field, Query& query) {
  switch (field) {
    case kTimeRange:
      return read_optional(json_, query.time_range);
    case kAllColumns:
      return read_columns(query.all_columns);
    case kMultiLevelCondition:
      return json_.read_bool(query.multi_level_condition);
    case kWhereProfile:
      return read_where_profile(query);
    case kGroupbyCols:
      return read_columns(query.groupby_columns);
    case kArrayJoinCols:
      return read_columns(query.array_join_columns);
    default:
      return false;
  }
}

bool QuerylogProcessor::read_where_profile(Query& query) {
  StructReader fields(json_, kWhereFields, Unknown::Skip);
  for (int field; (field = fields.next()) >= 0;) {
    if (!read_columns(field == kColumns ? query.where_columns : query.where_mapping_columns)) return false;
  }
  return fields.complete();
}

bool QuerylogProcessor::read_columns(ColumnNames& out) {
  out.begin = columns_.size();
  const bool read = read_list(json_, [this] { return json_.read_string(columns_.emplace_back()); });
  out.end = columns_.size();
  return read;
}

bool QuerylogProcessor::read_result_profile(Query& query) {
  if (json_.consume_null()) return true;
  StructReader fields(json_, kResultFields, Unknown::Skip);
  for (int field; (field = fields.next()) >= 0;) {
    bool read = false;
    if (field == kElapsed) {
      read = json_.read_f64_to_truncate(query.elapsed);
    } else {
      read = json_.read_u64(field == kBytes ? query.bytes : query.progress_bytes);
    }
    if (!read) return false;
  }
  return fields.complete();
}

// --- writing --------------------------------------------------------------------------------------------------------

void QuerylogProcessor::write(const MessageContext& context, const Message& message) {
  row_.begin_row();
  row_.put(kRequestIdColumn, entry_.request_id);
  row_.put(kRequestBody, entry_.request_body);
  row_.put(kReferrerColumn, entry_.referrer);
  row_.put(kDatasetColumn, entry_.dataset);
  row_.key(kProjectsColumn);
  row_.begin_array();
  for (const uint64_t project : projects_) row_.value(project);
  row_.end_array();
  row_.put(kOrganizationColumn, entry_.organization);
  row_.put(kStatusColumn, entry_.status);
  row_.put(kPartition, context.partition.value);
  row_.put(kOffset, message.offset.value);
  row_.put(kTimestampColumn, entry_.timestamp);
  row_.put(kDurationColumn, entry_.duration_ms);
  write_queries();
  row_.end_row();
}

template <typename Get>
void QuerylogProcessor::put_queries(const Column& column, Get get) {
  row_.key(column);
  row_.begin_array();
  for (const Query& query : queries_) row_.value(get(query));
  row_.end_array();
}

void QuerylogProcessor::put_columns(const Column& column, ColumnNames Query::*names) {
  row_.key(column);
  row_.begin_array();
  for (const Query& query : queries_) {
    row_.begin_array();
    for (size_t i = (query.*names).begin; i < (query.*names).end; ++i) row_.value(columns_[i]);
    row_.end_array();
  }
  row_.end_array();
}

void QuerylogProcessor::write_queries() {
  put_queries(kQuerySql, [](const Query& q) { return q.sql; });
  put_queries(kQueryStatusColumn, [](const Query& q) { return q.status; });
  put_queries(kQueryTraceId, [](const Query& q) { return q.trace_id; });
  put_queries(kQueryStats, [](const Query& q) { return q.stats.text; });
  put_queries(kQueryFinal, [](const Query& q) { return uint8_t{q.stats.final}; });
  put_queries(kQueryCacheHit, [](const Query& q) { return q.stats.cache_hit; });
  put_queries(kQuerySample, [](const Query& q) { return q.stats.sample; });
  put_queries(kQueryMaxThreads, [](const Query& q) { return q.stats.max_threads; });
  put_queries(kQueryNumDays, [](const Query& q) { return q.time_range.value_or(0); });
  put_queries(kQueryTable, [](const Query& q) { return q.stats.clickhouse_table; });
  put_queries(kQueryIdColumn, [](const Query& q) { return q.stats.query_id; });
  put_queries(kQueryIsDuplicate, [](const Query& q) { return q.stats.is_duplicate; });
  put_queries(kQueryConsistent, [](const Query& q) { return uint8_t{q.stats.consistent}; });
  put_columns(kQueryAllColumns, &Query::all_columns);
  put_queries(kQueryOrConditions, [](const Query& q) { return uint8_t{q.multi_level_condition}; });
  put_columns(kQueryWhereColumns, &Query::where_columns);
  put_columns(kQueryWhereMappingColumns, &Query::where_mapping_columns);
  put_columns(kQueryGroupbyColumns, &Query::groupby_columns);
  put_columns(kQueryArrayJoinColumns, &Query::array_join_columns);
  put_queries(kQueryBytesScanned, [](const Query& q) { return q.progress_bytes; });
  put_queries(kQueryBytes, [](const Query& q) { return q.bytes; });
  put_queries(kQueryDuration, [](const Query& q) { return to_u64(q.elapsed * 1000.0); });
}

}  // namespace freshet::processors
