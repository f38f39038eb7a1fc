// The small parts of the stream: tracker, tokens, kept messages, batcher.
#include <gtest/gtest.h>

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
  stream.deliver({Offset{10}, Offset{19}}, 100);
  stream.deliver({Offset{25}, Offset{29}}, 100);  // a gap: compacted away
  std::vector<PartitionStream::Chunk> in_order;
  stream.processed(chunk(1, 25, 29), in_order);
  EXPECT_TRUE(in_order.empty());
  stream.batch_finished(1);
  EXPECT_EQ(stream.committable(), Offset{10});
  stream.processed(chunk(0, 10, 19), in_order);
  EXPECT_EQ(in_order.size(), 2u);
  stream.rows_refused(0, {Offset{12}, Offset{17}});
  stream.batch_finished(0);
  EXPECT_EQ(stream.committable(), Offset{12});
  stream.letter_finished(Offset{12});
  EXPECT_EQ(stream.committable(), Offset{17});
  EXPECT_EQ(stream.take_released_bytes(), 100u);
  stream.letter_finished(Offset{17});
  EXPECT_EQ(stream.committable(), Offset{30});
  EXPECT_TRUE(stream.idle());
  EXPECT_EQ(stream.take_released_bytes(), 100u);
}

TEST(InsertTokenTest, NamesTheSpansAndStaysShort) {
  EXPECT_EQ(insert_token("t", {{Partition{1}, Epoch{9}, {Offset{3}, Offset{7}}},
                               {Partition{2}, Epoch{1}, {Offset{0}, Offset{0}}}}),
            "t:1:3-7,t:2:0-0");
  std::vector<Span> many;
  for (int32_t p = 0; p < 64; ++p) many.push_back({Partition{p}, Epoch{1}, {Offset{100}, Offset{200}}});
  const std::string hashed = insert_token("topic", many);
  EXPECT_EQ(hashed.size(), 32u);
  many[5].offsets.last = Offset{201};
  EXPECT_NE(insert_token("topic", many), hashed);
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

TEST(BatcherTest, SealsByRowsBytesAndAge) {
  Batcher batcher("t");
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
  EXPECT_EQ(batch->insert_token, "t:0:0-9");
  options.max_batch_bytes = 20;
  EXPECT_TRUE(batcher.due(options, start));
}

TEST(BatcherTest, ABatchHasOneLayout) {
  Batcher batcher("t");
  const auto columns = std::make_shared<RowLayout>(RowLayout{RowFormat::RowBinary, {"a"}});
  for (int64_t i = 0; i < 4; ++i) {
    auto one = std::make_shared<ProcessedChunk>(*chunk(i, i, i));
    if (i == 1 || i == 2) one->layout = i == 1 ? columns : std::make_shared<RowLayout>(*columns);
    batcher.add({one, {}});
  }
  EXPECT_EQ(batcher.seal({})->insert_token, "t:0:0-0");
  const auto other = batcher.seal({});
  EXPECT_EQ(other->insert_token, "t:0:1-2");
  EXPECT_EQ(other->layout->columns, columns->columns);
  EXPECT_EQ(batcher.seal({})->insert_token, "t:0:3-3");
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
  Batcher batcher("t");
  batcher.measure_with(std::make_unique<Lengths>());
  LiveOptions options;
  options.max_batch_rows = 2;
  batcher.add({chunk(0, 0, 9), {}});
  batcher.add({chunk(1, 10, 19), {}});
  EXPECT_FALSE(batcher.full(options));
  batcher.add({chunk(2, 20, 20), {}});
  EXPECT_TRUE(batcher.full(options));
  batcher.add({chunk(3, 21, 22), {}});
  EXPECT_EQ(batcher.seal(options)->insert_token, "t:0:0-20");
  EXPECT_FALSE(batcher.full(options));
  batcher.add({chunk(0, 0, 0, 1), {}});
  EXPECT_TRUE(batcher.full(options));
  batcher.take(Partition{1});
  EXPECT_FALSE(batcher.full(options));
}

TEST(BatcherTest, SpansArePerPartitionAscendingWhateverCameFirst) {
  Batcher batcher("t");
  batcher.add({chunk(0, 0, 4, 2), {}});
  batcher.add({chunk(0, 7, 9, 1), {}});
  batcher.add({chunk(1, 5, 6, 2), {}});
  batcher.add({chunk(0, 0, 0, 3), {}});
  batcher.take(Partition{3});
  EXPECT_EQ(batcher.seal({})->insert_token, "t:1:7-9,t:2:0-6");
  EXPECT_TRUE(batcher.empty());
}

}  // namespace
}  // namespace freshet::stream
