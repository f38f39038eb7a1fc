#include "supervisor/tick.h"

#include <gtest/gtest.h>

#include <thread>

#include "supervisor/stop_sequence.h"
#include "testkit/fake_clock.h"

namespace freshet::supervisor {
namespace {

using namespace std::chrono_literals;

RenewalOptions tick_of(std::chrono::seconds tick) {
  RenewalOptions options;
  options.tick = tick;
  return options;
}

// The fake clock starts on a full hour; ten seconds later, the next multiple of 30 s is 20 s away.
struct TickTest : testing::Test {
  TickTest() { clock.advance(10s); }

  testkit::FakeClock clock;
  RenewalPlan plan{clock, tick_of(30s)};
};

TEST_F(TickTest, OnATickOrWithoutOneThereIsNoWait) {
  clock.advance(20s);
  EXPECT_TRUE(TickWait(clock, plan).over());
  clock.advance(1s);
  EXPECT_FALSE(TickWait(clock, plan).over());
  plan.set(tick_of(0s));
  EXPECT_TRUE(TickWait(clock, plan).over());
}

TEST_F(TickTest, TheLiveOptionCountsAlsoDuringTheWait) {
  TickWait wait(clock, plan);
  plan.set(tick_of(3600s));
  EXPECT_FALSE(wait.over());
  clock.advance(100s);
  EXPECT_FALSE(wait.over());
  plan.set(tick_of(0s));
  EXPECT_TRUE(wait.over());
}

TEST_F(TickTest, ALoopThatHasOtherThingsToDoAsksEachTurn) {
  TickWait wait(clock, plan);
  EXPECT_FALSE(wait.over());
  EXPECT_EQ(wait.deadline(), clock.steady_now() + 20s);
  clock.advance(19s);
  EXPECT_FALSE(wait.over());
  clock.advance(1s);
  EXPECT_TRUE(wait.over());
  clock.advance(1s);
  EXPECT_TRUE(wait.over());
}

struct StopSequenceTest : TickTest {
  bool asked() const { return stops.asked().stop_requested(); }
  bool drains() const { return stops.drain().stop_requested(); }
  // One iteration of the consumer loop.
  bool drains_after(Duration passed) {
    clock.advance(passed);
    stops.poll();
    return drains();
  }
  StopSequence stops{clock, plan, null_log()};
};

TEST_F(StopSequenceTest, AMemberLeavesOnTheTickAndConsumesMeanwhile) {
  stops.set_member(true);
  stops.begin();
  EXPECT_TRUE(asked());
  EXPECT_EQ(stops.deadline(), clock.steady_now() + 20s);
  EXPECT_FALSE(drains_after(19s));
  EXPECT_TRUE(drains_after(1s));
  EXPECT_EQ(stops.deadline(), std::nullopt);
  EXPECT_FALSE(stops.hurry());  // no wait is left: the next signal ends the process
}

TEST_F(StopSequenceTest, OnATickAndWithoutOneItDrainsAtOnce) {
  clock.advance(20s);
  stops.set_member(true);
  stops.begin();
  EXPECT_TRUE(drains());
  plan.set(tick_of(0s));
  StopSequence other(clock, plan, null_log());
  other.set_member(true);
  other.begin();
  EXPECT_TRUE(other.drain().stop_requested());
  EXPECT_FALSE(other.hurry());
}

TEST_F(StopSequenceTest, BetweenConsumersAndOnceARenewalHasLeftThereIsNobodyWhoLeaves) {
  stops.begin();
  EXPECT_TRUE(drains());
  StopSequence renewing(clock, plan, null_log());
  renewing.set_member(true);
  EXPECT_TRUE(renewing.begin_leave());
  renewing.begin();
  EXPECT_TRUE(renewing.drain().stop_requested());
}

TEST_F(StopSequenceTest, NoRenewalLeavesOnceAStopIsUnderWay) {
  stops.set_member(true);
  stops.begin();
  EXPECT_FALSE(stops.begin_leave());
  EXPECT_FALSE(drains());  // it still waits for its tick
  EXPECT_TRUE(stops.hurry());
  EXPECT_FALSE(stops.begin_leave());
}

TEST_F(StopSequenceTest, AStopAndARenewalThatLeaveTogetherHaveOneWinner) {
  for (int round = 0; round < 200; ++round) {
    StopSequence sequence(clock, plan, null_log());
    sequence.set_member(true);
    bool renews = false;
    {
      std::jthread signal([&] { sequence.begin(); });
      std::jthread timer([&] { renews = sequence.begin_leave(); });
    }
    // Either the renewal left first and the stop drains at once, or no renewal leaves and the stop waits for its tick.
    EXPECT_EQ(sequence.drain().stop_requested(), renews);
    EXPECT_TRUE(sequence.asked().stop_requested());
  }
}

TEST_F(StopSequenceTest, TheSecondSignalEndsTheWaitAndTheThirdFindsNone) {
  stops.set_member(true);
  EXPECT_FALSE(stops.hurry());  // before a stop was requested
  stops.begin();
  EXPECT_FALSE(drains());
  EXPECT_TRUE(stops.hurry());
  EXPECT_TRUE(drains());
  EXPECT_FALSE(stops.hurry());
}

// skip_wait() is for emergencies; it is not one of the operator's signals.
TEST_F(StopSequenceTest, ASkippedWaitDrainsAtOnceAndUsesNoSignalUp) {
  stops.set_member(true);
  stops.begin();
  stops.skip_wait();
  EXPECT_TRUE(drains());
  stops.skip_wait();
  EXPECT_TRUE(stops.hurry());  // counts for the wait that has just ended
  EXPECT_FALSE(stops.hurry());
}

TEST_F(StopSequenceTest, AStopAfterASkippedWaitDoesNotWait) {
  stops.set_member(true);
  stops.skip_wait();
  EXPECT_FALSE(asked());
  stops.begin();
  EXPECT_TRUE(asked());
  EXPECT_TRUE(drains());
  EXPECT_FALSE(stops.hurry());
}

TEST_F(StopSequenceTest, AConsumerThatEndsDuringTheWaitEndsIt) {
  stops.set_member(true);
  stops.begin();
  stops.set_member(false);
  EXPECT_TRUE(drains());
}

TEST_F(StopSequenceTest, TheOptionSetToNoneDuringTheWaitEndsIt) {
  stops.set_member(true);
  stops.begin();
  EXPECT_FALSE(drains_after(1s));
  plan.set(tick_of(0s));
  EXPECT_TRUE(drains_after(1s));
}

TEST_F(StopSequenceTest, AskedTwiceIsAskedOnce) {
  stops.set_member(true);
  stops.begin();
  stops.begin();
  EXPECT_FALSE(drains());
  EXPECT_TRUE(stops.hurry());
  stops.begin();
  EXPECT_FALSE(stops.hurry());
}

TEST_F(StopSequenceTest, GoesAwayDuringAWait) {
  StopSequence other(clock, plan, null_log());
  other.set_member(true);
  other.begin();
}

// A stop, the tick, a second signal and the end of the consumer at the same moment: one drain, and no wait is left.
TEST_F(StopSequenceTest, RacesEndInOneDrain) {
  for (int round = 0; round < 100; ++round) {
    testkit::FakeClock now;
    now.advance(10s);
    StopSequence sequence(now, plan, null_log());
    sequence.set_member(true);
    {
      std::jthread first([&] { sequence.begin(); });
      std::jthread second([&] { sequence.hurry(); });
      std::jthread loop([&] {
        now.advance(20s);
        sequence.poll();
        sequence.set_member(false);
      });
    }
    EXPECT_TRUE(sequence.drain().stop_requested());
    EXPECT_TRUE(sequence.asked().stop_requested());
    EXPECT_FALSE(sequence.hurry());
  }
}

}  // namespace
}  // namespace freshet::supervisor
