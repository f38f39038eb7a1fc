#include "stream/partition_plan.h"

#include <gtest/gtest.h>

#include <limits>

namespace freshet::stream {
namespace {

OffsetRange range(int64_t first, int64_t last) { return {Offset{first}, Offset{last}}; }

PlannedSpan span(int64_t first, int64_t last, uint64_t rows = 7) {
  return {range(first, last), rows, {0x0123456789abcdef, static_cast<uint64_t>(first)}};
}

PlannedSpan finished(int64_t first, int64_t last) {
  PlannedSpan done{range(first, last)};
  done.finished = true;
  return done;
}

void expect_round_trip(const PartitionPlan& plan, Offset committed) {
  const std::string text = plan.text(committed);
  const auto read = PartitionPlan::parse(text, committed);
  ASSERT_TRUE(read) << text << ": " << read.error().text;
  EXPECT_EQ(*read, plan) << text;
}

TEST(PartitionPlanTest, HasOneTextForm) {
  PartitionPlan plan(Offset{100});
  plan.add(span(100, 199));
  plan.add(span(205, 205, 1));
  plan.salt(range(205, 205));
  plan.finish(range(100, 199));
  EXPECT_EQ(plan.text(Offset{90}), "frontier=206 plan=10+100:f,5+1:1:00000000000000cd0123456789abcdef:s1");
  expect_round_trip(plan, Offset{90});
  expect_round_trip(PartitionPlan(Offset{0}), Offset{0});
}

TEST(PartitionPlanTest, TheFrontierIsTheFirstOffsetThatWasNeverPlanned) {
  PartitionPlan plan(Offset{5});
  EXPECT_EQ(plan.frontier(), Offset{5});
  plan.add(span(7, 9));
  EXPECT_EQ(plan.frontier(), Offset{10});
  plan.advance(Offset{10});
  EXPECT_TRUE(plan.spans().empty());
  EXPECT_EQ(plan.frontier(), Offset{10});
  plan.advance(Offset{20});  // messages without rows
  EXPECT_EQ(plan.frontier(), Offset{20});
}

TEST(PartitionPlanTest, AtMostEightSpansAreOpen) {
  PartitionPlan plan(Offset{0});
  for (int64_t i = 0; i < 8; ++i) {
    ASSERT_TRUE(plan.may_add()) << i;
    plan.add(span(i * 10, i * 10 + 9));
  }
  EXPECT_FALSE(plan.may_add());
  plan.finish(range(30, 39));
  EXPECT_TRUE(plan.may_add()) << "a finished span takes no place, even behind one that is not";
}

// One entry a span that is finished, with gaps between them: the reserve for a split is left.
TEST(PartitionPlanTest, FinishedSpansThatCannotBeMergedLeaveRoomForASplit) {
  PartitionPlan plan(Offset{0});
  plan.add(span(0, 0));
  int64_t next = 2;
  while (plan.may_add()) {
    plan.add(span(next, next));
    plan.finish(range(next, next));
    next += 2;
  }
  EXPECT_EQ(plan.spans().size(), PartitionPlan::kMaxSpans - PartitionPlan::kReserved);
}

TEST(PartitionPlanTest, FinishedSpansWithoutAGapBecomeOne) {
  PartitionPlan plan(Offset{0});
  plan.add(span(0, 9));
  plan.add(span(10, 19));
  plan.add(span(20, 29));
  plan.add(span(31, 39));
  plan.finish(range(20, 29));
  plan.finish(range(10, 19));
  plan.finish(range(31, 39));
  EXPECT_EQ(plan.spans(), (std::vector{span(0, 9), finished(10, 29), finished(31, 39)}));
}

TEST(PartitionPlanTest, ASpanIsSplitDownToOneOfAMillionMessages) {
  constexpr int64_t kMessages = 1 << 20;
  PartitionPlan plan(Offset{0});
  for (int64_t i = 0; i < 7; ++i) plan.add(span(i, i));
  plan.add(span(7, 6 + kMessages));
  int64_t first = 7;
  int64_t last = 6 + kMessages;
  while (first < last) {
    const int64_t middle = first + (last - first) / 2;
    ASSERT_TRUE(plan.split(range(first, last), span(first, middle), span(middle + 1, last)));
    last = middle;
  }
  EXPECT_FALSE(plan.split(range(1, 2), span(1, 1), span(2, 2))) << "no such span";
  EXPECT_LE(plan.spans().size(), PartitionPlan::kMaxSpans);
  expect_round_trip(plan, Offset{0});
}

TEST(PartitionPlanTest, TheLongestPlanFitsIntoTheMetadata) {
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  PartitionPlan plan(Offset{0});
  const Hash128 digest{UINT64_MAX, UINT64_MAX};
  const PlannedSpan all{range(0, kMax - 1), UINT64_MAX, digest, UINT32_MAX};
  plan.add(all);
  for (int64_t last = kMax - 1; plan.spans().size() < PartitionPlan::kMaxSpans; --last) {
    PlannedSpan left = all;
    left.offsets.last = Offset{last - 1};
    ASSERT_TRUE(plan.split(range(0, last), left, {range(last, last), UINT64_MAX, digest, UINT32_MAX}));
  }
  EXPECT_LE(plan.text(Offset{0}).size(), PartitionPlan::kMaxText);
  expect_round_trip(plan, Offset{0});
}

TEST(PartitionPlanTest, WhatIsNotAPlanIsRefused) {
  const std::string digest(32, '0');
  for (const std::string& text : {
           std::string(),
           std::string("frontier="),
           std::string("frontier=7"),
           std::string("frontier=7 plan"),
           std::string("frontier=4 plan="),  // below the offset
           std::string("frontier=-7 plan="),
           "frontier=9 plan=0+9:1:" + digest,  // beyond the frontier
           "frontier=9 plan=0+0:1:" + digest,  // empty
           "frontier=9 plan=-1+1:1:" + digest,
           "frontier=9 plan=0+1:1:" + digest.substr(1),
           "frontier=9 plan=0+1:1:-" + digest.substr(1),
           "frontier=9 plan=0+1:1:" + digest + ":s0",
           "frontier=9 plan=0+1:1:" + digest + ":x",
           "frontier=9 plan=0+1:1:" + digest + ",",
           "frontier=9 plan=0+1:1:" + digest + "0+1:f",
           std::string("frontier=9 plan=9223372036854775807+1:f"),
           std::string("frontier=9 plan=0+9223372036854775807:f"),
           std::string("frontier=9 plan=0+1:f "),
           "frontier=9 plan=" + std::string(PartitionPlan::kMaxText, '0'),
       }) {
    EXPECT_FALSE(PartitionPlan::parse(text, Offset{5})) << text;
  }
}

}  // namespace
}  // namespace freshet::stream
