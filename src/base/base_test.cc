#include <gtest/gtest.h>

#include <memory>
#include <thread>

#include "base/clock.h"
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
