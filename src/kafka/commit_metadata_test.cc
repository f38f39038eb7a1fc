#include "kafka/commit_metadata.h"

#include <gtest/gtest.h>

namespace freshet::kafka {
namespace {

void expect_round_trip(const CommitMetadata& metadata, const char* text) {
  EXPECT_EQ(metadata.text(), text);
  const auto read = parse_commit_metadata(text);
  ASSERT_TRUE(read) << text;
  EXPECT_EQ(read->partitions, metadata.partitions);
  EXPECT_EQ(read->plan, metadata.plan);
}

TEST(CommitMetadataTest, HasThePartitionsAndThePlan) {
  expect_round_trip({12, {}}, "freshet/1 partitions=12");
  expect_round_trip({12, "frontier=7 plan="}, "freshet/2 partitions=12 frontier=7 plan=");
}

TEST(CommitMetadataTest, TextBehindAKnownValueIsForLaterVersions) {
  const auto read = parse_commit_metadata("freshet/1 partitions=3 more");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->partitions, 3);
  EXPECT_TRUE(read->plan.empty());
}

TEST(CommitMetadataTest, EmptyMetadataSaysNothing) {
  const auto read = parse_commit_metadata("");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->partitions, 0);
  EXPECT_TRUE(read->plan.empty());
}

TEST(CommitMetadataTest, OtherMetadataIsUnknown) {
  for (const char* other :
       {"x", "freshet/1 partitions=", "freshet/1 partitions=0", "freshet/1 partitions=3x", "freshet/2 partitions=3",
        "freshet/2 partitions=3 ", "freshet/2 partitions=-3 plan", "freshet/3 partitions=3 plan", "freshet/1"}) {
    EXPECT_FALSE(parse_commit_metadata(other)) << other;
  }
}

}  // namespace
}  // namespace freshet::kafka
