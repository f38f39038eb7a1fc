#include <gtest/gtest.h>
#include <zlib.h>

#include <string>
#include <vector>

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

TEST(MetricTagsTest, ShortKeysAreReadAtOnce) {
  for (size_t digits = 1; digits <= 9; ++digits) {
    const std::string text = std::string("123456789").substr(0, digits);
    uint64_t number = 0;
    EXPECT_EQ(parse_short_key({(text + "99999999").data(), digits}, number), digits <= 8) << text;
    EXPECT_EQ(digits <= 8 ? std::to_string(number) : text, text);
    for (size_t i = 0; i < digits; ++i) {
      for (const char bad : {'/', ':', '+', '\0', '\xb0'}) {
        std::string wrong = text + "99999999";
        wrong[i] = bad;
        EXPECT_FALSE(parse_short_key({wrong.data(), digits}, number)) << wrong;
      }
    }
  }
  uint64_t number = 0;
  EXPECT_FALSE(parse_short_key({"12345678", 0}, number));
}

// zlib's is the definition.
TEST(MetricTagsTest, TheIdOfATimeSeriesIsTheAdler32OfItsParts) {
  for (const size_t size : std::vector<size_t>{0, 1, 2, 7, 8, 9, 15, 16, 400, 5552, 70'000}) {
    for (const char filler : {'\0', 'x', '\xff'}) {
      std::string text(size, filler);
      for (size_t i = 0; i < size; i += 3) text[i] = static_cast<char>(i * 7);
      Adler32 id;
      std::string all;
      for (int i = 0; i < 3; ++i) {
        id.add(uint64_t{1} << 40 | 7);
        id.add_padded({(text + "padding.").data(), size});
        all += std::string("\x07\0\0\0\0\1\0\0", 8) + text;
      }
      EXPECT_EQ(id.value(), adler32_z(1, reinterpret_cast<const Bytef*>(all.data()), all.size())) << size;
    }
  }
}

}  // namespace
}  // namespace freshet::processors
