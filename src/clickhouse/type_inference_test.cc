#include "clickhouse/type_inference.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace freshet::clickhouse {
namespace {

TypeInference inferred(const std::vector<std::string>& values) {
  TypeInference inference;
  for (const std::string& text : values) {
    const auto value = JsonValue::parse(text);
    EXPECT_TRUE(value) << text;
    if (value) inference.add(*value);
  }
  return inference;
}

struct Case {
  std::vector<std::string> values;
  const char* type;
};

TEST(TypeInferenceTest, ATypeFitsAllValues) {
  const std::string digits(77, '9');
  const Case cases[] = {
      {{}, "String"},
      {{"null"}, "Nullable(String)"},
      {{"true", "false"}, "Bool"},
      {{"true", "null"}, "Nullable(Bool)"},
      {{"true", "1"}, "String"},
      {{"0", "-1"}, "Int64"},
      {{"1"}, "Int64"},
      {{"9223372036854775807", "-9223372036854775808"}, "Int64"},
      {{"9223372036854775808"}, "UInt64"},
      {{"18446744073709551615"}, "UInt64"},
      {{"18446744073709551616"}, "UInt256"},
      {{"9223372036854775808", "-1"}, "Int256"},
      {{"-9223372036854775809"}, "Int256"},
      {{digits}, "String"},
      {{"1", "1.5"}, "Float64"},
      {{"1e3"}, "Float64"},
      {{"1.5", "null"}, "Nullable(Float64)"},
      {{"1", R"("a")"}, "String"},
      {{R"("a")"}, "String"},
      {{R"("")"}, "String"},
      {{R"("2026-01-02T03:04:05Z")"}, "DateTime64(3, 'UTC')"},
      {{R"("2026-01-02 03:04:05.1+02:00")"}, "DateTime64(3, 'UTC')"},
      {{R"("2026-01-02T03:04:05.1234Z")", R"("2026-01-02T03:04:05Z")"}, "DateTime64(6, 'UTC')"},
      {{R"("2026-01-02T03:04:05.123456789Z")"}, "DateTime64(9, 'UTC')"},
      {{R"("2026-01-02T03:04:05.1234567890Z")"}, "String"},
      {{R"("2026-01-02T03:04:05Z")", "null"}, "Nullable(DateTime64(3, 'UTC'))"},
      {{R"("2026-01-02T03:04:05")"}, "String"},
      {{R"("2026-01-02T03:04:05Z ")"}, "String"},
      {{R"("2026-01-02T03:04:05.Z")"}, "String"},
      {{R"("2026-01-02T24:00:00Z")"}, "String"},
      {{R"("2026-01-02T03:04:60Z")"}, "String"},
      {{R"("2026-02-30T03:04:05Z")"}, "String"},
      {{R"("1066-01-02T03:04:05Z")"}, "String"},
      {{R"("2026-01-02T03:04:05Z")", R"("soon")"}, "String"},
      {{R"("2024-02-29")"}, "Date32"},
      {{R"("2026-02-29")"}, "String"},
      {{R"("2024-02-29")", R"("2026-01-02T03:04:05Z")"}, "String"},
      {{R"("61f0c404-5cb3-11e7-907b-a6006ad3dba0")"}, "UUID"},
      {{R"("61F0C404-5CB3-11E7-907B-A6006AD3DBA0")", "null"}, "Nullable(UUID)"},
      {{R"("61f0c404-5cb3-11e7-907b-a6006ad3dbag")"}, "String"},
      {{"[]"}, "Array(String)"},
      {{"[1]", "[]"}, "Array(Int64)"},
      {{"[1,null]"}, "Array(Nullable(Int64))"},
      {{"[1]", "null"}, "Array(Int64)"},
      {{"[[1.5],[2]]"}, "Array(Array(Float64))"},
      {{R"([1,"a"])"}, "Array(String)"},
      {{"[[[[[[1]]]]]]"}, "Array(Array(Array(Array(Array(String)))))"},
      {{"[1]", "1"}, "String"},
      {{"{}"}, "String"},
      {{R"([{"a":1}])"}, "Array(String)"},
  };
  for (const Case& one : cases) {
    EXPECT_EQ(inferred(one.values).type().name, one.type) << testing::PrintToString(one.values);
  }
}

TEST(TypeInferenceTest, AFieldThatIsMissingIsNullableUnlessItIsAnArray) {
  EXPECT_EQ(inferred({"1"}).type(true).name, "Nullable(Int64)");
  EXPECT_EQ(inferred({"[1]"}).type(true).name, "Array(Int64)");
  EXPECT_TRUE(inferred({"1"}).type(true).nullable);
  EXPECT_FALSE(inferred({"[1]"}).type(true).nullable);
}

TEST(TypeInferenceTest, FewDistinctTextsThatOccurOftenAreLowCardinality) {
  const auto texts = [](int distinct, int times) {
    std::vector<std::string> values;
    for (int i = 0; i < distinct * times; ++i) values.push_back("\"v" + std::to_string(i % distinct) + "\"");
    return inferred(values);
  };
  EXPECT_EQ(texts(100, 10).type().name, "LowCardinality(String)");
  EXPECT_TRUE(texts(2, 10).type().low_cardinality);
  EXPECT_EQ(texts(2, 10).type(true).name, "LowCardinality(Nullable(String))");
  EXPECT_EQ(texts(2, 9).type().name, "String");
  EXPECT_EQ(texts(101, 20).type().name, "String");
  EXPECT_EQ(inferred(std::vector<std::string>(100, "\"" + std::string(65, 'x') + "\"")).type().name, "String");
  EXPECT_EQ(inferred(std::vector<std::string>(100, R"(["a"])")).type().name, "Array(String)");
}

TEST(TypeInferenceTest, WhatIsStoredAsTextIsSaid) {
  EXPECT_NE(inferred({"{}"}).type().note, "");
  EXPECT_NE(inferred({"1", "true"}).type().note, "");
  EXPECT_NE(inferred({"null"}).type().note, "");
  EXPECT_EQ(inferred({"1"}).type().note, "");
}

}  // namespace
}  // namespace freshet::clickhouse
