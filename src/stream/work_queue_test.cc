#include "stream/work_queue.h"

#include <gtest/gtest.h>

namespace freshet::stream {
namespace {

class WorkQueueTest : public testing::Test {
 protected:
  Work work(int32_t partition, uint64_t sequence) {
    Work out;
    out.chunk.partition = Partition{partition};
    out.sequence = sequence;
    out.charge = Charge(budget_, 1);
    return out;
  }
  void hand_back(int32_t partition, uint64_t sequence) {
    std::vector<Work> out;
    queue_.submit(work(partition, sequence), out);
    queue_.handed_back(std::move(out.front()));
  }
  static std::vector<std::pair<int32_t, uint64_t>> places(const std::vector<Work>& works) {
    std::vector<std::pair<int32_t, uint64_t>> out;
    for (const Work& work : works) out.emplace_back(work.chunk.partition.value, work.sequence);
    return out;
  }

  using Places = std::vector<std::pair<int32_t, uint64_t>>;
  const std::shared_ptr<ByteBudget> budget_ = std::make_shared<ByteBudget>(80);
  WorkQueue queue_;
};

TEST_F(WorkQueueTest, WhatWasHandedBackGoesOutOnceThereIsRoom) {
  Charge large(budget_, 100);
  hand_back(0, 7);
  hand_back(1, 3);
  EXPECT_FALSE(queue_.with_workers());
  EXPECT_TRUE(queue_.any_waits());
  EXPECT_TRUE(queue_.stands_still());
  std::vector<Work> out;
  queue_.submit_with_room(out);
  EXPECT_TRUE(out.empty());
  large.resize(10);
  EXPECT_FALSE(queue_.stands_still());
  queue_.submit_with_room(out);
  EXPECT_EQ(places(out), (Places{{0, 7}, {1, 3}}));
  EXPECT_FALSE(out[0].must);
  EXPECT_FALSE(queue_.any_waits());
  EXPECT_TRUE(queue_.with_workers());
  queue_.processed(0, true);
  queue_.processed(0, true);
  EXPECT_FALSE(queue_.with_workers());
}

TEST_F(WorkQueueTest, CountsBytesUntilTheyAreProcessedOrHandedBack) {
  std::vector<Work> out;
  for (int i = 0; i < 2; ++i) {
    Work work;
    work.chunk.bytes = 30;
    queue_.submit(std::move(work), out);
  }
  EXPECT_EQ(queue_.bytes_with_workers(), 60u);
  queue_.processed(20, false);
  out.front().chunk.bytes = 10;
  EXPECT_EQ(queue_.bytes_with_workers(), 40u);
  queue_.handed_back(std::move(out.front()));
  EXPECT_EQ(queue_.bytes_with_workers(), 30u);
  queue_.processed(30, true);
  EXPECT_EQ(queue_.bytes_with_workers(), 0u);
  EXPECT_FALSE(queue_.with_workers());
}

TEST_F(WorkQueueTest, WorkBeginsWithRoomForItsRows) {
  Work work;
  work.chunk.bytes = 4;
  work.charge = Charge(budget_, 4);
  Charge others(budget_, 82);
  EXPECT_TRUE(work.has_room());
  ASSERT_TRUE(work.begin_piece());
  EXPECT_EQ(budget_->used(), 90u);
  EXPECT_FALSE(Work(std::move(work)).has_room()) << "the room is taken";
  others.resize(90);
  work = Work();
  work.chunk.bytes = 4;
  work.charge = Charge(budget_, 4);
  EXPECT_FALSE(work.begin_piece());
  work.must = true;
  EXPECT_TRUE(work.begin_piece());
  EXPECT_FALSE(work.must) << "only its next piece";
}

TEST_F(WorkQueueTest, TheFirstOfThoseThatMayGoesOutWithoutRoom) {
  const Charge large(budget_, 100);
  hand_back(0, 7);
  hand_back(2, 9);
  hand_back(2, 4);
  std::vector<Work> out;
  queue_.submit_first([](const Work& one) { return one.chunk.partition == Partition{2}; }, out);
  EXPECT_EQ(places(out), (Places{{2, 4}}));
  EXPECT_TRUE(out[0].must);
  queue_.submit_first([](const Work&) { return false; }, out);
  EXPECT_EQ(out.size(), 1u);
  queue_.drop_waiting([](const Work& one) { return one.sequence == 7; });
  queue_.submit_first([](const Work&) { return true; }, out);
  EXPECT_EQ(places(out), (Places{{2, 4}, {2, 9}}));
  EXPECT_FALSE(queue_.any_waits());
}

}  // namespace
}  // namespace freshet::stream
