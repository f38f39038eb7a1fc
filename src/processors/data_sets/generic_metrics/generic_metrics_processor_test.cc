#include <gtest/gtest.h>

#include "processors/registry.h"
#include "processors/values/encoded_series.h"
#include "testkit/fake_clock.h"

namespace freshet::processors {
namespace {

constexpr std::string_view kMetric =
    R"({"use_case_id":"custom","org_id":1,"project_id":2,"metric_id":3,"timestamp":1,"sentry_received_timestamp":2.9,)"
    R"("tags":{"9":"x"},"type":"c","value":1,"retention_days":90})";

class Headers final : public MessageMemory {
 public:
  explicit Headers(std::vector<HeaderView> headers) : headers_(std::move(headers)) {}
  void release(void*) const noexcept override {}
  void headers(const void*, std::vector<HeaderView>& out) const override { out = headers_; }

 private:
  std::vector<HeaderView> headers_;
};

class GenericMetricsTest : public testing::Test {
 protected:
  void make(const std::string& name, bool june, bool with_options = true) {
    settings_.processor = name;
    settings_.june = june;
    processor_ = (*make_factory(settings_, {&clock_, &metrics_, with_options ? &live_ : nullptr}))();
  }
  void kill(const std::string& text) {
    LiveOptions options;
    options.processors.use_case_killswitch = text;
    live_.set(options);
  }
  ProcessResult process(std::string_view payload, std::vector<HeaderView> headers = {}) {
    const Headers memory(std::move(headers));
    Message message(&memory, nullptr, &memory);
    message.payload = payload;
    rows_.clear();
    const MessageContext context{"snuba-generic-metrics", Partition{0}};
    processor_->begin_chunk(context, {&message, 1});
    return processor_->process(context, message, rows_);
  }
  double value_of(std::string_view name, const Labels& labels) {
    double found = -1;
    metrics_.visit([&](const Metrics::Family& family) {
      for (const auto& sample : family.samples) {
        if (family.name != name || sample.labels != labels) continue;
        found = sample.counter != nullptr ? static_cast<double>(sample.counter->value()) : sample.histogram->sum();
      }
    });
    return found;
  }

  ProcessorsSettings settings_;
  testkit::FakeClock clock_;
  Metrics metrics_;
  Snapshot<LiveOptions> live_{LiveOptions{}};
  std::unique_ptr<Processor> processor_;
  std::string rows_;
};

TEST_F(GenericMetricsTest, TheVerdictTellsWhoPaysAndWhenItWasReceived) {
  kill("nothing of that");
  make("GenericCountersMetricsProcessor", false);
  const ProcessResult result = process(kMetric);
  EXPECT_EQ(result.kind, ProcessResult::Kind::Rows);
  EXPECT_EQ(result.usage_label, "genericmetrics_custom");
  EXPECT_EQ(result.received_timestamp_ms, 2000);
  EXPECT_EQ(result.origin_timestamp_ms, kNoTimestamp);
  EXPECT_EQ(cogs_resource("GenericCountersMetricsProcessor"), "generic_metrics_processor_counters");
  EXPECT_EQ(value_of("freshet_generic_metrics_message_tags", {{"metric_type", "counter"}}), 1);
  EXPECT_EQ(value_of("freshet_generic_metrics_message_bytes", {}), static_cast<double>(kMetric.size()));
}

TEST_F(GenericMetricsTest, TheShortRetentionHasEightBits) {
  settings_.environment.valid_retention_days = {300};
  make("GenericCountersMetricsProcessor", false, false);
  std::string text(kMetric);
  text.replace(text.find(R"("retention_days":90)"), 19, R"("retention_days":300)");
  EXPECT_EQ(process(text).kind, ProcessResult::Kind::Rows);
  EXPECT_NE(rows_.find(R"("retention_days":300,)"), std::string::npos) << rows_;
  EXPECT_NE(rows_.find(R"("min_retention_days":44,)"), std::string::npos) << rows_;
}

TEST_F(GenericMetricsTest, AForeignHeaderIsEnough) {
  kill("-");
  make("GenericCountersMetricsProcessor", false);
  EXPECT_EQ(process("no JSON", {{"metric_type", "s"}}).kind, ProcessResult::Kind::Skip);
  EXPECT_EQ(process("no JSON", {{"metric_type", ""}}).kind, ProcessResult::Kind::Skip);
  EXPECT_EQ(process("no JSON", {{"metric_type", "cc"}, {"metric_type", "c"}}).kind, ProcessResult::Kind::Skip);
  EXPECT_EQ(process("no JSON", {{"metric_type", "c"}, {"metric_type", "s"}}).kind, ProcessResult::Kind::Invalid);
  EXPECT_EQ(process("no JSON", {{"metric_type", std::nullopt}}).kind, ProcessResult::Kind::Invalid);
  make("GenericSetsMetricsProcessor", true);
  EXPECT_EQ(process("no JSON", {{"metric_type", "c"}}).kind, ProcessResult::Kind::Skip);
  EXPECT_EQ(process("no JSON", {{"metric_type", "s"}}).kind, ProcessResult::Kind::Invalid);
  EXPECT_EQ(process("no JSON", {{"metric_type", "x"}}).kind, ProcessResult::Kind::Invalid);
}

TEST_F(GenericMetricsTest, AUseCaseThatIsSwitchedOffIsSkipped) {
  make("GenericCountersMetricsProcessor", false);
  kill("mycustomx");
  EXPECT_EQ(process(kMetric).kind, ProcessResult::Kind::Skip);
  EXPECT_EQ(value_of("freshet_generic_metrics_killswitched_use_case_total", {{"use_case_id", "custom"}}), 1);
  // Skipped even though the rest of the message is invalid.
  EXPECT_EQ(process(R"({"use_case_id":"custom","org_id":-1})").kind, ProcessResult::Kind::Skip);
  EXPECT_EQ(process(R"(["custom"])").kind, ProcessResult::Kind::Skip);
  EXPECT_EQ(process(R"({"use_case_id":"custom"} x)").kind, ProcessResult::Kind::Invalid);
  EXPECT_EQ(process(R"({"use_case_id":"other","org_id":-1})").kind, ProcessResult::Kind::Invalid);
  EXPECT_EQ(process("{\"use_case_id\":\"custom\",\"x\":\"\xff\"}").kind, ProcessResult::Kind::Invalid);
  kill("");
  EXPECT_EQ(process(kMetric).kind, ProcessResult::Kind::Rows);
  EXPECT_EQ(process(R"({"use_case_id":""})").kind,
            ProcessResult::Kind::Skip);  // the empty text is a substring of every text
}

TEST_F(GenericMetricsTest, WhereThereAreOptionsTheRecordIsAnObject) {
  constexpr std::string_view kPositional = R"(["custom",1,2,3,1,1,{},"c",1,90,null,null])";
  make("GenericCountersMetricsProcessor", false, false);
  EXPECT_EQ(process(kPositional).kind, ProcessResult::Kind::Rows);
  EXPECT_EQ(process(R"({"use_case_id":""})").kind, ProcessResult::Kind::Invalid);
  make("GenericCountersMetricsProcessor", false);
  EXPECT_EQ(process(kPositional).kind, ProcessResult::Kind::Invalid);
}

TEST_F(GenericMetricsTest, TheOlderCounterReadsMoreStrictly) {
  make("GenericCountersMetricsProcessor", true);
  EXPECT_EQ(process(kMetric).kind, ProcessResult::Kind::Rows);
  EXPECT_NE(rows_.find(R"("materialization_version":3)"), std::string::npos);
  std::string foreign(kMetric);
  foreign.replace(foreign.find(R"("type":"c","value":1)"), 20, R"("type":"s","value":["x"])");
  EXPECT_EQ(process(foreign).kind, ProcessResult::Kind::Invalid);
  std::string unknown(kMetric);
  unknown.insert(1, R"("x":1e999,)");
  EXPECT_EQ(process(unknown).kind, ProcessResult::Kind::Invalid);
  make("GenericCountersMetricsProcessor", false, false);
  EXPECT_EQ(process(foreign).kind, ProcessResult::Kind::Skip);
  EXPECT_EQ(process(unknown).kind, ProcessResult::Kind::Rows);
}

TEST_F(GenericMetricsTest, SeriesAreCountedByTheirForm) {
  make("GenericSetsMetricsProcessor", true);
  const auto with_value = [&](std::string_view type, std::string_view value) {
    std::string text(kMetric);
    text.replace(text.find(R"("type":"c","value":1)"), 20,
                 R"("type":")" + std::string(type) + R"(","value":)" + std::string(value));
    return process(text);
  };
  EXPECT_EQ(with_value("s", "[1,2]").kind, ProcessResult::Kind::Rows);
  EXPECT_EQ(with_value("s", R"({"format":"base64","data":"AQAAAA"})").kind, ProcessResult::Kind::Rows);
  EXPECT_EQ(with_value("s", R"({"format":"zstd","data":"AQAAAA"})").kind, ProcessResult::Kind::Invalid);
  EXPECT_EQ(with_value("d", "[1.5]").kind, ProcessResult::Kind::Skip);
  EXPECT_EQ(value_of("freshet_generic_metrics_series_total", {{"format", "legacy"}}), 2);
  EXPECT_EQ(value_of("freshet_generic_metrics_series_total", {{"format", "encoded"}}), 2);
  EXPECT_EQ(value_of("freshet_generic_metrics_encoded_received_total", {{"format", "zstd"}}), 1);
  EXPECT_EQ(value_of("freshet_generic_metrics_encoded_decoded_total", {{"format", "zstd"}}), 0);
  EXPECT_EQ(value_of("freshet_generic_metrics_encoded_decoded_total", {{"format", "base64"}}), 1);
  EXPECT_EQ(value_of("freshet_generic_metrics_set_values", {}), 3);
}

TEST(EncodedSeriesTest, Base64WithoutPadding) {
  std::string out;
  EXPECT_TRUE(decode_base64("", out));
  EXPECT_EQ(out, "");
  EXPECT_TRUE(decode_base64("aGV5", out));
  EXPECT_EQ(out, "hey");
  EXPECT_TRUE(decode_base64("aGU", out));
  EXPECT_EQ(out, "he");
  EXPECT_TRUE(decode_base64("aA", out));
  EXPECT_EQ(out, "h");
  for (const char* bad : {"a", "aGV5a", "aB", "aGV", "aA==", "a-", " aA", "aGV5\n"}) {
    EXPECT_FALSE(decode_base64(bad, out)) << bad;
  }
}

TEST(EncodedSeriesTest, ZstdFrames) {
  std::string frame;
  ASSERT_TRUE(decode_base64("KLUv/QBYYQAAZAAAAMgAAAAsAQAA", frame));
  ZstdDecoder zstd;
  std::string out;
  ASSERT_TRUE(zstd.decode(frame, out));
  const std::string once = out;
  EXPECT_EQ(once.size(), 12u);
  ASSERT_TRUE(zstd.decode(frame + frame, out));
  EXPECT_EQ(out, once + once);
  EXPECT_FALSE(zstd.decode("", out));
  EXPECT_FALSE(zstd.decode(frame + "x", out));
  EXPECT_FALSE(zstd.decode(frame.substr(0, frame.size() - 1), out));
  EXPECT_TRUE(zstd.decode(frame, out));
}

}  // namespace
}  // namespace freshet::processors
