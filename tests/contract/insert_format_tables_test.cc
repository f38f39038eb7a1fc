// Native inserts into tables that pass rows on, and by users with few rights: what is stored is what JSONEachRow
// stores.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "app/format_decision.h"
#include "app/table_types.h"
#include "insert_rows.h"
#include "processors/registry.h"
#include "testkit/servers.h"

namespace freshet {
namespace {

// Those of the data set, and one that it does not fill.
constexpr const char* kColumns =
    "(timestamp DateTime, org_id UInt64, project_id UInt64, feature String, model String, region String, call_type "
    "String, prompt_tokens UInt32, completion_tokens UInt32, cache_read_tokens UInt32, cache_write_tokens UInt32, "
    "total_cost_usd Float64, input_cost_usd Float64, output_cost_usd Float64, cache_read_cost_usd Float64, "
    "cache_write_cost_usd Float64, litellm_cost_usd Float64, is_long_context UInt8, is_regional UInt8, "
    "response_time_ms Float64, litellm_call_id String, more String DEFAULT concat(model, '!'))";

// The messages, as rows of one format.
struct Rows {
  RowLayout layout;
  std::vector<std::string> rows;
};

struct InsertFormatTables : testing::Test {
  void SetUp() override { pipeline.clickhouse.urls = {server.url()}; }

  // As `create`, twice: tables as_json and as_typed.
  void create_both(const std::string& create) {
    for (const char* name : {"as_json", "as_typed"})
      server.query(fmt::format(fmt::runtime(create), fmt::arg("t", name)));
  }
  Result<TableColumns> describe(const std::string& table) {
    pipeline.clickhouse.table = "default." + table;
    return app::table_types(pipeline, clock, std::chrono::seconds(20), {}, nullptr);
  }
  Result<TableColumns> insertable(const std::string& table) {
    const auto columns = describe(table);
    return columns ? app::if_user_may_insert(*columns, pipeline, clock, std::chrono::seconds(20), {}, nullptr)
                   : columns;
  }
  InsertFormatStatus decide(const std::string& table) {
    pipeline.processors.processor = "LlmProxyCostProcessor";
    app::FormatDecision decision(pipeline, clock, null_log(), metrics);
    decision.follow(insertable(table));
    return decision.status();
  }
  // Null: JSONEachRow.
  Rows rows_of(const Snapshot<TableColumns>* table) {
    processors::ProcessorsSettings chosen;
    chosen.processor = "LlmProxyCostProcessor";
    const auto processor =
        (*processors::make_factory(chosen, {&clock, &metrics, nullptr, Delivery::ExactlyOnce, table}))();
    const MessageContext context{"topic", Partition{0}};
    processor->begin_chunk(context, {});
    Rows out;
    for (int id = 0; id < 300; ++id) {
      const std::string payload =
          fmt::format(R"({{"org_id":{0},"model":"m{0}","prompt_tokens":{0},"total_cost_usd":0.5}})", id);
      Message message;
      message.payload = payload;
      std::string rows;
      const ProcessResult result = processor->process(context, message, rows);
      EXPECT_EQ(result.row_count, 1u) << result.text;
      EXPECT_FALSE(result.json_each_row);
      out.rows.push_back(std::move(rows));
    }
    out.layout = processor->layout();
    return out;
  }
  void write(const std::string& table, const Rows& rows) {
    clickhouse::ClickHouseSettings to = pipeline.clickhouse;
    to.table = "default." + table;
    const WriteOutcome outcome = insert_rows(to, rows.layout, rows.rows, rows.rows.size(), clock, metrics);
    EXPECT_EQ(outcome.kind, WriteOutcome::Kind::Written) << table << ": " << outcome.text;
  }
  // Into as_json and as_typed.
  void write_both() {
    const auto columns = describe("as_typed");
    ASSERT_TRUE(columns) << columns.error().text;
    const Snapshot<TableColumns> table(*columns);
    const Rows typed = rows_of(&table);
    ASSERT_EQ(typed.layout.format, RowFormat::Native) << columns->why_json;
    write("as_json", rows_of(nullptr));
    write("as_typed", typed);
  }
  std::string stored(const std::string& table) {
    return server.query(fmt::format("SELECT * FROM {} ORDER BY org_id FORMAT TSV", table));
  }

  testkit::LocalClickHouse server;
  RealClock clock;
  Metrics metrics;
  settings::Pipeline pipeline;
};

TEST_F(InsertFormatTables, BufferAndMemory) {
  for (const char* engine : {"Memory", "Log", "MergeTree ORDER BY org_id"}) {
    create_both(fmt::format("CREATE OR REPLACE TABLE {{t}} {} ENGINE = {}", kColumns, engine));
    write_both();
    EXPECT_EQ(stored("as_typed"), stored("as_json")) << engine;
    EXPECT_EQ(server.query("SELECT count() FROM as_typed WHERE more = concat(model, '!')"), "300");
  }
  // The table behind the buffer has another type.
  for (const char* name : {"json", "typed"}) {
    server.query(fmt::format("RENAME TABLE as_{0} TO behind_{0}", name));
    server.query(fmt::format("ALTER TABLE behind_{} MODIFY COLUMN prompt_tokens UInt8", name));
    server.query(fmt::format("TRUNCATE TABLE behind_{}", name));
    server.query(
        fmt::format("CREATE TABLE as_{0} {1} ENGINE = Buffer(default, behind_{0}, 1, 100, 100, 100000, 100000, "
                    "100000000, 100000000)",
                    name, kColumns));
  }
  write_both();
  for (const char* name : {"json", "typed"}) server.query(fmt::format("OPTIMIZE TABLE as_{}", name));
  EXPECT_EQ(stored("behind_typed"), stored("behind_json"));
  EXPECT_EQ(server.query("SELECT count() FROM behind_typed"), "300");
}

TEST_F(InsertFormatTables, NullWithMaterializedViews) {
  create_both(fmt::format("CREATE TABLE {{t}} {} ENGINE = Null", kColumns));
  for (const char* name : {"as_json", "as_typed"}) {
    server.query(
        fmt::format("CREATE TABLE to_{} (org_id UInt64, more LowCardinality(String), prompt_tokens UInt8) "
                    "ENGINE = MergeTree ORDER BY org_id",
                    name));
    server.query(fmt::format(
        "CREATE MATERIALIZED VIEW view_{0} TO to_{0} AS SELECT org_id, more, prompt_tokens FROM {0}", name));
  }
  write_both();
  EXPECT_EQ(stored("to_as_typed"), stored("to_as_json"));
  EXPECT_EQ(server.query("SELECT count() FROM to_as_typed WHERE more != ''"), "300");
}

// The types of the Distributed table count; the shard's are its own.
TEST_F(InsertFormatTables, DistributedOverShardsOfOtherTypes) {
  const int port = testkit::free_port();
  server.restart_with(fmt::format("<tcp_port>{0}</tcp_port><remote_servers><one><shard><replica><host>127.0.0.1</host>"
                                  "<port>{0}</port></replica></shard></one></remote_servers>",
                                  port),
                      "");
  for (const char* name : {"as_json", "as_typed"}) {
    server.query(fmt::format("CREATE TABLE of_{} {} ENGINE = MergeTree ORDER BY org_id", name, kColumns));
    server.query(
        fmt::format("ALTER TABLE of_{} MODIFY COLUMN model LowCardinality(String), MODIFY COLUMN prompt_tokens "
                    "UInt8, MODIFY COLUMN total_cost_usd Float32, MODIFY COLUMN more REMOVE DEFAULT",
                    name));
    server.query(
        fmt::format("CREATE TABLE {0} {1} ENGINE = Distributed(one, default, of_{0}, org_id)", name, kColumns));
  }
  write_both();
  EXPECT_EQ(stored("of_as_typed"), stored("of_as_json"));
  EXPECT_EQ(server.query("SELECT count() FROM of_as_typed WHERE more = concat(model, '!')"), "300");
}

// Why freshet writes no Tuple with names as Native: a table that was altered meanwhile would have the values exchanged.
TEST_F(InsertFormatTables, TheServerTakesATupleWithOtherNames) {
  server.query("CREATE TABLE tuples (t Tuple(b UInt8, a UInt8)) ENGINE = MergeTree ORDER BY tuple()");
  write("tuples", {{RowFormat::Native, {"t"}, {"Tuple(a UInt8, b UInt8)"}}, {std::string("\1\2")}});
  EXPECT_EQ(server.query("SELECT t.a, t.b FROM tuples FORMAT TSV"), "2\t1");
}

// What such a user may read is enough.
TEST_F(InsertFormatTables, AUserWhoMayOnlyInsert) {
  create_both(fmt::format("CREATE TABLE {{t}} {} ENGINE = MergeTree ORDER BY org_id", kColumns));
  server.restart_with("",
                      "<grants><query>GRANT INSERT ON default.as_json</query>"
                      "<query>GRANT INSERT ON default.as_typed</query></grants>");
  EXPECT_THROW(server.query("SELECT count() FROM as_typed"), std::runtime_error);
  EXPECT_EQ(decide("as_typed").format, "Native") << decide("as_typed").reason;
  write_both();
  server.restart_with("", "");
  EXPECT_EQ(stored("as_typed"), stored("as_json"));
  EXPECT_EQ(server.query("SELECT count() FROM as_typed"), "300");
}

TEST_F(InsertFormatTables, AUserWhoMayNotSeeTheTableOrAColumnGetsJson) {
  create_both(fmt::format("CREATE TABLE {{t}} {} ENGINE = MergeTree ORDER BY org_id", kColumns));
  server.restart_with("", "<grants><query>GRANT INSERT(org_id, model) ON default.as_typed</query></grants>");
  EXPECT_EQ(decide("as_typed").format, "JSONEachRow");
  EXPECT_TRUE(decide("as_typed").reason.starts_with("the user may not insert into all columns of the table: "))
      << decide("as_typed").reason;
  EXPECT_EQ(decide("as_json").format, "JSONEachRow");
  EXPECT_TRUE(decide("as_json").reason.starts_with("the table cannot be described: ")) << decide("as_json").reason;
}

// The other columns are hidden from that user, who cannot send JSONEachRow: rows without an exact form would never
// pass.
TEST_F(InsertFormatTables, AUserWhoMayInsertIntoSomeColumnsGetsJson) {
  server.query("CREATE TABLE some (a UInt8, b UInt8, c UInt8 DEFAULT 7) ENGINE = MergeTree ORDER BY a");
  EXPECT_EQ(insertable("some")->columns.size(), 3u);
  for (const char* columns : {"", "(a, b, c)"}) {
    server.restart_with("", fmt::format("<grants><query>GRANT INSERT{} ON default.some</query></grants>", columns));
    EXPECT_EQ(insertable("some")->columns.size(), 3u) << columns << ": " << insertable("some")->why_json;
  }
  server.restart_with("", "<grants><query>GRANT INSERT(a, b) ON default.some</query></grants>");
  EXPECT_EQ(describe("some")->columns.size(), 2u);
  EXPECT_TRUE(insertable("some")->columns.empty());
  EXPECT_TRUE(insertable("some")->why_json.starts_with("the user may not insert into all columns of the table: "))
      << insertable("some")->why_json;
}

}  // namespace
}  // namespace freshet
