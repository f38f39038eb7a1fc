// Tests what the golden cases do not cover: the complete list of reasons, and the counters.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "processors/data_sets/data_sets.h"
#include "testkit/fake_clock.h"

namespace freshet::processors {
namespace {

using nlohmann::json;

class OutcomesProcessorTest : public testing::Test {
 protected:
  json row_of(int outcome, const std::string& more) {
    const std::string payload = fmt::format(R"({{"outcome":{},"timestamp":"2026-02-03T04:05:06Z"{}}})", outcome, more);
    const auto processor = outcomes({}, {&clock_, &metrics_})();
    Message message;
    message.payload = payload;
    std::string rows;
    const ProcessResult result = processor->process({"outcomes", Partition{0}}, message, rows);
    EXPECT_EQ(result.kind, ProcessResult::Kind::Rows) << result.text;
    EXPECT_EQ(result.origin_timestamp_ms, kNoTimestamp);
    return json::parse(rows);
  }
  uint64_t missing(const char* what) {
    return metrics_.counter(fmt::format("freshet_outcomes_missing_{}_total", what), "").value();
  }

  testkit::FakeClock clock_;
  Metrics metrics_;
};

TEST_F(OutcomesProcessorTest, AClientDiscardsForKnownReasonsOnly) {
  constexpr int kClientDiscard = 5;
  const auto reason = [&](int outcome, const std::string& text) {
    return row_of(outcome, fmt::format(R"(,"reason":"{}")", text))["reason"];
  };
  for (const std::string known :
       {"backpressure", "before_send", "buffer_overflow", "cache_overflow", "event_processor", "ignored",
        "insufficient_data", "internal_sdk_error", "invalid", "network_error", "no_parent_span", "queue_overflow",
        "ratelimit_backoff", "sample_rate", "send_error"}) {
    EXPECT_EQ(reason(kClientDiscard, known), known);
    EXPECT_EQ(reason(kClientDiscard, known + "s"), json()) << known;
    EXPECT_EQ(reason(kClientDiscard, known.substr(1)), json()) << known;
  }
  for (const std::string other : {"", "Ignored", "ignored ", "zzz"}) {
    EXPECT_EQ(reason(kClientDiscard, other), json()) << other;
    EXPECT_EQ(reason(1, other), other);
  }
}

TEST_F(OutcomesProcessorTest, WhatIsMissingIsCountedUnlessItWasAbuse) {
  row_of(1, R"(,"category":0,"quantity":0)");
  row_of(4, "");
  EXPECT_EQ(missing("category"), 0u);
  EXPECT_EQ(missing("quantity"), 0u);
  row_of(1, R"(,"category":null,"quantity":null)");
  row_of(5, R"(,"category":2)");
  EXPECT_EQ(missing("category"), 1u);
  EXPECT_EQ(missing("quantity"), 2u);
}

}  // namespace
}  // namespace freshet::processors
