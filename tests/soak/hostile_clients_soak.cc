// A minute under attack with the documented limits; prints its measurements. `./dev soak`.
#include <gtest/gtest.h>

#include <iostream>

#include "../integration/under_attack.h"

namespace freshet {
namespace {

TEST(HostileClientsSoakTest, AMinuteUnderAttack) {
  const UnderAttack seen = attack(1000, 60s);
  std::cout << seen.text() << '\n';
  EXPECT_EQ(seen.failed, 0);
  EXPECT_LT(seen.health_at(1), 1s);
  EXPECT_LT(seen.rss_most, seen.rss_before + (size_t{32} << 20));
  EXPECT_EQ(seen.status, 0);
  EXPECT_LT(seen.end, seen.quiet_end + 1s);
}

}  // namespace
}  // namespace freshet
