#include <gtest/gtest.h>

#include "processors/registry.h"
#include "processors/values/metric_tags.h"
#include "testkit/fake_clock.h"

namespace freshet::processors {
namespace {

ProcessResult process_metric(std::string_view received) {
  testkit::FakeClock clock;
  Metrics metrics;
  ProcessorsSettings settings;
  settings.processor = "PolymorphicMetricsProcessor";
  const auto processor = (*make_factory(settings, {&clock, &metrics}))();
  const std::string text =
      R"({"org_id":1,"project_id":2,"metric_id":3,"timestamp":1,"tags":{},"type":"c","value":1,"retention_days":90)" +
      std::string(received) + "}";
  Message message;
  message.payload = text;
  std::string rows;
  return processor->process({"snuba-metrics", Partition{0}}, message, rows);
}

TEST(PolymorphicMetricsTest, TheVerdictTellsWhenTheMetricWasReceived) {
  EXPECT_EQ(process_metric(R"(,"sentry_received_timestamp":1720000003.75)").received_timestamp_ms, 1'720'000'003'000);
  EXPECT_EQ(process_metric(R"(,"sentry_received_timestamp":null)").received_timestamp_ms, kNoTimestamp);
  EXPECT_EQ(process_metric("").received_timestamp_ms, kNoTimestamp);
  EXPECT_EQ(process_metric(R"(,"sentry_received_timestamp":1e300)").received_timestamp_ms, kNoTimestamp);
  EXPECT_EQ(process_metric("").origin_timestamp_ms, kNoTimestamp);
}

TEST(MetricTagsTest, KeysAreDecimalNumbers) {
  uint64_t number = 0;
  EXPECT_TRUE(parse_tag_key("+007", number));
  EXPECT_EQ(number, 7u);
  EXPECT_TRUE(parse_tag_key("18446744073709551615", number));
  for (const char* bad : {"", "+", "++1", "-1", " 1", "1 ", "1_0", "0x1", "18446744073709551616"}) {
    EXPECT_FALSE(parse_tag_key(bad, number)) << bad;
  }
}

TEST(MetricTagsTest, TheIdOfATimeSeriesIsTheAdler32OfItsParts) {
  for (const size_t size : {size_t{0}, size_t{1}, size_t{400}, size_t{511}, size_t{512}, size_t{513}, size_t{5000}}) {
    const std::string text(size, 'x');
    TimeseriesId id;
    std::string all;
    for (int i = 0; i < 3; ++i) {
      id.add(uint64_t{1} << 40 | 7);
      id.add(text);
      all += std::string("\x07\0\0\0\0\1\0\0", 8) + text;
    }
    uint32_t low = 1;
    uint32_t high = 0;
    for (const char c : all) {
      low = (low + static_cast<unsigned char>(c)) % 65521;
      high = (high + low) % 65521;
    }
    EXPECT_EQ(id.value(), high << 16 | low) << size;
  }
}

}  // namespace
}  // namespace freshet::processors
