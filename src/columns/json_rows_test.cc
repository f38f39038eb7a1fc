#include "columns/json_rows.h"

#include <gmock/gmock.h>

#include <limits>

#include "columns/row_binary_writer.h"

namespace freshet::columns {
namespace {

using testing::HasSubstr;

template <typename... T>
std::string bytes(T... values) {
  RowBinaryWriter out;
  (out.fixed(values), ...);
  return std::string(out.bytes());
}
std::string text_bytes(std::string_view value) {
  RowBinaryWriter out;
  out.string(value);
  return std::string(out.bytes());
}
constexpr auto byte = [](auto... values) { return bytes(static_cast<uint8_t>(values)...); };

JsonRows rows_of(const std::vector<std::string>& names, const std::vector<std::string>& types) {
  auto rows = JsonRows::create(names, types);
  EXPECT_TRUE(rows) << (rows ? "" : rows.error().text);
  return *std::move(rows);
}

// The value of the only column as JSON, or the error.
std::string json(const std::string& type, std::string_view row) {
  const JsonRows rows = rows_of({"a"}, {type});
  std::string out;
  const auto count = rows.append(row, out);
  if (!count) return count.error().text;
  EXPECT_EQ(*count, 1u) << type;
  EXPECT_TRUE(out.starts_with("{\"a\":") && out.ends_with("}\n")) << out;
  return out.substr(5, out.size() - 7);
}

TEST(JsonRowsTest, ARowIsALineWithEveryColumn) {
  const JsonRows rows = rows_of({"id", "a\"b"}, {"UInt16", "String"});
  std::string out = "before";
  EXPECT_EQ(rows.append(bytes(uint16_t{1}) + text_bytes("x") + bytes(uint16_t{65535}) + text_bytes(""), out), 2u);
  EXPECT_EQ(out, "before{\"id\":1,\"a\\\"b\":\"x\"}\n{\"id\":65535,\"a\\\"b\":\"\"}\n");
  EXPECT_EQ(rows.append("", out), 0u);
}

TEST(JsonRowsTest, IntegersOfEveryWidth) {
  EXPECT_EQ(json("Int8", bytes(int8_t{-128})), "-128");
  EXPECT_EQ(json("UInt8", bytes(uint8_t{255})), "255");
  EXPECT_EQ(json("Int16", bytes(int16_t{-32768})), "-32768");
  EXPECT_EQ(json("Int32", bytes(int32_t{-1})), "-1");
  EXPECT_EQ(json("UInt32", bytes(uint32_t{1'000'000'000})), "1000000000");
  EXPECT_EQ(json("Int64", bytes(std::numeric_limits<int64_t>::min())), "-9223372036854775808");
  EXPECT_EQ(json("Int64", bytes(std::numeric_limits<int64_t>::max())), "9223372036854775807");
  EXPECT_EQ(json("UInt64", bytes(UINT64_MAX)), "18446744073709551615");
  EXPECT_EQ(json("UInt64", bytes(uint64_t{0})), "0");
  const std::string least = std::string(15, '\0') + '\x80';
  EXPECT_EQ(json("Int128", least), "-170141183460469231731687303715884105728");
  EXPECT_EQ(json("UInt128", least), "170141183460469231731687303715884105728");
  EXPECT_EQ(json("Int256", std::string(31, '\0') + '\x80'),
            "-57896044618658097711785492504343953926634992332820282019728792003956564819968");
  EXPECT_EQ(json("Int256", std::string(32, '\xff')), "-1");
  EXPECT_EQ(json("UInt256", std::string(32, '\xff')),
            "115792089237316195423570985008687907853269984665640564039457584007913129639935");
  EXPECT_EQ(json("UInt256", std::string(32, '\0')), "0");
  EXPECT_EQ(json("Bool", byte(0)), "false");
  EXPECT_EQ(json("Bool", byte(1)), "true");
}

TEST(JsonRowsTest, FloatsHaveTheShortestDigits) {
  EXPECT_EQ(json("Float64", bytes(0.1)), "0.1");
  EXPECT_EQ(json("Float64", bytes(-0.0)), "-0");
  EXPECT_EQ(json("Float64", bytes(5e-324)), "5e-324");
  EXPECT_EQ(json("Float64", bytes(1e300)), "1e+300");
  EXPECT_EQ(json("Float64", bytes(std::nan(""))), "\"nan\"");
  EXPECT_EQ(json("Float64", bytes(-std::nan(""))), "\"nan\"");
  EXPECT_EQ(json("Float64", bytes(-std::numeric_limits<double>::infinity())), "\"-inf\"");
  EXPECT_EQ(json("Float32", bytes(0.1f)), "0.1");
  EXPECT_EQ(json("Float32", bytes(16777216.0f)), "16777216");
  EXPECT_EQ(json("Float32", bytes(std::numeric_limits<float>::infinity())), "\"inf\"");
  EXPECT_EQ(json("BFloat16", bytes(uint16_t{0x3F80})), "1.0019531") << "a little above 1, and is stored as 1";
  EXPECT_EQ(json("BFloat16", bytes(uint16_t{0x8000})), "-0");
  EXPECT_EQ(json("BFloat16", bytes(uint16_t{0xFF80})), "\"-inf\"");
  EXPECT_EQ(json("BFloat16", bytes(uint16_t{0x7FC0})), "\"nan\"");
}

TEST(JsonRowsTest, DecimalsHaveTheirPoint) {
  EXPECT_EQ(json("Decimal(9, 2)", bytes(int32_t{-5})), "-0.05");
  EXPECT_EQ(json("Decimal(9, 2)", bytes(int32_t{0})), "0.00");
  EXPECT_EQ(json("Decimal(9, 2)", bytes(int32_t{999'999'999})), "9999999.99");
  EXPECT_EQ(json("Decimal(9, 0)", bytes(int32_t{7})), "7");
  EXPECT_EQ(json("Decimal(18, 18)", bytes(int64_t{123'456'789'012'345'678})), "0.123456789012345678");
  EXPECT_EQ(json("Decimal(38, 5)", bytes(int64_t{-1}, int64_t{-1})), "-0.00001");
  EXPECT_EQ(json("Decimal(76, 1)", bytes(int64_t{10}, int64_t{0}, int64_t{0}, int64_t{0})), "1.0");
}

TEST(JsonRowsTest, TimesAreTextThatMeansTheSameEverywhere) {
  EXPECT_EQ(json("Date", bytes(uint16_t{0})), "\"1970-01-01\"");
  EXPECT_EQ(json("Date", bytes(uint16_t{65535})), "\"2149-06-06\"");
  EXPECT_EQ(json("Date32", bytes(int32_t{-25'567})), "\"1900-01-01\"");
  EXPECT_EQ(json("Date32", bytes(int32_t{120'529})), "\"2299-12-31\"");
  EXPECT_EQ(json("Date32", bytes(int32_t{-719'528})), "\"0000-01-01\"");
  EXPECT_EQ(json("Date32", bytes(std::numeric_limits<int32_t>::min())), "-2147483648");
  EXPECT_EQ(json("DateTime", bytes(uint32_t{0})), "0");
  EXPECT_EQ(json("DateTime('Europe/Berlin')", bytes(UINT32_MAX)), "4294967295");
  EXPECT_EQ(json("DateTime64(3)", bytes(int64_t{1'500})), "\"0000000001.500\"");
  EXPECT_EQ(json("DateTime64(0, 'UTC')", bytes(int64_t{5})), "\"0000000005\"");
  EXPECT_EQ(json("DateTime64(9)", bytes(int64_t{1'234'567'890'000'000'001})), "\"1234567890.000000001\"");
  EXPECT_EQ(json("DateTime64(3)", bytes(int64_t{9'999'999'999'999})), "\"9999999999.999\"");
  EXPECT_EQ(json("DateTime64(3)", bytes(int64_t{10'000'000'000'000})), "\"2286-11-20 17:46:40.000\"");
  EXPECT_EQ(json("DateTime64(3, 'UTC')", bytes(int64_t{-1})), "\"1969-12-31 23:59:59.999\"");
  EXPECT_EQ(json("DateTime64(3, 'Asia/Tokyo')", bytes(int64_t{-1})), "\"1969-12-31 23:59:59.999Z\"");
  EXPECT_EQ(json("DateTime64(9)", bytes(std::numeric_limits<int64_t>::min())), "\"1677-09-21 00:12:43.145224192\"");
  EXPECT_EQ(json("DateTime64(0)", bytes(std::numeric_limits<int64_t>::max())), "9223372036854775807");
  EXPECT_EQ(json("Time", bytes(int32_t{3'599'999})), "\"999:59:59\"");
  EXPECT_EQ(json("Time", bytes(int32_t{-5})), "\"-00:00:05\"");
  EXPECT_EQ(json("Time64(6)", bytes(int64_t{-5'500'000})), "\"-00:00:05.500000\"");
  EXPECT_EQ(json("Time64(0)", bytes(std::numeric_limits<int64_t>::min())), "\"-2562047788015215:30:08\"");
}

TEST(JsonRowsTest, TextKeepsItsBytes) {
  EXPECT_EQ(json("String", text_bytes("")), "\"\"");
  EXPECT_EQ(json("String", text_bytes(std::string_view("\"\\/\0\n\x1f\x7f", 7))),
            "\"\\\"\\\\/\\u0000\\u000a\\u001f\x7f\"");
  EXPECT_EQ(json("String", text_bytes("\xff\xfe\xc3\xbc")), "\"\xff\xfe\xc3\xbc\"");
  EXPECT_EQ(json("String", text_bytes(std::string(70'000, 'x'))), '"' + std::string(70'000, 'x') + '"');
  EXPECT_EQ(json("FixedString(3)", std::string_view("a\0b", 3)), "\"a\\u0000b\"");
  EXPECT_EQ(json("Enum8('a' = 1, 'b\\'c' = -2)", bytes(int8_t{-2})), "\"b'c\"");
  EXPECT_EQ(json("Enum16('a' = 300)", bytes(int16_t{300})), "\"a\"");
  EXPECT_EQ(json("Enum16('a' = 300)", bytes(int16_t{44})), "44") << "the server refuses it, as it is";
}

TEST(JsonRowsTest, AddressesAndIdentifiers) {
  RowBinaryWriter uuid;
  uuid.uuid({0, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff});
  EXPECT_EQ(json("UUID", uuid.bytes()), "\"00112233-4455-6677-8899-aabbccddeeff\"");
  EXPECT_EQ(json("IPv4", bytes(uint32_t{0x01020304})), "\"1.2.3.4\"");
  EXPECT_EQ(json("IPv6", std::string("\x20\x01\x0d\xb8", 4) + std::string(11, '\0') + '\1'),
            "\"2001:db8:0:0:0:0:0:1\"");
}

TEST(JsonRowsTest, WrappersAndCompositeTypes) {
  EXPECT_EQ(json("Nullable(UInt8)", byte(1)), "null");
  EXPECT_EQ(json("Nullable(UInt8)", byte(0, 7)), "7");
  EXPECT_EQ(json("LowCardinality(Nullable(String))", byte(0) + text_bytes("x")), "\"x\"");
  EXPECT_EQ(json("SimpleAggregateFunction(sum, UInt64)", bytes(uint64_t{7})), "7");
  EXPECT_EQ(json("Array(UInt8)", byte(0)), "[]");
  EXPECT_EQ(json("Array(Nullable(String))", byte(2, 1, 0) + text_bytes("a")), "[null,\"a\"]");
  EXPECT_EQ(json("Array(Array(Int8))", byte(2, 1, 255, 0)), "[[-1],[]]");
  EXPECT_EQ(json("Tuple(UInt8, String)", byte(7) + text_bytes("x")), "[7,\"x\"]");
  EXPECT_EQ(json("Tuple(a UInt8, `b\"c` Tuple(d String))", byte(7) + text_bytes("x")),
            "{\"a\":7,\"b\\\"c\":{\"d\":\"x\"}}");
  EXPECT_EQ(json("Nested(a UInt8, b String)", byte(1, 7) + text_bytes("x")), "[{\"a\":7,\"b\":\"x\"}]");
  EXPECT_EQ(json("Point", bytes(1.0, 2.5)), "[1,2.5]");
  EXPECT_EQ(json("Map(String, UInt8)", byte(2) + text_bytes("k\n") + byte(1) + text_bytes("k\n") + byte(2)),
            "{\"k\\u000a\":1,\"k\\u000a\":2}");
  EXPECT_EQ(json("Map(Int8, Array(Bool))", byte(1, 255, 1, 1)), "{\"-1\":[true]}");
  EXPECT_EQ(json("Map(DateTime, UInt8)", byte(1) + bytes(uint32_t{5}) + byte(9)), "{\"0000000005\":9}");
  EXPECT_EQ(json("Map(Array(String), UInt8)", byte(1, 1) + text_bytes("x") + byte(9)), R"({"[\"x\"]":9})");
}

TEST(JsonRowsTest, JsonIsItsTextIfItIsAnObject) {
  EXPECT_EQ(json("JSON", text_bytes("{\"a\": [1, \"\xff\"]}")), "{\"a\": [1, \"\xff\"]}");
  EXPECT_EQ(json("Nullable(JSON)", byte(1)), "null");
  // Must not become part of the row.
  for (const char* text : {"1", "", "[]", "null", "{\"a\":1},\"b\":{}", "{\"a\":1", "{}}\n{"}) {
    EXPECT_EQ(json("JSON", text_bytes(text)), json("String", text_bytes(text)));
  }
}

TEST(JsonRowsTest, RefusesBytesThatAreNotItsRows) {
  const std::string endless(9, '\xff');
  using Case = std::tuple<const char*, std::string, const char*>;
  for (const auto& [type, row, why] : {Case{"UInt32", "abc", "row 1, column a UInt32: the row ends within the value"},
                                       {"String",
                                        "\x05"
                                        "abcd",
                                        "ends within"},
                                       {"String", "\x80", "ends within"},
                                       {"String", endless, "nine bytes"},
                                       {"Array(UInt64)", endless.substr(0, 8) + "\x7f", "ends within"},
                                       {"Map(String, UInt8)", "\x01\x01k", "ends within"},
                                       {"Nullable(UInt8)", "\x02\x01", "neither with 0 nor with 1"},
                                       {"Tuple(UInt8, UInt16)", "\x01\x02", "ends within"},
                                       {"LowCardinality(Nullable(UInt64))", std::string(1, '\0'), "ends within"},
                                       {"FixedString(100)", "x", "ends within"}}) {
    EXPECT_THAT(json(type, row), HasSubstr(why)) << type;
  }
  EXPECT_THAT(JsonRows::create({"a", "b"}, {"UInt8", "Dynamic"}).error().text, HasSubstr("column b: unsupported"));
  EXPECT_FALSE(JsonRows::create({"a"}, {}));
  EXPECT_FALSE(JsonRows::create({}, {}));
}

TEST(JsonRowsTest, TheTextHasALimit) {
  const JsonRows rows = rows_of({"a"}, {"Array(Tuple(a_long_name_of_an_element UInt8))"});
  std::string out;
  const auto appended = rows.append(byte(100) + std::string(100, '\0'), out, 1000);
  ASSERT_FALSE(appended);
  EXPECT_EQ(appended.error().kind, BlockError::Kind::TooLarge);
  EXPECT_LE(out.size(), 1100u);
}

}  // namespace
}  // namespace freshet::columns
