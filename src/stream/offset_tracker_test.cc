#include "stream/offset_tracker.h"

#include <gtest/gtest.h>

#include "stream/chunk_for_test.h"

namespace freshet::stream {
namespace {

TEST(OffsetTrackerTest, ChunksLeaveInOrderAndTheLowestUnfinishedOffsetCounts) {
  OffsetTracker offsets(Offset{10});
  EXPECT_EQ(offsets.deliver({Offset{10}, Offset{19}}), 10u);
  EXPECT_EQ(offsets.deliver({Offset{25}, Offset{29}}), 25u);  // a gap: compacted away
  std::vector<OffsetTracker::Chunk> in_order;
  offsets.processed(chunk(25, 25, 29), in_order);
  EXPECT_TRUE(in_order.empty());
  offsets.batch_finished(25);
  EXPECT_EQ(offsets.committable(), Offset{10});
  offsets.processed(chunk(10, 10, 19), in_order);
  EXPECT_EQ(in_order.size(), 2u);
  offsets.rows_rejected(10, {Offset{12}, Offset{17}});
  offsets.batch_finished(10);
  EXPECT_EQ(offsets.committable(), Offset{12});
  offsets.dead_letter_finished(Offset{12});
  EXPECT_EQ(offsets.committable(), Offset{17});
  offsets.dead_letter_finished(Offset{17});
  EXPECT_EQ(offsets.committable(), Offset{30});
  EXPECT_TRUE(offsets.idle());
}

TEST(OffsetTrackerTest, PiecesOfAChunkAreCommittedOneByOne) {
  OffsetTracker offsets(Offset{10});
  offsets.deliver({Offset{10}, Offset{19}});
  offsets.deliver({Offset{20}, Offset{29}});
  std::vector<OffsetTracker::Chunk> in_order;
  const auto piece = [](int64_t first, int64_t last) {
    auto out = chunk(static_cast<uint64_t>(first), first, last);
    out->rest_follows = true;
    return out;
  };
  offsets.processed(chunk(20, 20, 29), in_order);
  offsets.processed(piece(10, 12), in_order);
  EXPECT_EQ(in_order.size(), 1u);
  offsets.batch_finished(10);
  EXPECT_EQ(offsets.committable(), Offset{13});
  EXPECT_FALSE(offsets.all_processed());
  offsets.processed(piece(15, 16), in_order);  // 13 and 14 were compacted away
  EXPECT_EQ(in_order.size(), 2u);
  EXPECT_EQ(offsets.committable(), Offset{15});
  offsets.processed(chunk(17, 17, 19), in_order);
  EXPECT_EQ(in_order.size(), 4u);
  offsets.batch_finished(17);
  offsets.batch_finished(20);
  EXPECT_EQ(offsets.committable(), Offset{15});
  offsets.batch_finished(15);
  EXPECT_EQ(offsets.committable(), Offset{30});
  EXPECT_TRUE(offsets.idle());
}

TEST(OffsetTrackerTest, DeadLettersAndSideRecordsKeepTheirOffsetsOpen) {
  OffsetTracker offsets(Offset{0});
  offsets.deliver({Offset{0}, Offset{9}});
  auto processed = chunk(0, 0, 9);
  for (const int64_t offset : {2, 5}) {
    auto dead_letter = std::make_shared<DeadLetterRecord>();
    dead_letter->offset = Offset{offset};
    processed->invalid.push_back(dead_letter);
  }
  processed->side_records.push_back({Offset{7}, "key", "value"});
  std::vector<OffsetTracker::Chunk> in_order;
  offsets.processed(processed, in_order);
  offsets.batch_finished(0);
  EXPECT_TRUE(offsets.has_dead_letters());
  EXPECT_EQ(offsets.first_dead_letter(), Offset{2});
  EXPECT_EQ(offsets.dead_letters_below(Offset{5}), std::vector{Offset{2}});
  offsets.dead_letter_finished(Offset{2});
  offsets.dead_letter_finished(Offset{2});  // a second acknowledgement is ignored
  offsets.dead_letter_finished(Offset{5});
  EXPECT_FALSE(offsets.has_dead_letters());
  EXPECT_EQ(offsets.committable(), Offset{7});
  EXPECT_EQ(offsets.open_messages(), 10u);
  offsets.side_record_finished(Offset{7});
  EXPECT_EQ(offsets.committable(), Offset{10});
  EXPECT_EQ(offsets.open_messages(), 0u);
}

TEST(OffsetTrackerTest, WhereNothingIsOpenThePositionIsCommittable) {
  OffsetTracker offsets(Offset{3});
  EXPECT_EQ(offsets.committable(), Offset{3});
  offsets.move_to(Offset{8});
  EXPECT_EQ(offsets.position(), Offset{8});
  EXPECT_EQ(offsets.committable(), Offset{8});
  offsets.deliver({Offset{8}, Offset{9}});
  offsets.move_to(Offset{20});
  EXPECT_EQ(offsets.committable(), Offset{8});
}

}  // namespace
}  // namespace freshet::stream
