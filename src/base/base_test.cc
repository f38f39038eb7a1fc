#include <gtest/gtest.h>
#include <malloc.h>

#include <memory>
#include <new>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/allocation_limit.h"
#include "base/base64url.h"
#include "base/byte_budget.h"
#include "base/clock.h"
#include "base/freed_memory.h"
#include "base/log.h"
#include "base/mailbox.h"
#include "base/metrics.h"
#include "base/percent.h"
#include "base/snapshot.h"

namespace freshet {
namespace {

using namespace std::chrono_literals;

TEST(PercentTest, DecodesWhatIsEncodedAndNothingElse) {
  EXPECT_EQ(percent_decoded("p%40ss%3aw%2Frd%25"), "p@ss:w/rd%");
  EXPECT_EQ(percent_decoded("100%"), "100%");
  EXPECT_EQ(percent_decoded("%4"), "%4");
  EXPECT_EQ(percent_decoded("%zz%+5%1g"), "%zz%+5%1g");
  EXPECT_EQ(percent_decoded(""), "");
}

TEST(Base64urlTest, DecodesWhatIsEncodedAndNothingElse) {
  // RFC 4648, section 10, and the two digits that differ from Base64.
  for (const auto& [bytes, text] :
       {std::pair("", ""), std::pair("f", "Zg"), std::pair("fo", "Zm8"), std::pair("foo", "Zm9v"),
        std::pair("foob", "Zm9vYg"), std::pair("fooba", "Zm9vYmE"), std::pair("foobar", "Zm9vYmFy"),
        std::pair("\xFB\xFF\xFE", "-__-")}) {
    EXPECT_EQ(to_base64url(bytes), text);
    EXPECT_EQ(from_base64url(text), bytes);
  }
  for (const char* text : {"Zg==", "Zm+v", "Zm/v", " "}) EXPECT_FALSE(from_base64url(text)) << text;
}

TEST(FreedMemoryTest, IsGivenBackWhereTheProcessIsLargeAndHasGrown) {
  uint64_t mib = 100;
  uint64_t held = 0;
  int given_back = 0;
  FreedMemory freed(200 << 20, {[&] { return std::optional(mib << 20); },
                                [&] {
                                  ++given_back;
                                  mib = held;
                                }});
  SteadyTime now{1h};
  const auto look = [&](uint64_t resident) {
    mib = resident;
    freed.look(now += 10ms);
    return given_back;
  };
  EXPECT_EQ(look(200), 0);
  held = 150;
  EXPECT_EQ(look(201), 1);
  held = 300;
  EXPECT_EQ(look(301), 2);
  EXPECT_EQ(look(310), 2);  // everything is in use: nothing to return
  EXPECT_EQ(look(317), 3);
  held = 100;
  EXPECT_EQ(look(150), 3);  // it shrank without a call
  EXPECT_EQ(look(201), 4);
}

TEST(FreedMemoryTest, LooksEveryTenMillisecondsAtMost) {
  int looks = 0;
  FreedMemory freed(1, {[&] {
                          ++looks;
                          return std::nullopt;
                        },
                        [] { FAIL(); }});
  for (int ms = 0; ms < 100; ++ms) freed.look(SteadyTime{1h} + ms * 1ms);
  EXPECT_EQ(looks, 10);
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // sanitizers have their own allocator
TEST(MapLargeBlocksTest, ALargeBlockGoesBackAlsoAfterALargerOneWasFreed) {
  map_large_blocks();
  const auto mapped = [] { return mallinfo2().hblkhd; };
  const size_t before = mapped();
  { const auto larger = std::make_unique_for_overwrite<char[]>(30 << 20); }
  const auto block = std::make_unique_for_overwrite<char[]>(9 << 20);
  EXPECT_GE(mapped(), before + (9 << 20));
  const auto small = std::make_unique_for_overwrite<char[]>(4 << 20);
  EXPECT_LT(mapped(), before + (13 << 20));
}

TEST(ShareFreedMemoryTest, ManyThreadsHaveTwoArenas) {
  const auto arenas = [] {
    char* text = nullptr;
    size_t size = 0;
    FILE* const out = open_memstream(&text, &size);
    malloc_info(0, out);
    std::fclose(out);
    const std::string info(text, size);
    std::free(text);
    size_t count = 0;
    for (size_t at = info.find("<heap nr"); at != std::string::npos; at = info.find("<heap nr", at + 1)) ++count;
    return count;
  };
  share_freed_memory();
  const size_t before = arenas();
  std::vector<std::jthread> threads;
  std::atomic<int> allocated = 0;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&](const std::stop_token& stop) {
      const std::vector<char> some(100'000);
      ++allocated;
      while (!stop.stop_requested()) std::this_thread::yield();
    });
  }
  while (allocated < 8) std::this_thread::yield();
  EXPECT_LE(arenas(), std::max<size_t>(before, 2));
}
#endif

TEST(FreedMemoryTest, TheSystemSaysHowMuchTheProcessHas) {
  const auto before = FreedMemory::real_system().resident();
  const std::vector<char> touched(64 << 20, 'x');
  const auto after = FreedMemory::real_system().resident();
  ASSERT_TRUE(before && after);
  EXPECT_GE(*after, *before + (60 << 20));
  EXPECT_LE(*after, *before + (1 << 30));  // bytes; sanitizers add shadow memory
}

TEST(AllocationLimitTest, AThreadThatHoldsMoreThanItMayGetsNone) {
  std::vector<std::string> kept;
  const auto fill = [&] {
    for (int i = 0; i < 100; ++i) kept.emplace_back(100'000, 'x');
  };
  {
    const AllocationLimit limit(5'000'000);
    EXPECT_THROW(fill(), std::bad_alloc);
    EXPECT_GT(limit.grown(), 4'800'000);
    EXPECT_LE(limit.grown(), 5'000'000);
    kept.clear();
    EXPECT_LT(limit.grown(), 100'000);
    for (int i = 0; i < 100; ++i) std::string(1'000'000, 'x');  // freed memory does not count
    std::jthread([] { std::string(9'000'000, 'x'); }).join();   // each thread has its own
  }
  fill();
  EXPECT_EQ(kept.size(), 100u);
}

TEST(ByteBudgetTest, ChargesCountAsLongAsTheyLive) {
  const auto budget = std::make_shared<ByteBudget>(80);
  Charge one(budget, 50);
  {
    Charge two = one.another(40);
    EXPECT_EQ(budget->held(), 90u);
    EXPECT_TRUE(budget->has_room());
    two.resize(41);
    EXPECT_FALSE(one.has_room());
    one = std::move(two);
    EXPECT_EQ(budget->held(), 41u);
  }
  EXPECT_EQ(budget->held(), 41u);
  one = Charge();
  EXPECT_EQ(budget->held(), 0u);
}

TEST(ByteBudgetTest, WhatIsReservedIsNotPromisedTwice) {
  const auto budget = std::make_shared<ByteBudget>(80);  // and 10 beyond
  const Charge held(budget, 50);
  EXPECT_TRUE(held.has_room(40));
  EXPECT_FALSE(held.has_room(41));
  auto first = Reservation::with_room(budget, 30);
  ASSERT_TRUE(first);
  EXPECT_FALSE(Reservation::with_room(budget, 30)) << "there was room when the first one asked";
  EXPECT_FALSE(held.another_with_room(30));
  EXPECT_EQ(budget->held(), 50u);
  EXPECT_EQ(budget->promised(), 30u);
  EXPECT_TRUE(held.another_with_room(10));
  EXPECT_TRUE(Charge().another_with_room(1'000)) << "no budget";
  first->release();
  EXPECT_EQ(budget->used(), 50u);
}

// It would begin a pause.
TEST(ByteBudgetTest, APromiseIsAtNoTimeSeenAsHeld) {
  const auto budget = std::make_shared<ByteBudget>(80);
  const Charge held(budget, 5);
  std::jthread reserves([&](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      (void)Reservation::with_room(budget, 60);
      (void)Reservation(budget, 60);
      (void)Reservation::with_room(budget, 1'000);
    }
  });
  uint64_t most = 0;
  for (int i = 0; i < 1'000'000; ++i) most = std::max(most, budget->held());
  EXPECT_EQ(most, 5u);
}

TEST(ByteBudgetTest, AReservationBecomesCharges) {
  const auto budget = std::make_shared<ByteBudget>(80);
  {
    Reservation reserved(budget, 30);
    const Charge first = reserved.charge(20);
    EXPECT_EQ(budget->held(), 20u);
    EXPECT_EQ(budget->promised(), 10u);
    const Charge second = reserved.charge(25);
    EXPECT_EQ(budget->held(), 45u) << "what was not reserved is taken anyway";
    EXPECT_EQ(budget->promised(), 0u);
    Reservation moved = std::move(reserved);
    moved = Reservation(budget, 5);
    EXPECT_EQ(budget->used(), 50u);
  }
  EXPECT_EQ(budget->used(), 0u);
}

TEST(ByteBudgetTest, RoomIsAwaited) {
  const auto budget = std::make_shared<ByteBudget>(80);
  for (int round = 0; round < 100; ++round) {
    Charge held(budget, 90);
    std::jthread waits(
        [&](const std::stop_token& stop) { EXPECT_TRUE(budget->wait(stop, [&] { return budget->has_room(50); })); });
    if (round % 2 == 0) std::this_thread::yield();
    held.resize(50);
    held.resize(40);
    waits.join();
  }
  std::jthread stopped([&](const std::stop_token& stop) { EXPECT_FALSE(budget->wait(stop, [] { return false; })); });
}

TEST(MailboxTest, RefusesWhenFullAndKeepsTheItemWithTheSender) {
  Mailbox<std::unique_ptr<int>> box(1);
  auto first = std::make_unique<int>(1);
  auto second = std::make_unique<int>(2);
  EXPECT_TRUE(box.try_push(first));
  EXPECT_FALSE(box.try_push(second));
  ASSERT_NE(second, nullptr);
  EXPECT_EQ(**box.pop(), 1);
  EXPECT_TRUE(box.try_push(second));
}

TEST(MailboxTest, APopThatWaitsIsEndedByAStopRequest) {
  Mailbox<int> box(1);
  std::stop_source stop;
  std::jthread stopper([&] { stop.request_stop(); });
  EXPECT_EQ(box.pop(stop.get_token()), std::nullopt);
}

TEST(MailboxTest, CloseLetsTheRestOutAndEndsTheWait) {
  Mailbox<int> box(2);
  int item = 7;
  EXPECT_TRUE(box.push(item));
  box.close();
  EXPECT_FALSE(box.push(item));
  EXPECT_EQ(box.pop(), 7);
  EXPECT_EQ(box.pop(), std::nullopt);
}

TEST(MailboxTest, EachPushWakesTheConsumerThatWaitsElsewhere) {
  int wakes = 0;
  Mailbox<int> box(2, [&] { ++wakes; });
  int item = 1;
  box.try_push(item);
  box.try_push(item);
  box.try_push(item);
  EXPECT_EQ(wakes, 2);
}

TEST(ClockTest, SleepEndsAtOnceOnAStopRequest) {
  RealClock clock;
  std::stop_source stop;
  stop.request_stop();
  EXPECT_FALSE(sleep_interruptibly(clock, stop.get_token(), 1h));
  EXPECT_TRUE(sleep_interruptibly(clock, std::stop_source().get_token(), 1ms));
}

TEST(MetricsTest, SameNameAndLabelsGiveTheSameHandle) {
  Metrics metrics;
  metrics.counter("x_total", "help", {{"a", "1"}}).add(2);
  metrics.counter("x_total", "help", {{"a", "1"}}).add();
  EXPECT_EQ(metrics.counter("x_total", "help", {{"a", "1"}}).value(), 3u);
  EXPECT_EQ(metrics.counter("x_total", "help", {{"a", "2"}}).value(), 0u);
}

TEST(MetricsTest, ASecondsCounterNeverGoesBack) {
  using std::chrono::milliseconds;
  Metrics metrics;
  SecondsCounter& counter = metrics.seconds_counter("freshet_some_seconds_total", "");
  counter.add(milliseconds(1500));
  counter.add(milliseconds(-3000));
  EXPECT_EQ(counter.value(), 1.5);
  counter.advance_to(milliseconds(2500));
  counter.advance_to(milliseconds(2000));
  EXPECT_EQ(counter.value(), 2.5);
}

TEST(MetricsTest, HistogramCountsIntoTheFirstBucketThatHolds) {
  Histogram histogram({1, 2});
  histogram.observe(1);
  histogram.observe(1.5);
  histogram.observe(9);
  EXPECT_EQ(histogram.bucket(0), 1u);
  EXPECT_EQ(histogram.bucket(1), 1u);
  EXPECT_EQ(histogram.bucket(2), 1u);
  EXPECT_DOUBLE_EQ(histogram.sum(), 11.5);
}

TEST(MetricsTest, ARemovedGaugeIsNotShownAnyMore) {
  Metrics metrics;
  metrics.gauge("lag", "help", {{"partition", "0"}}).set(1);
  metrics.gauge("lag", "help", {{"partition", "1"}}).set(1);
  metrics.remove_gauge("lag", {{"partition", "0"}});
  size_t samples = 0;
  metrics.visit([&](const Metrics::Family& family) { samples += family.samples.size(); });
  EXPECT_EQ(samples, 1u);
}

TEST(SnapshotTest, AReaderKeepsTheValueItTook) {
  Snapshot<int> snapshot(1);
  const auto before = snapshot.get();
  snapshot.set(2);
  EXPECT_EQ(*before, 1);
  EXPECT_EQ(*snapshot.get(), 2);
}

TEST(LogTest, LevelsHaveNames) {
  EXPECT_EQ(log_level_from("warning"), LogLevel::Warn);
  EXPECT_EQ(log_level_from("loud"), std::nullopt);
}

}  // namespace
}  // namespace freshet
