#include "app/signals.h"

#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/mailbox.h"

namespace freshet::app {
namespace {

void unblock(int signal) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, signal);
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

TEST(SignalWatcherTest, TellsOfSignalsAndEndsWhenDestroyed) {
  Mailbox<int> seen(4);
  {
    SignalWatcher watcher({SIGUSR2}, [&](int signal) { seen.push(signal); });
    kill(getpid(), SIGUSR2);
    EXPECT_EQ(seen.pop(), SIGUSR2);
    kill(getpid(), SIGUSR2);
    EXPECT_EQ(seen.pop(), SIGUSR2);
  }
  unblock(SIGUSR2);
}

TEST(SignalWatcherTest, TellsOnceOfADescriptorAndGoesOnWithSignals) {
  Mailbox<int> seen(4);
  const int descriptor = eventfd(1, EFD_CLOEXEC);
  {
    SignalWatcher watcher({SIGUSR2}, [&](int signal) { seen.push(signal); },
                          {descriptor, [&, told = -1]() mutable { seen.push(told); }});
    EXPECT_EQ(seen.pop(), -1);
    kill(getpid(), SIGUSR2);
    EXPECT_EQ(seen.pop(), SIGUSR2);
  }
  seen.close();
  EXPECT_EQ(seen.pop(), std::nullopt);
  close(descriptor);
  unblock(SIGUSR2);
}

}  // namespace
}  // namespace freshet::app
