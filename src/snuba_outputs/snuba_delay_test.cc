#include "snuba_outputs/snuba_delay.h"

#include <gtest/gtest.h>

namespace freshet::snuba_outputs {
namespace {

using std::chrono::milliseconds;

TEST(SnubaDelayTest, DoublesWithHalfTheJitterEitherWayThenEnds) {
  SnubaDelay delay(7);
  const InsertOptions defaults;
  for (uint32_t failures = 1; failures <= 4; ++failures) {
    const auto full = milliseconds(500 << (failures - 1));
    for (int i = 0; i < 50; ++i) {
      const auto next = delay.next(defaults, failures);
      ASSERT_TRUE(next);
      EXPECT_GE(*next, full * 9 / 10);
      EXPECT_LE(*next, full * 11 / 10);
    }
  }
  EXPECT_FALSE(delay.next(defaults, 5));
  InsertOptions none;
  none.max_retries = 0;
  EXPECT_FALSE(delay.next(none, 1));
  InsertOptions exact;
  exact.retry_jitter_factor = 0;
  exact.retry_initial_backoff_ms = 10.6;
  exact.max_retries = 20;
  EXPECT_EQ(delay.next(exact, 1), milliseconds(11));
  EXPECT_EQ(delay.next(exact, 2), milliseconds(21));
}

}  // namespace
}  // namespace freshet::snuba_outputs
