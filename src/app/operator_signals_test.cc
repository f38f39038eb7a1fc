#include "app/operator_signals.h"

#include <gtest/gtest.h>

#include <csignal>

namespace freshet::app {
namespace {

struct OperatorSignalsTest : testing::Test {
  void attach() {
    signals.attach({[this] { ++renewals; }, [this] { return std::exchange(waits, false); }, [this] { ++emergencies; }});
  }
  bool stopped() const { return signals.stop().stop_requested(); }

  int exits = 0;
  int renewals = 0;
  int emergencies = 0;
  bool waits = false;
  OperatorSignals::Exit last = OperatorSignals::Exit::NothingBegun;
  OperatorSignals signals{[this](OperatorSignals::Exit why) {
    ++exits;
    last = why;
  }};
};

TEST_F(OperatorSignalsTest, TheFirstStopsAndTheSecondEndsTheProcess) {
  attach();
  signals.on_signal(SIGTERM);
  EXPECT_TRUE(stopped());
  EXPECT_EQ(exits, 0);
  signals.on_signal(SIGINT);
  EXPECT_EQ(exits, 1);
  EXPECT_EQ(last, OperatorSignals::Exit::CutShort);
}

TEST_F(OperatorSignalsTest, BeforeAnythingRunsTheFirstEndsTheProcess) {
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) {
    exits = 0;
    signals.on_signal(signal);
    EXPECT_EQ(exits, 1);
    EXPECT_EQ(last, OperatorSignals::Exit::NothingBegun);
    EXPECT_FALSE(stopped());
  }
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

// An orchestrator stops the process at the moment in which memory becomes short.
TEST_F(OperatorSignalsTest, TheFirstDuringAnEmergencyIsNoSecond) {
  for (const int first : {SIGTERM, SIGINT, SIGHUP}) {
    OperatorSignals other{[this](OperatorSignals::Exit) { ++exits; }};
    other.on_emergency();
    EXPECT_TRUE(other.stop().stop_requested());
    other.on_signal(first);
    EXPECT_EQ(exits, 0);
    other.on_signal(SIGTERM);
    EXPECT_EQ(std::exchange(exits, 0), 1);
  }
}

TEST_F(OperatorSignalsTest, AnEmergencyAfterTheFirstUsesNoSecondUp) {
  attach();
  waits = true;
  signals.on_signal(SIGTERM);
  signals.on_emergency();
  EXPECT_EQ(emergencies, 1);
  EXPECT_TRUE(waits);  // the running command ends its wait itself, and so knows what the operator's next signal means
  signals.on_signal(SIGTERM);
  EXPECT_FALSE(waits);
  EXPECT_EQ(exits, 0);
  signals.on_signal(SIGTERM);
  EXPECT_EQ(exits, 1);
}

TEST_F(OperatorSignalsTest, WhoIsAttachedDuringAnEmergencyIsTold) {
  signals.on_emergency();
  EXPECT_EQ(emergencies, 0);
  attach();
  EXPECT_EQ(emergencies, 1);
  signals.detach();
}

TEST_F(OperatorSignalsTest, Usr1RenewsAndIsNoStop) {
  signals.on_signal(SIGUSR1);  // no command runs yet
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
