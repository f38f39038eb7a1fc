// Typed rows as JSONEachRow in Debian's old server and in a current one: for each type, the table has the same values
// as from a Native insert of the same rows.
#include "columns/json_rows.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "clickhouse/clickhouse_writer.h"
#include "columns/data_type.h"
#include "columns/row_binary_writer.h"
#include "http/http_client.h"
#include "testkit/recording_log.h"
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
    "FixedString(33)",
    "Date",
    "DateTime",
    "DateTime('Asia/Tokyo')",
    "UUID",
    "Enum8('a' = 1, 'b\\'(c), ' = -128, '' = 0, 'with \"' = 7)",
    "Enum16('x' = 300, 'y' = -32768)",
    "Decimal(9, 2)",
    "Decimal(9, 0)",
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
    "LowCardinality(Date)",
    "LowCardinality(Nullable(DateTime))",
    "Array(UInt8)",
    "Array(Int64)",
    "Array(String)",
    "Array(Date)",
    "Array(DateTime)",
    "Array(UUID)",
    "Array(Decimal(18, 3))",
    "Array(Enum8('a' = 1))",
    "Array(FixedString(2))",
    "Array(Nullable(UInt32))",
    "Array(Nullable(String))",
    "Array(Array(Int16))",
    "Array(Array(Nullable(String)))",
    "Array(LowCardinality(Nullable(String)))",
    "Tuple(UInt8, String)",
    "Tuple(Array(UInt16), Nullable(String), Tuple(UUID, Float32))",
};

// Types of the current server only.
const std::vector<std::string> kCurrentServer = {
    "Bool",
    "Int128",
    "Int256",
    "UInt128",
    "UInt256",
    "BFloat16",
    "Date32",
    "DateTime64(0)",
    "DateTime64(3, 'UTC')",
    "DateTime64(6, 'Europe/Berlin')",
    "DateTime64(9)",
    "Time",
    "Time64(0)",
    "Time64(6)",
    "IPv4",
    "IPv6",
    "Decimal(76, 10)",
    "Nullable(Bool)",
    "Nullable(Int256)",
    "Nullable(IPv6)",
    "Nullable(DateTime64(3))",
    "LowCardinality(UUID)",
    "LowCardinality(Nullable(UInt64))",
    "Map(String, String)",
    "Map(String, Float64)",
    "Map(UInt64, Bool)",
    "Map(Int128, UInt8)",
    "Map(DateTime, UInt8)",
    "Map(DateTime64(3), UInt8)",
    "Map(Date, UInt8)",
    "Map(UUID, UInt8)",
    "Map(IPv6, UInt8)",
    "Map(FixedString(2), UInt8)",
    "Map(Enum8('a' = 1, '\"' = 2), UInt8)",
    "Map(Decimal(9, 2), UInt8)",
    "Map(LowCardinality(String), LowCardinality(Nullable(String)))",
    "Map(String, Map(String, Array(Nullable(Int64))))",
    "Array(Map(String, UInt16))",
    "Array(Tuple(UInt8, String))",
    "Tuple(a UInt8, `b \"c` Tuple(d LowCardinality(String), e Array(LowCardinality(String))))",
    "Array(Tuple(a LowCardinality(String), b Nullable(DateTime64(6))))",
    "Nested(a UInt8, b Array(String), c LowCardinality(Nullable(String)))",
    "SimpleAggregateFunction(sum, UInt64)",
    "SimpleAggregateFunction(groupUniqArrayArray, Array(UInt8))",
    "Point",
    "MultiPolygon",
    "Nullable(Tuple(UInt8, Array(String), LowCardinality(String)))",
};

// Values that a server reads from JSON exactly: floats of few digits, times within the ranges that it supports.
class ReadableValues {
 public:
  explicit ReadableValues(bool current) : last_day_(current ? 65'535 : 49'672) {}

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
        return out.string(bytes(chance(3) ? 0 : chance(4) ? below(300) : 1 + below(3)));
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
    const uint64_t count = chance(3) ? 0 : below(4);
    out.count(count);
    for (uint64_t i = 0; i < count; ++i) {
      for (const DataType& element : type.children) add(element, out);
    }
  }

  void add_fixed(const DataType& type, RowBinaryWriter& out) {
    switch (type.kind) {
      case TypeKind::Bool:
        return out.fixed(static_cast<uint8_t>(below(2)));
      case TypeKind::Enum8:
        return out.fixed(static_cast<int8_t>(type.enum_values[below(type.enum_values.size())].value));
      case TypeKind::Enum16:
        return out.fixed(type.enum_values[below(type.enum_values.size())].value);
      case TypeKind::BFloat16:  // the sign, any exponent of a number that is neither tiny nor infinite, the mantissa
        return out.fixed(static_cast<uint16_t>(below(2) << 15 | (1 + below(254)) << 7 | below(128)));
      case TypeKind::Float32:
        return out.fixed(static_cast<float>(float_value()));
      case TypeKind::Float64:
        return out.fixed(float_value());
      case TypeKind::Decimal:
        return add_decimal(type, out);
      case TypeKind::Date:
        return out.fixed(static_cast<uint16_t>(chance(5) ? last_day_ : chance(5) ? 0 : below(last_day_)));
      case TypeKind::Date32:
        return out.fixed(static_cast<int32_t>(below(146'097)) - 25'567);
      case TypeKind::DateTime64:
        return out.fixed(static_cast<int64_t>(below(9'000'000'000) * static_cast<uint64_t>(std::pow(10, type.scale)) +
                                              (type.scale == 0 ? 0 : below(10))));
      case TypeKind::Time:
        return out.fixed(static_cast<int32_t>(below(7'199'999)) - 3'599'999);
      case TypeKind::Time64:
        return out.fixed((static_cast<int64_t>(below(7'199'999)) - 3'599'999) *
                         static_cast<int64_t>(std::pow(10, type.scale)));
      default:
        return out.raw(bytes(type.width));
    }
  }

  double float_value() {
    constexpr double kSpecial[] = {0.0, -0.0, 1.0, std::numeric_limits<double>::infinity(),
                                   -std::numeric_limits<double>::infinity()};
    if (chance(3)) return kSpecial[below(std::size(kSpecial))];
    return (static_cast<double>(below(2'000'000)) - 1'000'000) / 8;
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
    for (char& c : value) c = chance(3) ? c : chance(4) ? "\"\\/\n"[below(4)] : static_cast<char>(random_());
    return value;
  }

  const uint64_t last_day_;
  std::mt19937_64 random_{42};
};

template <typename Server>
struct JsonRowsContract : testing::Test {
  static constexpr bool kCurrent = std::is_same_v<Server, testkit::LocalClickHouse>;
  static void SetUpTestSuite() { server_ = new Server(); }
  static void TearDownTestSuite() { delete server_; }

  static std::vector<std::string> types() {
    std::vector<std::string> all = kAllServers;
    if (kCurrent) all.insert(all.end(), kCurrentServer.begin(), kCurrentServer.end());
    return all;
  }

  std::string query(const std::string& sql) { return query_with_types(*server_, sql); }

  void write(const std::string& table, const RowLayout& layout, const std::string& rows, uint64_t count) {
    settings.urls = {server_->url()};
    settings.table = "default." + table;
    testkit::RecordingLog log;
    const auto writer =
        clickhouse::make_row_writer(settings, std::make_shared<clickhouse::Hosts>(settings.urls), clock, log, metrics);
    InsertRequest request;
    request.layout = &layout;
    request.rows = {rows};
    request.row_count = count;
    std::stop_source stop;
    const WriteOutcome outcome = writer->write(request, {stop.get_token(), [&](const InsertFailure& failure) {
                                                           ADD_FAILURE() << failure.text;
                                                           stop.request_stop();
                                                         }});
    EXPECT_EQ(outcome.kind, WriteOutcome::Kind::Written) << table << ": " << outcome.text;
    EXPECT_EQ(log.count("insert_sent_as_json"), 0u)
        << (layout.types.empty() ? "" : layout.types.back()) << ": " << log.texts();
  }

  // Inserts random rows of columns n and c in both formats; returns what the tables have.
  std::pair<std::string, std::string> stored(const std::string& type, const std::string& select) {
    const RowLayout layout{kCurrent ? RowFormat::Native : RowFormat::RowBinary, {"n", "c"}, {"UInt32", type}};
    const DataType parsed = columns::parse_data_type(type).value();
    ReadableValues values(kCurrent);
    std::string rows;
    for (uint32_t i = 0; i < kRows; ++i) {
      RowBinaryWriter out;
      out.fixed(i);
      values.add(parsed, out);
      rows += out.bytes();
    }
    std::string json;
    const auto count = columns::JsonRows::create(layout.columns, layout.types)->append(rows, json);
    EXPECT_EQ(count, kRows);
    std::pair<std::string, std::string> found;
    for (const char* table : {"as_typed", "as_json"}) {
      query(fmt::format("DROP TABLE IF EXISTS {}", table));
      query(fmt::format("CREATE TABLE {} (n UInt32, c {}) ENGINE = MergeTree ORDER BY n", table, type));
      const bool typed = std::string_view(table) == "as_typed";
      typed ? write(table, layout, rows, kRows) : write(table, *plain_layout(), json, kRows);
      (typed ? found.first : found.second) = query(fmt::format("SELECT {} FROM {} ORDER BY n", select, table));
    }
    return found;
  }

  static constexpr uint64_t kRows = 300;
  static Server* server_;
  clickhouse::ClickHouseSettings settings;
  RealClock clock;
  Metrics metrics;
};
template <typename Server>
Server* JsonRowsContract<Server>::server_ = nullptr;

using Servers = testing::Types<testkit::OldClickHouse, testkit::LocalClickHouse>;
TYPED_TEST_SUITE(JsonRowsContract, Servers);

// The first line that differs.
std::string difference(std::string_view one, std::string_view other) {
  while (!one.empty() && !other.empty()) {
    const std::string_view a = one.substr(0, one.find('\n'));
    const std::string_view b = other.substr(0, other.find('\n'));
    if (a != b) return fmt::format("typed: {}, JSONEachRow: {}", a, b);
    one.remove_prefix(std::min(a.size() + 1, one.size()));
    other.remove_prefix(std::min(b.size() + 1, other.size()));
  }
  return one == other ? "" : "the number of rows differs";
}

TYPED_TEST(JsonRowsContract, StoresTheSameValuesOfEachType) {
  for (const char* times : {"best_effort", "basic"}) {
    this->settings.insert_settings["date_time_input_format"] = times;
    for (const std::string& type : this->types()) {
      const auto [typed, json] = this->stored(type, "n, c");
      EXPECT_EQ(difference(typed, json), "") << type << ", " << times;
    }
  }
}

TYPED_TEST(JsonRowsContract, StoresTheSameJson) {
  if constexpr (!TestFixture::kCurrent) return;
  for (const char* type : {"JSON", "JSON(max_dynamic_paths=2, a UInt8)", "Nullable(JSON)", "Array(JSON)"}) {
    const auto [typed, json] = this->stored(type, "n, toJSONString(c)");
    EXPECT_EQ(difference(typed, json), "") << type;
    EXPECT_NE(json.find("\"x\""), std::string::npos) << json.substr(0, 200);
  }
}

// A time zone in the text is read with best_effort only.
TYPED_TEST(JsonRowsContract, TimesWithoutTenDigitsAreDates) {
  if constexpr (!TestFixture::kCurrent) return;
  const RowLayout layout{RowFormat::Native, {"c"}, {"DateTime64(3, 'Asia/Tokyo')"}};
  RowBinaryWriter out;
  for (const int64_t ticks : std::vector<int64_t>{-1, -1'500, -2'000'000'000'000, 10'000'000'000'000}) out.fixed(ticks);
  std::string json;
  ASSERT_EQ(columns::JsonRows::create(layout.columns, layout.types)->append(out.bytes(), json), 4u);
  this->query("DROP TABLE IF EXISTS early");
  this->query("CREATE TABLE early (c DateTime64(3, 'Asia/Tokyo')) ENGINE = Memory");
  this->write("early", *plain_layout(), json, 4);
  EXPECT_EQ(this->query("SELECT toUnixTimestamp64Milli(c) FROM early"), "-1\n-1500\n-2000000000000\n10000000000000\n");
}

}  // namespace
}  // namespace freshet
