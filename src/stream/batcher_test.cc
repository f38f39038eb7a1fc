#include "stream/batcher.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "stream/chunk_for_test.h"

namespace freshet::stream {
namespace {

const Batcher::NextSpan kNotAsked;

std::shared_ptr<const SealedBatch> seal(Batcher& batcher, const LiveOptions& options = {}, SteadyTime now = {}) {
  return batcher.seal(options, SealReason::NoRoom, now, kNotAsked);
}

bool due(const Batcher& batcher, const LiveOptions& options, SteadyTime now = {}) {
  const auto at = batcher.due_at(options, SealReason::Due, kNotAsked);
  return at && *at <= now;
}

// The text before the hash.
std::string spans_of(const std::string& token) { return token.substr(0, token.find('#')); }

TEST(BatcherTest, SealsByRowsBytesAndAge) {
  Batcher batcher({"cluster", "t", "group"});
  LiveOptions options;
  options.max_batch_rows = 15;
  const SteadyTime start{std::chrono::seconds(100)};
  batcher.add({chunk(0, 0, 9), start});
  EXPECT_FALSE(due(batcher, options, start + std::chrono::milliseconds(1999)));
  EXPECT_TRUE(due(batcher, options, start + std::chrono::milliseconds(2000)));
  batcher.add({chunk(1, 10, 19), start});
  EXPECT_TRUE(due(batcher, options, start));
  const auto batch = seal(batcher, options, start);
  EXPECT_EQ(batch->sealed_at, start);
  EXPECT_EQ(batch->row_count, 10u);  // the second would exceed the limit
  EXPECT_EQ(spans_of(batch->insert_token), "t:0:0-9");
  options.max_batch_bytes = 20;
  EXPECT_TRUE(due(batcher, options, start));
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
    return seal(batcher)->insert_token;
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
  EXPECT_EQ(spans_of(seal(batcher)->insert_token), "t:0:0-0");
  const auto other = seal(batcher);
  EXPECT_EQ(spans_of(other->insert_token), "t:0:1-2");
  EXPECT_EQ(other->layout->columns, columns->columns);
  EXPECT_EQ(spans_of(seal(batcher)->insert_token), "t:0:3-3");
}

// What is repeated is one insert, in whatever formats its rows are.
TEST(BatcherTest, ASpanMayHaveRowsOfSeveralLayouts) {
  Batcher batcher({"cluster", "t", "group"}, Delivery::ExactlyOnce, 0, UINT64_MAX);
  const auto typed = std::make_shared<RowLayout>(RowLayout{RowFormat::Native, {"a"}, {"UInt8"}});
  const auto seal = [&](const std::vector<std::shared_ptr<const RowLayout>>& layouts) {
    std::vector<std::shared_ptr<const ProcessedChunk>> chunks;
    for (size_t i = 0; i < layouts.size(); ++i) {
      auto one = chunk(i, static_cast<int64_t>(i), static_cast<int64_t>(i));
      one->layout = layouts[i];
      one->message_hash = 5;
      chunks.push_back(one);
    }
    return batcher.seal_span(std::move(chunks), {Offset{0}, Offset{9}}, 0, {});
  };
  const auto one = seal({typed, std::make_shared<RowLayout>(*typed)});
  EXPECT_EQ(*one->layout, *typed);
  EXPECT_EQ(one->plan_check, (PlanCheck{10, layout_hash(*typed)}));
  const auto several = seal({typed, plain_layout(), typed});
  EXPECT_EQ(*several->layout, RowLayout());
  EXPECT_EQ(several->plan_check, (PlanCheck{15, 0}));
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
  EXPECT_FALSE(due(batcher, options));
  batcher.add({chunk(2, 20, 20), {}});
  EXPECT_TRUE(due(batcher, options));
  batcher.add({chunk(3, 21, 22), {}});
  EXPECT_EQ(spans_of(seal(batcher, options)->insert_token), "t:0:0-20");
  EXPECT_FALSE(due(batcher, options));
  batcher.add({chunk(0, 0, 0, 1), {}});
  EXPECT_TRUE(due(batcher, options));
  batcher.take(Partition{1});
  EXPECT_FALSE(due(batcher, options));
}

TEST(BatcherTest, SpansArePerPartitionAscendingWhateverCameFirst) {
  Batcher batcher({"cluster", "t", "group"});
  batcher.add({chunk(0, 0, 4, 2), {}});
  batcher.add({chunk(0, 7, 9, 1), {}});
  batcher.add({chunk(1, 5, 6, 2), {}});
  batcher.add({chunk(0, 0, 0, 3), {}});
  batcher.take(Partition{3});
  EXPECT_EQ(spans_of(seal(batcher)->insert_token), "t:1:7-9,t:2:0-6");
  EXPECT_TRUE(batcher.empty());
}

// --- exactly once: a lane per partition

struct LanesTest : testing::Test {
  std::shared_ptr<const SealedBatch> seal(SealReason reason = SealReason::Due) {
    return batcher.seal(options, reason, now, next_span);
  }
  static constexpr double kPerSecond = 10;
  static constexpr uint64_t kMaxWaiting = 300;
  Batcher batcher{{"cluster", "t", "group"}, Delivery::ExactlyOnce, kPerSecond, kMaxWaiting};
  LiveOptions options;
  SteadyTime now{std::chrono::hours(1)};
  std::map<Partition, Offset> frontiers{
      {Partition{0}, Offset{0}}, {Partition{1}, Offset{3}}, {Partition{2}, Offset{0}}};
  Batcher::NextSpan next_span = [this](Partition p) -> std::optional<Offset> {
    const auto found = frontiers.find(p);
    return found == frontiers.end() ? std::nullopt : std::optional(found->second);
  };
};

TEST_F(LanesTest, ABatchIsASpanOfOnePartitionFromItsFrontier) {
  batcher.add({chunk(0, 0, 4, 0), now});
  batcher.add({chunk(5, 5, 9, 1), now});
  EXPECT_EQ(seal(), nullptr);
  now += options.max_batch_time;
  const auto first = seal();
  const auto second = seal();
  ASSERT_TRUE(first && second);
  EXPECT_EQ(spans_of(first->insert_token), "t:0:0-4");
  EXPECT_EQ(spans_of(second->insert_token), "t:1:3-9") << "messages 3 and 4 have no rows";
  EXPECT_TRUE(first->planned);
  EXPECT_EQ(first->parts.size(), 1u);
  EXPECT_TRUE(batcher.empty());
}

TEST_F(LanesTest, APartitionWhosePlanIsFullWaits) {
  frontiers.erase(Partition{0});
  batcher.add({chunk(0, 0, 4, 0), now});
  EXPECT_FALSE(batcher.due_at(options, SealReason::Due, next_span));
  EXPECT_EQ(seal(SealReason::Drain), nullptr);
  batcher.add({chunk(5, 5, 9, 1), now + std::chrono::seconds(1)});
  EXPECT_EQ(seal(SealReason::Drain)->parts[0].partition, Partition{1});
  EXPECT_FALSE(batcher.empty());
}

TEST_F(LanesTest, MakesRoomWithTheLargestLane) {
  batcher.add({chunk(0, 0, 1, 0), now});
  batcher.add({chunk(3, 3, 9, 1), now});
  batcher.add({chunk(0, 0, 2, 2), now});
  EXPECT_EQ(seal(SealReason::NoRoom)->parts[0].partition, Partition{1});
  EXPECT_EQ(seal(SealReason::NoRoom)->parts[0].partition, Partition{2});
}

TEST_F(LanesTest, TheLargestBatchIsDueWhileTooManyRowsWait) {
  batcher.add({chunk(0, 0, 29, 0), now});
  EXPECT_EQ(seal(), nullptr);
  batcher.add({chunk(3, 3, 83, 1), now});
  EXPECT_EQ(batcher.due_at(options, SealReason::Due, next_span), now);
  EXPECT_EQ(seal()->parts[0].partition, Partition{1});
  EXPECT_EQ(seal(), nullptr);
}

TEST_F(LanesTest, ThePaceWaitsForRoomButNotLongerThanItself) {
  int64_t offset = 0;
  const auto add_rows = [&](int64_t count) {
    batcher.add({chunk(static_cast<uint64_t>(offset), offset, offset + count - 1, 0), now});
    offset += count;
  };
  for (int i = 0; i < 100; ++i) {
    add_rows(250);  // of more than twice kMaxWaiting
    EXPECT_EQ(batcher.due_at(options, SealReason::Due, next_span), now);
    ASSERT_NE(seal(), nullptr) << "batch " << i;
    frontiers[Partition{0}] = Offset{offset};
  }
  add_rows(150);
  EXPECT_EQ(seal(), nullptr) << "the pace has been exceeded";
  now += std::chrono::milliseconds(100);
  EXPECT_NE(seal(), nullptr) << "what made room is not made up for";
}

TEST_F(LanesTest, TheRateOfBatchesIsBoundedAndTheyGrow) {
  options.max_batch_rows = 2;
  int batches = 0;
  uint64_t rows = 0;
  int64_t offset = 0;
  for (int step = 0; step < 1000; ++step, now += std::chrono::milliseconds(10)) {
    batcher.add({chunk(static_cast<uint64_t>(offset), offset, offset + 1, 0), now});
    offset += 2;
    while (const auto batch = seal()) {
      ++batches;
      rows = std::max(rows, batch->row_count);
      frontiers[Partition{0}] = batch->spans[0].offsets.last.next();
    }
  }
  EXPECT_GE(batches, 100);
  EXPECT_LE(batches, 110) << "10 s at 10 a second, and one second's worth at once";
  EXPECT_GE(rows, 18u) << "the rows of a tenth of a second";
  EXPECT_NE(seal(SealReason::Drain), nullptr);
}

}  // namespace
}  // namespace freshet::stream
