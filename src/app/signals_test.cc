#include "app/signals.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "base/mailbox.h"

namespace freshet::app {
namespace {

TEST(SignalWatcherTest, CountsSignalsAndEndsWhenDestroyed) {
  Mailbox<std::pair<int, int>> seen(4);
  {
    SignalWatcher watcher({SIGUSR2}, [&](int signal, int count) {
      std::pair<int, int> item{signal, count};
      seen.push(item);
    });
    kill(getpid(), SIGUSR2);
    EXPECT_EQ(seen.pop(), (std::pair<int, int>{SIGUSR2, 1}));
    kill(getpid(), SIGUSR2);
    EXPECT_EQ(seen.pop(), (std::pair<int, int>{SIGUSR2, 2}));
  }
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR2);
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

}  // namespace
}  // namespace freshet::app
