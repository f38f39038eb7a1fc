#include "stream/partition_replay.h"

#include <gtest/gtest.h>

#include "stream/chunk_for_test.h"

namespace freshet::stream {
namespace {

using std::chrono::seconds;

// Inserts of messages 10 to 19, 20 to 24 (stored) and 25 to 29.
PartitionPlan plan() {
  PartitionPlan plan(Offset{10});
  for (const int64_t last : {19, 24, 29}) plan.add(Offset{last}, 1, {});
  plan.stored({Offset{20}, Offset{24}});
  return plan;
}

MessageChunk delivered(std::initializer_list<int64_t> offsets) {
  MessageChunk chunk;
  for (const int64_t offset : offsets) {
    Message message;
    message.offset = Offset{offset};
    chunk.bytes += message.bytes();
    chunk.messages.push_back(std::move(message));
  }
  return chunk;
}

std::vector<int64_t> lasts(const std::vector<MessageChunk>& parts) {
  std::vector<int64_t> lasts;
  for (const MessageChunk& part : parts) lasts.push_back(part.messages.back().offset.value);
  return lasts;
}

TEST(PartitionReplayTest, CutsChunksWhereSpansEnd) {
  const PartitionReplay replay(plan());
  EXPECT_EQ(lasts(replay.cut(delivered({10, 11}))), (std::vector<int64_t>{11}));
  EXPECT_EQ(lasts(replay.cut(delivered({18, 19, 20, 24, 25, 29, 30, 31}))), (std::vector<int64_t>{19, 24, 29, 31}));
  EXPECT_EQ(lasts(replay.cut(delivered({11, 27, 40}))), (std::vector<int64_t>{11, 27, 40})) << "after a compaction";
  EXPECT_EQ(lasts(replay.cut(delivered({30, 31}))), (std::vector<int64_t>{31}));
  EXPECT_TRUE(replay.covers(Offset{29}));
  EXPECT_FALSE(replay.covers(Offset{30}));
}

TEST(PartitionReplayTest, ASpanIsCompleteWhenNoMessageOfItCanCome) {
  PartitionReplay replay(plan());
  replay.add(chunk(10, 10, 14));
  EXPECT_FALSE(replay.take(Offset{15}));
  replay.add(chunk(15, 15, 17));
  EXPECT_FALSE(replay.take(Offset{18})) << "messages 18 and 19 may come";
  replay.add(chunk(21, 21, 22));
  const auto first = replay.take(Offset{23});
  ASSERT_TRUE(first);
  EXPECT_EQ(first->span.offsets.last, Offset{19});
  EXPECT_EQ(first->chunks.size(), 2u);
  auto second = replay.take(Offset{23});
  ASSERT_TRUE(second) << "its rows are not inserted, so they need not wait";
  EXPECT_EQ(second->span.state, SpanState::Stored);
  EXPECT_EQ(second->chunks.size(), 1u);
  EXPECT_FALSE(replay.take(Offset{23}));
  second = replay.take(Offset{30});
  ASSERT_TRUE(second);
  EXPECT_TRUE(second->chunks.empty());
  const auto third = replay.take(Offset{30});
  ASSERT_TRUE(third);
  EXPECT_TRUE(third->chunks.empty()) << "its messages do not exist any more";
  EXPECT_FALSE(replay.active());
}

TEST(PartitionReplayTest, APartitionThatStaysShorterWasTruncated) {
  PartitionReplay replay(plan());
  SteadyTime now{seconds(100)};
  replay.reached_end(Offset{22}, now);
  now += seconds(29);
  replay.reached_end(Offset{22}, now);
  EXPECT_FALSE(replay.take_truncation(now));
  replay.continues();
  now += seconds(30);
  EXPECT_FALSE(replay.take_truncation(now)) << "messages came";
  replay.reached_end(Offset{22}, now);
  now += seconds(30);
  EXPECT_EQ(replay.take_truncation(now), Offset{22});
  EXPECT_FALSE(replay.covers(Offset{22}));
  EXPECT_TRUE(replay.covers(Offset{21}));
  ASSERT_TRUE(replay.take(Offset{22}));
  EXPECT_EQ(replay.take(Offset{22})->span.offsets.last, Offset{21});
  EXPECT_FALSE(replay.active());
}

TEST(PartitionReplayTest, AnEndBehindTheSpansIsNoTruncation) {
  PartitionReplay replay(plan());
  replay.reached_end(Offset{30}, {});
  EXPECT_FALSE(replay.take_truncation(SteadyTime(seconds(100))));
}

}  // namespace
}  // namespace freshet::stream
