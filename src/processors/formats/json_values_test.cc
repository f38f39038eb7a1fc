// JSON values in the types of columns, and which of them have no exact form. tests/contract/json_values_test.cc
// compares what servers store.
#include "processors/formats/json_values.h"

#include <gtest/gtest.h>

#include <cstring>
#include <optional>
#include <string>

namespace freshet::processors {
namespace {

// nullopt: no exact form.
std::optional<std::string> exact_bytes(std::string_view type, std::string_view json, TimeTexts times = {true, true}) {
  columns::RowBinaryWriter out;
  JsonValueWriter writer(out);
  writer.set_time_texts(times);
  const bool plain = json.find('\\') == std::string_view::npos;
  if (!writer.write(*columns::parse_data_type(type), {json, plain})) return std::nullopt;
  return std::string(out.bytes());
}
template <typename T>
std::string stored(T value) {
  std::string bytes(sizeof value, '\0');
  std::memcpy(bytes.data(), &value, sizeof value);
  return bytes;
}

TEST(JsonValuesTest, IntegersKeepTheirValueOrHaveNoExactForm) {
  EXPECT_EQ(exact_bytes("UInt8", "255"), stored(uint8_t{255}));
  EXPECT_EQ(exact_bytes("Int8", "-128"), stored(int8_t{-128}));
  EXPECT_EQ(exact_bytes("Int64", "-9223372036854775808"), stored(INT64_MIN));
  EXPECT_EQ(exact_bytes("UInt64", "18446744073709551615"), stored(UINT64_MAX));
  EXPECT_EQ(exact_bytes("Int128", "-2"), stored(int64_t{-2}) + stored(int64_t{-1}));
  EXPECT_EQ(exact_bytes("UInt256", "2"), stored(uint64_t{2}) + std::string(24, '\0'));
  EXPECT_EQ(exact_bytes("UInt16", R"("65535")"), stored(uint16_t{65535}));
  EXPECT_EQ(exact_bytes("Bool", "1"), stored(uint8_t{1}));
  EXPECT_EQ(exact_bytes("Bool", "true"), stored(uint8_t{1}));
  for (const char* json :
       {"256", "-1", "-0", "1.0", "1e2", "true", R"("01")", R"("\u0031")", R"("256")", R"("")", R"("1 ")", "[1]"}) {
    EXPECT_EQ(exact_bytes("UInt8", json), std::nullopt) << json;
  }
  EXPECT_EQ(exact_bytes("Int8", "128"), std::nullopt);
  EXPECT_EQ(exact_bytes("Int64", "9223372036854775808"), std::nullopt);
  EXPECT_EQ(exact_bytes("UInt64", "18446744073709551616"), std::nullopt);
  EXPECT_EQ(exact_bytes("Bool", "2"), std::nullopt);
  EXPECT_EQ(exact_bytes("String", "1"), std::nullopt);
}

TEST(JsonValuesTest, FloatsAreTheNearestOnes) {
  EXPECT_EQ(exact_bytes("Float64", "2.345"), stored(2.345));
  EXPECT_EQ(exact_bytes("Float32", "2.345"), stored(2.345F));
  EXPECT_EQ(exact_bytes("Float32", "16777217"), stored(16777216.0F));
  EXPECT_EQ(exact_bytes("Float64", "-0"), stored(-0.0));
  EXPECT_EQ(exact_bytes("Float64", "0.12345678901234567"), stored(0.12345678901234567));
  for (const char* json : {"1e2", "0.123456789012345678", "123456789012345678", R"("1")", R"("nan")", "true"}) {
    EXPECT_EQ(exact_bytes("Float64", json), std::nullopt) << json;
  }
}

TEST(JsonValuesTest, DecimalsKeepAllDigitsOrHaveNoExactForm) {
  EXPECT_EQ(exact_bytes("Decimal(9, 2)", "12.3"), stored(int32_t{1230}));
  EXPECT_EQ(exact_bytes("Decimal(9, 2)", "-9999999.99"), stored(int32_t{-999999999}));
  EXPECT_EQ(exact_bytes("Decimal(18, 18)", "0.000000000000000001"), stored(int64_t{1}));
  EXPECT_EQ(exact_bytes("Decimal(38, 2)", "-1"), stored(int64_t{-100}) + stored(int64_t{-1}));
  EXPECT_EQ(exact_bytes("Decimal(38, 2)", "-0.0"), std::string(16, '\0'));
  for (const char* json : {"10000000", "1.234", "1e1", R"("1")"}) {
    EXPECT_EQ(exact_bytes("Decimal(9, 2)", json), std::nullopt) << json;
  }
}

TEST(JsonValuesTest, TextsAreUnescaped) {
  EXPECT_EQ(exact_bytes("LowCardinality(String)", R"("ab")"), "\2ab");
  EXPECT_EQ(exact_bytes("String", R"("\u00e9\ud83d\ude00\n\"")"), "\x08\xc3\xa9\xf0\x9f\x98\x80\n\"");
  EXPECT_EQ(exact_bytes("String", R"("\ud83d")"), std::nullopt);
  EXPECT_EQ(exact_bytes("FixedString(2)", R"("ab")"), "ab");
  EXPECT_EQ(exact_bytes("FixedString(3)", R"("ab")"), std::nullopt);
  EXPECT_EQ(exact_bytes("Nullable(String)", R"("")"), std::string(2, '\0'));
}

TEST(JsonValuesTest, Times) {
  constexpr uint32_t kSeconds = 1767323045;
  EXPECT_EQ(exact_bytes("DateTime", "1767323045"), stored(kSeconds));
  EXPECT_EQ(exact_bytes("DateTime", R"("2026-01-02 03:04:05")"), stored(kSeconds));
  EXPECT_EQ(exact_bytes("DateTime", R"("2026-01-02 03:04:05.9")"), stored(kSeconds));
  EXPECT_EQ(exact_bytes("DateTime('Europe/Berlin')", R"("2026-01-02T03:04:05Z")"), stored(kSeconds));
  EXPECT_EQ(exact_bytes("DateTime64(3, 'UTC')", R"("2026-01-02 03:04:05.1")"), stored(int64_t{kSeconds} * 1000 + 100));
  EXPECT_EQ(exact_bytes("DateTime64(0)", R"("2026-01-02 03:04:05")"), stored(int64_t{kSeconds}));
  EXPECT_EQ(exact_bytes("Date", R"("1970-01-02")"), stored(uint16_t{1}));
  EXPECT_EQ(exact_bytes("Date32", R"("1970-01-02")"), stored(int32_t{1}));
  for (const char* json :
       {R"("2026-02-30 00:00:00")", R"("2026-01-02 23:59:60")", R"("1969-12-31 23:59:59")", R"("2106-01-01 00:00:00")",
        R"("2026-01-02 3:04:05")", R"("2026-01-02 03:04:05.")", R"("2026-01- 2 03:04:05")",
        R"("2026-01-02T03:04:05+00:00")", R"("2026-01-02")", "-1", "4294967296"}) {
    EXPECT_EQ(exact_bytes("DateTime", json), std::nullopt) << json;
  }
  EXPECT_EQ(exact_bytes("DateTime('Europe/Berlin')", R"("2026-01-02 03:04:05")"), std::nullopt);
  EXPECT_EQ(exact_bytes("DateTime64(3)", R"("2026-01-02 03:04:05.1234")"), std::nullopt);
  EXPECT_EQ(exact_bytes("DateTime64(3)", "1767323045"), std::nullopt);
  EXPECT_EQ(exact_bytes("Date", R"("2149-01-01")"), std::nullopt);
  EXPECT_EQ(exact_bytes("Date", "1"), std::nullopt);
}

TEST(JsonValuesTest, TimesDependOnTheServer) {
  EXPECT_EQ(exact_bytes("DateTime", R"("2026-01-02 03:04:05")", {true, false}), std::nullopt);
  EXPECT_NE(exact_bytes("DateTime", R"("2026-01-02 03:04:05Z")", {true, false}), std::nullopt);
  EXPECT_NE(exact_bytes("DateTime", R"("2026-01-02 03:04:05")", {false, true}), std::nullopt);
  for (const char* json : {R"("2026-01-02T03:04:05")", R"("2026-01-02 03:04:05Z")", R"("2026-01-02 03:04:05.1")"}) {
    EXPECT_EQ(exact_bytes("DateTime", json, {false, true}), std::nullopt) << json;
  }
}

TEST(JsonValuesTest, IdentifiersAndAddresses) {
  EXPECT_EQ(exact_bytes("UUID", R"("00010203-0405-0607-0809-0A0b0c0d0e0f")"),
            stored(uint64_t{0x0001020304050607}) + stored(uint64_t{0x08090a0b0c0d0e0f}));
  EXPECT_EQ(exact_bytes("UUID", R"("000102030405060708090a0b0c0d0e0f")"), std::nullopt);
  EXPECT_EQ(exact_bytes("IPv4", R"("1.2.3.4")"), stored(uint32_t{0x01020304}));
  EXPECT_EQ(exact_bytes("IPv6", R"("::1")"), std::string(15, '\0') + '\1');
  EXPECT_EQ(exact_bytes("IPv6", R"("1.2.3.4")"), std::nullopt);
  EXPECT_EQ(exact_bytes("IPv4", R"("1.2.3")"), std::nullopt);
}

TEST(JsonValuesTest, ArraysAndMaps) {
  EXPECT_EQ(exact_bytes("Array(UInt8)", "[ 1,2 ]"), "\2\1\2");
  EXPECT_EQ(exact_bytes("Array(UInt8)", "[]"), std::string(1, '\0'));
  EXPECT_EQ(exact_bytes("Array(Nullable(UInt8))", "[null,2]"), std::string("\2\1\0\2", 4));
  EXPECT_EQ(exact_bytes("Array(Array(String))", R"([["a","\n"],[]])"), std::string("\2\2\1a\1\n\0", 7));
  EXPECT_EQ(exact_bytes("Map(String, UInt8)", R"({"a":1,"\u0062":2})"), "\2\1a\1\1b\2");
  EXPECT_EQ(exact_bytes("Map(String, Array(Bool))", R"({"a":[true]})"), "\1\1a\1\1");
  for (const char* json : {"[null]", "[256]", R"(["a"])", "[[1]]", "{}", R"("[1]")", "1"}) {
    EXPECT_EQ(exact_bytes("Array(UInt8)", json), std::nullopt) << json;
  }
  for (const char* json : {R"({"a":null})", R"({"a":[1]})", "[]"}) {
    EXPECT_EQ(exact_bytes("Map(String, UInt8)", json), std::nullopt) << json;
  }
}

TEST(JsonValuesTest, TypesWithoutExactForms) {
  for (const char* type : {"Enum8('a' = 1)", "Tuple(UInt8)", "Array(Tuple(a UInt8))", "JSON", "Time", "BFloat16",
                           "Map(UInt8, UInt8)", "Map(String, Enum8('a' = 1))", "Point", "Nested(a UInt8)"}) {
    EXPECT_FALSE(JsonValueWriter::writes(*columns::parse_data_type(type))) << type;
  }
}

}  // namespace
}  // namespace freshet::processors
