#include "kafka/batch_end.h"

#include <gtest/gtest.h>

namespace freshet::kafka {
namespace {

// Searches in a partition with the batch [100, `end`), starting at `begun_at`. Returns the number of reads.
int find(int64_t begun_at, int64_t end, std::optional<Offset> partition_end = {}) {
  BatchEnd batch(Offset{100});
  EXPECT_FALSE(batch.searching());
  Offset at{begun_at};
  for (int reads = 1; reads < 1000; ++reads) {
    if (at.value < end) {
      const Offset next = batch.inside(at, partition_end);
      EXPECT_GT(next, at);
      EXPECT_TRUE(batch.searching());
      EXPECT_TRUE(!partition_end || *partition_end <= at || next <= *partition_end);
      at = next;
      continue;
    }
    const auto next = batch.outside(at);
    if (!next) {
      EXPECT_EQ(at, Offset{end});
      return reads;
    }
    EXPECT_LT(*next, at);
    at = *next;
  }
  ADD_FAILURE() << "it is never found";
  return 0;
}

TEST(BatchEndTest, IsFoundWhereverItIsAndWhereverTheSearchBegins) {
  for (int64_t end = 102; end < 400; ++end) {
    for (const int64_t from : {int64_t{101}, end - 1}) find(from, end);
  }
}

TEST(BatchEndTest, AMillionRecordsTakeFewReads) { EXPECT_LE(find(101, 1'000'100), 45); }

TEST(BatchEndTest, TheEndOfThePartitionIsNotPassed) {
  for (const int64_t end : {150, 163, 164, 165, 200}) find(101, end, Offset{end});
}

TEST(BatchEndTest, AnEndOfThePartitionThatIsOldDoesNotStopIt) { EXPECT_GT(find(150, 200, Offset{120}), 0); }

}  // namespace
}  // namespace freshet::kafka
