// Values of any type in the types of columns. tests/contract/insert_formats_test.cc compares what servers store.
#include "processors/python/python_row.h"

#include <gtest/gtest.h>

#include <cstring>
#include <optional>
#include <string>

namespace freshet::processors {
namespace {

// nullopt: no exact form.
template <typename T>
std::optional<std::string> column_bytes(std::string_view type, const T& value) {
  TypedRowWriter writer({{.there = true, .type = *columns::parse_data_type(type)}});
  writer.clear();
  writer.begin_row();
  writer.put(Column("c"), value);
  return writer.exact() ? std::optional(std::string(writer.bytes())) : std::nullopt;
}
// Of the value in `json`, as its type V.
template <typename V = AnyValue>
std::optional<std::string> typed(std::string_view type, std::string_view json) {
  PythonJson parser;
  return column_bytes(type, V{parser.read(json)});
}
template <typename T>
std::string little_endian(T value) {
  std::string bytes(sizeof value, '\0');
  std::memcpy(bytes.data(), &value, sizeof value);
  return bytes;
}

TEST(PythonRowTest, AnyValueKeepsItsValueOrHasNoExactForm) {
  EXPECT_EQ(typed("UInt64", "18446744073709551615"), little_endian(UINT64_MAX));
  EXPECT_EQ(typed("UInt64", "18446744073709551616"), std::nullopt);
  EXPECT_EQ(typed("Int64", "-9223372036854775808"), little_endian(INT64_MIN));
  EXPECT_EQ(typed("Int64", "-9223372036854775809"), std::nullopt);
  EXPECT_EQ(typed("UInt64", "-1"), std::nullopt);
  EXPECT_EQ(typed("UInt64", "1.0"), std::nullopt);
  EXPECT_EQ(typed("UInt64", "\"1\""), std::nullopt);
  EXPECT_EQ(typed("UInt64", "true"), std::nullopt);
  EXPECT_EQ(typed("UInt8", "true"), little_endian(uint8_t{1}));
  EXPECT_EQ(typed("Float32", "0.1"), little_endian(0.1F));
  EXPECT_EQ(typed("Float64", "NaN"), std::nullopt);
  EXPECT_EQ(typed("Float64", "1e400"), std::nullopt);
  EXPECT_EQ(typed("String", "\"\\u00e9\\u0000\""), std::string("\3\xC3\xA9\0", 4));
  EXPECT_EQ(typed("String", "1"), std::nullopt);
  EXPECT_EQ(typed("String", "{}"), std::nullopt);
  EXPECT_EQ(typed("LowCardinality(Nullable(String))", "null"), "\1");
  EXPECT_EQ(typed("LowCardinality(Nullable(String))", "\"a\""), std::string("\0\1a", 3));
  EXPECT_EQ(column_bytes("Nullable(UInt8)", AnyValue{nullptr}), "\1");
}

TEST(PythonRowTest, ArraysHaveTheirElements) {
  EXPECT_EQ(typed("Array(UInt8)", "[7,8,9]"), "\3\7\10\11");
  EXPECT_EQ(typed("Array(Array(UInt8))", "[[7],[]]"), std::string("\2\1\7\0", 4));
  EXPECT_EQ(typed("Array(Nullable(UInt8))", "[null]"), "\1\1");
  EXPECT_EQ(typed("Array(UInt8)", "[null]"), std::nullopt);
  EXPECT_EQ(typed("Array(UInt8)", "[7,256]"), std::nullopt);
  PythonJson json;
  EXPECT_EQ(column_bytes("Array(UInt8)", FirstAsIs{json.read("[7,8,9]"), 2}), "\2\7\10");
  EXPECT_EQ(column_bytes("Array(UInt8)", FirstAsIs{nullptr, 2}), std::string(1, '\0'));
  EXPECT_EQ(column_bytes("Array(UInt8)", FirstAsIs{json.read("\"789\""), 2}), std::nullopt);
}

TEST(PythonRowTest, TextsOfValues) {
  EXPECT_EQ(typed<AsText>("String", "1.50"), "\0031.5");
  EXPECT_EQ(typed<AsText>("String", "true"), "\4True");
  EXPECT_EQ(typed<AsText>("String", "[1,\"a\"]"), "\10[1, \"a\"]");
  EXPECT_EQ(typed<AsText>("Nullable(String)", "null"), "\1");
  EXPECT_EQ(typed<TextOrEmpty>("String", "null"), std::string(1, '\0'));
  EXPECT_EQ(column_bytes("UInt64", *HexInteger::parse("ff")), little_endian(uint64_t{255}));
  EXPECT_EQ(column_bytes("UInt64", *HexInteger::parse("10000000000000000")), std::nullopt);
  EXPECT_EQ(column_bytes("Int64", *HexInteger::parse("-ff")), little_endian(int64_t{-255}));
}

TEST(PythonRowTest, AnAddressWithAZoneIsNoIPv6) {
  EXPECT_EQ(column_bytes("IPv6", *parse_python_ip("::1")), std::string(15, '\0') + '\1');
  EXPECT_EQ(column_bytes("IPv6", *parse_python_ip("::1%eth0")), std::nullopt);
  EXPECT_EQ(column_bytes("String", *parse_python_ip("::1%eth0")), "\10::1%eth0");
}

TEST(PythonRowTest, TextOfATimeIsExactInUtc) {
  constexpr Stamp kTime{1'700'000'000'999'999};
  EXPECT_EQ(column_bytes("DateTime('UTC')", kTime), little_endian(uint32_t{1'700'000'000}));
  EXPECT_EQ(column_bytes("DateTime", kTime), std::nullopt);  // the server's time zone is not known
  EXPECT_EQ(column_bytes("DateTime('Asia/Tokyo')", kTime), std::nullopt);
  EXPECT_EQ(column_bytes("DateTime('UTC')", Stamp{-1}), std::nullopt);
  EXPECT_EQ(column_bytes("DateTime('UTC')", Stamp{4'294'967'296'000'000}), std::nullopt);
  EXPECT_EQ(column_bytes("DateTime64(6, 'UTC')", kTime), std::nullopt);
}

}  // namespace
}  // namespace freshet::processors
