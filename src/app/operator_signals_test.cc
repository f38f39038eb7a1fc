#include "app/operator_signals.h"

#include <gtest/gtest.h>

#include <csignal>

namespace freshet::app {
namespace {

struct OperatorSignalsTest : testing::Test {
  void attach() {
    signals.attach({[this] { ++renewals; }, [this] { return std::exchange(waits, false); }});
  }
  bool stopped() const { return signals.stop().stop_requested(); }

  int exits = 0;
  int renewals = 0;
  bool waits = false;
  OperatorSignals signals{[this] { ++exits; }};
};

TEST_F(OperatorSignalsTest, TheFirstStopsAndTheSecondEndsTheProcess) {
  attach();
  signals.on_signal(SIGTERM);
  EXPECT_TRUE(stopped());
  EXPECT_EQ(exits, 0);
  signals.on_signal(SIGINT);
  EXPECT_EQ(exits, 1);
}

TEST_F(OperatorSignalsTest, DuringTheWaitOfAStopTheSecondEndsTheWaitAndTheThirdTheProcess) {
  attach();
  waits = true;
  signals.on_signal(SIGTERM);
  EXPECT_TRUE(waits);
  signals.on_signal(SIGTERM);
  EXPECT_FALSE(waits);
  EXPECT_EQ(exits, 0);
  signals.on_signal(SIGHUP);
  EXPECT_EQ(exits, 1);
}

TEST_F(OperatorSignalsTest, Usr1RenewsAndIsNoStop) {
  signals.on_signal(SIGUSR1);  // nobody is there yet
  attach();
  signals.on_signal(SIGUSR1);
  signals.on_signal(SIGUSR1);
  EXPECT_EQ(renewals, 2);
  EXPECT_FALSE(stopped());
  signals.detach();
  signals.on_signal(SIGUSR1);
  EXPECT_EQ(renewals, 2);
  signals.on_signal(SIGTERM);
  EXPECT_TRUE(stopped());
  EXPECT_EQ(exits, 0);
}

}  // namespace
}  // namespace freshet::app
