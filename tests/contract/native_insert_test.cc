// Native blocks in Debian's old server and in a current one: for each type, the table has the values of the rows, and
// the same as from a RowBinary insert of the same rows.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "clickhouse/clickhouse_writer.h"
#include "columns/data_type.h"
#include "columns/row_binary_writer.h"
#include "http/http_client.h"
#include "testkit/servers.h"
#include "typed_servers.h"

namespace freshet {
namespace {

using columns::DataType;
using columns::RowBinaryWriter;
using columns::TypeKind;

// Types of both servers.
const std::vector<std::string> kAllServers = {
    "Int8",
    "Int16",
    "Int32",
    "Int64",
    "UInt8",
    "UInt16",
    "UInt32",
    "UInt64",
    "Float32",
    "Float64",
    "String",
    "FixedString(1)",
    "FixedString(16)",
    "FixedString(33)",
    "Date",
    "DateTime",
    "DateTime('UTC')",
    "UUID",
    "Enum8('a' = 1, 'b\\'(c), ' = -128, '' = 0)",
    "Enum16('x' = 300, 'y' = -32768)",
    "Decimal(9, 2)",
    "Decimal(18, 18)",
    "Decimal(38, 5)",
    "Nullable(UInt8)",
    "Nullable(Float64)",
    "Nullable(String)",
    "Nullable(FixedString(5))",
    "Nullable(UUID)",
    "Nullable(DateTime('UTC'))",
    "Nullable(Decimal(9, 2))",
    "Nullable(Enum8('a' = 1))",
    "LowCardinality(String)",
    "LowCardinality(Nullable(String))",
    "LowCardinality(FixedString(3))",
    "LowCardinality(UInt16)",
    "LowCardinality(Nullable(Int64))",
    "LowCardinality(Date)",
    "LowCardinality(Nullable(DateTime))",
    "Array(UInt8)",
    "Array(Int64)",
    "Array(String)",
    "Array(FixedString(2))",
    "Array(Nullable(UInt32))",
    "Array(Nullable(String))",
    "Array(Array(Int16))",
    "Array(Array(Nullable(String)))",
    "Array(LowCardinality(String))",
    "Array(LowCardinality(Nullable(String)))",
    "Tuple(UInt8, String)",
    "Tuple(Array(UInt16), Nullable(String), Tuple(UUID, Float32))",
};

// Types of the current server only.
const std::vector<std::string> kCurrentServer = {
    "Array(Tuple(UInt8, String))",  // 18.16 makes columns of the elements
    "Bool",
    "Int128",
    "Int256",
    "UInt128",
    "UInt256",
    "BFloat16",
    "Date32",
    "DateTime64(0)",
    "DateTime64(3, 'UTC')",
    "DateTime64(9, 'Europe/Berlin')",
    "Time",
    "Time64(6)",
    "IPv4",
    "IPv6",
    "Decimal(76, 10)",
    "Nullable(Bool)",
    "Nullable(Int256)",
    "Nullable(IPv6)",
    "Nullable(Date32)",
    "Nullable(DateTime64(3))",
    "LowCardinality(UUID)",
    "LowCardinality(IPv4)",
    "LowCardinality(Nullable(UInt64))",
    "Map(String, String)",
    "Map(String, Float64)",
    "Map(UInt64, UInt8)",
    "Map(LowCardinality(String), LowCardinality(Nullable(String)))",
    "Map(String, Array(Bool))",
    "Map(String, Map(String, Array(Nullable(Int64))))",
    "Array(Map(String, UInt16))",
    "Tuple(a UInt8, `b c` Tuple(d LowCardinality(String), e Array(LowCardinality(String))))",
    "Array(Tuple(a LowCardinality(String), b Nullable(DateTime64(6))))",
    "Nested(a UInt8, b Array(String), c LowCardinality(Nullable(String)))",
    "SimpleAggregateFunction(sum, UInt64)",
    "SimpleAggregateFunction(max, Nullable(Float64))",
    "SimpleAggregateFunction(anyLast, LowCardinality(String))",
    "SimpleAggregateFunction(groupUniqArrayArray, Array(UInt8))",
    "Point",
    "Ring",
    "MultiPolygon",
    "Nullable(Tuple(UInt8, Array(String), LowCardinality(String)))",
};

// Values of a type as RowBinary, at the edges more often than not.
class RandomValues {
 public:
  void add(const DataType& type, RowBinaryWriter& out) {
    if (type.nullable) {
      const bool null = chance(3);
      out.fixed(static_cast<uint8_t>(null));
      if (null) return;
    }
    switch (type.kind) {
      case TypeKind::Array:
      case TypeKind::Map:
        return add_elements(type, out);
      case TypeKind::Tuple:
        for (const DataType& element : type.children) add(element, out);
        return;
      case TypeKind::String:
        return out.string(text());
      case TypeKind::Json:
        return out.string(fmt::format(R"({{"a":{},"b":{{"c":["x","{}"]}}}})", below(5), below(3)));
      default:
        return add_fixed(type, out);
    }
  }

 private:
  uint64_t below(uint64_t limit) { return random_() % limit; }
  bool chance(uint64_t of) { return below(of) == 0; }

  void add_elements(const DataType& type, RowBinaryWriter& out) {
    const uint64_t count = chance(3) ? 0 : chance(20) ? 130 + below(20) : below(5);
    out.count(count);
    for (uint64_t i = 0; i < count; ++i) {
      for (const DataType& element : type.children) add(element, out);
    }
  }

  std::string text() {
    const size_t size = chance(3) ? 0 : chance(200) ? 16'000 + below(1000) : chance(4) ? below(200) : 1 + below(2);
    std::string value(size, '\0');
    for (char& c : value) c = static_cast<char>(chance(2) ? 'a' + below(3) : random_());
    return value;
  }

  void add_fixed(const DataType& type, RowBinaryWriter& out) {
    switch (type.kind) {
      case TypeKind::Bool:
        return out.fixed(static_cast<uint8_t>(below(2)));
      case TypeKind::Enum8:
        return out.fixed(static_cast<int8_t>(type.enum_values[below(type.enum_values.size())].value));
      case TypeKind::Enum16:
        return out.fixed(type.enum_values[below(type.enum_values.size())].value);
      case TypeKind::Date32:  // the server reads only 1900 to 2299
        return out.fixed(static_cast<int32_t>(below(140'000)) - 20'000);
      case TypeKind::Decimal:
        return add_decimal(type, out);
      default:
        return out.raw(bytes(type.width));
    }
  }

  // Below 10^9 in the lowest bytes, or its negative.
  void add_decimal(const DataType& type, RowBinaryWriter& out) {
    const auto value = static_cast<int32_t>(chance(4) ? 999'999'999 : below(1'000'000'000)) * (chance(2) ? -1 : 1);
    out.fixed(value);
    out.raw(std::string(type.width - 4, value < 0 ? '\xff' : '\0'));
  }

  std::string bytes(size_t size) {
    std::string value(size, chance(2) ? '\0' : '\xff');
    if (chance(6)) return value;
    if (chance(6)) value.back() = value.back() == '\0' ? '\x80' : '\x7f';  // the smallest or largest number
    for (char& c : value) c = chance(2) ? c : static_cast<char>(random_());
    return value;
  }

  std::mt19937_64 random_{42};
};

// Requests as freshet's own, without the setting that keeps 18.16 from getting Native inserts: it reads them well, but
// does not notice a changed table.
class OldServer final : public clickhouse::RequestBuilder {
 public:
  explicit OldServer(const clickhouse::ClickHouseSettings& settings)
      : plain_(clickhouse::make_plain_request_builder(settings)) {}
  http::ClientOptions client_options() override { return plain_->client_options(); }
  http::Request insert(const clickhouse::InsertTarget& target, const clickhouse::Credentials& credentials) override {
    clickhouse::SettingNames without = *target.without;
    without.emplace(clickhouse::kTypesConversion);
    clickhouse::InsertTarget changed = target;
    changed.without = &without;
    return plain_->insert(changed, credentials);
  }
  bool may_omit(std::string_view setting, int code) const override { return plain_->may_omit(setting, code); }

 private:
  const std::unique_ptr<clickhouse::RequestBuilder> plain_;
};

template <typename Server>
struct NativeInsert : testing::Test {
  static constexpr bool kCurrent = std::is_same_v<Server, testkit::LocalClickHouse>;
  static void SetUpTestSuite() { server_ = new Server(); }
  static void TearDownTestSuite() { delete server_; }

  static std::vector<std::string> types() {
    std::vector<std::string> all = kAllServers;
    if (kCurrent) all.insert(all.end(), kCurrentServer.begin(), kCurrentServer.end());
    return all;
  }

  std::string query(const std::string& sql) { return query_with_types(*server_, sql); }

  // Creates the table with a column `n` before the others. Its layout.
  RowLayout create(const std::string& table, const std::vector<std::string>& of_types) {
    RowLayout layout{RowFormat::RowBinary, {"n"}, {"UInt32"}};
    std::string list = "n UInt32";
    for (size_t i = 0; i < of_types.size(); ++i) {
      layout.columns.push_back(fmt::format("c{}", i));
      layout.types.push_back(of_types[i]);
      list += fmt::format(", c{} {}", i, of_types[i]);
    }
    query("DROP TABLE IF EXISTS " + table);
    query(fmt::format("CREATE TABLE {} ({}) ENGINE = MergeTree ORDER BY n", table, list));
    return layout;
  }

  WriteOutcome write(const std::string& table, const RowLayout& layout, const std::vector<std::string_view>& rows) {
    settings.urls = {server_->url()};
    settings.table = "default." + table;
    const auto writer =
        clickhouse::make_row_writer(settings, std::make_shared<clickhouse::Hosts>(settings.urls), clock, null_log(),
                                    metrics, kCurrent ? nullptr : std::make_unique<OldServer>(settings));
    InsertRequest request;
    request.layout = &layout;
    request.rows = rows;
    request.row_count = rows.size();
    std::stop_source stop;
    return writer->write(request, {stop.get_token(), [&](const InsertFailure& failure) {
                                     ADD_FAILURE() << failure.text;
                                     stop.request_stop();
                                   }});
  }

  // Inserts the rows in both formats. What the tables have, as RowBinary.
  std::pair<std::string, std::string> stored(const std::vector<std::string>& of_types,
                                             const std::vector<std::string>& rows) {
    std::pair<std::string, std::string> found;
    for (const RowFormat format : {RowFormat::RowBinary, RowFormat::Native}) {
      const std::string table = fmt::format("as_{}", to_string(format));
      RowLayout layout = create(table, of_types);
      layout.format = format;
      const WriteOutcome outcome = write(table, layout, {rows.begin(), rows.end()});
      EXPECT_EQ(outcome.kind, WriteOutcome::Kind::Written) << to_string(format) << ": " << outcome.text;
      (format == RowFormat::Native ? found.second : found.first) =
          query(fmt::format("SELECT * FROM {} ORDER BY n FORMAT RowBinary", table));
    }
    return found;
  }

  static std::vector<std::string> random_rows(const std::vector<std::string>& of_types, size_t count) {
    std::vector<DataType> parsed;
    for (const std::string& type : of_types) parsed.push_back(columns::parse_data_type(type).value());
    RandomValues values;
    std::vector<std::string> rows;
    for (uint32_t i = 0; i < count; ++i) {
      RowBinaryWriter out;
      out.fixed(i);
      for (const DataType& type : parsed) values.add(type, out);
      rows.emplace_back(out.bytes());
    }
    return rows;
  }

  static Server* server_;
  clickhouse::ClickHouseSettings settings;
  RealClock clock;
  Metrics metrics;
};
template <typename Server>
Server* NativeInsert<Server>::server_ = nullptr;

using Servers = testing::Types<testkit::OldClickHouse, testkit::LocalClickHouse>;
TYPED_TEST_SUITE(NativeInsert, Servers);

std::string joined(const std::vector<std::string>& rows) {
  std::string all;
  for (const std::string& row : rows) all += row;
  return all;
}

TYPED_TEST(NativeInsert, StoresTheValuesOfEachType) {
  for (const std::string& type : this->types()) {
    const auto rows = this->random_rows({type}, 200);
    const auto [row_binary, native] = this->stored({type}, rows);
    EXPECT_TRUE(native == row_binary) << type << ": another value than from RowBinary";
    EXPECT_TRUE(native == joined(rows)) << type << ": another value than in the rows";
  }
}

TYPED_TEST(NativeInsert, StoresManyRowsOfAllTypesInOneBlock) {
  const auto types = this->types();
  const auto rows = this->random_rows(types, 600);
  const auto [row_binary, native] = this->stored(types, rows);
  EXPECT_TRUE(native == row_binary);
  EXPECT_TRUE(native == joined(rows));
  EXPECT_EQ(this->query("SELECT max(rows) FROM system.parts WHERE table = 'as_Native' AND active"), "600\n");
}

TYPED_TEST(NativeInsert, ADictionaryOfAnySize) {
  for (const uint32_t keys : {1u, 255u, 256u, 257u, 65'535u, 65'536u, 65'537u}) {
    for (const char* type : {"LowCardinality(UInt32)", "LowCardinality(Nullable(UInt32))"}) {
      const bool nullable = std::string_view(type).find("Nullable") != std::string_view::npos;
      std::vector<std::string> rows;
      for (uint32_t i = 0; i < keys + 10; ++i) {
        RowBinaryWriter out;
        out.fixed(i);
        if (nullable) out.fixed(uint8_t{0});
        out.fixed(i % keys);
        rows.emplace_back(out.bytes());
      }
      EXPECT_TRUE(this->stored({type}, rows).second == joined(rows)) << type << " " << keys;
    }
  }
}

// The server finds the columns by name, and gives the others their defaults.
TYPED_TEST(NativeInsert, OtherColumnsHaveTheirDefaults) {
  this->query("DROP TABLE IF EXISTS other");
  this->query(
      "CREATE TABLE other (a UInt8, b String DEFAULT concat('of ', toString(a)), `n.x` Array(UInt8), `n.y` "
      "Array(String)) "
      "ENGINE = MergeTree ORDER BY a");
  const RowLayout layout{RowFormat::Native, {"n.y", "a", "n.x"}, {"Array(String)", "UInt8", "Array(UInt8)"}};
  const std::string row("\1\1z\x07\1\x09", 6);
  EXPECT_EQ(this->write("other", layout, {row}).kind, WriteOutcome::Kind::Written);
  EXPECT_EQ(this->query("SELECT * FROM other FORMAT TSV"), "7\tof 7\t[9]\t['z']\n");
}

// As the search for the rejected messages of a batch does.
TYPED_TEST(NativeInsert, SmallerInsertsOfARejectedOne) {
  if constexpr (!TestFixture::kCurrent) return;  // 18.16 has no constraints
  this->query("DROP TABLE IF EXISTS checked");
  this->query(
      "CREATE TABLE checked (a UInt8, b LowCardinality(String), CONSTRAINT known CHECK a != 13) "
      "ENGINE = MergeTree ORDER BY a");
  const RowLayout layout{RowFormat::Native, {"b", "a"}, {"LowCardinality(String)", "UInt8"}};
  const std::vector<std::string_view> rows = {"\1x\1", "\1y\x0d", "\1x\2"};
  EXPECT_EQ(this->write("checked", layout, rows).kind, WriteOutcome::Kind::Rejected);
  EXPECT_EQ(this->query("SELECT count() FROM checked"), "0\n");
  EXPECT_EQ(this->write("checked", layout, {rows[1]}).kind, WriteOutcome::Kind::Rejected);
  EXPECT_EQ(this->write("checked", layout, {rows[0]}).kind, WriteOutcome::Kind::Written);
  EXPECT_EQ(this->write("checked", layout, {rows[2]}).kind, WriteOutcome::Kind::Written);
  EXPECT_EQ(this->query("SELECT groupArray(a), groupArray(b) FROM (SELECT * FROM checked ORDER BY a) FORMAT TSV"),
            "[1,2]\t['x','x']\n");
}

TYPED_TEST(NativeInsert, JsonIsStoredFromItsText) {
  if constexpr (!TestFixture::kCurrent) return;
  this->settings.insert_settings["input_format_binary_read_json_as_string"] = "1";
  for (const char* type : {"JSON", "JSON(max_dynamic_paths=2, a UInt8)", "Nullable(JSON)", "Array(JSON)",
                           "Map(LowCardinality(String), JSON)", "Tuple(JSON, LowCardinality(String), JSON)"}) {
    const auto rows = this->random_rows({type}, 200);
    this->stored({type}, rows);
    const std::string as_text = "SELECT n, toJSONString(c0) FROM {} ORDER BY n";
    const std::string native = this->query(fmt::format(fmt::runtime(as_text), "as_Native"));
    EXPECT_EQ(native, this->query(fmt::format(fmt::runtime(as_text), "as_RowBinary"))) << type;
    EXPECT_NE(native.find("\"x\""), std::string::npos) << native.substr(0, 200);
  }
}

}  // namespace
}  // namespace freshet
