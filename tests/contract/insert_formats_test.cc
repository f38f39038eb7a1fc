// The drop-in's data sets in their tables: rows in the types of the table store the same values as JSONEachRow, column
// by column. Debian's old server gets JSONEachRow only.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "app/table_types.h"
#include "http/http_client.h"
#include "insert_rows.h"
#include "processors/registry.h"
#include "testkit/fake_clock.h"
#include "testkit/golden_cases.h"
#include "testkit/servers.h"

namespace freshet {
namespace {

namespace fs = std::filesystem;
using testkit::GoldenCase;

const fs::path kSource = FRESHET_SOURCE_DIR;
const fs::path kOwn = kSource / "tests/golden";
const fs::path kRecorded = kSource.parent_path() / "shared/conformance";

const fs::path kTables = kSource / "tests/e2e/tables";

// The data sets that are described, and their tables.
const std::vector<std::pair<std::string, std::string>> kDescribed = {
    {"ErrorsProcessor", "errors"},
    {"FunctionsMessageProcessor", "functions_raw"},
    {"LlmProxyCostProcessor", "llm_proxy_cost_raw"},
    {"ProfileChunksProcessor", "profile_chunks"},
    {"ProfilesMessageProcessor", "profiles"},
    {"ReplaysProcessor", "replays"},
    {"OutcomesProcessor", "outcomes_raw"},
    {"QuerylogProcessor", "querylog"},
    {"GenericCountersMetricsProcessor", "generic_metrics_counters_raw"},
    {"GenericSetsMetricsProcessor", "generic_metrics_sets_raw"},
    {"GenericDistributionsMetricsProcessor", "generic_metrics_distributions_raw"},
    {"GenericGaugesMetricsProcessor", "generic_metrics_gauges_raw"},
    {"PolymorphicMetricsProcessor", "metrics_raw"},
    {"TransactionsMessageProcessor", "transactions"},
    {"GroupAttributesMessageProcessor", "group_attributes"},
    {"SearchIssuesMessageProcessor", "search_issues"},
    {"EAPItemsProcessor", "eap_items"},
};

std::vector<GoldenCase> ordinary_cases(const std::string& data_set) {
  const fs::path recorded = kRecorded / "processors" / data_set;
  return fs::is_directory(recorded) ? testkit::recorded_examples(recorded) : std::vector<GoldenCase>();
}

std::vector<GoldenCase> other_cases(const std::string& data_set) {
  auto cases = testkit::own_cases(kOwn / data_set);
  const fs::path mutated = kRecorded / "mutated" / (data_set + ".jsonl.gz");
  if (!fs::exists(mutated)) return cases;
  auto more = testkit::mutated_cases(mutated, "");
  cases.insert(cases.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
  return cases;
}

std::vector<std::string> lines(const std::string& text) {
  std::vector<std::string> out;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) out.push_back(line);
  return out;
}

// The server reads some numbers of JSON as a neighbour of the nearest Float32 or Float64.
bool alike(const nlohmann::json& a, const nlohmann::json& b, double part) {
  if (a.is_array() && b.is_array()) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [part](const auto& one, const auto& other) { return alike(one, other, part); });
  }
  if (!a.is_number() || !b.is_number()) return a == b;
  return std::abs(a.get<double>() - b.get<double>()) <= part * std::abs(a.get<double>());
}

// The rows of one data set, in both formats.
struct Rows {
  std::vector<std::string> json;
  std::vector<std::string> typed;
  uint64_t count = 0;
  size_t without_exact_form = 0;           // messages
  size_t ordinary_without_exact_form = 0;  // of them, those that were recorded
  RowLayout layout;
};

TableColumns types_of(const std::string& url, const std::string& table,
                      const std::map<std::string, std::string>& insert_settings = {}) {
  RealClock clock;
  settings::Pipeline pipeline;
  pipeline.clickhouse.urls = {url};
  pipeline.clickhouse.table = table;
  pipeline.clickhouse.insert_settings = insert_settings;
  const auto types = app::table_types(pipeline, clock, std::chrono::seconds(20), {}, nullptr);
  EXPECT_TRUE(types) << (types ? "" : types.error().text);
  return types ? *types : TableColumns();
}

struct InsertFormats : testing::Test {
  static void SetUpTestSuite() { server_ = new testkit::LocalClickHouse(); }
  static void TearDownTestSuite() { delete server_; }

  std::string query(const std::string& sql) {
    http::Request request;
    request.method = "POST";
    request.url = server_->url() + "/?max_threads=1";
    request.body = {sql};
    const auto response = http::Client({}).send(request);
    EXPECT_TRUE(response) << (response ? "" : response.error().text);
    if (!response) return {};
    EXPECT_EQ(response->status, 200) << sql << ": " << response->body;
    return response->body;
  }

  // Both tables have their rows in the order of the insert.
  void create(const std::string& file) {
    std::stringstream text;
    text << std::ifstream(kTables / (file + ".sql")).rdbuf();
    const std::string sql = text.str();
    const size_t columns = sql.find(" (");
    const size_t key = sql.rfind("ORDER BY");
    ASSERT_NE(key, std::string::npos) << file;
    for (const char* table : {"as_json", "as_typed"}) {
      query(fmt::format("DROP TABLE IF EXISTS {}", table));
      query(fmt::format("CREATE TABLE {}{}ORDER BY tuple()", table, sql.substr(columns, key - columns)));
    }
  }

  Rows rows_of(const std::string& data_set, const TableColumns& columns) {
    Snapshot<TableColumns> table(columns);
    processors::ProcessorsSettings chosen;
    chosen.processor = data_set;
    const auto plain = (*processors::make_factory(chosen, {&clock, &metrics, nullptr, Delivery::ExactlyOnce}))();
    const auto typed =
        (*processors::make_factory(chosen, {&clock, &metrics, nullptr, Delivery::ExactlyOnce, &table}))();
    Rows rows;
    for (const GoldenCase& one : ordinary_cases(data_set)) add(one, *plain, *typed, rows);
    rows.ordinary_without_exact_form = rows.without_exact_form;
    for (const GoldenCase& one : other_cases(data_set)) add(one, *plain, *typed, rows);
    rows.layout = typed->layout();
    return rows;
  }

  void add(const GoldenCase& one, Processor& plain, Processor& typed, Rows& rows) {
    Message message;
    message.offset = Offset{one.offset};
    message.timestamp_ms = one.timestamp_ms;
    message.payload = one.message;
    const MessageContext context{"topic", Partition{one.partition}};
    std::string json;
    std::string bytes;
    plain.begin_chunk(context, {&message, 1});
    typed.begin_chunk(context, {&message, 1});
    const ProcessResult as_json = plain.process(context, message, json);
    const ProcessResult as_typed = typed.process(context, message, bytes);
    ASSERT_EQ(as_json.kind, as_typed.kind) << one.name;
    if (as_json.kind != ProcessResult::Kind::Rows || as_json.row_count == 0) return;
    ASSERT_EQ(as_json.row_count, as_typed.row_count) << one.name;
    if (as_typed.json_each_row) {
      EXPECT_EQ(bytes, json) << one.name;
      ++rows.without_exact_form;
      return;
    }
    rows.json.push_back(std::move(json));
    rows.typed.push_back(std::move(bytes));
    rows.count += as_json.row_count;
  }

  void write(const std::string& table, const RowLayout& layout, const std::vector<std::string>& rows, uint64_t count,
             const std::map<std::string, std::string>& settings = {}) {
    clickhouse::ClickHouseSettings to;
    to.urls = {server_->url()};
    to.table = "default." + table;
    to.insert_settings = settings;
    const WriteOutcome outcome = insert_rows(to, layout, rows, count, real_clock, metrics);
    EXPECT_EQ(outcome.kind, WriteOutcome::Kind::Written) << table << ": " << outcome.text;
  }

  // What the server stores of rows of JSONEachRow with these settings. Empty: it refuses them.
  std::string stored_of(const std::vector<std::string>& rows, std::map<std::string, std::string> settings) {
    query("TRUNCATE TABLE as_json");
    settings.insert({{"date_time_input_format", "best_effort"}, {"input_format_skip_unknown_fields", "1"}});
    std::string body = "INSERT INTO as_json FORMAT JSONEachRow\n";
    for (const std::string& row : rows) body += row;
    http::Request request;
    request.method = "POST";
    request.url = server_->url() + "/?async_insert=0";
    for (const auto& [name, value] : settings) request.url += fmt::format("&{}={}", name, value);
    request.body = {body};
    const auto answer = http::Client({}).send(request);
    EXPECT_TRUE(answer);
    if (!answer || answer->status != 200) return {};
    return query("SELECT count(), sum(cityHash64(*)) FROM as_json");
  }

  // The names of the columns whose values differ.
  std::vector<std::string> differences(const TableColumns& columns) {
    std::vector<std::string> names;
    for (const TableColumn& column : columns.columns) {
      const auto values = [&](const char* table, const char* format) {
        return query(fmt::format("SELECT `{}` FROM {} FORMAT {}", column.name, table, format));
      };
      if (values("as_json", "RowBinary") == values("as_typed", "RowBinary")) continue;
      const double part = column.type.find("Float32") != std::string::npos   ? 2.5e-7
                          : column.type.find("Float64") != std::string::npos ? 5e-16
                                                                             : 0;
      const auto rows = [&](const char* table) { return nlohmann::json::parse(values(table, "JSONCompactColumns")); };
      if (part == 0 || !alike(rows("as_json"), rows("as_typed"), part)) names.push_back(column.name);
    }
    return names;
  }

  static testkit::LocalClickHouse* server_;
  testkit::FakeClock clock;
  RealClock real_clock;
  Metrics metrics;
};
testkit::LocalClickHouse* InsertFormats::server_ = nullptr;

TEST_F(InsertFormats, StoreTheSameValues) {
  for (const auto& [data_set, file] : kDescribed) {
    SCOPED_TRACE(data_set);
    create(file);
    const TableColumns columns = types_of(server_->url(), "default.as_typed");
    const Rows rows = rows_of(data_set, columns);
    ASSERT_EQ(rows.layout.format, RowFormat::Native);
    EXPECT_EQ(rows.ordinary_without_exact_form, 0U);
    EXPECT_GT(rows.typed.size(), rows.without_exact_form);  // half of the cases are odd messages
    write("as_json", RowLayout(), rows.json, rows.count);
    write("as_typed", rows.layout, rows.typed, rows.count);
    EXPECT_EQ(query("SELECT count() FROM as_typed"), std::to_string(rows.count) + "\n");
    EXPECT_EQ(differences(columns), std::vector<std::string>());
    std::cout << fmt::format("{}: {} messages typed, {} without an exact form\n", data_set, rows.typed.size(),
                             rows.without_exact_form);
  }
}

// Snuba's table of the querylog lacks a column that its rows have.
TEST_F(InsertFormats, AMissingColumnIsLeftOutWhereTheServerLeavesItOut) {
  constexpr const char* kMissing = "clickhouse_queries.bytes";
  const std::map<std::string, std::string> strict = {{"input_format_skip_unknown_fields", "0"}};
  create("querylog");
  EXPECT_EQ(rows_of("QuerylogProcessor", types_of(server_->url(), "default.as_typed", strict)).layout, RowLayout());
  EXPECT_EQ(stored_of({"{\"clickhouse_queries.bytes\":[1]}\n"}, strict), "") << "the server refuses it";
  const TableColumns before = types_of(server_->url(), "default.as_typed");
  const Rows rows = rows_of("QuerylogProcessor", before);
  ASSERT_EQ(rows.layout.format, RowFormat::Native);
  EXPECT_THAT(rows.layout.columns, testing::Not(testing::Contains(kMissing)));

  // Added after the table was described: it is filled up, as every array of a Nested, until it is described again.
  for (const char* table : {"as_json", "as_typed"}) {
    query(fmt::format("ALTER TABLE {} ADD COLUMN `{}` Array(UInt64)", table, kMissing));
  }
  write("as_json", RowLayout(), rows.json, rows.count);
  write("as_typed", rows.layout, rows.typed, rows.count);
  EXPECT_EQ(differences(before), std::vector<std::string>());
  EXPECT_EQ(query(fmt::format("SELECT count() FROM as_typed WHERE arrayMap(x -> 0, `clickhouse_queries.sql`) != `{}`",
                              kMissing)),
            "0\n");
  const TableColumns after = types_of(server_->url(), "default.as_typed");
  const Rows more = rows_of("QuerylogProcessor", after);
  EXPECT_THAT(more.layout.columns, testing::Contains(kMissing));
  for (const char* table : {"as_json", "as_typed"}) query(fmt::format("TRUNCATE TABLE {}", table));
  write("as_json", RowLayout(), more.json, more.count);
  write("as_typed", more.layout, more.typed, more.count);
  EXPECT_EQ(differences(after), std::vector<std::string>());
  EXPECT_NE(query(fmt::format("SELECT sum(arraySum(`{}`)) FROM as_typed", kMissing)), "0\n");
}

TEST_F(InsertFormats, TypesOfColumnsThatInsertsFill) {
  query(
      "CREATE OR REPLACE TABLE kinds (a UInt8, b UInt8 MATERIALIZED a, c UInt8 ALIAS a, d UInt8 EPHEMERAL, "
      "e UInt8 DEFAULT 7) ENGINE = MergeTree ORDER BY a");
  const TableColumns expected{
      {{"a", "UInt8"}, {"b", "UInt8", true, "a"}, {"c", "UInt8", true, "a"}, {"e", "UInt8", false, "7"}},
      true,
      "Asia/Tokyo",
      true,
      true,
      {"d"}};
  EXPECT_EQ(types_of(server_->url(), "default.kinds", {{"session_timezone", "Asia/Tokyo"}}), expected);
  EXPECT_EQ(types_of(server_->url(), "default.kinds").time_zone + "\n", query("SELECT timezone()"));
}

TEST_F(InsertFormats, SettingsThatGiveJsonAnotherMeaningKeepRowsJson) {
  query("CREATE OR REPLACE TABLE kinds (a UInt8) ENGINE = MergeTree ORDER BY a");
  for (const auto& [name, value] :
       std::map<std::string, std::string>{{"input_format_defaults_for_omitted_fields", "0"},
                                          {"input_format_force_null_for_omitted_fields", "1"},
                                          {"input_format_native_allow_types_conversion", "1"},
                                          {"input_format_column_name_matching_mode", "ignore_case"},
                                          {"input_format_json_empty_as_default", "1"}}) {
    const TableColumns types = types_of(server_->url(), "default.kinds", {{name, value}});
    EXPECT_TRUE(types.columns.empty()) << name;
    EXPECT_NE(types.why_json.find(name), std::string::npos) << types.why_json;
  }
  const auto with = [&](const char* name, const char* value) {
    return types_of(server_->url(), "default.kinds", {{name, value}});
  };
  EXPECT_FALSE(with("input_format_null_as_default", "0").null_as_default);
  EXPECT_FALSE(with("input_format_skip_unknown_fields", "0").skips_unknown_fields);
  EXPECT_FALSE(with("date_time_input_format", "basic").best_effort_times);
}

// A user's profile may have any value of any setting. What JSONEachRow stores under it must be what Native stores, or
// the server refuses the rows, or freshet does not write Native.
TEST_F(InsertFormats, SettingsThatChangeWhatJsonStoresChangeNativeOrKeepRowsJson) {
  std::map<std::string, std::string> others = {{"date_time_input_format", "basic"},
                                               {"session_timezone", "America/New_York"}};
  for (const std::string& name : lines(query(
           "SELECT name || if(value = '1', '=0', '=1') FROM system.settings WHERE type = 'Bool' AND match(name, "
           "'^input_format|json|^insert_|null') AND NOT match(name, 'arrow|avro|bson|capn|csv|custom|hive|msgpack|"
           "mysql|orc|output_format|parquet|protobuf|tsv')"))) {
    others[name.substr(0, name.find('='))] = name.substr(name.find('=') + 1);
  }
  EXPECT_GT(others.size(), 30u);
  for (const auto& [data_set, file] : kDescribed) {
    create(file);
    const Rows rows = rows_of(data_set, types_of(server_->url(), "default.as_typed"));
    if (rows.layout.format != RowFormat::Native) continue;
    const std::string usual = stored_of(rows.json, {});
    for (const auto& [name, value] : others) {
      const std::string stored = stored_of(rows.json, {{name, value}});
      if (stored == usual || stored.empty()) continue;
      const TableColumns types = types_of(server_->url(), "default.as_typed", {{name, value}});
      if (types.columns.empty()) continue;
      const Rows now = rows_of(data_set, types);
      query("TRUNCATE TABLE as_json");
      query("TRUNCATE TABLE as_typed");
      write("as_json", RowLayout(), now.json, now.count, {{name, value}});
      write("as_typed", now.layout, now.typed, now.count, {{name, value}});
      EXPECT_EQ(differences(types), std::vector<std::string>()) << data_set << " with " << name << "=" << value;
    }
  }
}

// Snuba sends the setting for transactions. It is about inserts that name such a column; JSONEachRow names none.
TEST_F(InsertFormats, MaterializedColumnsAreComputedWhateverTheRowHas) {
  query("CREATE OR REPLACE TABLE kinds (a UInt8, m UInt8 MATERIALIZED a + 1) ENGINE = MergeTree ORDER BY a");
  query(
      "INSERT INTO kinds SETTINGS insert_allow_materialized_columns = 1, input_format_skip_unknown_fields = 1 "
      "FORMAT JSONEachRow {\"a\":1,\"m\":99}");
  EXPECT_EQ(query("SELECT m FROM kinds"), "2\n");
  const TableColumns types = types_of(server_->url(), "default.kinds", {{"insert_allow_materialized_columns", "1"}});
  ASSERT_EQ(types.columns.size(), 2U);
  EXPECT_TRUE(types.columns[1].computed);
}

// It would store wrong values if the table were altered meanwhile.
TEST(InsertFormatsTest, AnOldServerGetsJson) {
  const testkit::OldClickHouse old;
  const TableColumns types = types_of(old.url(), "system.one");
  EXPECT_TRUE(types.columns.empty());
  EXPECT_TRUE(types.why_json.starts_with("the server is older than ClickHouse 23.3")) << types.why_json;
}

}  // namespace
}  // namespace freshet
