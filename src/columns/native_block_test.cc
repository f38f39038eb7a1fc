#include "columns/native_block.h"

#include <gmock/gmock.h>

#include <array>
#include <deque>
#include <limits>

#include "columns/byte_buffer.h"
#include "columns/row_binary_writer.h"

namespace freshet::columns {
namespace {

using testing::HasSubstr;

template <typename... T>
std::string le(T... values) {
  RowBinaryWriter out;
  (out.fixed(values), ...);
  return std::string(out.bytes());
}
std::string text(std::string_view value) {
  RowBinaryWriter out;
  out.string(value);
  return std::string(out.bytes());
}
constexpr auto u8 = [](auto... values) { return le(static_cast<uint8_t>(values)...); };
constexpr auto u64 = [](auto... values) { return le(static_cast<uint64_t>(values)...); };

NativeBlock block_of(const std::vector<std::string>& names, const std::vector<std::string>& types) {
  auto block = NativeBlock::create(names, types);
  EXPECT_TRUE(block) << (block ? "" : block.error().text);
  return *std::move(block);
}

std::string joined(const std::vector<BlockPiece>& pieces) {
  std::string all;
  for (const BlockPiece& piece : pieces) all += piece.bytes;
  return all;
}

// The values of the only column, as the block has them.
std::string values(const std::string& type, const std::vector<std::string>& rows) {
  NativeBlock block = block_of({"a"}, {type});
  std::string first;
  for (int round = 0; round < 3; ++round) {  // a block leaves nothing behind for the next one
    const auto encoded = block.encode({rows.begin(), rows.end()}, rows.size());
    if (!encoded) return encoded.error().text;
    const std::string whole = joined(*encoded);
    const std::string header = u8(1, rows.size()) + text("a") + text(type);
    EXPECT_EQ(whole.substr(0, header.size()), header);
    if (round == 0) first = whole.substr(header.size());
    EXPECT_EQ(whole.substr(header.size()), first);
  }
  return first;
}

TEST(NativeBlock, PutsTheValuesOfAColumnTogether) {
  NativeBlock block = block_of({"id", "name"}, {"UInt16", "String"});
  const std::string rows = le(uint16_t{1}) + text("one") + le(uint16_t{2}) + text("");
  const std::string third = le(uint16_t{0xFFFF}) + text("three");
  const auto encoded = block.encode({rows, "", third}, 3);
  ASSERT_TRUE(encoded);
  EXPECT_EQ(joined(*encoded), u8(2, 3) + text("id") + text("UInt16") + le(uint16_t{1}, uint16_t{2}, uint16_t{0xFFFF}) +
                                  text("name") + text("String") + text("one") + text("") + text("three"));
}

TEST(NativeBlock, WithoutRowsHasOnlyTheColumns) {
  NativeBlock block = block_of({"a", "b"}, {"UInt8", "LowCardinality(String)"});
  EXPECT_EQ(joined(*block.encode({}, 0)),
            u8(2, 0) + text("a") + text("UInt8") + text("b") + text("LowCardinality(String)"));
}

TEST(NativeBlock, KeepsTheBytesOfEachFixedSize) {
  using Case = std::pair<const char*, size_t>;
  for (const auto& [type, width] : {Case{"Bool", 1},
                                    {"Int8", 1},
                                    {"UInt16", 2},
                                    {"Date", 2},
                                    {"Float32", 4},
                                    {"DateTime('UTC')", 4},
                                    {"IPv4", 4},
                                    {"Int64", 8},
                                    {"DateTime64(3)", 8},
                                    {"Decimal(18, 2)", 8},
                                    {"UUID", 16},
                                    {"IPv6", 16},
                                    {"Int128", 16},
                                    {"UInt256", 32},
                                    {"Decimal(76, 1)", 32},
                                    {"Enum8('a' = -1)", 1},
                                    {"FixedString(3)", 3},
                                    {"FixedString(100)", 100}}) {
    std::vector<std::string> rows = {std::string(width, '\0'), std::string(width, '\xff'), {}};
    for (size_t i = 0; i < width; ++i) rows[2].push_back(static_cast<char>(i + 1));
    EXPECT_EQ(values(type, rows), rows[0] + rows[1] + rows[2]) << type;
  }
}

TEST(RowBinaryWriter, ATextFollowsItsSize) {
  std::string value;
  for (int size = 0; size < 128; ++size) {
    ASSERT_EQ(text(value), std::string(1, static_cast<char>(size)) + value);
    value += static_cast<char>('a' + size % 26);
  }
}

TEST(NativeBlock, StringsOfEveryLength) {
  std::vector<std::string> rows;
  std::string all;
  for (const size_t size : {0, 1, 30, 31, 32, 33, 127, 128, 16'383, 16'384, 100'000}) {
    rows.push_back(text(std::string(size, static_cast<char>('a' + size % 26))));
    all += rows.back();
  }
  EXPECT_EQ(values("String", rows), all);
  EXPECT_EQ(values("JSON", {text("{}"), text("{\"a\":1}")}), u64(1) + text("{}") + text("{\"a\":1}"));
}

TEST(NativeBlock, NullableHasAMapOfNullsAndAValueForEachRow) {
  EXPECT_EQ(values("Nullable(UInt32)", {u8(1), u8(0) + le(7u), u8(1), u8(0) + le(0u)}),
            u8(1, 0, 1, 0) + le(0u, 7u, 0u, 0u));
  EXPECT_EQ(values("Nullable(String)", {u8(0) + text("x"), u8(1), u8(0) + text("")}),
            u8(0, 1, 0) + text("x") + text("") + text(""));
  EXPECT_EQ(values("Nullable(FixedString(3))", {u8(1), u8(0) + "abc"}), u8(1, 0) + std::string(3, '\0') + "abc");
  EXPECT_EQ(values("Nullable(JSON)", {u8(1)}), u64(1) + u8(1) + text("{}"));
  EXPECT_EQ(values("Nullable(Tuple(UInt8, Array(UInt8), LowCardinality(String), Nullable(UInt8)))",
                   {u8(0, 5, 2, 8, 9) + text("k") + u8(0, 6), u8(1)}),
            u64(1) + u8(0, 1) + u8(5, 0) + u64(2, 2) + u8(8, 9) + u64(0x600, 2) + text("k") + text("") + u64(2) +
                u8(0, 1) + u8(0, 1) + u8(6, 0));
}

TEST(NativeBlock, ArraysHaveTheEndsOfTheirElements) {
  EXPECT_EQ(values("Array(UInt16)", {u8(0), u8(2) + le(uint16_t{1}, uint16_t{2}), u8(1) + le(uint16_t{3})}),
            u64(0, 2, 3) + le(uint16_t{1}, uint16_t{2}, uint16_t{3}));
  EXPECT_EQ(values("Array(String)", {u8(2) + text("a") + text("bb"), u8(0)}), u64(2, 2) + text("a") + text("bb"));
  EXPECT_EQ(values("Array(Array(UInt8))", {u8(2, 1, 7, 2, 8, 9), u8(0), u8(1, 0)}),
            u64(2, 2, 3, 1, 3, 3) + u8(7, 8, 9));
  EXPECT_EQ(values("Array(Nullable(UInt8))", {u8(3, 1, 0, 5, 1), u8(1, 0, 6)}), u64(3, 4) + u8(1, 0, 1, 0, 0, 5, 0, 6));
  std::string many = "\xE8\x07";  // 1000
  for (int i = 0; i < 1000; ++i) many.push_back(static_cast<char>(i));
  EXPECT_EQ(values("Array(Int8)", {many}), u64(1000) + many.substr(2));
}

TEST(NativeBlock, MapsAndTuplesHaveTheirElementsTogether) {
  EXPECT_EQ(
      values("Map(String, UInt8)", {u8(2) + text("a") + u8(1) + text("b") + u8(2), u8(0), u8(1) + text("c") + u8(3)}),
      u64(2, 2, 3) + text("a") + text("b") + text("c") + u8(1, 2, 3));
  EXPECT_EQ(values("Tuple(a UInt8, b Tuple(String, UInt8))", {u8(1) + text("x") + u8(2), u8(3) + text("y") + u8(4)}),
            u8(1, 3) + text("x") + text("y") + u8(2, 4));
  EXPECT_EQ(values("Nested(a UInt8, b String)", {u8(2, 1) + text("x") + u8(2) + text("y")}),
            u64(2) + u8(1, 2) + text("x") + text("y"));
  EXPECT_EQ(values("Map(String, Array(Float64))", {u8(1) + text("k") + u8(2) + le(0.5, -1.0)}),
            u64(1) + text("k") + u64(2) + le(0.5, -1.0));
}

TEST(NativeBlock, LowCardinalityHasADictionary) {
  EXPECT_EQ(values("LowCardinality(String)", {text("b"), text("a"), text("b"), text(""), text("a")}),
            u64(1) + u64(0x600, 3) + text("b") + text("a") + text("") + u64(5) + u8(0, 1, 0, 2, 1));
  EXPECT_EQ(values("LowCardinality(Nullable(String))", {u8(0) + text(""), u8(1), u8(0) + text("a")}),
            u64(1) + u64(0x600, 3) + text("") + text("") + text("a") + u64(3) + u8(1, 0, 2));
  EXPECT_EQ(values("LowCardinality(Nullable(UInt16))", {u8(1), u8(1)}),
            u64(1) + u64(0x600, 1) + u8(0, 0) + u64(2) + u8(0, 0));
  EXPECT_EQ(values("LowCardinality(FixedString(2))", {"ab", "ab"}), u64(1) + u64(0x600, 1) + "ab" + u64(2) + u8(0, 0));
  EXPECT_EQ(values("Array(LowCardinality(String))", {u8(0), u8(0)}), u64(1) + u64(0, 0));
  EXPECT_EQ(
      values("Map(LowCardinality(String), LowCardinality(Nullable(UInt8)))", {u8(1) + text("k") + u8(0, 7)}),
      u64(1, 1) + u64(1) + u64(0x600, 1) + text("k") + u64(1) + u8(0) + u64(0x600, 2) + u8(0, 7) + u64(1) + u8(1));
}

TEST(NativeBlock, IndicesAreAsWideAsTheDictionaryNeeds) {
  for (const auto& [keys, type] : {std::pair<uint32_t, uint64_t>{256, 0}, {257, 1}, {65'536, 1}, {65'537, 2}}) {
    std::vector<std::string> rows;
    std::string dictionary;
    for (uint32_t i = 0; i < keys; ++i) dictionary += rows.emplace_back(le(i * 7919));
    rows.push_back(rows[keys - 1]);
    NativeBlock block = block_of({"a"}, {"LowCardinality(UInt32)"});
    const std::string whole = joined(*block.encode({rows.begin(), rows.end()}, rows.size()));
    std::string indices;
    for (uint32_t i = 0; i <= keys; ++i) {
      const uint32_t index = std::min(i, keys - 1);
      indices.append(reinterpret_cast<const char*>(&index), type == 0 ? 1 : type == 1 ? 2 : 4);
    }
    const std::string expected = u64(1, 0x600 | type, keys) + dictionary + u64(keys + 1) + indices;
    EXPECT_TRUE(whole.ends_with(expected)) << keys;
  }
}

TEST(NativeBlock, RefusesBytesThatAreNotItsRows) {
  struct Case {
    std::string type;
    std::string row;
    std::string why;
  };
  const std::string endless(9, '\xff');
  for (const Case& one : {Case{"UInt32", "abc", "1 rows cannot have 3 bytes together"},
                          {"Tuple(FixedString(3), String)", "abc\x02",
                           "row 1 of 1, column a Tuple(FixedString(3), String): the row ends within the value"},
                          {"String",
                           "\x05"
                           "abcd",
                           "ends within"},
                          {"String", "\x80", "ends within"},
                          {"String", endless, "nine bytes"},
                          {"String", endless.substr(0, 8) + "\x7f", "ends within"},
                          {"Nullable(UInt8)", "\x02\x01", "neither with 0 nor with 1"},
                          {"Nullable(UInt8)", std::string(1, '\0'), "ends within"},
                          {"Array(UInt64)",
                           "\x02"
                           "12345678",
                           "ends within"},
                          {"Array(UInt64)", endless.substr(0, 8) + "\x7f", "ends within"},
                          {"Array(String)", "\x02\x01x", "ends within"},
                          {"Map(String, UInt8)", "\x01\x01k", "ends within"},
                          {"Tuple(UInt8, UInt16)", "\x01\x02", "2 bytes"},
                          {"LowCardinality(String)", "\x02x", "ends within"},
                          {"LowCardinality(Nullable(UInt8))", "\x03\x01", "neither"},
                          {"LowCardinality(UInt64)", "1234567", "7 bytes"},
                          {"UInt8", "\x01\x02", "more than 1 rows"},
                          {"UInt8", "", "1 rows cannot have 0 bytes"}}) {
    EXPECT_THAT(values(one.type, {one.row}), HasSubstr(one.why)) << one.type;
  }
  NativeBlock block = block_of({"a", "b"}, {"String", "UInt8"});
  const std::string row = text("abc") + u8(1);
  EXPECT_THAT(block.encode({row}, 2).error().text, HasSubstr("1 rows instead of 2"));
  EXPECT_THAT(block.encode({row, row, text("abc")}, 3).error().text, HasSubstr("row 3 of 3, column b UInt8"));
  EXPECT_THAT(block.encode({row.substr(0, 2), row.substr(2)}, 1).error().text, HasSubstr("column a String"));
  EXPECT_TRUE(block.encode({row, row}, 2)) << "after an error it works as before";
}

TEST(NativeBlock, ABlockHasALimit) {
  NativeBlock block = block_of({"a"}, {"Array(Nullable(FixedString(1000000)))"});
  std::string row = u8(100);
  row.append(100, '\1');
  const auto encoded = block.encode({row}, 1, 1 << 20);
  ASSERT_FALSE(encoded);
  EXPECT_EQ(encoded.error().kind, BlockError::Kind::TooLarge);
  EXPECT_LE(block.held_bytes(), 1u << 20);
  EXPECT_EQ(block.encode({row}, 1)->back().bytes.size(), 100'000'000u);
  EXPECT_GE(block.held_bytes(), 100'000'000u);
  block.trim();
  EXPECT_EQ(block.held_bytes(), 0u);
  EXPECT_EQ(block.encode({"\1\1"}, 1)->back().bytes.size(), 1'000'000u);
}

// Keeps frames as they are.
struct Frames : FrameSink {
  bool frame(std::string_view bytes, std::vector<BlockPiece>& out) override {
    if (bytes.size() > most) return false;
    out.push_back({frames.emplace_back(bytes), true});
    return true;
  }
  std::deque<std::string> frames;
  size_t most = SIZE_MAX;
};

TEST(NativeBlock, LongColumnsGoToTheSink) {
  const std::vector<std::string> names = {"a", "b", "c", "d", "e"};
  const std::vector<std::string> types = {"UInt64", "Nullable(String)", "LowCardinality(String)",
                                          "Array(Tuple(UInt8, String))", "Map(String, UInt64)"};
  constexpr uint64_t kRows = 40'000;
  std::string rows;
  for (uint64_t i = 0; i < kRows; ++i) {
    rows += u64(i) + (i % 3 == 0 ? u8(1) : u8(0) + text(std::string(i % 100, 'x')));
    rows += text(std::to_string(i % 70'000));
    rows += u8(i % 3);
    for (uint64_t k = 0; k < i % 3; ++k) rows += u8(k) + text("element");
    rows += u8(1) + text("key") + u64(i);
  }
  NativeBlock without_sink = block_of(names, types);
  const std::string whole = joined(*without_sink.encode({rows}, kRows));
  NativeBlock block = block_of(names, types);
  for (int round = 0; round < 2; ++round) {
    Frames sink;
    const auto pieces = block.encode({rows}, kRows, NativeBlock::kMaxBytes, &sink);
    ASSERT_TRUE(pieces);
    EXPECT_TRUE(joined(*pieces) == whole);
    EXPECT_GT(sink.frames.size(), 20u);
    for (const std::string& frame : sink.frames) {
      EXPECT_GE(frame.size(), ByteBuffer::kFrameBytes / 2);
      EXPECT_LE(frame.size(), ByteBuffer::kFrameBytes);
    }
    EXPECT_LT(block.held_bytes(), without_sink.held_bytes() / 2);
  }
  Frames full;
  full.most = 0;
  EXPECT_EQ(block.encode({rows}, kRows, NativeBlock::kMaxBytes, &full).error().kind, BlockError::Kind::TooLarge);
  EXPECT_TRUE(joined(*block.encode({rows}, kRows)) == whole);
}

TEST(NativeBlock, NeedsColumnsThatItKnows) {
  EXPECT_THAT(NativeBlock::create({"a", "b"}, {"UInt8", "Dynamic"}).error().text,
              HasSubstr("column b: unsupported column type Dynamic"));
  EXPECT_FALSE(NativeBlock::create({"a"}, {"UInt8", "UInt8"}));
  EXPECT_FALSE(NativeBlock::create({}, {}));
}

}  // namespace
}  // namespace freshet::columns
