#include "supervisor/schedule.h"

#include <gtest/gtest.h>

#include <limits>

namespace freshet::supervisor {
namespace {

using namespace std::chrono_literals;

SystemTime at(Duration since_1970) { return SystemTime(since_1970); }
constexpr std::chrono::seconds kHuge{std::numeric_limits<int64_t>::max()};

TEST(UntilTickTest, NoTickIsNoWait) {
  EXPECT_EQ(until_tick(at(1'790'000'001s), 0s), 0s);
  EXPECT_EQ(until_tick(at(1'790'000'001s), -5s), 0s);
  EXPECT_EQ(until_tick(at(1'790'000'001s), 1s), 0s);
}

TEST(UntilTickTest, WithinTheSecondOfATickIsNoWait) {
  EXPECT_EQ(until_tick(at(1'790'000'040s), 20s), 0s);
  EXPECT_EQ(until_tick(at(1'790'000'040s + 999'999'999ns), 20s), 0s);
  EXPECT_EQ(until_tick(at(0s), 20s), 0s);
}

TEST(UntilTickTest, OtherwiseItEndsOnTheTick) {
  EXPECT_EQ(until_tick(at(1'790'000'041s), 20s), 19s);
  EXPECT_EQ(until_tick(at(1'790'000'059s), 20s), 1s);
  EXPECT_EQ(until_tick(at(1'790'000'059s + 250ms), 20s), 750ms);
  EXPECT_EQ(until_tick(at(1s), kHuge) > 24h * 365, true);
  EXPECT_EQ(until_tick(at(1'790'000'001s), 1'790'000'100s), 99s);
}

TEST(RenewalDueTest, TheIntervalAfterTheStartSpreadOverTheJitter) {
  const SteadyTime begun{1000s};
  EXPECT_EQ(renewal_due(begun, begun, 900s, 0.1, 0), begun + 900s);
  EXPECT_EQ(renewal_due(begun, begun, 900s, 0.1, 0.5), begun + 945s);
  EXPECT_EQ(renewal_due(begun, begun, 900s, 0, 0.99), begun + 900s);
  EXPECT_LT(renewal_due(begun, begun, 900s, 0.1, 0.999), begun + 990s);
}

TEST(RenewalDueTest, AnOlderConsumerIsDueAtOnceSpreadOverTheJitter) {
  const SteadyTime begun{1000s};
  const SteadyTime changed = begun + 2000s;
  EXPECT_EQ(renewal_due(begun, changed, 900s, 0.1, 0), changed);
  EXPECT_EQ(renewal_due(begun, changed, 900s, 0.1, 0.5), changed + 45s);
  EXPECT_EQ(renewal_due(begun, changed, 3000s, 0.1, 0), begun + 3000s);
}

TEST(RenewalDueTest, AHugeIntervalIsFarAwayAndNoOverflow) {
  const SteadyTime begun{1000s};
  EXPECT_GT(renewal_due(begun, begun, kHuge, 1, 0.999), begun + 24h * 365 * 40);
  EXPECT_GT(never(begun), begun + 24h * 365 * 40);
}

}  // namespace
}  // namespace freshet::supervisor
