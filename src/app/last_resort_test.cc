#include "app/last_resort.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "app/signals.h"
#include "testkit/no_more_threads.h"

// The sanitizers have their own allocator, which ends the process.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

namespace freshet::app {
namespace {

// Limits the address space to `more` bytes beyond its current size. Death tests run in their own processes.
void limit_memory(size_t more) {
  size_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  const size_t bytes = pages * static_cast<size_t>(getpagesize()) + more;
  const rlimit limit{bytes, bytes};
  setrlimit(RLIMIT_AS, &limit);
}

void take_until(const std::stop_token& stop) {
  std::vector<std::unique_ptr<char[]>> taken;
  while (!stop.stop_requested()) {
    if (!out_of_memory()) taken.push_back(std::make_unique<char[]>(1 << 20));
  }
}

void start_one_whatever_happens() noexcept {
  std::jthread([] {});
}

struct LastResortDeathTest : testing::Test {
  LastResortDeathTest() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

TEST_F(LastResortDeathTest, TheFirstAllocationThatFailsIsAStopInOrder) {
  EXPECT_EXIT(
      {
        std::stop_source stop;
        int signals = 0;
        const SignalWatcher watcher({SIGTERM}, [&](int) { ++signals; },
                                    {watch_for_shortage_of_memory(), [&] { stop.request_stop(); }});
        limit_memory(64 << 20);
        take_until(stop.get_token());
        std::exit(out_of_memory() && signals == 0 ? kOutOfMemory : 0);
      },
      testing::ExitedWithCode(kOutOfMemory), "memory is short: it stops in order");
}

TEST_F(LastResortDeathTest, WhatNobodyCatchesEndsWithASentence) {
  EXPECT_EXIT(
      {
        watch_for_shortage_of_memory();
        limit_memory(64 << 20);
        std::jthread([] { const std::string much(size_t{1} << 40, 'x'); });
      },
      testing::ExitedWithCode(kOutOfMemory), "memory is short: it ends at once");
  EXPECT_EXIT(
      {
        watch_for_shortage_of_memory();
        limit_memory(64 << 20);
        []() noexcept { const std::string much(size_t{1} << 40, 'x'); }();
      },
      testing::ExitedWithCode(kOutOfMemory), "memory is short: it ends at once");
  EXPECT_EXIT(
      {
        watch_for_shortage_of_memory();
        std::jthread([] { throw std::string("of a message"); });
      },
      testing::KilledBySignal(SIGABRT), "ended by an uncaught exception: .*basic_string");
}

// The shortage occurs before anybody waits for the descriptor, as early in the start.
TEST_F(LastResortDeathTest, WhoeverWaitsLaterIsToldToo) {
  EXPECT_EXIT(
      {
        const int is_short = watch_for_shortage_of_memory();
        limit_memory(64 << 20);
        std::vector<std::unique_ptr<char[]>> taken;
        while (!out_of_memory()) taken.push_back(std::make_unique<char[]>(1 << 20));
        std::stop_source stop;
        const SignalWatcher watcher({SIGTERM}, [](int) {}, {is_short, [&] { stop.request_stop(); }});
        take_until(stop.get_token());
        std::exit(kOutOfMemory);
      },
      testing::ExitedWithCode(kOutOfMemory), "memory is short: it stops in order");
}

// What a C library does when it gets no memory.
TEST_F(LastResortDeathTest, ALibraryThatGivesUpForWantOfMemoryIsNoAbort) {
  EXPECT_EXIT(
      {
        watch_for_shortage_of_memory();
        limit_memory(1 << 20);
        std::abort();
      },
      testing::ExitedWithCode(kOutOfMemory), "memory is short");
  EXPECT_EXIT(
      {
        watch_for_shortage_of_memory();
        std::abort();
      },
      testing::KilledBySignal(SIGABRT), "");
}

TEST_F(LastResortDeathTest, NorForWantOfAThread) {
  EXPECT_EXIT(
      {
        watch_for_shortage_of_memory();
        const testkit::NoMoreThreads limit;
        std::abort();
      },
      testing::ExitedWithCode(kOutOfMemory), "refuses a new thread: raise the limit of processes");
  EXPECT_EXIT(
      {
        watch_for_shortage_of_memory();
        const testkit::NoMoreThreads limit;
        start_one_whatever_happens();
      },
      testing::ExitedWithCode(kOutOfMemory), "refuses a new thread: raise the limit of processes");
}

}  // namespace
}  // namespace freshet::app

#endif
