#include "kafka/continuity_check.h"

#include <gtest/gtest.h>

#include <atomic>
#include <semaphore>
#include <thread>

namespace freshet::kafka {
namespace {

using std::chrono::seconds;

constexpr SteadyTime kNow{std::chrono::hours(1)};

// A broker that answers when the test says so.
class ContinuityCheckTest : public testing::Test {
 protected:
  void answer(std::optional<bool> says) {
    says_ = says;
    may_answer_.release();
    if (says) answered_.acquire();
  }

  std::atomic<int> asked_{0};
  std::optional<bool> says_;
  std::counting_semaphore<> may_answer_{0};
  std::counting_semaphore<> answered_{0};
  ContinuityCheck check_{[this](const std::stop_token&) {
                           ++asked_;
                           may_answer_.acquire();
                           return says_;
                         },
                         [this] { answered_.release(); }};
};

TEST_F(ContinuityCheckTest, TheAnswerIsTakenOnce) {
  check_.ask(kNow);
  EXPECT_EQ(check_.take(), std::nullopt) << "nothing was said yet";
  answer(false);
  EXPECT_EQ(check_.take(), false);
  EXPECT_EQ(check_.take(), std::nullopt);
}

// A member that has left is not listed by any broker.
TEST_F(ContinuityCheckTest, NotShownAfterTheMembershipEndedSaysNothingOfTheBroker) {
  check_.ask(kNow);
  check_.membership_ends();
  answer(false);
  EXPECT_EQ(check_.take(), std::nullopt);
  check_.ask(kNow + seconds(5));
  answer(false);
  check_.membership_ends();
  EXPECT_EQ(check_.take(), std::nullopt) << "also when the answer was on its way already";
  check_.ask(kNow + seconds(10));
  answer(false);
  EXPECT_EQ(check_.take(), false) << "of a membership that lasted it is an answer";
}

TEST_F(ContinuityCheckTest, WhoIsShownIsKeptWhateverCameSince) {
  check_.ask(kNow);
  check_.membership_ends();
  answer(true);
  EXPECT_EQ(check_.take(), true);
}

TEST_F(ContinuityCheckTest, ABrokerThatSaidNothingIsAskedAgainAfterAWhile) {
  check_.ask(kNow);
  check_.ask(kNow + seconds(60));  // the first query is still running
  answer(std::nullopt);
  while (asked_ < 2) {
    std::this_thread::yield();
    check_.ask(kNow + seconds(65));
    check_.ask(kNow + seconds(66));
  }
  answer(true);
  EXPECT_EQ(check_.take(), true);
  EXPECT_EQ(asked_, 2);
}

}  // namespace
}  // namespace freshet::kafka
