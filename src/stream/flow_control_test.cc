#include "stream/flow_control.h"

#include <gtest/gtest.h>

namespace freshet::stream {
namespace {

using ConsumerPhase = FlowControl::ConsumerPhase;

class FlowControlTest : public testing::Test {
 protected:
  // What the source is told about one partition: "", "pause" or "resume".
  std::string told(const FlowControl::PartitionView& view, ConsumerPhase phase = ConsumerPhase::Running) {
    FlowControl::Changes changes;
    flow_.compare(view, phase, changes);
    EXPECT_LE(changes.pause.size() + changes.resume.size(), 1u);
    return !changes.pause.empty() ? "pause" : !changes.resume.empty() ? "resume" : "";
  }

  std::shared_ptr<ByteBudget> budget_ = std::make_shared<ByteBudget>(1000);
  FlowControl flow_{budget_};
  FlowControl::PartitionView running_{Partition{3}};
  FlowControl::PartitionView blocked_{Partition{3}, true};
  FlowControl::PartitionView at_stop_{Partition{3}, false, true};
  FlowControl::PartitionView draining_{Partition{3}, false, false, true};
};

TEST_F(FlowControlTest, TheSourceIsToldOnceWhatIsWanted) {
  EXPECT_EQ(told(running_), "resume");  // the source may remember a pause
  EXPECT_EQ(told(running_), "");
  EXPECT_EQ(told(blocked_), "pause");
  EXPECT_EQ(told(blocked_), "");
  EXPECT_TRUE(flow_.paused(blocked_, ConsumerPhase::Running));
  EXPECT_EQ(told(running_), "resume");
  EXPECT_EQ(told(at_stop_), "pause");
}

TEST_F(FlowControlTest, ANewAssignmentAndANewConsumerAreToldAnew) {
  EXPECT_EQ(told(running_), "resume");
  flow_.assigned(Partition{3});
  EXPECT_EQ(told(running_), "resume");
  flow_.consumer_started();
  EXPECT_EQ(told(blocked_), "pause");
}

TEST_F(FlowControlTest, PushesBackUntilHalfOfTheBudgetIsFree) {
  EXPECT_EQ(told(running_), "resume");
  Charge held(budget_, 1000);
  EXPECT_FALSE(flow_.update_backpressure());
  held.resize(1001);
  EXPECT_TRUE(flow_.update_backpressure());
  EXPECT_FALSE(flow_.update_backpressure());  // it has begun before
  EXPECT_EQ(told(running_), "pause");
  held.resize(500);
  EXPECT_FALSE(flow_.update_backpressure());
  EXPECT_EQ(told(running_), "");
  held.resize(499);
  EXPECT_FALSE(flow_.update_backpressure());
  EXPECT_EQ(told(running_), "resume");
}

TEST_F(FlowControlTest, WhatIsOnlyPromisedPausesNothing) {
  const Charge held(budget_, 900);
  const Reservation promised(budget_, 500);
  EXPECT_FALSE(flow_.update_backpressure());
  EXPECT_EQ(told(running_), "resume");
}

TEST_F(FlowControlTest, WhoWaitsForTheTurnOfOthersIsPausedWithoutBeingReportedSo) {
  EXPECT_EQ(told(running_), "resume");
  running_.held_back = true;
  EXPECT_EQ(told(running_), "pause");
  EXPECT_FALSE(flow_.paused(running_, ConsumerPhase::Running));
  running_.must_read = true;
  EXPECT_EQ(told(running_), "resume");
  running_.must_read = false;
  EXPECT_EQ(told(running_), "pause");
  running_.held_back = false;
  EXPECT_EQ(told(running_), "resume");
}

TEST_F(FlowControlTest, WhatIsBeingTakenAwayIsPausedButNeverResumed) {
  EXPECT_EQ(told(running_), "resume");
  EXPECT_EQ(told(draining_), "");
  EXPECT_FALSE(flow_.paused(draining_, ConsumerPhase::Running));
  EXPECT_EQ(told(blocked_), "pause");
  EXPECT_EQ(told(draining_), "");
  EXPECT_TRUE(flow_.paused(draining_, ConsumerPhase::Running));
  EXPECT_EQ(told(running_), "resume");
  EXPECT_EQ(told(running_, ConsumerPhase::Leaving), "");
  EXPECT_EQ(told(running_, ConsumerPhase::Stopping), "pause");
  EXPECT_EQ(told(running_, ConsumerPhase::Leaving), "");
}

TEST_F(FlowControlTest, WhatIsAssignedToAConsumerThatLeavesIsPaused) {
  EXPECT_EQ(told(running_, ConsumerPhase::Leaving), "pause");
}

}  // namespace
}  // namespace freshet::stream
