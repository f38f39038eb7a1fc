#include "testkit/no_more_threads.h"

#include <gtest/gtest.h>

#include "base/threads.h"

namespace freshet::testkit {
namespace {

TEST(NoMoreThreadsTest, AThreadThatTheSystemRefusesIsAnAnswerUntilThereIsRoom) {
  {
    const NoMoreThreads limit;
    const auto refused = start_thread("test", [] {});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::Retry);
    EXPECT_NE(refused.error().text.find("ulimit -u"), std::string::npos) << refused.error().text;
  }
  EXPECT_TRUE(start_thread("test", [] {}));
}

TEST(NoMoreThreadsTest, WhetherThereIsRoomIsKnownBeforeItIsNeeded) {
  EXPECT_TRUE(room_for_threads(20));
  const NoMoreThreads limit;
  EXPECT_FALSE(room_for_threads(1));
  EXPECT_TRUE(room_for_threads(0));
}

}  // namespace
}  // namespace freshet::testkit
