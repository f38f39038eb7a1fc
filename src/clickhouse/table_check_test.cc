#include "clickhouse/table_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "clickhouse/column_type.h"

namespace freshet::clickhouse {
namespace {

using testing::HasSubstr;

std::optional<Trouble> trouble(std::string_view type, const char* value) {
  return trouble_with(type, nlohmann::json::parse(value));
}

TEST(ColumnType, Integers) {
  EXPECT_EQ(trouble("UInt8", "255"), std::nullopt);
  EXPECT_EQ(trouble("UInt8", "256"), Trouble::Wraps);
  EXPECT_EQ(trouble("UInt8", "-1"), Trouble::NegativeForUnsigned);
  EXPECT_EQ(trouble("Int8", "-128"), std::nullopt);
  EXPECT_EQ(trouble("Int8", "-129"), Trouble::Wraps);
  EXPECT_EQ(trouble("Int64", "9223372036854775807"), std::nullopt);
  EXPECT_EQ(trouble("Int64", "9223372036854775808"), Trouble::Wraps);
  EXPECT_EQ(trouble("UInt64", "18446744073709551615"), std::nullopt);
  EXPECT_EQ(trouble("UInt64", "18446744073709551616"), Trouble::Wraps);
  EXPECT_EQ(trouble("UInt128", "18446744073709551616"), std::nullopt);
  EXPECT_EQ(trouble("UInt8", "1.5"), Trouble::FractionForInteger);
  EXPECT_EQ(trouble("LowCardinality(Nullable(Int16))", "40000"), Trouble::Wraps);
  EXPECT_EQ(trouble("Int32", "\"12\""), std::nullopt);
  EXPECT_EQ(trouble("Int8", "\"1200\""), Trouble::Wraps);
  EXPECT_EQ(trouble("Int32", "\"abc\""), Trouble::TextForNumber);
  EXPECT_EQ(trouble("Int32", "[1]"), Trouble::NotANumber);
  EXPECT_EQ(trouble("Int32", "true"), std::nullopt);
}

TEST(ColumnType, Others) {
  EXPECT_EQ(trouble("String", "null"), Trouble::NullBecomesDefault);
  EXPECT_EQ(trouble("Nullable(String)", "null"), std::nullopt);
  EXPECT_EQ(trouble("String", "5"), Trouble::NotText);
  EXPECT_EQ(trouble("Float64", "\"x\""), Trouble::TextForNumber);
  EXPECT_EQ(trouble("Float64", "\"1.5\""), std::nullopt);
  EXPECT_EQ(trouble("FixedString(2)", "\"abc\""), Trouble::TooLongForFixedString);
  EXPECT_EQ(trouble("FixedString(3)", "\"abc\""), std::nullopt);
  EXPECT_EQ(trouble("Enum8('x' = 1, 'y' = 2)", "\"y\""), std::nullopt);
  EXPECT_EQ(trouble("Enum8('x' = 1, 'y' = 2)", "\"z\""), Trouble::UnknownEnumValue);
  EXPECT_EQ(trouble("Array(Int8)", "{}"), Trouble::NotAnArray);
  EXPECT_EQ(trouble("Map(String, String)", "[]"), Trouble::NotAnObject);
  EXPECT_EQ(trouble("Interval", "[]"), std::nullopt);
}

TableInfo events() {
  TableInfo table;
  table.table = "events";
  table.engine = "MergeTree";
  table.columns = {
      {"id", "UInt8", ""}, {"name", "String", ""}, {"at", "DateTime", "DEFAULT"}, {"day", "Date", "MATERIALIZED"}};
  return table;
}

const Finding* about(const std::vector<Finding>& findings, std::string_view subject) {
  for (const Finding& finding : findings) {
    if (finding.subject == subject) return &finding;
  }
  return nullptr;
}

TEST(TableCheck, RowsThatFitGiveNoFinding) {
  EXPECT_TRUE(check_rows(events(), {}, {R"({"id":1,"name":"x"})", "no json", "[]"}, {}).empty());
}

TEST(TableCheck, FindsWhatTheServerWouldDoSilently) {
  const auto findings =
      check_rows(events(), {}, {R"({"id":300,"extra":1})", R"({"id":301})", R"({"id":-1,"day":"x"})"}, {});
  EXPECT_EQ(findings.front().severity, Severity::Error);
  EXPECT_THAT(findings.front().text, HasSubstr("1 of 3 rows, for example -1"));
  ASSERT_NE(about(findings, "extra"), nullptr);
  EXPECT_EQ(about(findings, "extra")->severity, Severity::Warning);
  ASSERT_NE(about(findings, "name"), nullptr) << "never in the sample and without a default";
  EXPECT_NE(about(findings, "day"), nullptr) << "a computed column takes no value";
  EXPECT_EQ(about(findings, "at"), nullptr);
  EXPECT_TRUE(std::any_of(findings.begin(), findings.end(), [](const Finding& f) {
    return f.subject == "id" && f.severity == Severity::Warning &&
           f.text.find("2 of 3 rows, for example 300") != std::string::npos;
  }));
}

TEST(TableCheck, UnknownFieldsAreRefusedWhereTheUserSaysSo) {
  ClickHouseSettings settings;
  settings.insert_settings = {{"input_format_skip_unknown_fields", "0"}};
  const auto findings = check_rows(events(), {}, {R"({"id":1,"name":"","extra":1})"}, settings);
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].severity, Severity::Error);
}

TEST(TableCheck, TheInsertsOwnColumns) {
  RowLayout layout;
  layout.columns = {"id", "absent", "day"};
  const auto findings = check_rows(events(), layout, {R"({"id":1})"}, {});
  ASSERT_EQ(findings.size(), 2u);
  EXPECT_EQ(findings[0].subject, "absent");
  EXPECT_EQ(findings[1].subject, "day");
}

TEST(TableCheck, SettingsThatHurt) {
  TableInfo table = events();
  EXPECT_NE(about(check_insert_settings(table, {}), "non_replicated_deduplication_window"), nullptr);
  table.settings = parse_table_settings(
      "MergeTree ORDER BY a SETTINGS index_granularity = 8192, non_replicated_deduplication_window = 100");
  EXPECT_TRUE(check_insert_settings(table, {}).empty());
  ClickHouseSettings settings;
  settings.insert_settings = {{"async_insert", "1"}, {"wait_for_async_insert", "0"}, {"insert_deduplicate", "0"}};
  const auto findings = check_insert_settings(table, settings);
  EXPECT_NE(about(findings, "async_insert"), nullptr);
  EXPECT_NE(about(findings, "wait_for_async_insert"), nullptr);
  EXPECT_NE(about(findings, "insert_deduplicate"), nullptr);
  table.engine = "ReplicatedMergeTree";
  table.settings.clear();
  EXPECT_EQ(table.deduplicates(), true);
  table.engine = "Distributed";
  EXPECT_EQ(table.deduplicates(), std::nullopt);
}

}  // namespace
}  // namespace freshet::clickhouse
