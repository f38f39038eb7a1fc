// The generic JSON processor: rows in the types of a table store the same values as the messages in JSONEachRow, for
// every type, for odd values, and for odd objects. Debian's old server gets JSONEachRow only.
#include "json_values.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <sstream>

#include "app/table_types.h"
#include "columns/json_rows.h"
#include "insert_rows.h"
#include "processors/registry.h"
#include "testkit/fake_clock.h"
#include "testkit/servers.h"
#include "typed_servers.h"

namespace freshet {
namespace {

using SettingMap = std::map<std::string, std::string>;

struct Split {
  std::vector<std::string> json;   // messages whose rows have an exact form
  std::vector<std::string> typed;  // these rows
  std::vector<std::string> others;
  uint64_t rows = 0;
  RowLayout layout;
};

struct JsonValues : testing::Test {
  static void SetUpTestSuite() { server_ = new testkit::LocalClickHouse(); }
  static void TearDownTestSuite() { delete server_; }

  std::string query(const std::string& sql) { return query_with_types(*server_, sql); }

  void create(const std::string& columns) {
    for (const char* table : {"as_json", "as_typed", "as_text"}) {
      query(fmt::format("DROP TABLE IF EXISTS {}", table));
      query(fmt::format("CREATE TABLE {} ({}) ENGINE = MergeTree ORDER BY tuple()", table, columns));
    }
  }

  TableColumns types() {
    settings::Pipeline pipeline;
    pipeline.clickhouse.urls = {server_->url()};
    pipeline.clickhouse.table = "default.as_typed";
    pipeline.clickhouse.insert_settings = insert_settings;
    const auto found = app::table_types(pipeline, clock, std::chrono::seconds(20), {}, nullptr);
    EXPECT_TRUE(found) << (found ? "" : found.error().text);
    return found ? *found : TableColumns();
  }

  Split split(const std::vector<std::string>& messages, const processors::JsonSettings& json = {}) {
    Snapshot<TableColumns> table(types());
    processors::ProcessorsSettings chosen;
    chosen.json = json;
    const auto plain = (*processors::make_factory(chosen, {&clock, &metrics}))();
    const auto typed =
        (*processors::make_factory(chosen, {&clock, &metrics, nullptr, Delivery::AtLeastOnce, &table}))();
    Split out;
    typed->begin_chunk(kContext, {});
    for (const std::string& text : messages) {
      Message message;
      message.offset = Offset{42};
      message.timestamp_ms = 1'790'000'000'123;
      message.key = "k\"ey";
      message.payload = text;
      std::string json_rows;
      std::string rows;
      const ProcessResult as_json = plain->process(kContext, message, json_rows);
      const ProcessResult as_typed = typed->process(kContext, message, rows);
      EXPECT_EQ(as_json.kind, as_typed.kind) << text;
      EXPECT_EQ(as_json.row_count, as_typed.row_count) << text;
      if (as_json.kind != ProcessResult::Kind::Rows) continue;
      if (as_typed.json_each_row) {
        EXPECT_EQ(rows, json_rows);
        EXPECT_EQ(as_json.rows_are_payload, as_typed.rows_are_payload);
        out.others.push_back(text);
        continue;
      }
      out.json.push_back(std::move(json_rows));
      out.typed.push_back(std::move(rows));
      out.rows += as_json.row_count;
    }
    out.layout = typed->layout();
    return out;
  }

  void write(const std::string& table, const RowLayout& layout, const std::vector<std::string>& rows, uint64_t count) {
    clickhouse::ClickHouseSettings to;
    to.urls = {server_->url()};
    to.table = "default." + table;
    to.insert_settings = insert_settings;
    const WriteOutcome outcome = insert_rows(to, layout, rows, count, clock, metrics);
    if (outcome.kind == WriteOutcome::Kind::Written) return;
    ADD_FAILURE() << table << ": " << outcome.text;
    // Which row it is.
    if (rows.size() < 2) {
      ADD_FAILURE() << (rows.empty() ? "" : rows.front());
      return;
    }
    const auto half = rows.begin() + static_cast<ptrdiff_t>(rows.size() / 2);
    if (outcome.kind != WriteOutcome::Kind::Rejected || count != rows.size()) return;
    write(table, layout, {rows.begin(), half}, rows.size() / 2);
    write(table, layout, {half, rows.end()}, rows.size() - rows.size() / 2);
  }

  // Into empty tables: rows of several inserts are read in any order.
  void write_both(const Split& rows) {
    ASSERT_EQ(rows.layout.format, RowFormat::Native);
    for (const char* table : {"as_json", "as_typed", "as_text"}) query(fmt::format("TRUNCATE TABLE {}", table));
    if (rows.typed.empty()) return;
    write("as_json", RowLayout(), rows.json, rows.rows);
    write("as_typed", rows.layout, rows.typed, rows.rows);
    // As in an insert together with rows that have no exact form.
    const auto as_text = columns::JsonRows::create(rows.layout.columns, rows.layout.types);
    std::vector<std::string> texts;
    for (const std::string& one : rows.typed) ASSERT_TRUE(as_text->append(one, texts.emplace_back()));
    write("as_text", RowLayout(), texts, rows.rows);
  }

  std::vector<std::string> lines(const char* table) {
    std::istringstream text(
        query(fmt::format("SELECT * FROM {} FORMAT TSVRaw SETTINGS output_format_json_quote_64bit_floats=1", table)));
    std::vector<std::string> out;
    for (std::string line; std::getline(text, line);) out.push_back(line);
    return out;
  }
  void expect_the_same() {
    const auto bytes = [&](const char* table) {
      return query(fmt::format("SELECT * FROM {} FORMAT RowBinary", table));
    };
    for (const char* table : {"as_typed", "as_text"}) {
      if (bytes("as_json") == bytes(table)) continue;
      const auto json = lines("as_json");
      const auto other = lines(table);
      EXPECT_EQ(json.size(), other.size());
      for (size_t i = 0; i < std::min(json.size(), other.size()); ++i) EXPECT_EQ(json[i], other[i]) << table;
      ADD_FAILURE() << table << " has different bytes";
    }
  }

  static constexpr MessageContext kContext{"topic", Partition{3}};
  static testkit::LocalClickHouse* server_;
  SettingMap insert_settings;
  RealClock clock;
  Metrics metrics;
};
testkit::LocalClickHouse* JsonValues::server_ = nullptr;

std::vector<std::string> messages_of_values() {
  std::vector<std::string> messages;
  for (const std::string& value : kValues)
    messages.push_back(fmt::format(R"({{"id":{},"v":{}}})", messages.size(), value));
  messages.push_back(fmt::format(R"({{"id":{}}})", messages.size()));
  return messages;
}

TEST_F(JsonValues, EachValueInEachType) {
  for (const std::string& type : kTypes) {
    SCOPED_TRACE(type);
    create(fmt::format("id UInt32, v {}", type));
    const Split rows = split(messages_of_values());
    EXPECT_GT(rows.typed.size(), 3u);
    write_both(rows);
    EXPECT_EQ(query("SELECT count() FROM as_typed"), std::to_string(rows.rows) + "\n");
    expect_the_same();
    std::cout << fmt::format("{}: {} of {} values\n", type, rows.typed.size(), messages_of_values().size());
  }
}

// The same with other settings of the insert.
TEST_F(JsonValues, EachTimeAndNullWithOtherSettings) {
  for (const SettingMap& settings :
       {SettingMap{{"date_time_input_format", "basic"}}, SettingMap{{"input_format_null_as_default", "0"}},
        SettingMap{{"session_timezone", "Asia/Tokyo"}}}) {
    SCOPED_TRACE(settings.begin()->first);
    insert_settings = settings;
    for (const char* type : {"DateTime", "DateTime('UTC')", "DateTime64(3)", "DateTime64(3, 'UTC')", "Date", "UInt8",
                             "Array(DateTime64(3))"}) {
      SCOPED_TRACE(type);
      create(fmt::format("id UInt32, v {}", type));
      write_both(split(messages_of_values()));
      expect_the_same();
    }
  }
}

TEST_F(JsonValues, OtherTypesAreLeftOutUnlessAMessageHasThem) {
  for (const std::string& type : kOnlyJson) {
    SCOPED_TRACE(type);
    create(fmt::format("id UInt32, v {}", type));
    const Split rows = split({R"({"id":1})", R"({"id":2,"v":null})", R"({"v":1,"id":3})"});
    EXPECT_EQ(rows.typed.size(), 1u);
    EXPECT_EQ(rows.layout.columns, std::vector<std::string>({"id"}));
    write_both(rows);
    expect_the_same();
  }
}

TEST_F(JsonValues, Defaults) {
  create(
      "id UInt32, a UInt8 DEFAULT 7, b String DEFAULT 'x', c Nullable(String) DEFAULT 'y', d Nullable(Int64), "
      "e DateTime('UTC') DEFAULT toDateTime(5), f UInt32 DEFAULT id * 2, g UInt32 MATERIALIZED id + 1, "
      "h UInt32 ALIAS id + 2, i UInt8 EPHEMERAL, j Array(String) DEFAULT ['q'], k LowCardinality(String) DEFAULT 'l', "
      "l Int8 DEFAULT -1, m Map(String, String), n FixedString(2) DEFAULT 'zz', o UInt8 DEFAULT i + 1, "
      "p Bool DEFAULT true, q UInt8 DEFAULT false, r Array(UInt8) DEFAULT [], s Float64 DEFAULT -1.5, "
      "t Float32 DEFAULT 2.39, u Float64 DEFAULT 1e300, v Nullable(Int16) DEFAULT -2, w Nullable(String) DEFAULT NULL, "
      "x Map(String, UInt8) DEFAULT map(), y Float32 DEFAULT -0., z Int64 DEFAULT -9223372036854775808, "
      "z2 UInt8 DEFAULT -1, z3 Float64 DEFAULT 0.30000000000000004");
  const Split rows = split({R"({"id":1})", R"({"id":2,"a":null,"b":null,"d":null,"k":null})", R"({"id":3,"c":null})",
                            R"({"id":4,"g":5})", R"({"id":5,"h":5})", R"({"id":6,"i":9})", R"({"id":7,"unknown":[{}]})",
                            R"({"id":8,"a":1,"b":"","c":"","d":-1,"k":"","m":{"a":"b"}})", R"({"ID":9})",
                            R"({"id":10,"A":1})", R"({"id":11,"a":1,"a":2})", R"({"i\u0064":12})", "{}",
                            R"({"id":13}{"id":14,"a":3})", R"({"zz":1,"zz":2,"id":15})"});
  EXPECT_EQ(rows.typed.size(), 10u);
  EXPECT_EQ(rows.rows, 11u);
  EXPECT_EQ(rows.layout.columns, std::vector<std::string>({"id", "a", "b", "c", "d", "k", "l", "m", "n", "p", "q", "r",
                                                           "s", "v", "w", "x", "y", "z"}));
  write_both(rows);
  expect_the_same();
}

TEST_F(JsonValues, MetadataColumnsAndRenamedFields) {
  create(
      "a UInt32, topic LowCardinality(String), part UInt16, off Int64, at DateTime64(3, 'UTC'), at2 String, "
      "key Nullable(String), h String");
  processors::JsonSettings json;
  json.topic_column = "topic";
  json.partition_column = "part";
  json.offset_column = "off";
  json.timestamp_column = "at";
  json.key_column = "key";
  json.header_columns = {{"x", "h"}};
  const std::vector<std::string> messages = {R"({"a":1})", R"({"a":2,"part":9,"key":{}})", R"({"a":3}{"a":4})",
                                             R"({"b":5})"};
  const Split rows = split(messages, json);
  EXPECT_EQ(rows.typed.size(), 4u);
  write_both(rows);
  expect_the_same();
  json.fields = {{"b", "a"}, {"c", "nowhere"}};
  const Split renamed = split({R"({"a":"x","b":6,"c":1})", R"({"b":7,"z":[]})", R"({"b":8,"b":9})"}, json);
  EXPECT_EQ(renamed.typed.size(), 2u);
  write_both(renamed);
  expect_the_same();
}

// --- Random tables and objects --------------------------------------------------------------------------------------

// Those of kValues that have an exact form in the type.
const std::vector<std::string>& exact_values(const std::string& type) {
  static std::map<std::string, std::vector<std::string>> known;
  std::vector<std::string>& values = known[type];
  if (!values.empty()) return values;
  RealClock clock;
  Metrics metrics;
  Snapshot<TableColumns> table({{{"id", "UInt8"}, {"v", type}}, true, "UTC", true, true});
  const auto processor = (*processors::make_factory({}, {&clock, &metrics, nullptr, Delivery::AtLeastOnce, &table}))();
  processor->begin_chunk({"topic", Partition{0}}, {});
  for (const std::string& value : kValues) {
    const std::string text = fmt::format(R"({{"v":{}}})", value);
    Message message;
    message.payload = text;
    std::string rows;
    if (!processor->process({"topic", Partition{0}}, message, rows).json_each_row) values.push_back(value);
  }
  if (values.empty()) values.emplace_back("null");
  return values;
}

class RandomObjects {
 public:
  explicit RandomObjects(uint64_t seed) : random_(seed) {}

  std::string columns() {
    std::string sql = "id UInt32";
    const size_t count = 3 + below(12);
    for (size_t i = 0; i < count; ++i) {
      const std::string& type = chance(20) ? one_of(kOnlyJson) : one_of(kTypes);
      types_.push_back(type);
      names_.push_back(fmt::format("{}{}", chance(8) ? "Col " : "c", i));
      sql += fmt::format(", `{}` {}", names_.back(), type);
      if (chance(6) && type.find("String") == 0) sql += " DEFAULT 'dflt'";
      if (chance(4) && type.starts_with("UInt")) sql += chance(2) ? " DEFAULT 3" : " DEFAULT id % 5";
    }
    return sql;
  }

  std::string object(uint64_t id) {
    std::vector<std::string> fields = {fmt::format(R"("id":{})", id)};
    for (size_t i = 0; i < names_.size(); ++i) {
      if (chance(3)) continue;
      fields.push_back(fmt::format(R"("{}":{})", chance(60) ? lower(names_[i]) : names_[i], value(i)));
    }
    if (chance(10)) fields.push_back(fmt::format(R"("unknown {}":{})", below(3), one_of(kValues)));
    if (chance(60)) fields.push_back(fields[below(fields.size())]);
    if (chance(4)) std::shuffle(fields.begin(), fields.end(), random_);
    std::string text = "{";
    for (const std::string& field : fields) text += (text.size() > 1 ? "," : "") + field;
    return text + "}";
  }

 private:
  uint64_t below(uint64_t limit) { return random_() % limit; }
  bool chance(uint64_t of) { return below(of) == 0; }
  const std::string& one_of(const std::vector<std::string>& all) { return all[below(all.size())]; }
  static std::string lower(std::string text) {
    for (char& c : text) c = static_cast<char>(std::tolower(c));
    return text;
  }
  // Mostly one that has an exact form.
  std::string value(size_t column) { return chance(40) ? one_of(kValues) : one_of(exact_values(types_[column])); }

  std::mt19937_64 random_;
  std::vector<std::string> names_;
  std::vector<std::string> types_;
};

TEST_F(JsonValues, RandomObjectsInRandomTables) {
  size_t typed = 0;
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE(seed);
    RandomObjects random(seed);
    create(random.columns());
    std::vector<std::string> messages;
    for (uint64_t id = 0; id < 400; ++id) messages.push_back(random.object(id));
    const Split rows = split(messages);
    typed += rows.typed.size();
    write_both(rows);
    expect_the_same();
    if (HasFailure()) break;
  }
  std::cout << typed << " random objects have an exact form\n";
  EXPECT_GT(typed, 5000u);
}

// The server reads some of them as a value beside the nearest one.
TEST_F(JsonValues, FloatsDifferFromTheServersInTheLastDigitOnly) {
  std::mt19937_64 random(1);
  const auto digits = [&](uint64_t most) {
    std::string text = std::to_string(random());
    return text.substr(0, 1 + random() % most);
  };
  for (const auto& [type, bits] : {std::pair("Float64", "Int64"), std::pair("Float32", "Int32")}) {
    create(fmt::format("id UInt32, v {}", type));
    std::vector<std::string> messages;
    for (size_t i = 0; i < 20'000; ++i) {
      const char* sign = random() % 2 == 0 ? "-" : "";
      messages.push_back(fmt::format(R"({{"id":{},"v":{}{}.{}}})", i, sign, digits(9), digits(17)));
    }
    const Split rows = split(messages);
    EXPECT_GT(rows.typed.size(), 18'000u);
    write_both(rows);
    EXPECT_EQ(query(fmt::format("SELECT max(abs(reinterpretAs{0}(j.v) - reinterpretAs{0}(t.v))) <= 2, count() "
                                "FROM as_json AS j JOIN as_typed AS t USING id",
                                bits)),
              fmt::format("1\t{}\n", rows.rows));
  }
}

// Values that differ a little from those above.
std::string mutated(std::string text, std::mt19937_64& random) {
  constexpr std::string_view kBytes = "0123456789-+:. TZeE,[]{}\"\\abfnrtuxAF/_";
  for (uint64_t edits = 1 + random() % 3; edits > 0; --edits) {
    const size_t at = random() % (text.size() + 1);
    const char byte = kBytes[random() % kBytes.size()];
    switch (random() % 3) {
      case 0:
        text.insert(at, 1, byte);
        break;
      case 1:
        if (at < text.size()) text[at] = byte;
        break;
      default:
        text.erase(at, 1);
    }
  }
  return text;
}

TEST_F(JsonValues, MutatedValues) {
  std::mt19937_64 random(1);
  size_t typed = 0;
  for (const std::string& type : kTypes) {
    if (type.find("Float") != std::string::npos) continue;
    SCOPED_TRACE(type);
    create(fmt::format("id UInt32, v {}", type));
    const std::vector<std::string>& exact = exact_values(type);
    std::vector<std::string> messages;
    for (size_t i = 0; i < 4000; ++i) {
      const auto& values = random() % 2 == 0 ? exact : kValues;
      messages.push_back(fmt::format(R"({{"id":{},"v":{}}})", i, mutated(values[random() % values.size()], random)));
    }
    const Split rows = split(messages);
    typed += rows.typed.size();
    write_both(rows);
    expect_the_same();
  }
  std::cout << typed << " mutated values have an exact form\n";
}

}  // namespace
}  // namespace freshet
