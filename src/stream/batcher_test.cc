#include "stream/batcher.h"

#include <gtest/gtest.h>

#include <set>

#include "stream/chunk_for_test.h"

namespace freshet::stream {
namespace {

// The text before the hash.
std::string spans_of(const std::string& token) { return token.substr(0, token.find('#')); }

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
  const auto batch = batcher.seal(options, start);
  EXPECT_EQ(batch->sealed_at, start);
  EXPECT_EQ(batch->row_count, 10u);  // the second would exceed the limit
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
    return batcher.seal({}, {})->insert_token;
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
  EXPECT_EQ(spans_of(batcher.seal({}, {})->insert_token), "t:0:0-0");
  const auto other = batcher.seal({}, {});
  EXPECT_EQ(spans_of(other->insert_token), "t:0:1-2");
  EXPECT_EQ(other->layout->columns, columns->columns);
  EXPECT_EQ(spans_of(batcher.seal({}, {})->insert_token), "t:0:3-3");
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
  EXPECT_EQ(spans_of(batcher.seal(options, {})->insert_token), "t:0:0-20");
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
  EXPECT_EQ(spans_of(batcher.seal({}, {})->insert_token), "t:1:7-9,t:2:0-6");
  EXPECT_TRUE(batcher.empty());
}

}  // namespace
}  // namespace freshet::stream
