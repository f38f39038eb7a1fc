#include "base/log_limiter.h"

#include <gtest/gtest.h>

#include <string>

namespace freshet {
namespace {

using std::chrono::seconds;

TEST(LogLimiterTest, EachSubjectIsAdmittedAtOnceAndThenOnceAMinute) {
  LogLimiter<std::string> limiter;
  const SteadyTime start{};
  EXPECT_EQ(limiter.admit("a", start), 0u);
  EXPECT_EQ(limiter.admit("b", start + seconds(1)), 0u);
  for (int i = 2; i < 60; ++i) EXPECT_EQ(limiter.admit("a", start + seconds(i)), std::nullopt);
  EXPECT_EQ(limiter.admit("a", start + seconds(60)), 58u);
  EXPECT_EQ(limiter.admit("b", start + seconds(60)), std::nullopt);
  EXPECT_EQ(limiter.admit("a", start + seconds(120)), 0u);
}

TEST(LogLimiterTest, AResolvedSubjectIsAdmittedAtOnce) {
  LogLimiter<int> limiter;
  const SteadyTime start{};
  EXPECT_FALSE(limiter.resolve(1));
  limiter.admit(1, start);
  limiter.admit(2, start);
  EXPECT_TRUE(limiter.resolve(1));
  EXPECT_FALSE(limiter.resolve(1));
  EXPECT_EQ(limiter.admit(1, start), 0u);
  EXPECT_TRUE(limiter.resolve_if([](int subject) { return subject == 2; }));
  EXPECT_FALSE(limiter.resolve_if([](int subject) { return subject == 2; }));
  EXPECT_EQ(limiter.admit(2, start), 0u);
  EXPECT_EQ(limiter.size(), 2u);
  limiter.resolve_all();
  EXPECT_EQ(limiter.size(), 0u);
}

}  // namespace
}  // namespace freshet
