#include "stream/drain.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace freshet::stream {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Step = Drain::RevokeStep;

class DrainTest : public testing::Test {
 protected:
  DrainTest() { drain_.consumer_started(); }
  // `waiting`: partitions that wait for a commit.
  Step revoke_step(Duration after, const std::vector<int32_t>& waiting) const {
    return drain_.revoke_step(
        [&](Partition p) {
          DrainWaits waits;
          waits.commit = std::find(waiting.begin(), waiting.end(), p.value) != waiting.end();
          return waits;
        },
        now_ + after);
  }

  Drain drain_{milliseconds(8000)};
  const SteadyTime now_{std::chrono::hours(1)};
  const DrainWaits nothing_{};
};

TEST_F(DrainTest, AStopWritesThenCommitsThenLeaves) {
  EXPECT_TRUE(drain_.running());
  EXPECT_FALSE(drain_.next_deadline());
  drain_.stop(End::Stopped, now_);
  EXPECT_TRUE(drain_.draining() && drain_.stopping() && drain_.dropping());
  EXPECT_EQ(drain_.next_deadline(), now_ + seconds(6));
  EXPECT_FALSE(drain_.take_drained({.batches = true}, now_));
  EXPECT_FALSE(drain_.take_drained({.rows = true}, now_));
  EXPECT_FALSE(drain_.take_drained({.records = true}, now_));
  EXPECT_FALSE(drain_.take_drained({.commit = true}, now_));
  EXPECT_TRUE(drain_.take_drained(nothing_, now_));
  EXPECT_TRUE(drain_.closing());
  EXPECT_EQ(drain_.next_deadline(), now_ + seconds(8));
  EXPECT_FALSE(drain_.close_overdue(now_ + milliseconds(7999)));
  EXPECT_TRUE(drain_.close_overdue(now_ + seconds(8)));
  drain_.close(End::Broken);
  EXPECT_TRUE(drain_.closed());
  EXPECT_EQ(drain_.end(), End::Stopped) << "the first reason counts";
}

TEST_F(DrainTest, AStopThatWaitsTooLongGivesItsBatchesUpThenItsLastCommit) {
  drain_.stop(End::Finished, now_);
  EXPECT_FALSE(drain_.take_writes_overdue(now_ + milliseconds(5999)));
  EXPECT_TRUE(drain_.take_writes_overdue(now_ + seconds(6)));
  EXPECT_FALSE(drain_.take_writes_overdue(now_ + seconds(6))) << "once";
  EXPECT_TRUE(drain_.writes_overdue());
  EXPECT_EQ(drain_.next_deadline(), now_ + seconds(7));
  EXPECT_FALSE(drain_.take_drained({.commit = true}, now_ + milliseconds(6999)));
  EXPECT_TRUE(drain_.take_drained({.commit = true}, now_ + seconds(7)));
}

TEST_F(DrainTest, ARevokeIsAnsweredOnceAllItsPartitionsAreDrained) {
  drain_.begin_revoke({Partition{1}, Partition{2}}, false, now_);
  EXPECT_TRUE(drain_.drains_revoke());
  EXPECT_EQ(drain_.next_deadline(), now_ + seconds(8));
  EXPECT_EQ(revoke_step(seconds(1), {2}), Step::Wait);
  EXPECT_EQ(revoke_step(seconds(1), {3}), Step::Answer);
  EXPECT_EQ(revoke_step(seconds(8), {2}), Step::AnswerLate);
  drain_.end_revoke();
  EXPECT_FALSE(drain_.next_deadline());
}

TEST_F(DrainTest, ASecondRevokeJoinsTheFirst) {
  drain_.begin_revoke({Partition{1}}, false, now_);
  drain_.begin_revoke({Partition{2}}, true, now_ + seconds(1));
  EXPECT_EQ(drain_.revoke()->partitions, (std::vector{Partition{2}, Partition{1}}));
  EXPECT_FALSE(drain_.drains_revoke());
  EXPECT_EQ(revoke_step(seconds(1), {1, 2}), Step::Answer) << "they belong to others: nothing is waited for";
}

TEST_F(DrainTest, TheRevokeOfACloseHasTheDeadlineOfItsConsumer) {
  drain_.leave(now_);
  EXPECT_TRUE(drain_.closing());
  EXPECT_FALSE(drain_.stopping());
  EXPECT_EQ(drain_.end(), End::Renewed);
  drain_.begin_revoke({Partition{1}}, false, now_ + seconds(1));
  EXPECT_EQ(drain_.revoke()->deadline, now_ + seconds(6));

  Drain stop(milliseconds(8000));
  stop.consumer_started();
  stop.stop(End::Stopped, now_);
  ASSERT_TRUE(stop.take_drained(nothing_, now_));
  stop.begin_revoke({Partition{1}}, false, now_ + seconds(1));
  EXPECT_EQ(stop.revoke()->deadline, now_ + seconds(8));
}

TEST_F(DrainTest, SuspendedPartitionsWaitThroughTheEndOfTheirConsumer) {
  drain_.await_suspended(now_);
  drain_.close(End::Renewed);
  EXPECT_EQ(drain_.next_deadline(), now_ + seconds(8));
  drain_.consumer_started();
  EXPECT_FALSE(drain_.suspended_overdue(now_ + milliseconds(7999)));
  EXPECT_TRUE(drain_.suspended_overdue(now_ + seconds(8)));
  drain_.end_suspended();
  EXPECT_FALSE(drain_.suspended_overdue(now_ + seconds(8)));
}

TEST_F(DrainTest, ANewConsumerKnowsNothingOfTheLast) {
  drain_.stop(End::Stopped, now_);
  EXPECT_TRUE(drain_.take_writes_overdue(now_ + seconds(6)));
  drain_.begin_revoke({Partition{1}}, false, now_);
  drain_.close(End::None);
  drain_.consumer_started();
  EXPECT_TRUE(drain_.running());
  EXPECT_EQ(drain_.end(), End::None);
  EXPECT_FALSE(drain_.revoke());
  EXPECT_FALSE(drain_.writes_overdue());
}

TEST(DrainDeathTest, AStopOrALeaveNeedsARunningConsumer) {
  Drain drain(milliseconds(8000));
  EXPECT_DEATH(drain.stop(End::Stopped, {}), "running");
  EXPECT_DEATH(drain.leave({}), "running");
  drain.consumer_started();
  EXPECT_DEATH(drain.consumer_started(), "closed");
}

}  // namespace
}  // namespace freshet::stream
