#include "stream/insert_token.h"

#include <gtest/gtest.h>

#include <set>
#include <tuple>

namespace freshet::stream {
namespace {

// The text before the hash.
std::string spans_in(const std::string& token) { return token.substr(0, token.find('#')); }

std::vector<Span> spans(int32_t partitions, int64_t first, int64_t last) {
  std::vector<Span> out;
  for (int32_t p = 0; p < partitions; ++p)
    out.push_back({Partition{p}, AssignmentId{1}, {Offset{first}, Offset{last}}});
  return out;
}

std::string text_of(const TokenScope& scope, const RowLayout& layout, const std::vector<Span>& spans,
                    const Hash128& digest, uint32_t salt = 0) {
  return insert_token(scope, layout, spans, digest, salt).text;
}

TEST(InsertTokenTest, DiffersWhereverTheBatchesDiffer) {
  const TokenScope scope{"cluster", "t", "group"};
  const RowLayout json;
  const Hash128 digest{1, 2};
  const std::string token = text_of(scope, json, spans(2, 3, 7), digest);
  EXPECT_EQ(spans_in(token), "t:0:3-7,t:1:3-7");
  EXPECT_EQ(text_of(scope, json, spans(2, 3, 7), digest), token);
  const std::vector<std::string> others = {
      text_of({"another", "t", "group"}, json, spans(2, 3, 7), digest),
      text_of({"cluster", "u", "group"}, json, spans(2, 3, 7), digest),
      text_of({"cluster", "t", "another"}, json, spans(2, 3, 7), digest),
      text_of({"clustert", "", "group"}, json, spans(2, 3, 7), digest),
      text_of(scope, {RowFormat::RowBinary, {}}, spans(2, 3, 7), digest),
      text_of(scope, {RowFormat::JsonEachRow, {"a", "b"}}, spans(2, 3, 7), digest),
      text_of(scope, {RowFormat::JsonEachRow, {"a;1:b"}}, spans(2, 3, 7), digest),
      text_of(scope, {RowFormat::JsonEachRow, {"b", "a"}}, spans(2, 3, 7), digest),
      text_of(scope, json, spans(2, 3, 8), digest),
      text_of(scope, json, spans(1, 3, 7), digest),
      text_of(scope, json, spans(2, 3, 7), {1, 3}),
      text_of(scope, json, spans(2, 3, 7), {2, 2}),
      text_of(scope, json, spans(2, 3, 7), digest, 1),
      text_of(scope, json, spans(2, 3, 7), digest, 2),
      part_token(token, 0, 1),
      part_token(token, 0, 11),
  };
  std::set<std::string> distinct(others.begin(), others.end());
  EXPECT_EQ(distinct.size(), others.size());
  EXPECT_FALSE(distinct.contains(token));
}

TEST(InsertTokenTest, StaysShortAndStillCoversEverything) {
  const TokenScope scope{"cluster", "topic", "group"};
  std::vector<Span> many = spans(64, 100, 200);
  const std::string token = text_of(scope, {}, many, {});
  EXPECT_EQ(token.size(), 33u);
  for (Span& span : many) {
    ++span.offsets.last.value;
    EXPECT_NE(text_of(scope, {}, many, {}), token);
    --span.offsets.last.value;
  }
  EXPECT_NE(text_of(scope, {}, many, {0, 1}), token);
  EXPECT_EQ(text_of(scope, {}, many, {}), token);
  EXPECT_LT(text_of({"cluster", std::string(249, 't'), "group"}, {}, spans(1, 0, 1), {}).size(), 200u);
}

// The digest of messages given as offset, timestamp and rows.
Hash128 digest_of(const std::vector<std::tuple<int64_t, int64_t, std::string>>& messages, int32_t partition = 0) {
  Hash128 digest;
  for (const auto& [offset, timestamp, rows] : messages) {
    MessageRows message;
    message.offset = Offset{offset};
    message.timestamp_ms = timestamp;
    add_to_digest(digest, Partition{partition}, message, rows);
  }
  return digest;
}

TEST(InsertTokenTest, TheDigestKnowsOffsetsTimestampsAndRows) {
  const Hash128 one = digest_of({{5, 1000, "a"}, {6, 1001, "b"}, {7, 1002, "c"}});
  EXPECT_EQ(digest_of({{5, 1000, "a"}, {6, 1001, "b"}, {7, 1002, "c"}}), one);
  EXPECT_NE(digest_of({{5, 1000, "a"}, {6, 1001, "b"}, {7, 1003, "c"}}), one);     // topic recreated
  EXPECT_NE(digest_of({{5, 1000, "a"}, {6, 1001, "b"}, {7, 1002, "d"}}), one);     // other rows
  EXPECT_NE(digest_of({{5, 1000, "b"}, {6, 1001, "a"}, {7, 1002, "c"}}), one);     // rows of other messages
  EXPECT_NE(digest_of({{5, 1000, "a"}, {7, 1002, "c"}}), one);                     // another result for one message
  EXPECT_NE(digest_of({{5, 1000, "ab"}, {6, 1001, ""}, {7, 1002, "c"}}), one);     // the same bytes, split elsewhere
  EXPECT_NE(digest_of({{5, 1000, "a"}, {6, 1001, "b"}, {7, 1002, "c"}}, 1), one);  // another partition
  // Independent of how the messages are divided into chunks.
  Hash128 parts = digest_of({{7, 1002, "c"}});
  merge_digest(parts, digest_of({{5, 1000, "a"}, {6, 1001, "b"}}));
  EXPECT_EQ(parts, one);
  Hash128 carry{UINT64_MAX, 0};
  merge_digest(carry, {1, 0});
  EXPECT_EQ(carry, (Hash128{0, 1}));
}

TEST(InsertTokenTest, ATokenIsKnownByItsHash) {
  for (const char* topic : {"t",
                            "a-topic-of-a-name-that-is-so-long-that-its-tokens-have-only-the-hash-and-no-readable-"
                            "text-before-it-because-the-server-stores-every-token-of-its-window-in-memory"}) {
    const TokenScope scope{"cluster", topic, "group"};
    const InsertToken token = insert_token(scope, {}, spans(1, 3, 7), {1, 2}, 4);
    const InsertToken again = token_with_hash(scope, spans(1, 3, 7), token.hash);
    EXPECT_EQ(again.text, token.text);
    EXPECT_EQ(again.hash, token.hash);
  }
}

TEST(InsertTokenTest, TheHashOfAMessageCoversWhatRowsAreMadeOf) {
  Message message;
  message.offset = Offset{5};
  message.timestamp_ms = 1000;
  message.payload = "payload";
  const uint32_t plain = message_hash(Partition{1}, message);
  EXPECT_EQ(message_hash(Partition{1}, message), plain);
  std::set<uint32_t> hashes{plain, message_hash(Partition{2}, message)};
  message.key = "";
  hashes.insert(message_hash(Partition{1}, message));
  message.key = "k";
  hashes.insert(message_hash(Partition{1}, message));
  message.payload = "another";
  hashes.insert(message_hash(Partition{1}, message));
  message.timestamp_ms = 1001;
  hashes.insert(message_hash(Partition{1}, message));
  message.offset = Offset{6};
  hashes.insert(message_hash(Partition{1}, message));
  EXPECT_EQ(hashes.size(), 7u);
}

TEST(InsertTokenTest, LayoutsHaveDifferentHashes) {
  const std::set<uint16_t> hashes = {
      layout_hash({}), layout_hash({RowFormat::RowBinary, {}}), layout_hash({RowFormat::JsonEachRow, {"a"}}),
      layout_hash({RowFormat::Native, {"a"}, {"UInt8"}}), layout_hash({RowFormat::Native, {"a"}, {"UInt16"}})};
  EXPECT_EQ(hashes.size(), 5u);
  EXPECT_FALSE(hashes.contains(0));
}

}  // namespace
}  // namespace freshet::stream
