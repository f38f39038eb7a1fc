#include "clickhouse/insert_body.h"

#include <gmock/gmock.h>

#include "columns/row_binary_writer.h"
#include "testkit/fake_clickhouse.h"

namespace freshet::clickhouse {
namespace {

using testing::HasSubstr;

std::string row(uint16_t id, std::string_view name) {
  columns::RowBinaryWriter out;
  out.fixed(id);
  out.string(name);
  return std::string(out.bytes());
}

struct InsertBodyTest : testing::Test {
  tl::expected<std::string, WriteOutcome> plain(std::vector<std::string_view> rows, uint64_t row_count) {
    InsertRequest request;
    request.layout = layouts.empty() ? &layout : plain_layout().get();
    request.rows = std::move(rows);
    request.row_count = row_count;
    request.layouts = layouts;
    const auto encoded = as_json ? body.as_json(request, room) : body.encode(request, room);
    if (!encoded) return tl::make_unexpected(encoded.error());
    format = encoded->layout->format;
    EXPECT_EQ(encoded->layout->columns.empty(), format == RowFormat::JsonEachRow);
    std::string blocks;
    for (const std::string_view part : encoded->body) blocks += part;
    memory = body.memory();
    return testkit::decode_blocks(blocks);
  }

  RowLayout layout{RowFormat::Native, {"id", "name"}, {"UInt16", "String"}};
  std::vector<const RowLayout*> layouts;
  bool as_json = false;
  RowFormat format = RowFormat::RowBinary;  // in which the rows were sent
  size_t memory = 0;                        // of the body
  std::shared_ptr<ByteBudget> budget = std::make_shared<ByteBudget>(1 << 20);
  Reservation room{budget, 0};
  InsertBody body{Compression::Lz4, false};
};

const std::string kColumnId = std::string("\x02id\x06") + "UInt16";
const std::string kColumnName = std::string("\x04name\x06") + "String";

TEST_F(InsertBodyTest, ANativeInsertIsOneBlockOfColumns) {
  const std::string first = row(1, "a") + row(2, "bc");
  const std::string third = row(3, "");
  const std::string last = std::string("\0", 1);
  EXPECT_EQ(plain({first, third}, 3),
            "\x02\x03" + kColumnId + std::string("\1\0\2\0\3\0", 6) + kColumnName + "\1a\2bc" + last);
  EXPECT_EQ(plain({third}, 1), "\x02\x01" + kColumnId + std::string("\3\0", 2) + kColumnName + last)
      << "a piece of the rows is an insert of its own";
  EXPECT_EQ(budget->held(), 0u);
}

// The columns of 24 MB of rows are compressed while they are read.
TEST_F(InsertBodyTest, ALargeBlockTakesLittleMemory) {
  constexpr uint64_t kRows = 20'000;
  layout = {RowFormat::Native, {"id", "name", "more", "sizes"}, {"UInt16", "String", "String", "Array(UInt8)"}};
  columns::RowBinaryWriter out;
  std::string ids;
  std::string names;
  std::string more;
  std::string sizes;
  for (uint64_t i = 0; i < kRows; ++i) {
    const std::string text = std::to_string(i) + std::string(600, static_cast<char>('a' + i % 26));
    columns::RowBinaryWriter name;
    name.string(text);
    out.fixed(static_cast<uint16_t>(i));
    out.string(text);
    out.string(text);
    out.count(1);
    out.fixed(static_cast<uint8_t>(i));
    ids += std::string({static_cast<char>(i), static_cast<char>(i >> 8)});
    names += name.bytes();
    const uint64_t end = i + 1;
    more.append(reinterpret_cast<const char*>(&end), sizeof end);
    sizes += static_cast<char>(i);
  }
  const std::string head = "\x04\xa0\x9c\x01";
  for (int round = 0; round < 2; ++round) {
    EXPECT_TRUE(plain({out.bytes()}, kRows) == head + kColumnId + ids + kColumnName + names + "\x04more\x06String" +
                                                   names + "\x05sizes\x0c" + "Array(UInt8)" + more + sizes);
    EXPECT_LT(memory, 2u << 20);
  }
}

TEST_F(InsertBodyTest, RowsBesideJsonRowsBecomeJsonInTheirPlace) {
  const std::string first = row(1, "a") + row(2, "b\"");
  const std::string json = "{\"id\":\"x\"}\n{\"id\":4}\n";
  const std::string last = row(5, "");
  const std::string expected =
      "{\"id\":1,\"name\":\"a\"}\n{\"id\":2,\"name\":\"b\\\"\"}\n" + json + "{\"id\":5,\"name\":\"\"}\n";
  const RowLayout* const plain_one = plain_layout().get();
  layouts = {&layout, plain_one, &layout};
  EXPECT_EQ(plain({first, json, last}, 5), expected);
  EXPECT_EQ(format, RowFormat::JsonEachRow);
  layouts = {plain_one, &layout, plain_one};
  EXPECT_EQ(plain({json, last, json}, 5), json + "{\"id\":5,\"name\":\"\"}\n" + json);
  layouts.clear();
  plain({last}, 1);
  EXPECT_EQ(format, RowFormat::Native);
  EXPECT_EQ(budget->held(), 0u);
}

TEST_F(InsertBodyTest, RowsOfSeveralTypesBecomeJson) {
  const std::string one = row(1, "a");
  columns::RowBinaryWriter narrow;
  narrow.fixed(uint8_t{2});
  const RowLayout other{RowFormat::Native, {"id"}, {"UInt8"}};
  const std::string json = "{\"id\":1,\"name\":\"a\"}\n{\"id\":2}\n{\"id\":1,\"name\":\"a\"}\n";
  layouts = {&layout, &other, &layout};
  EXPECT_EQ(plain({one, narrow.bytes(), one}, 3), json);
  const std::string cut = one.substr(0, 3);
  EXPECT_THAT(plain({cut, narrow.bytes(), one}, 3).error().text, HasSubstr("row 1, column name String"));
  EXPECT_THAT(plain({one, one, narrow.bytes()}, 2).error().text, HasSubstr("row"));
  EXPECT_EQ(budget->held(), 0u);
}

TEST_F(InsertBodyTest, AllRowsAsJson) {
  const std::string rows = row(1, "a") + row(2, "b");
  EXPECT_EQ(plain({rows}, 2)->substr(0, 2), "\x02\x02");
  as_json = true;
  const std::string json = "{\"id\":1,\"name\":\"a\"}\n{\"id\":2,\"name\":\"b\"}\n";
  EXPECT_EQ(plain({rows, rows}, 4), json + json);
  EXPECT_EQ(format, RowFormat::JsonEachRow);
  EXPECT_THAT(plain({rows}, 3).error().text, HasSubstr("2 rows instead of 3"));
  EXPECT_THAT(plain({rows.substr(0, 3)}, 1).error().text, HasSubstr("row 1, column name String"));
}

TEST_F(InsertBodyTest, OnlyANewInsertIsRefusedForItsMemory) {
  const std::string large = row(1, std::string(65 << 20, 'x'));
  InsertRequest request;
  request.layout = &layout;
  request.rows = {large};
  request.row_count = 1;
  for (const bool sent_before : {false, true}) {
    request.sent_before = sent_before;
    for (const auto& encoded : {body.encode(request, room), body.as_json(request, room)}) {
      ASSERT_EQ(encoded.has_value(), sent_before);
      if (encoded) continue;
      EXPECT_EQ(encoded.error().kind, WriteOutcome::Kind::TooLarge);
    }
  }
  request.sent_before = false;
  request.divisible = false;
  EXPECT_TRUE(body.encode(request, room)) << "a single message";
  EXPECT_TRUE(body.as_json(request, room));
}

TEST_F(InsertBodyTest, WhatTheRowsBecomeIsChargedFromWhatIsReserved) {
  const std::string rows = row(1, std::string(1000, 'x'));
  InsertRequest request;
  request.layout = &layout;
  request.rows = {rows};
  request.row_count = 1;
  room = Reservation(budget, 100'000);
  ASSERT_TRUE(body.encode(request, room));
  EXPECT_LT(budget->used(), 100'000u) << "never beside it";
  EXPECT_EQ(budget->held(), 0u);
  EXPECT_EQ(budget->used(), room.bytes());
}

TEST_F(InsertBodyTest, OtherFormatsAreSentAsTheyAre) {
  layout = {RowFormat::RowBinary, {"id", "name"}};
  const std::string rows = row(1, "a");
  EXPECT_EQ(plain({rows, rows}, 2), rows + rows);
}

TEST_F(InsertBodyTest, ANewLayoutIsUsedFromItsFirstInsert) {
  const std::string one = row(1, "a");
  EXPECT_TRUE(plain({one}, 1));
  layout.types[1] = "FixedString(2)";
  EXPECT_EQ(plain({one}, 1),
            "\x02\x01" + kColumnId + std::string("\1\0", 2) + "\x04name\x0e" + "FixedString(2)" + "\1a");
}

TEST_F(InsertBodyTest, ABugIsForTheOperator) {
  const std::string one = row(1, "a");
  for (const auto& [rows, types, why] :
       {std::tuple<std::string, std::vector<std::string>, const char*>{one + "x", {"UInt16", "String"}, "more than 1"},
        {one.substr(0, 3), {"UInt16", "String"}, "row 1 of 1, column name String"},
        {one, {"UInt16", "Dynamic"}, "column name: unsupported column type Dynamic"},
        {one, {"UInt16"}, "2 column names, 1 column types"}}) {
    layout.types = types;
    const auto encoded = plain({rows}, 1);
    ASSERT_FALSE(encoded);
    EXPECT_EQ(encoded.error().kind, WriteOutcome::Kind::MaybeStored);
    EXPECT_THAT(encoded.error().text, HasSubstr(why));
    EXPECT_THAT(encoded.error().reason, HasSubstr("nothing was sent"));
  }
  layout.types = {"UInt16", "String"};
  EXPECT_TRUE(plain({one}, 1));
}

}  // namespace
}  // namespace freshet::clickhouse
