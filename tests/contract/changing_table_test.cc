// Native inserts into a table that is not any more, or never was, what their types say: the values that JSONEachRow
// gives, in Debian's old server and in a current one.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <functional>
#include <numeric>
#include <type_traits>

#include "clickhouse/clickhouse_writer.h"
#include "columns/row_binary_writer.h"
#include "testkit/recording_log.h"
#include "testkit/servers.h"

namespace freshet {
namespace {

template <typename Server>
struct ChangingTable : testing::Test {
  static constexpr bool kCurrent = std::is_same_v<Server, testkit::LocalClickHouse>;
  static void SetUpTestSuite() { server_ = new Server(); }
  static void TearDownTestSuite() { delete server_; }
  void SetUp() override {
    table = testing::UnitTest::GetInstance()->current_test_info()->name();
    settings.urls = {server_->url()};
    settings.table = "default." + table;
    create("id UInt64, name String");
    writer =
        clickhouse::make_row_writer(settings, std::make_shared<clickhouse::Hosts>(settings.urls), clock, log, metrics);
  }

  void create(const std::string& columns, const std::string& more = {}) {
    server_->query("DROP TABLE IF EXISTS " + table);
    server_->query(fmt::format("CREATE TABLE {} ({}) ENGINE = MergeTree ORDER BY id {}", table, columns, more));
  }
  void alter(const std::string& change) { server_->query(fmt::format("ALTER TABLE {} {}", table, change)); }

  static std::string row(uint64_t id, std::string_view name) {
    columns::RowBinaryWriter out;
    out.fixed(id);
    out.string(name);
    return std::string(out.bytes());
  }
  // Rows of columns id UInt64 and name String. `json_rows`: the indices of those that are JSONEachRow.
  WriteOutcome write(const std::vector<std::string>& rows, const std::vector<size_t>& json_rows = {},
                     const std::string& token = "token") {
    InsertRequest request;
    request.layout = json_rows.empty() ? &layout : plain_layout().get();
    request.rows = {rows.begin(), rows.end()};
    if (!json_rows.empty()) request.layouts.assign(rows.size(), &layout);
    for (const size_t i : json_rows) request.layouts[i] = plain_layout().get();
    request.row_count = rows.size();
    request.token = token;
    std::stop_source stop;
    return writer->write(request, {stop.get_token(), [&](const InsertFailure& failure) {
                                     ADD_FAILURE() << failure.text;
                                     stop.request_stop();
                                   }});
  }
  void write_one(uint64_t id, const std::string& name) {
    const WriteOutcome outcome = write({row(id, name)}, {}, fmt::format("{}", id));
    EXPECT_EQ(outcome.kind, WriteOutcome::Kind::Written) << outcome.text;
  }
  std::string stored() { return server_->query(fmt::format("SELECT * FROM {} ORDER BY id FORMAT TSV", table)); }

  static Server* server_;
  std::string table;
  clickhouse::ClickHouseSettings settings;
  RowLayout layout{RowFormat::Native, {"id", "name"}, {"UInt64", "String"}};
  testkit::RecordingLog log;
  RealClock clock;
  Metrics metrics;
  std::unique_ptr<RowWriter> writer;
};
template <typename Server>
Server* ChangingTable<Server>::server_ = nullptr;

using Servers = testing::Types<testkit::OldClickHouse, testkit::LocalClickHouse>;
TYPED_TEST_SUITE(ChangingTable, Servers);

TYPED_TEST(ChangingTable, AColumnIsAddedOrDropped) {
  this->write_one(1, "a");
  this->alter("ADD COLUMN more String DEFAULT concat('of ', name)");
  this->write_one(2, "b");
  // 18.16 gives what JSONEachRow leaves out the default of the type.
  EXPECT_EQ(this->stored(), TestFixture::kCurrent ? "1\ta\tof a\n2\tb\tof b" : "1\ta\tof a\n2\tb\t");
  this->create("id UInt64, name String");
  this->alter("DROP COLUMN name");
  this->write_one(1, "a");
  EXPECT_EQ(this->stored(), "1");
}

TYPED_TEST(ChangingTable, AColumnIsRenamed) {
  if constexpr (!TestFixture::kCurrent) return;  // 18.16 cannot
  this->write_one(1, "a");
  this->alter("RENAME COLUMN name TO title");
  this->write_one(2, "b");
  EXPECT_EQ(this->stored(), "1\ta\n2\t") << "as JSONEachRow with a field that is no column";
}

TYPED_TEST(ChangingTable, ATypeIsChanged) {
  this->write_one(1, "7");
  this->alter("MODIFY COLUMN name UInt8");
  this->write_one(2, "8");
  EXPECT_EQ(this->stored(), "1\t7\n2\t8");
  const WriteOutcome outcome = this->write({this->row(3, "9"), this->row(4, "x"), this->row(5, "10")}, {}, "bad");
  EXPECT_EQ(outcome.kind, WriteOutcome::Kind::Rejected);
  EXPECT_EQ(outcome.row, 1u);
  EXPECT_EQ(this->stored(), "1\t7\n2\t8");
}

// 18.16 dies of a Native insert of values that are not Nullable into a Nullable column.
TYPED_TEST(ChangingTable, AColumnBecomesNullable) {
  this->write_one(1, "a");
  this->alter("MODIFY COLUMN name Nullable(String)");
  this->write_one(2, "b");
  EXPECT_EQ(this->stored(), "1\ta\n2\tb");
}

// Where a server converts values, it converts others than it reads from JSON.
TYPED_TEST(ChangingTable, AnotherTypeIsReadAsFromJson) {
  for (const auto& [type, name, expected] :
       {std::tuple("FixedString(2)", "ab", "ab"), std::tuple("Enum8('x' = 1, 'y' = 2)", "y", "y"),
        std::tuple("DateTime('Asia/Tokyo')", "2023-11-15 07:13:20", "2023-11-15 07:13:20"),
        std::tuple("Date", "2024-02-29", "2024-02-29"),
        std::tuple("UUID", "00112233-4455-6677-8899-aabbccddeeff", "00112233-4455-6677-8899-aabbccddeeff")}) {
    this->create(fmt::format("id UInt64, name {}", type));
    this->write_one(1, name);
    EXPECT_EQ(this->stored(), fmt::format("1\t{}", expected)) << type;
  }
  this->create("id UInt64, name Decimal(9, 3)");
  this->layout.types[1] = "Decimal(9, 2)";
  columns::RowBinaryWriter out;
  out.fixed(uint64_t{1});
  out.fixed(int32_t{250});
  EXPECT_EQ(this->write({std::string(out.bytes())}).kind, WriteOutcome::Kind::Written);
  EXPECT_EQ(this->server_->query(fmt::format("SELECT toFloat64(name) FROM {}", this->table)), "2.5");
}

// What the server takes for the same type although it means something else (docs/insert-formats.md): until freshet has
// described the table again, ten seconds later.
TYPED_TEST(ChangingTable, BoolAndTimeZonesAreNotCompared) {
  if constexpr (!TestFixture::kCurrent) return;  // 18.16 has no Bool, and gets no Native inserts
  const auto insert = [&](const std::string& type, const std::string& old_type, auto value) {
    this->create(fmt::format("id UInt64, name {}", type));
    this->layout.types[1] = old_type;
    columns::RowBinaryWriter out;
    out.fixed(uint64_t{1});
    out.fixed(value);
    EXPECT_EQ(this->write({std::string(out.bytes())}, {}, type).kind, WriteOutcome::Kind::Written);
  };
  insert("Bool", "UInt8", uint8_t{1});
  EXPECT_EQ(this->stored(), "1\ttrue");
  insert("Bool", "UInt8", uint8_t{7});
  EXPECT_EQ(this->server_->query(fmt::format("SELECT toUInt8(name), name = true, name FROM {}", this->table)),
            "7\t0\ttrue");
  insert("UInt8", "Bool", uint8_t{1});
  EXPECT_EQ(this->stored(), "1\t1");
  insert("DateTime('Asia/Tokyo')", "DateTime('UTC')", uint32_t{0});
  EXPECT_EQ(this->stored(), "1\t1970-01-01 09:00:00") << "the same time";
  EXPECT_EQ(this->log.count("insert_sent_as_json"), 0u);
}

TYPED_TEST(ChangingTable, AConstraintNamesTheRow) {
  if constexpr (!TestFixture::kCurrent) return;  // 18.16 has none
  this->alter("ADD CONSTRAINT not_x CHECK name != 'x'");
  const WriteOutcome outcome = this->write({this->row(1, "a"), this->row(2, "x"), this->row(3, "c")});
  EXPECT_EQ(outcome.kind, WriteOutcome::Kind::Rejected);
  EXPECT_EQ(outcome.code, 469);
  EXPECT_EQ(outcome.row, 1u);
  EXPECT_EQ(this->stored(), "");
}

TYPED_TEST(ChangingTable, BothFormatsAreOneInsertToTheTable) {
  if constexpr (!TestFixture::kCurrent) return;  // 18.16 knows no tokens
  this->create("id UInt64, name String", "SETTINGS non_replicated_deduplication_window = 100");
  const std::vector<std::string> rows = {this->row(1, "7"), this->row(2, "8")};
  EXPECT_EQ(this->write(rows).kind, WriteOutcome::Kind::Written);
  this->alter("MODIFY COLUMN name UInt8");
  EXPECT_EQ(this->write(rows).kind, WriteOutcome::Kind::Written);
  EXPECT_EQ(this->log.count("insert_sent_as_json"), 1u);
  EXPECT_EQ(this->stored(), "1\t7\n2\t8");
}

// The next owner of a partition may know the table or not. Tokens count for each partition of the table and of a view's
// target, and a large insert is more than one chunk of text to the parser.
TYPED_TEST(ChangingTable, ARepeatInAnotherFormatIsADuplicate) {
  if constexpr (!TestFixture::kCurrent) return;
  this->settings.delivery = Delivery::ExactlyOnce;
  this->writer = clickhouse::make_row_writer(this->settings, std::make_shared<clickhouse::Hosts>(this->settings.urls),
                                             this->clock, this->log, this->metrics);
  constexpr const char* kWindow = "SETTINGS non_replicated_deduplication_window = 100";
  this->create("id UInt64, name String", fmt::format("PARTITION BY id % 3 {}", kWindow));
  this->server_->query(fmt::format("CREATE TABLE seen (id UInt64) ENGINE = MergeTree ORDER BY id {}", kWindow));
  this->server_->query(fmt::format("CREATE MATERIALIZED VIEW view TO seen AS SELECT id FROM {}", this->table));
  uint64_t expected = 0;
  for (const size_t count : {size_t{1}, size_t{300'000}}) {
    std::vector<std::string> typed;
    std::vector<std::string> json;
    for (size_t i = 0; i < count; ++i) {
      const std::string name(50, static_cast<char>('a' + i % 26));
      typed.push_back(this->row(i, name));
      json.push_back(fmt::format("{{\"id\":{},\"name\":\"{}\"}}\n", i, name));
    }
    std::vector<size_t> all(count);
    std::iota(all.begin(), all.end(), size_t{0});
    std::vector<std::string> mixed = typed;
    mixed[0] = json[0];
    const std::vector<std::function<WriteOutcome(const std::string&)>> formats = {
        [&](const std::string& token) { return this->write(typed, {}, token); },
        [&](const std::string& token) { return this->write(json, all, token); },
        [&](const std::string& token) { return this->write(mixed, {0}, token); }};
    for (size_t first = 0; first < formats.size(); ++first) {
      const std::string token = fmt::format("{} rows, {}", count, first);
      EXPECT_EQ(formats[first](token).kind, WriteOutcome::Kind::Written);
      expected += count;
      for (const auto& repeat : formats) EXPECT_EQ(repeat(token).kind, WriteOutcome::Kind::Written);
      EXPECT_EQ(this->server_->count("SELECT count() FROM " + this->table), expected) << token;
      EXPECT_EQ(this->server_->count("SELECT count() FROM seen"), expected) << token;
    }
  }
}

TYPED_TEST(ChangingTable, JsonRowsAreInTheirPlace) {
  std::vector<std::string> rows = {this->row(1, "a\n\"\xff"), "{\"id\":\"2\",\"name\":\"b\"}\n", this->row(3, "c")};
  EXPECT_EQ(this->write(rows, {1}).kind, WriteOutcome::Kind::Written);
  EXPECT_EQ(this->stored(), "1\ta\\n\"\xff\n2\tb\n3\tc");
  rows.push_back("{\"id\":\"x\",\"name\":\"d\"}\n");
  const WriteOutcome outcome = this->write(rows, {1, 3}, "bad");
  EXPECT_EQ(outcome.kind, WriteOutcome::Kind::Rejected);
  EXPECT_EQ(outcome.row, 3u);
  EXPECT_EQ(this->log.count("insert_sent_as_json"), 0u);
}

}  // namespace
}  // namespace freshet
