// Values in the types of columns, and which of them have no exact form. tests/contract/insert_formats_test.cc compares
// what servers store.
#include "processors/formats/typed_rows.h"

#include <gtest/gtest.h>

#include <limits>
#include <map>
#include <span>
#include <vector>

#include "processors/formats/row_encoder.h"

namespace freshet::processors {
namespace {

constexpr Column kColumn("c");

ColumnTarget target(std::string_view type) { return {.there = true, .type = *columns::parse_data_type(type)}; }

// nullopt: no exact form.
template <typename T>
std::optional<std::string> bytes_of(std::string_view type, const T& value) {
  TypedRowWriter writer({target(type)});
  writer.clear();
  writer.begin_row();
  writer.put(kColumn, value);
  return writer.exact() ? std::optional(std::string(writer.bytes())) : std::nullopt;
}
template <typename T>
std::string raw(T value) {
  std::string bytes(sizeof value, '\0');
  std::memcpy(bytes.data(), &value, sizeof value);
  return bytes;
}

TEST(TypedRowsTest, IntegersKeepTheirValueOrHaveNoExactForm) {
  EXPECT_EQ(bytes_of("UInt8", uint64_t{255}), raw(uint8_t{255}));
  EXPECT_EQ(bytes_of("UInt8", uint64_t{256}), std::nullopt);
  EXPECT_EQ(bytes_of("UInt8", int64_t{-1}), std::nullopt);
  EXPECT_EQ(bytes_of("Int8", int64_t{-128}), raw(int8_t{-128}));
  EXPECT_EQ(bytes_of("Int8", int64_t{-129}), std::nullopt);
  EXPECT_EQ(bytes_of("Int8", uint64_t{128}), std::nullopt);
  EXPECT_EQ(bytes_of("UInt64", UINT64_MAX), raw(UINT64_MAX));
  EXPECT_EQ(bytes_of("Int64", UINT64_MAX), std::nullopt);
  EXPECT_EQ(bytes_of("Int64", INT64_MIN), raw(INT64_MIN));
  EXPECT_EQ(bytes_of("Bool", uint64_t{1}), raw(uint8_t{1}));
  EXPECT_EQ(bytes_of("Bool", uint64_t{2}), std::nullopt);
  EXPECT_EQ(bytes_of("String", uint64_t{1}), std::nullopt);
}

TEST(TypedRowsTest, FloatsAreNotRoundedTwice) {
  EXPECT_EQ(bytes_of("Float64", 0.1), raw(0.1));
  EXPECT_EQ(bytes_of("Float64", (uint64_t{1} << 53) + 1), std::nullopt);
  EXPECT_EQ(bytes_of("Float32", 0.1), raw(0.1F));
  EXPECT_EQ(bytes_of("Float32", 1.0 + 0x1p-24), std::nullopt);  // in the middle between two floats
  EXPECT_EQ(bytes_of("Float32", 1e39), std::nullopt);
  EXPECT_EQ(bytes_of("Float32", 1e-40), std::nullopt);
  EXPECT_EQ(bytes_of("Float32", 0.0), raw(0.0F));
  EXPECT_EQ(bytes_of("Float64", std::numeric_limits<double>::infinity()), std::nullopt);
  EXPECT_EQ(bytes_of("Float64", 5e-324), std::nullopt);
  EXPECT_EQ(bytes_of("UInt8", 1.0), std::nullopt);
}

TEST(TypedRowsTest, Maps) {
  struct Pair {
    JsonString key;
    uint64_t value;
  };
  const auto map_of = [](const std::vector<Pair>& pairs) {
    return Pairs{std::span(pairs), [](const Pair& one) { return one.key; }, [](const Pair& one) { return one.value; }};
  };
  const std::vector<Pair> pairs = {{{"a", true}, 7}, {{"b", true}, 300}};
  EXPECT_EQ(bytes_of("Map(String, UInt16)", map_of(pairs)), std::string("\2\1a\7\0\1b\54\1", 9));
  EXPECT_EQ(bytes_of("Map(String, UInt8)", map_of(pairs)), std::nullopt);
  EXPECT_EQ(bytes_of("String", map_of(pairs)), std::nullopt);
  EXPECT_EQ(bytes_of("Map(String, UInt16)", UnlessEmpty{map_of({})}), std::nullopt);  // no default is known
  TypedRowWriter with_default(
      {{.there = true, .type = *columns::parse_data_type("Map(String, UInt16)"), .default_value = "default"}});
  with_default.begin_row();
  with_default.put(kColumn, UnlessEmpty{map_of({})});
  EXPECT_EQ(with_default.bytes(), "default");
}

TEST(TypedRowsTest, IntegersOf128Bits) {
  EXPECT_EQ(bytes_of("UInt128", UInt128{2, 1}), raw(uint64_t{1}) + raw(uint64_t{2}));
  EXPECT_EQ(bytes_of("UInt64", UInt128{0, 1}), std::nullopt);
}

TEST(TypedRowsTest, Times) {
  EXPECT_EQ(bytes_of("DateTime", Seconds{1'700'000'000}), raw(uint32_t{1'700'000'000}));
  EXPECT_EQ(bytes_of("DateTime", Seconds{5}), raw(uint32_t{5}));
  EXPECT_EQ(bytes_of("DateTime", uint64_t{1} << 32), std::nullopt);
  EXPECT_EQ(bytes_of("UInt32", Seconds{5}), raw(uint32_t{5}));
  EXPECT_EQ(bytes_of("DateTime64(6)", Ticks<6>{1'700'000'000'000'001}), raw(int64_t{1'700'000'000'000'001}));
  EXPECT_EQ(bytes_of("DateTime64(3)", Ticks<6>{1'700'000'000'000'001}), std::nullopt);
  EXPECT_EQ(bytes_of("DateTime64(6)", Ticks<6>{-1}), std::nullopt);
  EXPECT_EQ(bytes_of("DateTime64(6)", (Ticks<6, uint64_t>{UINT64_MAX})), std::nullopt);
  EXPECT_EQ(bytes_of("DateTime64(6)", Ticks<6>{9'999'999'999'999'999}), raw(int64_t{9'999'999'999'999'999}));
  EXPECT_EQ(bytes_of("DateTime64(6)", Ticks<6>{10'000'000'000'000'000}), std::nullopt);
}

TEST(TypedRowsTest, TextsUuidsAddressesAndEnums) {
  EXPECT_EQ(bytes_of("LowCardinality(String)", std::string_view("ab")), "\2ab");
  EXPECT_EQ(bytes_of("FixedString(2)", std::string_view("ab")), "ab");
  EXPECT_EQ(bytes_of("FixedString(3)", std::string_view("ab")), std::nullopt);
  EXPECT_EQ(bytes_of("UInt8", std::string_view("1")), std::nullopt);
  EXPECT_EQ(bytes_of("Enum8('a' = 1, 'b' = -2)", std::string_view("b")), raw(int8_t{-2}));
  EXPECT_EQ(bytes_of("Enum16('a' = 1000)", std::string_view("a")), raw(int16_t{1000}));
  EXPECT_EQ(bytes_of("Enum8('a' = 1)", std::string_view("c")), std::nullopt);
  const Uuid uuid = *Uuid::parse("00010203-0405-0607-0809-0a0b0c0d0e0f");
  EXPECT_EQ(bytes_of("UUID", uuid), raw(uint64_t{0x0001020304050607}) + raw(uint64_t{0x08090a0b0c0d0e0f}));
  EXPECT_EQ(bytes_of("String", uuid),
            "\x24"
            "00010203-0405-0607-0809-0a0b0c0d0e0f");
  EXPECT_EQ(bytes_of("IPv4", *IpAddress::parse("1.2.3.4")), raw(uint32_t{0x01020304}));
  EXPECT_EQ(bytes_of("IPv4", *IpAddress::parse("::1")), std::nullopt);
  EXPECT_EQ(bytes_of("IPv6", *IpAddress::parse("::1")), std::string(15, '\0') + '\1');
}

TEST(TypedRowsTest, NullIsNullOrTheDefaultOrHasNoExactForm) {
  const std::optional<uint64_t> none;
  EXPECT_EQ(bytes_of("Nullable(UInt8)", none), "\1");
  EXPECT_EQ(bytes_of("Nullable(UInt8)", std::optional<uint64_t>(7)), std::string("\0\7", 2));
  EXPECT_EQ(bytes_of("UInt8", none), std::nullopt);
  ColumnTarget with_default = target("UInt16");
  with_default.null_as_default = true;
  with_default.default_value = std::string(2, '\0');
  TypedRowWriter writer({with_default});
  writer.clear();
  writer.begin_row();
  writer.put(kColumn, none);
  EXPECT_TRUE(writer.exact());
  EXPECT_EQ(writer.bytes(), std::string(2, '\0'));
}

TEST(TypedRowsTest, DefaultsOfTypesAndOfPlainExpressions) {
  const auto of = [](std::string_view type, std::string_view expression) {
    return default_bytes(*columns::parse_data_type(type), expression);
  };
  EXPECT_EQ(default_bytes(*columns::parse_data_type("Enum16('b' = 2, 'a' = -3)")), raw(int16_t{-3}));
  EXPECT_EQ(default_bytes(*columns::parse_data_type("Tuple(UInt16, String)")), std::string(3, '\0'));
  EXPECT_EQ(default_bytes(*columns::parse_data_type("Array(UInt64)")), std::string(1, '\0'));
  EXPECT_EQ(of("LowCardinality(String)", "'unknown'"), "\7unknown");
  EXPECT_EQ(of("UInt8", "2"), "\2");
  EXPECT_EQ(of("UInt8", "300"), std::nullopt);
  EXPECT_EQ(of("Int8", "-1"), "\xff");
  EXPECT_EQ(of("Nullable(Int16)", "-2"), std::string("\0\xfe\xff", 3));
  EXPECT_EQ(of("UInt8", "-1"), std::nullopt) << "the server stores 255";
  EXPECT_EQ(of("Float64", "-1.5"), raw(-1.5));
  EXPECT_EQ(of("Float32", "1000."), raw(1000.0F));
  EXPECT_EQ(of("Float64", "-5"), raw(-5.0));
  EXPECT_EQ(of("Int32", "1."), std::nullopt);
  EXPECT_EQ(of("Decimal(9, 2)", "1.5"), std::nullopt);
  for (const char* text : {"inf", "nan", "1e-310", "2.39", "1e300", "0x10", "-", "--1", "-1 ", "true()", "1, 2"}) {
    EXPECT_EQ(of("Float64", text), std::nullopt) << text;
  }
  EXPECT_EQ(of("Bool", "true"), "\1");
  EXPECT_EQ(of("UInt8", "false"), std::string(1, '\0'));
  EXPECT_EQ(of("String", "true"), std::nullopt);
  EXPECT_EQ(of("Array(String)", "[]"), std::string(1, '\0'));
  EXPECT_EQ(of("Map(String, String)", "map()"), std::string(1, '\0'));
  EXPECT_EQ(of("Array(String)", "['q']"), std::nullopt);
  EXPECT_EQ(of("String", "[]"), std::nullopt);
  EXPECT_EQ(of("Nullable(String)", "NULL"), "\1");
  EXPECT_EQ(of("String", "NULL"), std::nullopt);
  EXPECT_EQ(of("DateTime", "now()"), std::nullopt);
  EXPECT_EQ(of("String", "concat(a, 'b')"), std::nullopt);
  EXPECT_EQ(of("String", "'a' || 'b'"), std::nullopt);
}

TEST(TypedRowsTest, ArraysHaveTheirElementsOrNoExactForm) {
  const std::vector<std::optional<uint64_t>> values = {1, std::nullopt};
  const auto as_is = [](const auto& one) { return one; };
  EXPECT_EQ(bytes_of("Array(Nullable(UInt8))", Elements(values, as_is)), std::string("\2\0\1\1", 4));
  EXPECT_EQ(bytes_of("Array(UInt8)", Elements(values, as_is)), std::nullopt);
  EXPECT_EQ(bytes_of("UInt8", Elements(values, as_is)), std::nullopt);
}

// --- RowEncoder -----------------------------------------------------------------------------------------------------

struct RowEncoderTest : testing::Test {
  bool append(uint64_t a, std::optional<uint64_t> b) {
    encoder.begin_message();
    add(a, b);
    return encoder.move_to(rows);
  }

  void add(uint64_t a, std::optional<uint64_t> b) {
    encoder.add([&](auto& out) {
      out.begin_row();
      out.put(Column("a"), a);
      out.put(Column("b"), b);
      out.end_row();
    });
  }

  Snapshot<TableColumns> table{{}};
  RowEncoder encoder{{"a", "b"}, TickForm::Ticks, &table};
  std::string rows;
};

TEST_F(RowEncoderTest, RowsAreJsonUntilTheTableIsKnown) {
  encoder.begin_chunk();
  EXPECT_TRUE(append(1, 2));
  EXPECT_EQ(rows, "{\"a\":1,\"b\":2}\n");
  EXPECT_EQ(encoder.layout(), RowLayout());
  table.set({{{"b", "UInt8"}, {"x", "String"}, {"a", "UInt16"}}, true});
  encoder.begin_chunk();
  EXPECT_EQ(encoder.layout(), (RowLayout{RowFormat::Native, {"a", "b"}, {"UInt16", "UInt8"}}));
  rows.clear();
  EXPECT_TRUE(append(1, std::nullopt));
  EXPECT_EQ(rows, std::string("\1\0\0", 3));
}

TEST_F(RowEncoderTest, ARowWithoutAnExactFormIsJson) {
  table.set({{{"a", "UInt8"}, {"b", "UInt8"}}, true});
  encoder.begin_chunk();
  EXPECT_FALSE(append(256, 1));
  EXPECT_EQ(rows, "{\"a\":256,\"b\":1}\n");
  EXPECT_TRUE(append(255, 1));
}

TEST_F(RowEncoderTest, TheRowsOfAMessageHaveOneFormat) {
  table.set({{{"a", "UInt8"}, {"b", "Nullable(UInt8)"}}, true});
  encoder.begin_chunk();
  encoder.begin_message();
  add(1, 2);
  add(3, std::nullopt);
  add(256, 4);
  add(5, 6);
  EXPECT_FALSE(encoder.move_to(rows));
  EXPECT_EQ(rows, "{\"a\":1,\"b\":2}\n{\"a\":3,\"b\":null}\n{\"a\":256,\"b\":4}\n{\"a\":5,\"b\":6}\n");
}

TEST_F(RowEncoderTest, ATypeThatIsNotSupportedKeepsRowsJson) {
  for (const auto& [type, why] : std::map<std::string, std::string>{
           {"AggregateFunction(sum, UInt8)", "column a: unsupported column type AggregateFunction(sum, UInt8)"},
           {"Enum8('a' = 1)", "column a has an Enum, which ALTER TABLE may renumber: Enum8('a' = 1)"},
           {"Array(Tuple(x UInt8, y UInt8))",
            "column a has a Tuple whose names ALTER TABLE may reorder: Array(Tuple(x UInt8, y UInt8))"},
           {"Array(Enum16('a' = 1))",
            "column a has an Enum, which ALTER TABLE may renumber: Array(Enum16('a' = 1))"}}) {
    table.set({{{"a", type}, {"b", "UInt8"}}, true});
    encoder.begin_chunk();
    EXPECT_EQ(encoder.layout(), RowLayout()) << type;
    EXPECT_EQ(encoder.why_json(), why);
    EXPECT_TRUE(append(1, 1));
  }
}

// The server refuses such rows.
TEST_F(RowEncoderTest, AMissingColumnKeepsRowsJson) {
  for (const char* other : {"x", "B"}) {
    table.set({{{"a", "UInt8"}, {other, "UInt8"}}, true});
    encoder.begin_chunk();
    EXPECT_EQ(encoder.layout(), RowLayout()) << other;
    EXPECT_EQ(encoder.why_json(), "the table has no column b");
  }
}

TEST_F(RowEncoderTest, AMissingColumnIsLeftOutAsTheServerDoesUntilItIsAdded) {
  TableColumns columns{.columns = {{"x", "UInt8"}, {"a", "UInt16"}}, .skips_unknown_fields = true};
  table.set(columns);
  encoder.begin_chunk();
  EXPECT_EQ(encoder.layout(), (RowLayout{RowFormat::Native, {"a"}, {"UInt16"}}));
  EXPECT_EQ(encoder.why_json(), "");
  EXPECT_TRUE(append(1, 300));
  EXPECT_EQ(rows, std::string("\1\0", 2));
  rows.clear();
  EXPECT_FALSE(append(65536, 2));
  EXPECT_EQ(rows, "{\"a\":65536,\"b\":2}\n") << "as JSONEachRow it has all columns";
  columns.columns.push_back({"b", "UInt8"});
  table.set(columns);
  encoder.begin_chunk();
  EXPECT_EQ(encoder.layout(), (RowLayout{RowFormat::Native, {"a", "b"}, {"UInt16", "UInt8"}}));
  table.set({.columns = {{"x", "UInt8"}}, .skips_unknown_fields = true});
  encoder.begin_chunk();
  EXPECT_EQ(encoder.layout(), RowLayout());
  EXPECT_EQ(encoder.why_json(), "inserts of the data set fill no column of the table");
}

// The server may fill them with the field.
TEST_F(RowEncoderTest, AColumnThatTheServerMayTakeForTheMissingOneKeepsRowsJson) {
  for (const char* other : {"B", "b.c", "B.c"}) {
    table.set({.columns = {{"a", "UInt8"}, {other, "UInt8"}}, .skips_unknown_fields = true});
    encoder.begin_chunk();
    EXPECT_EQ(encoder.layout(), RowLayout()) << other;
    EXPECT_EQ(encoder.why_json(), std::string("the table has no column b, but ") + other);
  }
}

TEST_F(RowEncoderTest, ATupleWithoutNamesIsTyped) {
  table.set({{{"a", "Tuple(UInt8, UInt8)"}, {"b", "UInt8"}}, true});
  encoder.begin_chunk();
  EXPECT_EQ(encoder.layout().format, RowFormat::Native);
}

TEST_F(RowEncoderTest, AnEphemeralColumnKeepsRowsJson) {
  table.set({.columns = {{"a", "UInt8"}}, .null_as_default = true, .skips_unknown_fields = true, .ephemeral = {"b"}});
  encoder.begin_chunk();
  EXPECT_EQ(encoder.layout(), RowLayout());
  EXPECT_EQ(encoder.why_json(), "column b is EPHEMERAL");
}

TEST_F(RowEncoderTest, WithoutATableRowsAreAlwaysJson) {
  RowEncoder plain({"a", "b"}, TickForm::Ticks, nullptr);
  plain.begin_chunk();
  EXPECT_EQ(plain.layout(), RowLayout());
  EXPECT_EQ(plain.why_json(), "the processor writes only JSONEachRow");
}

TEST_F(RowEncoderTest, TheReasonIsThatOfTheTableNow) {
  EXPECT_EQ(encoder.why_json(), "");
  table.set({{{"a", "UInt8"}}, true});
  encoder.begin_chunk();
  EXPECT_NE(encoder.why_json(), "");
  table.set({{{"a", "UInt8"}, {"b", "UInt8"}}, true});
  encoder.begin_chunk();
  EXPECT_EQ(encoder.layout().format, RowFormat::Native);
  EXPECT_EQ(encoder.why_json(), "");
  table.set({.columns = {}, .why_json = "the server is too old"});
  encoder.begin_chunk();
  EXPECT_EQ(encoder.layout(), RowLayout());
  EXPECT_EQ(encoder.why_json(), "the server is too old");
  table.set({{{"a", "UInt8", true}, {"b", "UInt8", true}}, true});
  encoder.begin_chunk();
  EXPECT_EQ(encoder.why_json(), "inserts of the data set fill no column of the table");
}

TEST_F(RowEncoderTest, AComputedColumnIsLeftOut) {
  table.set({{{"a", "UInt8"}, {"b", "UInt8", true}}, true});
  encoder.begin_chunk();
  EXPECT_EQ(encoder.layout(), (RowLayout{RowFormat::Native, {"a"}, {"UInt8"}}));
  EXPECT_TRUE(append(1, 2));
  EXPECT_EQ(rows, "\1");
}

struct Local {};
void write_value(RowWriter& out, const Local&) { out.value(1); }
void write_value(TypedCell& out, const Local&) { out.value(std::string_view(out.type().time_zone)); }

TEST_F(RowEncoderTest, ATypeWithoutATimeZoneHasThatOfTheTable) {
  table.set({{{"a", "String"}, {"b", "UInt8"}}, true, "UTC"});
  encoder.begin_chunk();
  encoder.begin_message();
  encoder.add([](auto& out) {
    out.begin_row();
    out.put(Column("a"), Local());
    out.put(Column("b"), uint64_t{2});
    out.end_row();
  });
  EXPECT_TRUE(encoder.move_to(rows));
  EXPECT_EQ(rows, "\3UTC\2");
}

TEST_F(RowEncoderTest, ALargeMessageIsJson) {
  table.set({{{"a", "UInt8"}, {"b", "String"}}, true});
  encoder.begin_chunk();
  const std::string text(TypedRowWriter::kMostBytes, 'x');
  for (const size_t size : {text.size() / 2, text.size()}) {
    rows.clear();
    encoder.begin_message();
    encoder.add([&](auto& out) {
      out.begin_row();
      out.put(Column("a"), uint64_t{1});
      out.put(Column("b"), std::string_view(text).substr(0, size));
      out.end_row();
    });
    EXPECT_EQ(encoder.move_to(rows), size < text.size());
  }
}

}  // namespace
}  // namespace freshet::processors
