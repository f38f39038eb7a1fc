#include "app/signals.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "base/mailbox.h"

namespace freshet::app {
namespace {

TEST(SignalWatcherTest, TellsOfSignalsAndEndsWhenDestroyed) {
  Mailbox<int> seen(4);
  {
    SignalWatcher watcher({SIGUSR2}, [&](int signal) { seen.push(signal); });
    kill(getpid(), SIGUSR2);
    EXPECT_EQ(seen.pop(), SIGUSR2);
    kill(getpid(), SIGUSR2);
    EXPECT_EQ(seen.pop(), SIGUSR2);
  }
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR2);
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

}  // namespace
}  // namespace freshet::app
