#include "columns/data_type.h"

#include <gmock/gmock.h>

namespace freshet::columns {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

DataType parsed(std::string_view name) {
  const Result<DataType> type = parse_data_type(name);
  EXPECT_TRUE(type) << (type ? "" : type.error().text);
  return type.value_or(DataType{});
}

std::string refused(std::string_view name) {
  const Result<DataType> type = parse_data_type(name);
  return type ? "" : type.error().text;
}

TEST(DataType, KnowsTheWidthOfEachScalar) {
  struct Case {
    std::string_view name;
    TypeKind kind;
    uint32_t width;
  };
  for (const Case& one : {Case{"Bool", TypeKind::Bool, 1},
                          {"Int8", TypeKind::Int8, 1},
                          {"UInt16", TypeKind::UInt16, 2},
                          {"Int32", TypeKind::Int32, 4},
                          {"UInt64", TypeKind::UInt64, 8},
                          {"Int128", TypeKind::Int128, 16},
                          {"UInt256", TypeKind::UInt256, 32},
                          {"Float32", TypeKind::Float32, 4},
                          {"Float64", TypeKind::Float64, 8},
                          {"Date", TypeKind::Date, 2},
                          {"Date32", TypeKind::Date32, 4},
                          {"DateTime", TypeKind::DateTime, 4},
                          {"UUID", TypeKind::Uuid, 16},
                          {"IPv4", TypeKind::IPv4, 4},
                          {"IPv6", TypeKind::IPv6, 16},
                          {"String", TypeKind::String, 0},
                          {"JSON", TypeKind::Json, 0},
                          {"JSON(max_dynamic_paths=8)", TypeKind::Json, 0},
                          {"FixedString(7)", TypeKind::FixedString, 7},
                          {"Enum16('a' = 300)", TypeKind::Enum16, 2}}) {
    const DataType type = parsed(one.name);
    EXPECT_EQ(type.kind, one.kind) << one.name;
    EXPECT_EQ(type.width, one.width) << one.name;
    EXPECT_FALSE(type.nullable || type.low_cardinality) << one.name;
  }
}

TEST(DataType, KnowsTheParameters) {
  struct Case {
    std::string_view name;
    uint32_t width;
    int precision;
    int scale;
  };
  for (const Case& one : {Case{"Decimal(9, 2)", 4, 9, 2},
                          {"Decimal(10, 0)", 8, 10, 0},
                          {"Decimal(38, 38)", 16, 38, 38},
                          {"Decimal(76, 5)", 32, 76, 5},
                          {"Decimal32(3)", 4, 9, 3},
                          {"Decimal128(4)", 16, 38, 4},
                          {"DateTime64(9)", 8, 0, 9},
                          {"DateTime64(3, 'UTC')", 8, 0, 3},
                          {"Time64(6)", 8, 0, 6}}) {
    const DataType type = parsed(one.name);
    EXPECT_EQ(type.width, one.width) << one.name;
    EXPECT_EQ(type.precision, one.precision) << one.name;
    EXPECT_EQ(type.scale, one.scale) << one.name;
  }
  EXPECT_EQ(parsed("DateTime('Europe/Berlin')").time_zone, "Europe/Berlin");
  EXPECT_EQ(parsed("DateTime64(3, 'UTC')").time_zone, "UTC");
  EXPECT_THAT(parsed("Enum8('a' = 1, 'b\\'c, ' = -128, 'd\\\\\\n' = 0)").enum_values,
              ElementsAre(EnumValue{"a", 1}, EnumValue{"b'c, ", -128}, EnumValue{"d\\\n", 0}));
}

TEST(DataType, KnowsWrappers) {
  const DataType nullable = parsed("Nullable(UInt8)");
  EXPECT_TRUE(nullable.nullable && !nullable.low_cardinality);
  const DataType both = parsed("LowCardinality(Nullable(FixedString(2)))");
  EXPECT_TRUE(both.nullable && both.low_cardinality);
  EXPECT_EQ(both.width, 2u);
  EXPECT_EQ(parsed("SimpleAggregateFunction(anyLast, LowCardinality(String))"), parsed("LowCardinality(String)"));
  EXPECT_EQ(parsed("SimpleAggregateFunction(groupUniqArrayArray(5), Array(UInt8))"), parsed("Array(UInt8)"));
}

TEST(DataType, KnowsComposites) {
  const DataType map = parsed("Map(LowCardinality(String), Array(Nullable(Float64)))");
  ASSERT_EQ(map.children.size(), 2u);
  EXPECT_TRUE(map.children[0].low_cardinality);
  EXPECT_TRUE(map.children[1].children.at(0).nullable);
  const DataType named = parsed("Tuple(a UInt8, `b c` Enum8('x y' = 1))");
  EXPECT_THAT(named.names, ElementsAre("a", "b c"));
  EXPECT_EQ(named.children.at(1).enum_values.at(0).name, "x y");
  EXPECT_TRUE(parsed("Tuple(UInt8, DateTime64(3, 'UTC'))").names.empty());
  const DataType nested = parsed("Nested(a UInt8, b Array(String))");
  EXPECT_EQ(nested.kind, TypeKind::Array);
  EXPECT_EQ(nested.children.at(0).kind, TypeKind::Tuple);
  EXPECT_EQ(parsed("Polygon"), parsed("Array(Array(Tuple(Float64, Float64)))"));
}

TEST(DataType, RefusesByName) {
  EXPECT_THAT(refused("Array(Map(String, AggregateFunction(sum, UInt8)))"), HasSubstr("AggregateFunction(sum, UInt8)"));
  for (const char* name : {"",
                           " ",
                           "Dynamic",
                           "Variant(UInt8, String)",
                           "Nothing",
                           "uint8",
                           "UInt8 ",
                           "UInt8(1)",
                           "UInt512",
                           "Array",
                           "Array()",
                           "Array(UInt8, UInt8)",
                           "Array(UInt8))",
                           "Map(String)",
                           "Tuple()",
                           "Tuple(a UInt8, String)",
                           "Nullable()",
                           "Nullable(Array(UInt8))",
                           "Nullable(Nullable(UInt8))",
                           "Nullable(LowCardinality(String))",
                           "LowCardinality(Array(UInt8))",
                           "LowCardinality(LowCardinality(String))",
                           "FixedString(0)",
                           "FixedString(x)",
                           "FixedString(-1)",
                           "FixedString(16777216)",
                           "Decimal(0, 0)",
                           "Decimal(77, 1)",
                           "Decimal(9, 10)",
                           "Decimal(9)",
                           "Decimal32(10)",
                           "DateTime64",
                           "DateTime64(10)",
                           "DateTime(UTC)",
                           "DateTime('UTC",
                           "Enum8()",
                           "Enum8('a' = 128)",
                           "Enum8('a')",
                           "Enum8('a' = )",
                           "Enum8(a = 1)",
                           "Enum16('a' = 32768)",
                           "JSON)",
                           "Nested()",
                           "String\n"}) {
    EXPECT_THAT(refused(name), HasSubstr("unsupported column type")) << name;
  }
}

TEST(DataType, BoundsTheDepth) {
  const auto nested = [](size_t arrays) {
    std::string name;
    for (size_t i = 0; i < arrays; ++i) name += "Array(";
    return name + "UInt8" + std::string(arrays, ')');
  };
  parsed(nested(kMaxTypeDepth - 1));
  EXPECT_THAT(refused(nested(kMaxTypeDepth)), HasSubstr("too deeply"));
  EXPECT_THAT(refused(nested(100'000)), HasSubstr("too deeply"));
  EXPECT_LT(refused(nested(100'000)).size(), 300u);
}

}  // namespace
}  // namespace freshet::columns
