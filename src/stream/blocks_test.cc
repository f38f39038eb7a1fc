#include "stream/blocks.h"

#include <gtest/gtest.h>

namespace freshet::stream {
namespace {

TEST(BlocksTest, EachReasonCountsOnceAndTheFirstIsTheOneToDealWith) {
  Blocks blocks;
  EXPECT_FALSE(blocks.any());
  EXPECT_TRUE(blocks.only(BlockReason::BatchBlocked));
  EXPECT_TRUE(blocks.add(BlockReason::BatchBlocked, "a view failed"));
  EXPECT_TRUE(blocks.only(BlockReason::BatchBlocked));
  EXPECT_EQ(blocks.first_but(BlockReason::BatchBlocked), nullptr);
  EXPECT_TRUE(blocks.add(BlockReason::DlqRejected, "too large"));
  EXPECT_FALSE(blocks.add(BlockReason::DlqRejected, "another one"));
  EXPECT_EQ(blocks.first().reason, BlockReason::BatchBlocked);
  ASSERT_NE(blocks.first_but(BlockReason::BatchBlocked), nullptr);
  EXPECT_EQ(blocks.first_but(BlockReason::BatchBlocked)->text, "too large");
  EXPECT_TRUE(blocks.remove(BlockReason::BatchBlocked));
  EXPECT_FALSE(blocks.remove(BlockReason::BatchBlocked));
  EXPECT_EQ(blocks.first().reason, BlockReason::DlqRejected);
  blocks.set_text(BlockReason::DlqRejected, "still too large");
  EXPECT_EQ(blocks.first().text, "still too large");
}

TEST(BlocksTest, ABlockIsLoggedWhenItComesAndOnceAMinute) {
  Blocks blocks;
  SteadyTime now{std::chrono::hours(1)};
  EXPECT_FALSE(blocks.take_log_due(now));
  blocks.add(BlockReason::InvalidMessage, "offset 1");
  EXPECT_TRUE(blocks.take_log_due(now));
  EXPECT_FALSE(blocks.take_log_due(now + std::chrono::seconds(59)));
  blocks.add(BlockReason::DlqRateLimited, "too many");  // the first block is still the one to resolve
  EXPECT_FALSE(blocks.take_log_due(now + std::chrono::seconds(59)));
  EXPECT_TRUE(blocks.take_log_due(now + std::chrono::seconds(60)));
  blocks.remove(BlockReason::InvalidMessage);
  EXPECT_TRUE(blocks.take_log_due(now + std::chrono::seconds(61)));
}

TEST(BlocksTest, TheAdviceHasTheRequestThatContinuesThePartition) {
  const Partition partition{3};
  const auto says = [&](BlockReason reason, std::optional<Offset> at, const char* request) {
    return advice(reason, partition, at).find(request) != std::string::npos;
  };
  EXPECT_TRUE(says(BlockReason::InvalidMessage, Offset{41}, R"({"partition": 3, "offset": 42})"));
  EXPECT_TRUE(says(BlockReason::InvalidMessage, Offset{41}, "--dead-letter-topic"));
  EXPECT_TRUE(says(BlockReason::NoValidOffset, std::nullopt, R"({"partition": 3, "offset": N})"));
  EXPECT_TRUE(says(BlockReason::DlqRateLimited, std::nullopt, R"({"partition": 3, "offset": 0})"));  // skips nothing
  EXPECT_TRUE(says(BlockReason::BatchBlocked, std::nullopt, R"({"partition": 3, "resolution": "stored"})"));
}

}  // namespace
}  // namespace freshet::stream
