// The small parts of the stream: tracker, tokens, kept messages, batcher.
#include <gtest/gtest.h>

#include <set>
#include <tuple>

#include "model/owned_message.h"
#include "stream/batcher.h"
#include "stream/insert_token.h"
#include "stream/kept.h"
#include "stream/partition_stream.h"

namespace freshet::stream {
namespace {

std::shared_ptr<ProcessedChunk> chunk(uint64_t sequence, int64_t first, int64_t last, int32_t partition = 0) {
  auto out = std::make_shared<ProcessedChunk>();
  out->partition = Partition{partition};
  out->sequence = sequence;
  out->offsets = {Offset{first}, Offset{last}};
  for (int64_t offset = first; offset <= last; ++offset) {
    MessageRows message;
    message.offset = Offset{offset};
    message.row_count = 1;
    out->messages.push_back(message);
    out->rows += "{}\n";
    ++out->row_count;
  }
  out->covered = out->offsets;
  return out;
}

TEST(PartitionStreamTest, ChunksLeaveInOrderAndTheLowestUnfinishedOffsetCounts) {
  PartitionStream stream(Partition{0}, Epoch{1}, Offset{10});
  EXPECT_EQ(stream.deliver({Offset{10}, Offset{19}}), 10u);
  EXPECT_EQ(stream.deliver({Offset{25}, Offset{29}}), 25u);  // a gap: compacted away
  std::vector<PartitionStream::Chunk> in_order;
  stream.processed(chunk(25, 25, 29), in_order);
  EXPECT_TRUE(in_order.empty());
  stream.batch_finished(25);
  EXPECT_EQ(stream.committable(), Offset{10});
  stream.processed(chunk(10, 10, 19), in_order);
  EXPECT_EQ(in_order.size(), 2u);
  stream.rows_refused(10, {Offset{12}, Offset{17}});
  stream.batch_finished(10);
  EXPECT_EQ(stream.committable(), Offset{12});
  stream.letter_finished(Offset{12});
  EXPECT_EQ(stream.committable(), Offset{17});
  stream.letter_finished(Offset{17});
  EXPECT_EQ(stream.committable(), Offset{30});
  EXPECT_TRUE(stream.idle());
}

TEST(PartitionStreamTest, PiecesOfAChunkAreCommittedOneByOne) {
  PartitionStream stream(Partition{0}, Epoch{1}, Offset{10});
  stream.deliver({Offset{10}, Offset{19}});
  stream.deliver({Offset{20}, Offset{29}});
  std::vector<PartitionStream::Chunk> in_order;
  const auto piece = [](int64_t first, int64_t last) {
    auto out = chunk(static_cast<uint64_t>(first), first, last);
    out->rest_follows = true;
    return out;
  };
  stream.processed(chunk(20, 20, 29), in_order);
  stream.processed(piece(10, 12), in_order);
  EXPECT_EQ(in_order.size(), 1u);
  stream.batch_finished(10);
  EXPECT_EQ(stream.committable(), Offset{13});
  EXPECT_FALSE(stream.all_processed());
  stream.processed(piece(15, 16), in_order);  // 13 and 14 were compacted away
  EXPECT_EQ(in_order.size(), 2u);
  EXPECT_EQ(stream.committable(), Offset{15});
  stream.processed(chunk(17, 17, 19), in_order);
  EXPECT_EQ(in_order.size(), 4u);
  stream.batch_finished(17);
  stream.batch_finished(20);
  EXPECT_EQ(stream.committable(), Offset{15});
  stream.batch_finished(15);
  EXPECT_EQ(stream.committable(), Offset{30});
  EXPECT_TRUE(stream.idle());
}

// What stands before the hash.
std::string spans_of(const std::string& token) { return token.substr(0, token.find('#')); }

std::vector<Span> spans(int32_t partitions, int64_t first, int64_t last) {
  std::vector<Span> out;
  for (int32_t p = 0; p < partitions; ++p) out.push_back({Partition{p}, Epoch{1}, {Offset{first}, Offset{last}}});
  return out;
}

TEST(InsertTokenTest, DiffersWhereverTheBatchesDiffer) {
  const TokenScope scope{"cluster", "t", "group"};
  const RowLayout json;
  const Hash128 digest{1, 2};
  const std::string token = insert_token(scope, json, spans(2, 3, 7), digest);
  EXPECT_EQ(spans_of(token), "t:0:3-7,t:1:3-7");
  EXPECT_EQ(insert_token(scope, json, spans(2, 3, 7), digest), token);
  const std::vector<std::string> others = {
      insert_token({"another", "t", "group"}, json, spans(2, 3, 7), digest),
      insert_token({"cluster", "u", "group"}, json, spans(2, 3, 7), digest),
      insert_token({"cluster", "t", "another"}, json, spans(2, 3, 7), digest),
      insert_token({"clustert", "", "group"}, json, spans(2, 3, 7), digest),
      insert_token(scope, {RowFormat::RowBinary, {}}, spans(2, 3, 7), digest),
      insert_token(scope, {RowFormat::JsonEachRow, {"a", "b"}}, spans(2, 3, 7), digest),
      insert_token(scope, {RowFormat::JsonEachRow, {"a;1:b"}}, spans(2, 3, 7), digest),
      insert_token(scope, {RowFormat::JsonEachRow, {"b", "a"}}, spans(2, 3, 7), digest),
      insert_token(scope, json, spans(2, 3, 8), digest),
      insert_token(scope, json, spans(1, 3, 7), digest),
      insert_token(scope, json, spans(2, 3, 7), {1, 3}),
      insert_token(scope, json, spans(2, 3, 7), {2, 2}),
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
  const std::string token = insert_token(scope, {}, many, {});
  EXPECT_EQ(token.size(), 33u);
  for (Span& span : many) {
    ++span.offsets.last.value;
    EXPECT_NE(insert_token(scope, {}, many, {}), token);
    --span.offsets.last.value;
  }
  EXPECT_NE(insert_token(scope, {}, many, {0, 1}), token);
  EXPECT_EQ(insert_token(scope, {}, many, {}), token);
  EXPECT_LT(insert_token({"cluster", std::string(249, 't'), "group"}, {}, spans(1, 0, 1), {}).size(), 200u);
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
  EXPECT_NE(digest_of({{5, 1000, "a"}, {6, 1001, "b"}, {7, 1003, "c"}}), one);     // the topic made anew
  EXPECT_NE(digest_of({{5, 1000, "a"}, {6, 1001, "b"}, {7, 1002, "d"}}), one);     // other rows
  EXPECT_NE(digest_of({{5, 1000, "b"}, {6, 1001, "a"}, {7, 1002, "c"}}), one);     // of other messages
  EXPECT_NE(digest_of({{5, 1000, "a"}, {7, 1002, "c"}}), one);                     // another verdict on one message
  EXPECT_NE(digest_of({{5, 1000, "ab"}, {6, 1001, ""}, {7, 1002, "c"}}), one);     // the same bytes, cut elsewhere
  EXPECT_NE(digest_of({{5, 1000, "a"}, {6, 1001, "b"}, {7, 1002, "c"}}, 1), one);  // another partition
  // However the messages are cut into chunks.
  Hash128 parts = digest_of({{7, 1002, "c"}});
  merge_digest(parts, digest_of({{5, 1000, "a"}, {6, 1001, "b"}}));
  EXPECT_EQ(parts, one);
  Hash128 carry{UINT64_MAX, 0};
  merge_digest(carry, {1, 0});
  EXPECT_EQ(carry, (Hash128{0, 1}));
}

class SomeHeaders final : public MessageMemory {
 public:
  void release(void*) const noexcept override {}
  void headers(const void*, std::vector<HeaderView>& out) const override {
    out = {{"a", "1"}, {"b", std::nullopt}, {"a", ""}};
  }
};

TEST(KeptTest, GivesBackKeyHeadersAndPayload) {
  const SomeHeaders memory;
  for (const bool rows_are_payload : {true, false}) {
    Message message(&memory, nullptr, &memory);
    message.key = std::string_view("k\0y", 3);
    message.payload = "{}";
    ProcessedChunk processed;
    processed.rows = rows_are_payload ? "{}\n" : "other\n";
    MessageRows rows;
    rows.rows_size = processed.rows.size();
    rows.rows_are_payload = rows_are_payload;
    std::vector<HeaderView> scratch;
    keep(message, rows_are_payload, scratch, processed.kept);
    rows.kept_size = static_cast<uint32_t>(processed.kept.size());
    const DeadLetter letter = unkeep(processed, rows, "t");
    EXPECT_EQ(letter.key, std::string("k\0y", 3));
    EXPECT_EQ(letter.payload, "{}");
    ASSERT_EQ(letter.headers.size(), 3u);
    EXPECT_EQ(letter.headers[1].second, std::nullopt);
    EXPECT_EQ(letter.headers[2].second, "");
  }
}

TEST(KeptTest, GivesBackALargeMessageThatWasKeptWhole) {
  const SomeHeaders memory;
  Message message(&memory, nullptr, &memory);
  message.offset = Offset{7};
  message.key = "k";
  message.payload = "{}";
  ProcessedChunk processed;
  const uint64_t bytes = processed.held_bytes();
  keep(padded_copy(message), processed);
  EXPECT_GE(processed.held_bytes(), bytes + message.bytes());
  MessageRows rows;
  rows.offset = Offset{7};
  const DeadLetter letter = unkeep(processed, rows, "t");
  EXPECT_EQ(letter.key, "k");
  EXPECT_EQ(letter.payload, "{}");
  ASSERT_EQ(letter.headers.size(), 3u);
  EXPECT_EQ(letter.headers[0], (std::pair<std::string, std::optional<std::string>>{"a", "1"}));
  EXPECT_EQ(letter.headers[1].second, std::nullopt);
  rows.offset = Offset{8};
  EXPECT_EQ(unkeep(processed, rows, "t").payload, std::nullopt);
}

TEST(BatcherTest, SealsByRowsBytesAndAge) {
  Batcher batcher({"cluster", "t", "group"});
  LiveOptions options;
  options.max_batch_rows = 15;
  const SteadyTime start{std::chrono::seconds(100)};
  batcher.add({chunk(0, 0, 9), start});
  EXPECT_FALSE(batcher.due(options, start + std::chrono::milliseconds(1999)));
  EXPECT_TRUE(batcher.due(options, start + std::chrono::milliseconds(2000)));
  batcher.add({chunk(1, 10, 19), start});
  EXPECT_TRUE(batcher.due(options, start));
  const auto batch = batcher.seal(options);
  EXPECT_EQ(batch->row_count, 10u);  // the second would pass the limit
  EXPECT_EQ(spans_of(batch->insert_token), "t:0:0-9");
  options.max_batch_bytes = 20;
  EXPECT_TRUE(batcher.due(options, start));
}

TEST(BatcherTest, TheTokenIsMadeOfClusterGroupLayoutAndRows) {
  const auto token = [](const TokenScope& scope, const std::string& cluster, const RowLayout& layout, int rows) {
    Batcher batcher(scope);
    batcher.set_cluster_id(cluster);
    for (int64_t i = 0; i < 3; ++i) {
      auto one = chunk(static_cast<uint64_t>(i), i, i);
      one->layout = std::make_shared<RowLayout>(layout);
      add_to_digest(one->digest, one->partition, one->messages[0], i < 2 ? one->rows : std::to_string(rows));
      batcher.add({one, {}});
    }
    return batcher.seal({})->insert_token;
  };
  const std::string first = token({"", "t", "group"}, "cluster", {}, 1);
  EXPECT_EQ(token({"", "t", "group"}, "cluster", {}, 1), first);
  EXPECT_NE(token({"", "t", "group"}, "another", {}, 1), first);
  EXPECT_NE(token({"", "t", "another"}, "cluster", {}, 1), first);
  EXPECT_NE(token({"", "t", "group"}, "cluster", {RowFormat::JsonEachRow, {"a"}}, 1), first);
  EXPECT_NE(token({"", "t", "group"}, "cluster", {}, 2), first);
}

TEST(BatcherTest, ABatchHasOneLayout) {
  Batcher batcher({"cluster", "t", "group"});
  const auto columns = std::make_shared<RowLayout>(RowLayout{RowFormat::RowBinary, {"a"}});
  for (int64_t i = 0; i < 4; ++i) {
    auto one = chunk(static_cast<uint64_t>(i), i, i);
    if (i == 1 || i == 2) one->layout = i == 1 ? columns : std::make_shared<RowLayout>(*columns);
    batcher.add({one, {}});
  }
  EXPECT_EQ(spans_of(batcher.seal({})->insert_token), "t:0:0-0");
  const auto other = batcher.seal({});
  EXPECT_EQ(spans_of(other->insert_token), "t:0:1-2");
  EXPECT_EQ(other->layout->columns, columns->columns);
  EXPECT_EQ(spans_of(batcher.seal({})->insert_token), "t:0:3-3");
}

// Counts the distinct lengths of chunks.
class Lengths final : public BatchMeasure {
 public:
  uint64_t add(const ProcessedChunk& chunk) override {
    seen_.insert(chunk.row_count);
    return seen_.size();
  }
  void clear() override { seen_.clear(); }

 private:
  std::set<uint64_t> seen_;
};

TEST(BatcherTest, AMeasureStandsForTheRows) {
  Batcher batcher({"cluster", "t", "group"});
  batcher.measure_with(std::make_unique<Lengths>());
  LiveOptions options;
  options.max_batch_rows = 2;
  batcher.add({chunk(0, 0, 9), {}});
  batcher.add({chunk(1, 10, 19), {}});
  EXPECT_FALSE(batcher.full(options));
  batcher.add({chunk(2, 20, 20), {}});
  EXPECT_TRUE(batcher.full(options));
  batcher.add({chunk(3, 21, 22), {}});
  EXPECT_EQ(spans_of(batcher.seal(options)->insert_token), "t:0:0-20");
  EXPECT_FALSE(batcher.full(options));
  batcher.add({chunk(0, 0, 0, 1), {}});
  EXPECT_TRUE(batcher.full(options));
  batcher.take(Partition{1});
  EXPECT_FALSE(batcher.full(options));
}

TEST(BatcherTest, SpansArePerPartitionAscendingWhateverCameFirst) {
  Batcher batcher({"cluster", "t", "group"});
  batcher.add({chunk(0, 0, 4, 2), {}});
  batcher.add({chunk(0, 7, 9, 1), {}});
  batcher.add({chunk(1, 5, 6, 2), {}});
  batcher.add({chunk(0, 0, 0, 3), {}});
  batcher.take(Partition{3});
  EXPECT_EQ(spans_of(batcher.seal({})->insert_token), "t:1:7-9,t:2:0-6");
  EXPECT_TRUE(batcher.empty());
}

}  // namespace
}  // namespace freshet::stream
