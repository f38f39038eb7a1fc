#include "clickhouse/retry_delay.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace freshet::clickhouse {
namespace {

TEST(RetryDelay, DoublesUpToItsCap) {
  using namespace std::chrono_literals;
  RetryDelay delay(1);
  Duration last{};
  for (int i = 0; i < 20; ++i) {
    const Duration full = std::min<Duration>(10s, 100ms * (1 << std::min(i, 16)));
    last = delay.next(ErrorClass::Transient);
    EXPECT_LE(last, full);
    EXPECT_GE(last, full * 3 / 4);
  }
  EXPECT_LE(delay.next(ErrorClass::Operator), 100ms) << "another error starts anew";
  for (int i = 0; i < 20; ++i) last = delay.next(ErrorClass::Operator);
  EXPECT_GE(last, 45s);
  delay.reset();
  EXPECT_LE(delay.next(ErrorClass::Operator), 100ms);
  EXPECT_GE(delay.next(ErrorClass::Overload), 375ms);
}

}  // namespace
}  // namespace freshet::clickhouse
