#include "delivery/token_bucket.h"

#include <gtest/gtest.h>

namespace freshet::delivery {
namespace {

using std::chrono::seconds;

int taken(TokenBucket& bucket, SteadyTime now) {
  int count = 0;
  while (count < 1000 && bucket.take(now)) ++count;
  return count;
}

TEST(TokenBucketTest, ABurstAndThenTheRate) {
  SteadyTime now{seconds(100)};
  TokenBucket bucket(2, 10, now);
  EXPECT_EQ(taken(bucket, now), 10);
  EXPECT_EQ(taken(bucket, now + seconds(3)), 6);
  EXPECT_EQ(taken(bucket, now + seconds(3)), 0);
  EXPECT_EQ(taken(bucket, now + seconds(1000)), 10) << "no more than the burst";
}

TEST(TokenBucketTest, AnotherLimitFillsItAndTheSameDoesNot) {
  const SteadyTime now{seconds(100)};
  TokenBucket bucket(1, 3, now);
  EXPECT_EQ(taken(bucket, now), 3);
  EXPECT_FALSE(bucket.set_limit(1, 3, now));
  EXPECT_EQ(taken(bucket, now), 0);
  EXPECT_TRUE(bucket.set_limit(1, 4, now));
  EXPECT_EQ(taken(bucket, now), 4);
  bucket.fill(now);
  EXPECT_EQ(taken(bucket, now), 4);
}

TEST(TokenBucketTest, ARateOfZeroIsNoLimit) {
  TokenBucket bucket(0, 1, {});
  EXPECT_EQ(taken(bucket, {}), 1000);
}

}  // namespace
}  // namespace freshet::delivery
