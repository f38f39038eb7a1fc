// A thousand connections attack the admin server; `./dev soak` runs the attack for a minute.
#include <gtest/gtest.h>

#include <iostream>

#include "under_attack.h"

namespace freshet {
namespace {

TEST(HostileClientsTest, KeepNeitherHealthNorTheEndWaitingAndTakeNoMemory) {
  const UnderAttack seen = attack(1000, 8s);
  std::cout << seen.text() << '\n';
  EXPECT_GT(seen.connections, 1000u);
  EXPECT_EQ(seen.failed, 0) << seen.text();
  // Whoever waits for a slow client waits 5 s. Other tests on the machine can delay some.
  EXPECT_LT(seen.health_at(0.95), 4s) << seen.text();
  EXPECT_LT(seen.health_at(1), 60s) << seen.text();
  EXPECT_LT(seen.rss_most, seen.rss_before + (size_t{32} << 20)) << seen.text();
  EXPECT_EQ(seen.status, 0);
  EXPECT_LT(seen.end, 5 * seen.quiet_end + 4s) << seen.text();
}

}  // namespace
}  // namespace freshet
