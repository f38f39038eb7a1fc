// The RowWriter with Debian's old server and with a current one: both must keep the same guarantees.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <sstream>
#include <type_traits>

#include "clickhouse/clickhouse_client.h"
#include "clickhouse/clickhouse_writer.h"
#include "clickhouse/error_codes.h"
#include "snuba_outputs/snuba_request_builder.h"
#include "testkit/servers.h"

namespace freshet {
namespace {

using clickhouse::Compression;

template <typename Server>
struct RowWriterContract : testing::Test {
  static void SetUpTestSuite() { server_ = new Server(); }
  static void TearDownTestSuite() { delete server_; }
  void SetUp() override {
    table = testing::UnitTest::GetInstance()->current_test_info()->name();
    server_->query(fmt::format("DROP TABLE IF EXISTS {}", table));
    server_->query(fmt::format("CREATE TABLE {} (id UInt64, name String) ENGINE = MergeTree ORDER BY id", table));
    settings.urls = {server_->url()};
    settings.table = "default." + table;
  }
  std::unique_ptr<RowWriter> writer(bool snuba = false) {
    auto requests = snuba ? snuba_outputs::make_snuba_request_builder(settings, {}, default_options, metrics) : nullptr;
    return clickhouse::make_row_writer(settings, std::make_shared<clickhouse::Hosts>(settings.urls), clock, null_log(),
                                       metrics, std::move(requests));
  }
  WriteOutcome write(RowWriter& to, const std::vector<std::string>& rows, const std::string& token = "token") {
    InsertRequest request;
    request.layout = &layout;
    for (const std::string& row : rows) {
      request.rows.push_back(row);
      request.row_bytes += row.size();
    }
    request.row_count = rows.size();
    request.token = token;
    return to.write(request, {});
  }
  uint64_t count() const { return server_->count("SELECT count() FROM " + table); }

  static Server* server_;
  std::string table;
  clickhouse::ClickHouseSettings settings;
  RowLayout layout;
  RealClock clock;
  Metrics metrics;
  const Snapshot<LiveOptions> default_options{LiveOptions{}};
};
template <typename Server>
Server* RowWriterContract<Server>::server_ = nullptr;

using Servers = testing::Types<testkit::OldClickHouse, testkit::LocalClickHouse>;
TYPED_TEST_SUITE(RowWriterContract, Servers);

TYPED_TEST(RowWriterContract, StoresWhatItAcknowledgesWithBothCompressions) {
  for (const Compression compression : {Compression::Lz4, Compression::Zstd}) {
    this->settings.compression = compression;
    std::vector<std::string> rows;
    for (int i = 0; i < 60'000; ++i) rows.push_back(fmt::format("{{\"id\":{},\"name\":\"{:040}\"}}\n", i, i));
    const auto writer = this->writer();
    EXPECT_EQ(this->write(*writer, rows).kind, WriteOutcome::Kind::Written);
  }
  EXPECT_EQ(this->count(), 120'000u);
  EXPECT_EQ(this->server_->count("SELECT uniqExact(id) FROM " + this->table), 60'000u);
}

TYPED_TEST(RowWriterContract, RejectsABadRowNamesItAndStoresNothing) {
  const auto writer = this->writer();
  const WriteOutcome outcome = this->write(
      *writer, {"{\"id\":1,\"name\":\"a\"}\n", "{\"id\":2,\"name\":\"b\"}\n", "{\"id\":\"x\",\"name\":\"c\"}\n"});
  EXPECT_EQ(outcome.kind, WriteOutcome::Kind::Rejected);
  EXPECT_EQ(outcome.code, 27);
  EXPECT_EQ(outcome.row, 2u);
  EXPECT_EQ(this->count(), 0u);
}

// The server's default limit in bytes counts a row's memory including its defaults, and would split this insert.
TYPED_TEST(RowWriterContract, OneInsertIsOneBlockWhateverTheDefaultsAdd) {
  std::string columns;
  for (int c = 0; c < 80; ++c) columns += fmt::format(", s{} String DEFAULT '{:0200}'", c, 0);
  const std::string wide = "wide_" + this->table;
  this->server_->query("DROP TABLE IF EXISTS " + wide);
  this->server_->query(fmt::format("CREATE TABLE {} (id UInt64{}) ENGINE = MergeTree ORDER BY id", wide, columns));
  const auto parts = [&] {  // includes parts that were merged already
    return this->server_->count(fmt::format("SELECT count() FROM system.parts WHERE table = '{}' AND level = 0", wide));
  };
  this->settings.table = wide;
  std::vector<std::string> rows;
  for (int i = 0; i < 20'000; ++i) rows.push_back(fmt::format("{{\"id\":{},\"pad\":\"{:0600}\"}}\n", i, i));
  rows.push_back("{\"id\":\"bad\"}\n");
  const auto writer = this->writer();
  EXPECT_EQ(this->write(*writer, rows).kind, WriteOutcome::Kind::Rejected);
  EXPECT_EQ(this->server_->count("SELECT count() FROM " + wide), 0u) << "nothing of a rejected insert is stored";
  rows.pop_back();
  EXPECT_EQ(this->write(*writer, rows).kind, WriteOutcome::Kind::Written);
  EXPECT_EQ(this->server_->count("SELECT count() FROM " + wide), 20'000u);
  EXPECT_EQ(parts(), 1u);
  this->server_->query("DROP TABLE " + wide);
}

TYPED_TEST(RowWriterContract, ANameWithADotOrABackquoteIsTaken) {
  for (const auto& [configured, quoted] : {std::pair<std::string, std::string>{"default.`a.b`", "`a.b`"},
                                           std::pair<std::string, std::string>{"`c``d`", "`c\\`d`"}}) {
    this->server_->query("DROP TABLE IF EXISTS " + quoted);
    this->server_->query(fmt::format("CREATE TABLE {} (`x\\`.y` UInt64) ENGINE = MergeTree ORDER BY tuple()", quoted));
    for (const bool snuba : {false, true}) {
      this->settings.table = configured;
      this->settings.database = snuba ? "default" : "";
      this->settings.user = "default";
      this->layout = {RowFormat::JsonEachRow, {"x`.y"}};
      const auto writer = this->writer(snuba);
      EXPECT_EQ(this->write(*writer, {"{\"x`.y\":7}\n"}).kind, WriteOutcome::Kind::Written);
      clickhouse::ClickHouseClient client(this->settings, this->clock);
      const auto described = client.describe_table(std::chrono::seconds(5));
      ASSERT_TRUE(described) << described.error().text;
      EXPECT_EQ(described->columns.at(0).name, "x`.y");
    }
    EXPECT_EQ(this->server_->count(fmt::format("SELECT sum(`x\\`.y`) FROM {}", quoted)), 14u);
    this->server_->query("DROP TABLE " + quoted);
  }
}

TYPED_TEST(RowWriterContract, UnknownFieldsAreSkippedAndLenientDatesTaken) {
  this->server_->query(fmt::format("CREATE TABLE dates_{} (at DateTime) ENGINE = Memory", this->table));
  this->settings.table = "dates_" + this->table;
  const auto writer = this->writer();
  EXPECT_EQ(this->write(*writer, {"{\"at\":\"2026-11-23T10:00:00Z\",\"more\":1}\n"}).kind, WriteOutcome::Kind::Written);
  EXPECT_EQ(this->server_->query("SELECT toUInt32(at) FROM dates_" + this->table), "1795428000");
  this->server_->query("DROP TABLE dates_" + this->table);
}

TYPED_TEST(RowWriterContract, AMissingTableIsTheOperatorsAndIsTriedUntilItIsThere) {
  this->settings.table = "missing_" + this->table;
  const auto writer = this->writer();
  InsertRequest request;
  request.layout = &this->layout;
  request.rows = {"{\"id\":1}\n"};
  request.row_count = 1;
  int failures = 0;
  const WriteOutcome outcome =
      writer->write(request, {{}, [&](const InsertFailure& failure) {
                                EXPECT_EQ(failure.failure_class, InsertFailure::Class::Operator);
                                EXPECT_EQ(failure.code, 60);
                                if (++failures > 1) return;
                                this->server_->query(
                                    fmt::format("CREATE TABLE {} (id UInt64) ENGINE = Memory", this->settings.table));
                              }});
  EXPECT_EQ(outcome.kind, WriteOutcome::Kind::Written);
  EXPECT_EQ(this->server_->count("SELECT count() FROM " + this->settings.table), 1u);
  this->server_->query("DROP TABLE " + this->settings.table);
}

TYPED_TEST(RowWriterContract, AStopEndsAWaitAtOnce) {
  this->settings.table = "missing";
  const auto writer = this->writer();
  InsertRequest request;
  request.layout = &this->layout;
  request.rows = {"{\"id\":1}\n"};
  std::stop_source stop;
  const WriteOutcome outcome =
      writer->write(request, {stop.get_token(), [&](const InsertFailure&) { stop.request_stop(); }});
  EXPECT_EQ(outcome.kind, WriteOutcome::Kind::Abandoned);
}

TYPED_TEST(RowWriterContract, TheDropInsRequestsAreTakenByEveryServer) {
  this->settings.table = this->table;
  this->settings.user = "default";
  this->settings.database = "default";
  this->settings.writer_options = {{"input_format_skip_unknown_fields", "1"}, {"a_setting_of_another_year", "1"}};
  LiveOptions options;
  options.insert.load_balancing_first_offset = "0";
  options.insert.max_insert_block_size = 1'048'576;
  const Snapshot<LiveOptions> live(options);
  const auto hosts = std::make_shared<clickhouse::Hosts>(this->settings.urls);
  const auto writer =
      clickhouse::make_row_writer(this->settings, hosts, this->clock, null_log(), this->metrics,
                                  snuba_outputs::make_snuba_request_builder(this->settings, {}, live, this->metrics));
  std::vector<std::string> rows;
  for (int i = 0; i < 60'000; ++i) rows.push_back(fmt::format("{{\"id\":{},\"name\":\"{:040}\",\"x\":1}}\n", i, i));
  EXPECT_EQ(this->write(*writer, rows).kind, WriteOutcome::Kind::Written);
  EXPECT_TRUE(hosts->dropped(0).contains("a_setting_of_another_year"));
  EXPECT_EQ(this->server_->count("SELECT uniqExact(id) FROM " + this->table), 60'000u);
  this->layout = {RowFormat::RowBinary, {"name", "id"}};
  EXPECT_EQ(this->write(*writer, {std::string("\x02hi") + std::string("\xff\xff\0\0\0\0\0\0", 8)}).kind,
            WriteOutcome::Kind::Written);
  EXPECT_EQ(this->server_->query(fmt::format("SELECT name FROM {} WHERE id = 65535", this->table)), "hi");
}

TYPED_TEST(RowWriterContract, EveryCodeOfTheServerIsClassified) {
  if constexpr (std::is_same_v<TypeParam, testkit::LocalClickHouse>) {
    std::istringstream codes(
        this->server_->query("SELECT DISTINCT code, name FROM system.errors WHERE code != 0 "
                             "ORDER BY code SETTINGS system_events_show_zero_values = 1"));
    int code = 0;
    size_t count = 0;
    for (std::string name; codes >> code >> name; ++count) {
      const clickhouse::ErrorCode* known = clickhouse::find_error_code(code);
      ASSERT_NE(known, nullptr) << code << " " << name << ": new in this engine; add it to error_codes.cc";
      EXPECT_EQ(known->name, name) << code;
    }
    EXPECT_GE(count, 600u);
  }
}

// A value that an expression of the table rejects is found and rejected, even if the server names no row. The failure
// of a view, after the table took the rows, is not the data's fault.
TYPED_TEST(RowWriterContract, AnExpressionsFailureIsTheDatasAndAViewsIsNot) {
  struct Case {
    std::string columns;
    std::string tail;
    std::string row;
  };
  for (const Case& one : {Case{"s String, m Int32 MATERIALIZED toInt32(s)", "ORDER BY s", R"({"s":""})"},
                          Case{"s String, m Int32 MATERIALIZED toInt32(s)", "ORDER BY s", R"({"s":"x"})"},
                          Case{"n Int32, m UInt8 MATERIALIZED throwIf(n = 0)", "ORDER BY n", R"({"n":0})"},
                          Case{"n Int32", "PARTITION BY intDiv(100, n) ORDER BY n", R"({"n":0})"},
                          Case{"n Int32", "ORDER BY intDiv(100, n)", R"({"n":0})"}}) {
    this->server_->query("DROP TABLE IF EXISTS expressions");
    this->server_->query(fmt::format("CREATE TABLE expressions ({}) ENGINE = MergeTree {}", one.columns, one.tail));
    this->settings.table = "expressions";
    const auto writer = this->writer();
    std::stop_source stop;
    InsertRequest request;
    request.layout = &this->layout;
    request.rows = {one.row};
    request.row_count = 1;
    const WriteOutcome outcome =
        writer->write(request, {stop.get_token(), [&](const InsertFailure&) { stop.request_stop(); }});
    EXPECT_EQ(outcome.kind, WriteOutcome::Kind::Rejected) << one.columns << one.tail << ": " << outcome.text;
    EXPECT_EQ(this->server_->count("SELECT count() FROM expressions"), 0u);
  }
  this->server_->query("DROP TABLE expressions");
}

TYPED_TEST(RowWriterContract, TheTableIsDescribed) {
  clickhouse::ClickHouseClient client(this->settings, this->clock);
  const auto described = client.describe_table(std::chrono::seconds(5));
  ASSERT_TRUE(described) << described.error().text;
  ASSERT_EQ(described->columns.size(), 2u);
  EXPECT_EQ(described->columns[0].type, "UInt64");
  EXPECT_EQ(described->engine, "MergeTree");
  EXPECT_TRUE(client.server_version(std::chrono::seconds(5)));
}

}  // namespace
}  // namespace freshet
