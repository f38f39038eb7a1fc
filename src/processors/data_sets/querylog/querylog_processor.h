// QuerylogProcessor: the queries that Snuba itself executed.
#pragma once

#include <optional>
#include <vector>

#include "ports/processor.h"
#include "processors/data_sets/querylog/querylog_stats.h"
#include "processors/environment.h"
#include "processors/formats/row_writer.h"
#include "processors/json/json_reader.h"
#include "processors/processors_settings.h"
#include "processors/values/uuid.h"

namespace freshet::processors {

// Writes one row per message, with one array element per ClickHouse query.
class QuerylogProcessor final : public Processor {
 public:
  QuerylogProcessor(const ProcessorsSettings& settings, const ProcessorEnvironment& environment);

  const RowLayout& layout() const override { return layout_; }
  ProcessResult process(const MessageContext& context, const Message& message, std::string& rows) override;

 private:
  // Elements [begin, end) of columns_.
  struct ColumnNames {
    size_t begin = 0;
    size_t end = 0;
  };
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
    double elapsed = 0;
  };
  struct Entry {
    Uuid request_id;
    std::string_view request_body;
    JsonString referrer;
    JsonString dataset;
    std::optional<uint64_t> organization;
    JsonString status;
    uint64_t timestamp = 0;
    uint64_t duration_ms = 0;
  };

  bool read();
  bool read_field(int field);
  bool read_request();
  bool read_timing();
  bool read_query();
  bool read_query_field(int field, Query& query);
  bool read_trace_id(Uuid& out);
  bool read_profile(Query& query);
  bool read_profile_field(int field, Query& query);
  bool read_where_profile(Query& query);
  bool read_columns(ColumnNames& out);
  bool read_result_profile(Query& query);

  void write(const MessageContext& context, const Message& message);
  void write_queries();
  template <typename Get>
  void put_queries(const Column& column, Get get);
  void put_columns(const Column& column, ColumnNames Query::*names);

  const RowLayout layout_;
  JsonReader json_;
  QuerylogStatsReader stats_;
  RowWriter row_;
  Entry entry_;
  std::vector<uint64_t> projects_;
  std::vector<Query> queries_;
  std::vector<JsonString> columns_;
};

}  // namespace freshet::processors
