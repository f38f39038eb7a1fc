#include "ports/failure_latch.h"

#include <gtest/gtest.h>

namespace freshet {
namespace {

TEST(FailureLatchTest, OneResetActsOnAllFailuresReportedSoFar) {
  FailureLatch latch;
  EXPECT_FALSE(latch.latched());
  for (int i = 0; i < 3; ++i) {
    latch.begin();
    EXPECT_TRUE(latch.latched()) << "before the report";
    latch.end();
  }
  EXPECT_TRUE(latch.latched());
  latch.reset();
  EXPECT_FALSE(latch.latched());
  latch.reset();
  EXPECT_FALSE(latch.latched()) << "without failures it has no effect";
}

// The caller resets, takes its results, and the failure arrives behind them.
TEST(FailureLatchTest, AFailureThatIsBeingReportedStaysLatched) {
  FailureLatch latch;
  latch.begin();
  latch.reset();
  EXPECT_TRUE(latch.latched());
  latch.end();
  EXPECT_TRUE(latch.latched());
  latch.reset();
  EXPECT_FALSE(latch.latched());
}

}  // namespace
}  // namespace freshet
