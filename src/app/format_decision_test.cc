#include "app/format_decision.h"

#include <gtest/gtest.h>

#include "processors/registry.h"
#include "testkit/fake_clock.h"
#include "testkit/recording_log.h"

namespace freshet::app {
namespace {

using settings::InsertFormat;
using testing::Test;

TableColumns costs() {
  TableColumns table;
  for (const char* name : {"organization_id", "x"}) table.columns.push_back({name, "UInt64"});
  return table;
}

struct FormatDecisionTest : Test {
  FormatDecisionTest() {
    pipeline.kafka.topic = "costs";
    pipeline.clickhouse.table = "db.costs";
    pipeline.processors.processor = "LlmProxyCostProcessor";
    pipeline.stream.delivery = Delivery::AtLeastOnce;
  }
  FormatDecision decision() { return FormatDecision(pipeline, clock, log, metrics); }
  double gauge(const char* format) { return metrics.gauge("freshet_insert_format", "", {{"format", format}}).value(); }
  // A table that has all columns of the data set, found by asking for one after the other.
  TableColumns whole_table() {
    FormatDecision asked = decision();
    TableColumns table = costs();
    constexpr std::string_view kNoColumn = "the table has no column ";
    for (asked.follow(table); asked.status().reason.starts_with(kNoColumn); asked.follow(table)) {
      table.columns.push_back({asked.status().reason.substr(kNoColumn.size()), "String"});
    }
    EXPECT_EQ(asked.status().reason, "");
    return table;
  }

  settings::Pipeline pipeline;
  testkit::FakeClock clock;
  testkit::RecordingLog log;
  Metrics metrics;
};

TEST_F(FormatDecisionTest, IsLoggedWhenItIsKnownAndWheneverItChanges) {
  TableColumns table = whole_table();
  const size_t before = log.size();
  FormatDecision format = decision();
  format.begin();
  EXPECT_TRUE(format.depends_on_table());
  EXPECT_EQ(format.status().format, "JSONEachRow");
  EXPECT_EQ(format.status().reason, "the table is not described yet");
  EXPECT_EQ(log.size(), before);
  for (int i = 0; i < 3; ++i) format.follow(table);
  ASSERT_EQ(log.size(), before + 1);
  EXPECT_EQ(log.of("insert_format").back().fields.at("format"), "Native");
  EXPECT_EQ(log.of("insert_format").back().fields.at("reason"), "");
  EXPECT_EQ(gauge("Native"), 1);
  EXPECT_EQ(gauge("JSONEachRow"), 0);

  const std::string name = table.columns.back().name;
  table.columns.back().type = "Enum8('a' = 1)";
  for (int i = 0; i < 3; ++i) format.follow(table);
  ASSERT_EQ(log.size(), before + 2);
  const auto line = log.of("insert_format").back();
  EXPECT_EQ(line.level, LogLevel::Info);
  EXPECT_EQ(line.fields.find(log_key::kTable)->second, "db.costs");
  EXPECT_EQ(line.fields.at("format"), "JSONEachRow");
  EXPECT_EQ(line.fields.at("reason"),
            "column " + name + " has an Enum, which ALTER TABLE may renumber: Enum8('a' = 1)");
  EXPECT_EQ(gauge("Native"), 0);
  EXPECT_EQ(gauge("JSONEachRow"), 1);
  EXPECT_EQ(format.status().reason, line.fields.at("reason"));

  table.columns.back().type = "String";
  format.follow(table);
  EXPECT_EQ(log.of("insert_format").back().fields.at("format"), "Native");
}

// Who asks for Native is warned.
TEST_F(FormatDecisionTest, AWarningIfNativeIsConfigured) {
  pipeline.insert_format = InsertFormat::Native;
  FormatDecision format = decision();
  format.follow(costs());
  ASSERT_EQ(log.count("insert_format_fallback"), 1u);
  EXPECT_EQ(log.of("insert_format_fallback").back().level, LogLevel::Warn);
  EXPECT_TRUE(log.of("insert_format_fallback").back().fields.at("reason").starts_with("the table has no column "));
  EXPECT_EQ(log.count("insert_format"), 0u);
  pipeline.processors.processor = "my.module.Class";
  decision().begin();
  EXPECT_EQ(log.count("insert_format_fallback"), 2u);
}

// A server that is down is described differently each time, and the table may well be as it was.
TEST_F(FormatDecisionTest, AnErrorCountsUntilTheTableIsKnown) {
  FormatDecision format = decision();
  format.follow(failure(ErrorKind::Retry, "refused after 1 ms"));
  format.follow(failure(ErrorKind::Retry, "refused after 2 ms"));
  format.follow(failure(ErrorKind::Stopping, "stopping"));
  ASSERT_EQ(log.count("insert_format"), 1u);
  EXPECT_EQ(log.of("insert_format").back().fields.at("reason"), "the table cannot be described: refused after 1 ms");
  format.follow(failure(ErrorKind::Retry, "Not enough privileges", 497));
  EXPECT_EQ(log.count("insert_format"), 2u);
  format.follow(costs());
  EXPECT_EQ(log.count("insert_format"), 3u);
  format.follow(failure(ErrorKind::Retry, "refused after 3 ms"));
  EXPECT_EQ(log.count("insert_format"), 3u);
  EXPECT_TRUE(format.status().reason.starts_with("the table has no column "));
}

TEST_F(FormatDecisionTest, TheServersReasonIsTheReason) {
  FormatDecision format = decision();
  TableColumns table;
  table.why_json = "the server is too old";
  format.follow(table);
  EXPECT_EQ(format.status().format, "JSONEachRow");
  EXPECT_EQ(format.status().reason, "the server is too old");
}

TEST_F(FormatDecisionTest, WhatIsDecidedWithoutTheTable) {
  const auto expect = [&](const char* format, const char* reason) {
    const size_t warnings = log.count("insert_format_fallback");
    const size_t lines = log.count("insert_format");
    FormatDecision decided = decision();
    decided.begin();
    decided.begin();
    EXPECT_FALSE(decided.depends_on_table()) << reason;
    EXPECT_EQ(decided.status().format, format);
    EXPECT_EQ(decided.status().reason, reason);
    EXPECT_EQ(log.count("insert_format"), lines + 1) << reason;
    EXPECT_EQ(log.count("insert_format_fallback"), warnings) << reason;
    EXPECT_EQ(gauge(format), 1);
  };
  pipeline.insert_format = InsertFormat::JsonEachRow;
  expect("JSONEachRow", "it is configured");
  pipeline.insert_format = InsertFormat::Auto;
  pipeline.processors.processor = "my.module.Class";
  expect("JSONEachRow", "processors in Python write only JSONEachRow");
  pipeline.processors.processor = "EAPItemsProcessor";
  pipeline.processors.row_binary = true;
  expect("RowBinary", "it is configured");
}

// Each data set says why, whatever it writes.
TEST_F(FormatDecisionTest, EveryProcessorSaysWhy) {
  for (const std::string& name : processors::names()) {
    pipeline.processors.processor = name;
    FormatDecision format = decision();
    format.follow(costs());
    if (format.status().format != "Native") {
      EXPECT_NE(format.status().reason, "") << name;
    }
  }
}

TEST_F(FormatDecisionTest, WithoutATableThereIsNoFormat) {
  pipeline.stream.skip_write = true;
  FormatDecision format = decision();
  format.begin();
  EXPECT_FALSE(format.depends_on_table());
  EXPECT_EQ(format.status().format, "");
  EXPECT_EQ(log.size(), 0u);
}

}  // namespace
}  // namespace freshet::app
