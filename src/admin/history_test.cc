#include "admin/history.h"

#include <gtest/gtest.h>

#include <atomic>
#include <nlohmann/json.hpp>

#include "testkit/fake_clock.h"

namespace freshet::admin {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

PartitionStatus partition(int32_t id, int64_t position, int64_t lag) {
  PartitionStatus out;
  out.partition = Partition{id};
  out.position = Offset{position};
  out.lag = lag;
  return out;
}

HistoryReading reading(uint64_t rows, std::vector<PartitionStatus> partitions = {}) {
  HistoryReading out;
  out.stream.rows_written = rows;
  out.stream.partitions = std::move(partitions);
  return out;
}

struct HistoryTest : testing::Test {
  // A sample, ten seconds after the last one.
  void add(HistoryReading one) {
    clock.advance(10s);
    history.add(std::move(one));
  }
  json shown() const { return json::parse(history.json()); }

  testkit::FakeClock clock;
  History history{clock};
};

TEST_F(HistoryTest, IsEmptyAtFirst) {
  EXPECT_EQ(shown().at("at_ms"), json::array());
  EXPECT_EQ(shown().at("partitions"), json::array());
  EXPECT_EQ(shown().at("renewals"), json::array());
}

TEST_F(HistoryTest, RatesAreThoseSinceTheLastSample) {
  add(reading(1000, {partition(0, 500, 7)}));
  add(reading(3000, {partition(0, 900, 20), partition(1, 5, 0)}));
  const json now = shown();
  EXPECT_EQ(now.at("rows_per_second"), json({nullptr, 200}));
  EXPECT_EQ(now.at("lag"), json({7, 20}));
  EXPECT_EQ(now.at("partitions").at(0).at("lag"), json({7, 20}));
  EXPECT_EQ(now.at("partitions").at(0).at("messages_per_second"), json({nullptr, 40}));
  EXPECT_EQ(now.at("partitions").at(1).at("lag"), json({nullptr, 0})) << "it was not assigned before";
  EXPECT_EQ(now.at("at_ms").at(1).get<int64_t>() - now.at("at_ms").at(0).get<int64_t>(), 10'000);
}

TEST_F(HistoryTest, ACountThatFallsHasNoRate) {
  add(reading(1000, {partition(0, 500, 0)}));
  add(reading(10, {partition(0, 400, 0)}));
  EXPECT_TRUE(shown().at("rows_per_second").at(1).is_null());
  EXPECT_TRUE(shown().at("partitions").at(0).at("messages_per_second").at(1).is_null());
}

TEST_F(HistoryTest, ForgetsWhatIsOlderThanAnHour) {
  for (uint64_t i = 0; i < History::kSamples + 5; ++i) add(reading(i * 10));
  const json now = shown();
  EXPECT_EQ(now.at("at_ms").size(), History::kSamples);
  EXPECT_EQ(now.at("rows_per_second").size(), History::kSamples);
  EXPECT_EQ(now.at("rows_per_second").at(0), 1) << "the first sample is forgotten, so each has a rate";
}

TEST_F(HistoryTest, ManyPartitionsAreBounded) {
  std::vector<PartitionStatus> many;
  for (int32_t i = 0; i < 1000; ++i) many.push_back(partition(i, 0, 1));
  add(reading(0, many));
  EXPECT_EQ(shown().at("partitions").size(), History::kPartitions);
  EXPECT_EQ(shown().at("partitions_omitted"), 1000 - History::kPartitions);
  EXPECT_EQ(shown().at("lag").at(0), 1000) << "the total counts all of them";
}

// The server's limit for all answers together is 8 MiB.
TEST_F(HistoryTest, AFullHistoryIsASmallAnswer) {
  std::vector<PartitionStatus> many;
  for (int32_t i = 0; i < static_cast<int32_t>(History::kPartitions); ++i) many.push_back(partition(i, 0, 123'456'789));
  for (size_t i = 0; i < History::kSamples; ++i) {
    for (PartitionStatus& one : many) one.position.value += 123'457;
    add(reading(i * 123'457, many));
  }
  EXPECT_LT(history.json().size(), 2'000'000u);
}

TEST_F(HistoryTest, ARenewalIsUpdatedAndTheyAreBounded) {
  RenewalReport report;
  report.number = 1;
  history.add(report);
  report.pause = 5ms;
  history.add(report);
  EXPECT_EQ(shown().at("renewals").size(), 1u);
  EXPECT_EQ(shown().at("renewals").at(0).at("pause_ms"), 5);
  for (uint64_t i = 0; i < 2 * History::kRenewals; ++i) {
    ++report.number;
    history.add(report);
  }
  EXPECT_EQ(shown().at("renewals").size(), History::kRenewals);
}

TEST_F(HistoryTest, BlockedPartitionsAreCounted) {
  PartitionStatus blocked = partition(0, 0, 0);
  blocked.blocked = "an invalid message";
  add(reading(0, {blocked, partition(1, 0, 0)}));
  EXPECT_EQ(shown().at("blocked_partitions"), json({1}));
  EXPECT_EQ(history.json().find("an invalid message"), std::string::npos) << "reasons may quote messages";
}

TEST_F(HistoryTest, PercentilesAreThoseOfTheInterval) {
  HistoryReading one = reading(0);
  one.insert_seconds = {{0.1, 0.2, 1}, {100, 0, 0, 0}};
  add(one);
  one.insert_seconds.buckets = {100, 10, 0, 0};
  add(one);
  EXPECT_EQ(shown().at("insert_ms").at("p50"), json({nullptr, 150}));
  EXPECT_EQ(shown().at("latency_ms").at("p99"), json({nullptr, nullptr})) << "nothing was counted";
}

TEST_F(HistoryTest, RecentTimesAreThoseOfTheLastMinuteWithRows) {
  EXPECT_FALSE(history.recent_times().latency_ms.p50);
  HistoryReading one = reading(0);
  add(one);
  one.insert_seconds = {{0.1, 0.2}, {100, 0, 0}};
  one.latency_seconds = {{1, 2}, {0, 100, 0}};
  add(one);
  EXPECT_EQ(history.recent_times().insert_ms.p50, 50);
  EXPECT_EQ(history.recent_times().latency_ms.p95, 1950);
  for (int i = 0; i < 5; ++i) add(one);
  EXPECT_EQ(history.recent_times().latency_ms.p99, 1990) << "nothing was stored since";
  add(one);
  EXPECT_FALSE(history.recent_times().latency_ms.p99) << "more than a minute ago";
}

// Messages without a time of the broker have no latency, and inserts that fail no rows.
TEST_F(HistoryTest, RecentInsertsNeedNoLatency) {
  HistoryReading one = reading(0);
  add(one);
  one.latency_seconds = {{1, 2}, {0, 100, 0}};
  add(one);
  one.insert_seconds = {{0.1, 0.2}, {100, 0, 0}};
  add(one);
  EXPECT_EQ(history.recent_times().insert_ms.p50, 50);
  EXPECT_EQ(history.recent_times().latency_ms.p95, 1950) << "of the sample before";
}

TEST(QuantileTest, InterpolatesInsideABucket) {
  const HistogramCounts none;
  EXPECT_EQ(quantile(none, none, 0.5), std::nullopt);
  EXPECT_EQ(quantile(none, {{1, 2}, {0, 0, 0}}, 0.5), std::nullopt);
  EXPECT_EQ(quantile(none, {{1, 2}, {10, 10, 0}}, 0.75), 1.5);
  EXPECT_EQ(quantile(none, {{1, 2}, {0, 0, 10}}, 0.5), 2) << "above the last bound only that is known";
}

TEST(HistorySamplerTest, ReadsEveryTenSecondsAndRenewalsEverySecond) {
  testkit::FakeClock clock;
  History history(clock);
  std::atomic<int> readings{0};
  std::atomic<uint64_t> renewal{0};
  {
    const HistorySampler sampler(
        history, [&] { return reading(static_cast<uint64_t>(++readings)); },
        [&]() -> std::optional<RenewalReport> {
          RenewalReport report;
          report.number = ++renewal;
          return report;
        },
        clock);
    clock.await_waits(1);
    for (int i = 0; i < 20; ++i) {
      clock.advance(1s);
      clock.await_waits(i + 2);
    }
  }
  EXPECT_EQ(readings, 3) << "at the start, and after ten and twenty seconds";
  EXPECT_EQ(json::parse(history.json()).at("renewals").size(), 21u);
}

}  // namespace
}  // namespace freshet::admin
