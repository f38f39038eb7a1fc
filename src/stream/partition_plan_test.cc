#include "stream/partition_plan.h"

#include <gtest/gtest.h>

#include <limits>

namespace freshet::stream {
namespace {

OffsetRange range(int64_t first, int64_t last) { return {Offset{first}, Offset{last}}; }

Hash128 hash(uint64_t low) { return {0x0123456789abcdef, low}; }

PlannedSpan piece(int64_t first, int64_t last) {
  PlannedSpan span{range(first, last)};
  span.rows = 1;
  span.check = PlanCheck{1, 1};
  return span;
}

void expect_round_trip(const PartitionPlan& plan, int64_t committed) {
  const std::string text = plan.text(Offset{committed}).text;
  const auto read = PartitionPlan::parse(text, Offset{committed});
  ASSERT_TRUE(read) << text << ": " << read.error().text;
  EXPECT_EQ(*read, plan) << text;
}

TEST(PartitionPlanTest, HasOneTextForm) {
  PartitionPlan plan(Offset{100});
  EXPECT_EQ(plan.text(Offset{100}).text, "");
  plan.add(Offset{199}, 90, hash(1));
  plan.add(Offset{204}, 5, hash(2));
  plan.add(Offset{205}, 1, hash(3));
  plan.replace(range(205, 205), 1, hash(4), 2);
  plan.add(Offset{206}, 1, hash(5), PlanCheck{0xabcdef, 7});
  plan.add(Offset{207}, 1, hash(6), PlanCheck{1, 0});
  plan.replace(range(207, 207), 1, hash(6), 3, PlanCheck{1, 0});
  plan.stored(range(100, 199));
  plan.rejected(range(200, 204));
  EXPECT_EQ(plan.text(Offset{100}).text,
            "plan=100:s,5:r,1:1:00000000000000040123456789abcdef:2,1:1:00000000000000050123456789abcdef:00abcdef0007,"
            "1:1:00000000000000060123456789abcdef:000000010000:3");
  EXPECT_EQ(plan.text(Offset{100}).frontier, Offset{208});
  expect_round_trip(plan, 100);
  expect_round_trip(PartitionPlan(Offset{7}), 7);
}

TEST(PartitionPlanTest, TheFrontierIsTheFirstOffsetThatWasNeverPlanned) {
  PartitionPlan plan(Offset{5});
  EXPECT_EQ(plan.frontier(), Offset{5});
  plan.add(Offset{9}, 1, hash(1));
  EXPECT_EQ(plan.frontier(), Offset{10});
  plan.advance(Offset{10});
  EXPECT_TRUE(plan.empty());
  EXPECT_EQ(plan.frontier(), Offset{10});
  plan.advance(Offset{20});  // messages without rows
  EXPECT_EQ(plan.frontier(), Offset{20});
}

TEST(PartitionPlanTest, AtMostEightInsertsArePlanned) {
  PartitionPlan plan(Offset{0});
  for (int64_t i = 0; i < 8; ++i) {
    ASSERT_TRUE(plan.has_room()) << i;
    plan.add(Offset{i * 10 + 9}, 10, hash(1));
  }
  EXPECT_FALSE(plan.has_room());
  plan.stored(range(30, 39));
  EXPECT_TRUE(plan.has_room()) << "one behind others that is stored takes no place";
}

TEST(PartitionPlanTest, SpansOfOneStateBecomeOne) {
  PartitionPlan plan(Offset{0});
  for (int64_t i = 0; i < 4; ++i) plan.add(Offset{i * 10 + 9}, 10, hash(1));
  plan.stored(range(10, 19));
  plan.stored(range(20, 29));
  ASSERT_EQ(plan.spans().size(), 3u);
  EXPECT_EQ(plan.spans()[1].offsets, range(10, 29));
  plan.stored(range(10, 19));  // no longer a span of its own
  plan.stored(range(0, 9));
  EXPECT_EQ(plan.text(Offset{0}).text.substr(0, 10), "plan=30:s,");
}

TEST(PartitionPlanTest, AFinishedSpanStaysWhileOneBeforeItIsNot) {
  PartitionPlan plan(Offset{0});
  for (int64_t i = 0; i < 3; ++i) plan.add(Offset{i * 10 + 9}, 10, hash(1));
  plan.stored(range(10, 19));
  plan.rejected(range(20, 29));
  const uint64_t version = plan.version();
  plan.finish([](OffsetRange) { return true; });
  EXPECT_GT(plan.version(), version);
  ASSERT_EQ(plan.spans().size(), 2u);
  EXPECT_EQ(plan.spans()[0].state, SpanState::Planned);
  EXPECT_EQ(plan.spans()[1].offsets, range(10, 29));
  EXPECT_EQ(plan.spans()[1].state, SpanState::Finished);
  expect_round_trip(plan, 0);
}

TEST(PartitionPlanTest, TheVersionChangesWithWhatTheNextOwnerHasToKnow) {
  PartitionPlan plan(Offset{0});
  uint64_t version = plan.version();
  const auto changed = [&] { return std::exchange(version, plan.version()) != plan.version(); };
  plan.add(Offset{9}, 10, hash(1));
  EXPECT_TRUE(changed());
  plan.split(range(0, 9), {piece(0, 3), piece(4, 9)});
  EXPECT_TRUE(changed());
  plan.rejected(range(0, 3));
  EXPECT_TRUE(changed());
  plan.stored(range(0, 3));
  EXPECT_FALSE(changed()) << "it is rejected";
  plan.advance(Offset{4});
  EXPECT_FALSE(changed()) << "the offset says that";
}

TEST(PartitionPlanTest, TheOffsetIsNotInsideAnInsert) {
  PartitionPlan plan(Offset{0});
  plan.add(Offset{9}, 5, hash(1));
  plan.add(Offset{19}, 5, hash(2));
  EXPECT_EQ(plan.committable(Offset{4}), Offset{0}) << "the first messages have no rows";
  EXPECT_EQ(plan.committable(Offset{10}), Offset{10});
  EXPECT_EQ(plan.committable(Offset{25}), Offset{25});
  plan.stored(range(0, 9));
  EXPECT_EQ(plan.committable(Offset{4}), Offset{4}) << "a dead letter of a stored span is under way";
  EXPECT_EQ(plan.text(Offset{4}).text.substr(0, 8), "plan=6:s");
  plan.advance(Offset{4});
  expect_round_trip(plan, 4);
}

TEST(PartitionPlanTest, ASplitSpanKeepsItsPlace) {
  PartitionPlan plan(Offset{0});
  plan.add(Offset{9}, 10, hash(1));
  plan.add(Offset{19}, 10, hash(2));
  plan.split(range(0, 9), {piece(0, 4), piece(5, 5), piece(6, 9)});
  ASSERT_EQ(plan.spans().size(), 4u);
  EXPECT_EQ(plan.spans()[1].offsets, range(5, 5));
  EXPECT_NE(plan.find(range(10, 19)), nullptr);
  EXPECT_EQ(plan.find(range(0, 9)), nullptr);
  expect_round_trip(plan, 0);
}

// One message in ten is rejected, in one batch of a partition whose other inserts are planned.
TEST(PartitionPlanTest, HasRoomForABatchWithAHundredRejectedMessages) {
  PartitionPlan plan(Offset{0});
  for (int64_t i = 0; i < 8; ++i) plan.add(Offset{i * 1'000'000 + 999'999}, 999'999, hash(1), PlanCheck{1, 1});
  OffsetRange left = range(0, 999'999);
  for (int rejected = 0; rejected < 100; ++rejected) {
    ASSERT_TRUE(plan.has_room_for_pieces(3)) << rejected;
    const int64_t at = left.first.value + 9;
    plan.split(left, {piece(left.first.value, at - 1), piece(at, at), piece(at + 1, left.last.value)});
    plan.stored(range(left.first.value, at - 1));
    plan.rejected(range(at, at));
    left.first = Offset{at + 1};
  }
  EXPECT_LE(plan.text(Offset{0}).text.size(), PartitionPlan::kMaxText);
  expect_round_trip(plan, 0);
}

TEST(PartitionPlanTest, AShorterTextHasTheFirstSpans) {
  PartitionPlan plan(Offset{0});
  for (int64_t i = 0; i < 4; ++i) plan.add(Offset{i * 10 + 9}, 10, hash(1));
  const auto part = plan.text(Offset{0}, 100);
  EXPECT_EQ(part.frontier, Offset{20});
  const auto read = PartitionPlan::parse(part.text, Offset{0});
  ASSERT_TRUE(read);
  EXPECT_EQ(read->frontier(), Offset{20});
  EXPECT_TRUE(PartitionPlan(Offset{0}).has_room(125)) << "one insert is always possible";
}

TEST(PartitionPlanTest, EndsWhereATruncatedPartitionEnds) {
  PartitionPlan plan(Offset{0});
  for (int64_t i = 0; i < 3; ++i) plan.add(Offset{i * 10 + 9}, 10, hash(1), PlanCheck{1, 1});
  plan.end_at(Offset{15});
  EXPECT_TRUE(plan.spans()[0].check);
  EXPECT_FALSE(plan.spans()[1].check) << "its token is of more messages";
  EXPECT_EQ(plan.frontier(), Offset{15});
  ASSERT_EQ(plan.spans().size(), 2u);
  EXPECT_EQ(plan.spans()[1].offsets, range(10, 14));
  plan.end_at(Offset{40});
  EXPECT_EQ(plan.frontier(), Offset{15});
}

TEST(PartitionPlanTest, OtherTextsAreRefused) {
  const std::string digits = "0123456789abcdef0123456789abcdef";
  for (const std::string& text : {
           std::string("x"),
           std::string("plan="),
           std::string("plan=0:s"),
           std::string("plan=-1:s"),
           std::string("plan=1:x"),
           std::string("plan=1"),
           std::string("plan=1:s,"),
           std::string("plan=1:s;1:s"),
           std::string("plan=1:s 2"),
           "plan=9223372036854775807:1:" + digits + ",1:s",
           "plan=1::" + digits,
           "plan=1:1:" + digits.substr(1),
           "plan=1:1:-" + digits.substr(1),
           "plan=1:1:" + digits + ":0",
           "plan=1:1:" + digits + ":",
           "plan=1:1:" + digits + "0",
           "plan=1:1:" + digits + ":0123456789a",
           "plan=1:1:" + digits + ":0123456789ab:",
           "plan=1:1:" + digits + ":0123456789ab:0",
           "plan=1:1:" + digits + ":0123456789abc",
           "plan=1:1:" + digits + ":-123456789ab",
           "plan=" + std::string(PartitionPlan::kMaxText, '1'),
       }) {
    EXPECT_FALSE(PartitionPlan::parse(text, Offset{5})) << text;
  }
  EXPECT_TRUE(PartitionPlan::parse("plan=1:1:" + digits + ":7", Offset{5}));
  EXPECT_FALSE(PartitionPlan::parse("plan=2:s", Offset{std::numeric_limits<int64_t>::max() - 1}));
}

}  // namespace
}  // namespace freshet::stream
