#include "stream/intake.h"

#include <gtest/gtest.h>

namespace freshet::stream {
namespace {

using namespace std::chrono_literals;

constexpr Partition kFirst{0};
constexpr Partition kSecond{1};
constexpr Partition kLast{2};

// The limit of 1600 bytes gives the worker 200 and a burst at most 400. The source's queue has 2400.
class IntakeTest : public testing::Test {
 protected:
  IntakeTest() { intake_.turns().set_partitions({kFirst, kSecond}, now_); }

  uint64_t wanted(uint64_t with_workers, bool batches_make_room = false) {
    intake_.advance({with_workers, for_operator_, batches_make_room, false}, now_);
    return intake_.wanted();
  }
  void take(Partition partition, uint64_t bytes) { intake_.took(partition, bytes, now_); }

  // Turns of the loop for twenty seconds, so many in each; each brings so many bytes, but none of the last partition.
  // Idle workers want more.
  bool turn_begins(int per_second, uint64_t bytes = 100) {
    intake_.turns().set_partitions({kFirst, kSecond, kLast}, now_);
    intake_.turns().reached_end(kLast, now_);
    const SteadyTime begin = now_;
    while (now_ < begin + 20s && !intake_.turns().held_back(kFirst)) {
      now_ += Duration(1s) / per_second;
      wanted(0);
      take(kFirst, bytes / 2);
      take(kSecond, bytes / 2);
    }
    return intake_.turns().held_back(kFirst);
  }

  SteadyTime now_{1h};
  uint64_t for_operator_ = 0;
  std::shared_ptr<ByteBudget> budget_ = std::make_shared<ByteBudget>(1600);
  Intake intake_{budget_, 1, true, 2400};
};

TEST_F(IntakeTest, ABurstBringsAsMuchAsKeepsTheWorkersBusy) {
  EXPECT_EQ(wanted(0), 200u) << "an eighth of the limit";
  take(kFirst, 150);
  EXPECT_EQ(wanted(150), 50u) << "it is not interrupted";
  take(kSecond, 50);
  EXPECT_EQ(wanted(200), 0u);
  EXPECT_EQ(wanted(101), 0u) << "nor does the next one begin for a little";
  EXPECT_EQ(wanted(100), 100u);
  Intake large(std::make_shared<ByteBudget>(uint64_t{1} << 30), 3, true, 2400);
  large.advance({}, now_);
  EXPECT_EQ(large.wanted(), 12u << 20) << "4 MiB for each worker";
}

TEST_F(IntakeTest, ABurstBringsSomethingOfEachPartition) {
  EXPECT_EQ(wanted(0), 200u);
  take(kFirst, 200);
  EXPECT_EQ(wanted(200), 50u);
  take(kFirst, 100);
  EXPECT_EQ(wanted(300), 50u);
  take(kSecond, 10);
  EXPECT_EQ(wanted(310), 0u);
}

TEST_F(IntakeTest, ABurstEndsAtAShareOfTheMemory) {
  wanted(0);
  take(kFirst, 380);
  EXPECT_EQ(wanted(380), 20u);
  take(kFirst, 30);
  EXPECT_EQ(wanted(410), 0u);
}

TEST_F(IntakeTest, WhoIsAtItsEndIsNotAwaited) {
  intake_.reached_end(kSecond, now_);
  wanted(0);
  take(kFirst, 200);
  EXPECT_EQ(wanted(200), 0u);
}

TEST_F(IntakeTest, WhileBatchesAreWrittenABurstNeedsRoomForAllOfIt) {
  Charge held(budget_, 400);
  const Reservation promised(budget_, 400);
  EXPECT_EQ(wanted(0, true), 200u) << "a promise takes room, too";
  held.resize(500);
  EXPECT_EQ(wanted(100, true), 200u) << "it is not interrupted";
  take(kFirst, 200);
  take(kSecond, 200);
  EXPECT_EQ(wanted(400, true), 0u);
  held.resize(300);
  EXPECT_EQ(wanted(0, true), 0u) << "the next one may be as large";
  held.resize(200);
  EXPECT_EQ(wanted(0, true), 200u);
}

TEST_F(IntakeTest, WhatWaitsForAnOperatorIsNoReasonToWait) {
  const Charge blocked(budget_, 800);
  Charge held(budget_, 300);
  EXPECT_EQ(wanted(0, true), 0u);
  for_operator_ = 800;
  EXPECT_EQ(wanted(0, true), 200u) << "inserts leave 500 of the other 800";
  take(kFirst, 200);
  take(kSecond, 200);
  EXPECT_EQ(wanted(400, true), 0u);
  EXPECT_EQ(wanted(0, true), 0u) << "the next one may be as large";
  held.resize(100);
  EXPECT_EQ(wanted(0, true), 200u);
}

TEST_F(IntakeTest, WhereEverythingWaitsForAnOperatorReadingWaitsForEachInsert) {
  const Charge blocked(budget_, 1700);
  for_operator_ = 1700;
  EXPECT_EQ(wanted(0, true), 0u);
  EXPECT_EQ(wanted(0, false), 200u);
}

TEST_F(IntakeTest, IfNobodyElseMakesRoomABurstBegins) {
  const Charge held(budget_, 1500);
  EXPECT_EQ(wanted(0, false), 200u) << "a pause follows, and a smaller batch";
}

TEST_F(IntakeTest, WithoutABreakAllPartitionsAreRead) {
  intake_.turns().set_partitions({kFirst, kSecond, kLast}, now_);
  intake_.turns().reached_end(kLast, now_);
  for (int i = 0; i < 1000; ++i) {  // Kafka is slower than the worker, and the last partition delivers nothing
    now_ += 100ms;
    EXPECT_GT(wanted(0), 0u);
    take(kFirst, 90);
    take(kSecond, 90);
    EXPECT_FALSE(intake_.turns().held_back(kFirst));
  }
  EXPECT_GE(intake_.turns().offered_at(kLast), now_ - 2s);
}

// The workers are idle, because Kafka or the loop is slow. The intake is then open all the time, but whenever the queue
// was full, the source begins with the first partitions again.
TEST_F(IntakeTest, WhatComesInFullQueuesIsNotOfAllPartitions) {
  EXPECT_TRUE(turn_begins(180)) << "more than a queue in a second, and the source never has more";
}

TEST_F(IntakeTest, ALoopThatNeverEmptiesTheQueueDoesNotReachAllPartitions) {
  EXPECT_TRUE(turn_begins(10, 200)) << "what was asked for comes: there may be more";
}

TEST_F(IntakeTest, ABurstWithoutSomeOfThemBreaksTheIntake) {
  intake_.turns().set_partitions({kFirst, kSecond, kLast}, now_);
  for (int i = 0; i < 6; ++i) {  // four that missed one, slowly
    wanted(0);
    now_ += 1s;
    take(kFirst, 300);
    take(kSecond, 110);
  }
  wanted(0);
  EXPECT_TRUE(intake_.turns().held_back(kFirst));
}

TEST_F(IntakeTest, DuringAPauseWhatMustBeReadIsTaken) {
  wanted(0);
  intake_.advance({1000, 0, true, true}, now_);
  EXPECT_EQ(intake_.wanted(), 200u);
  EXPECT_EQ(wanted(1000), 0u);
}

TEST_F(IntakeTest, ASourceThatStallsIsReadUntilTheLimit) {
  Intake stalls(budget_, 1, false, 2400);
  const Charge held(budget_, 900);
  stalls.advance({1'000, 0, true, false}, now_);
  EXPECT_EQ(stalls.wanted(), UINT64_MAX);
  stalls.turns().set_partitions({kFirst}, now_);
  EXPECT_EQ(stalls.offered_at(kFirst), SteadyTime::max()) << "there are no turns";
  intake_.advance({}, now_);
  EXPECT_EQ(intake_.offered_at(kFirst), now_);
}

}  // namespace
}  // namespace freshet::stream
