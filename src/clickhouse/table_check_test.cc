#include "clickhouse/table_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "clickhouse/column_type.h"

namespace freshet::clickhouse {
namespace {

using testing::HasSubstr;

Mismatches mismatches(std::string_view type, const char* value) {
  Mismatches out;
  add_mismatches(type, JsonValue::parse(value).value(), out);
  return out;
}

// The contract test compares single values with a server; these tests need none.
TEST(ColumnType, ElementsAreLookedAtAsColumns) {
  EXPECT_EQ(mismatches("Array(UInt8)", "[1,300]"), Mismatches{Mismatch::Wraps});
  EXPECT_EQ(mismatches("Array(Nullable(Int8))", "[null,-129,1.5]"),
            (Mismatches{Mismatch::Wraps, Mismatch::FractionForInteger}));
  EXPECT_EQ(mismatches("Map(Int8, Array(DateTime('UTC')))", R"({"300":[1700000000123]})"),
            (Mismatches{Mismatch::Wraps, Mismatch::AnotherTime}));
  EXPECT_EQ(mismatches("Tuple(`a b` UInt8, c Tuple(d Enum8('x,(' = 1)))", R"({"a b":1,"c":{"d":"x,("}})"),
            Mismatches{});
  EXPECT_EQ(mismatches("Tuple(a UInt8, c Tuple(d Enum8('x' = 1)))", R"({"a":1,"c":{"d":null}})"),
            Mismatches{Mismatch::NullBreaksEnum});
  EXPECT_EQ(mismatches("Nested(x UInt8, y String)", R"([{"x":256,"y":"a"}])"), Mismatches{Mismatch::Wraps});
  EXPECT_EQ(mismatches("Array(UInt8)", "null"), Mismatches{Mismatch::NullBecomesDefault});
  EXPECT_EQ(mismatches("Dynamic", "[1]"), Mismatches{});
  EXPECT_EQ(mismatches("Interval", "[]"), Mismatches{Mismatch::NotANumber});
  EXPECT_EQ(mismatches("SomethingNew(1, 2)", "[]"), Mismatches{});
}

TEST(ColumnType, NumbersAreReadAsTheyAreWritten) {
  EXPECT_EQ(mismatches("UInt64", "18446744073709551616"), Mismatches{Mismatch::Wraps});
  EXPECT_EQ(mismatches("UInt64", "1e19"), Mismatches{Mismatch::FractionForInteger});
  EXPECT_EQ(mismatches("Float64", "1e999"), Mismatches{Mismatch::BecomesInfinite});
  EXPECT_EQ(mismatches("Float64", "Infinity"), Mismatches{});
  EXPECT_EQ(mismatches("Float64", "1e-999"), Mismatches{});
  EXPECT_EQ(mismatches("Decimal(9, 2)", "1e9223372036854775807"), Mismatches{Mismatch::DecimalTooLarge});
  EXPECT_EQ(mismatches("Decimal(9, 2)", "1e-9223372036854775808"), Mismatches{Mismatch::DigitsCut});
}

TEST(ColumnType, WidthsThatNoServerHasAreUnknownAndCostNothing) {
  EXPECT_EQ(mismatches("UInt30363036", "630"), Mismatches{});
  EXPECT_EQ(mismatches("Int2147483647", "-1"), Mismatches{});
  EXPECT_EQ(mismatches("Int-8", "1000"), Mismatches{});
  EXPECT_EQ(mismatches("Int0", "1000"), Mismatches{});
  EXPECT_EQ(mismatches("Int256", "1000"), Mismatches{});
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

TEST(TableCheck, NoFieldThatIsAColumnIsAnErrorWithBothLists) {
  const auto findings =
      check_rows(events(), {}, {R"({"user":1,"topic":"t"})", R"({"at2":1,"topic":"t"})"}, {}, {"topic"});
  ASSERT_FALSE(findings.empty());
  EXPECT_EQ(findings[0].severity, Severity::Error);
  EXPECT_THAT(findings[0].text, HasSubstr("no field of the messages is a column"));
  EXPECT_THAT(findings[0].text, HasSubstr("Fields: at2, user; columns: at, id, name"));
  for (const auto& finding : check_rows(events(), {}, {R"({"user":1})", R"({"id":1})"}, {})) {
    EXPECT_NE(finding.severity, Severity::Error) << "one message that fits is enough: " << finding.text;
  }
  EXPECT_EQ(check_rows(events(), {}, {"{}"}, {}).front().severity, Severity::Error);
  EXPECT_TRUE(check_rows(events(), {}, {}, {}).empty()) << "no row, nothing to say";
}

TEST(TableCheck, AFieldMayOccurTwice) {
  TableInfo table = events();
  EXPECT_THAT(about(check_rows(table, {}, {R"({"id":1,"name":"x","id":2})"}, {}), "id")->text,
              HasSubstr("same column"));
  table.name_matching = "auto";
  EXPECT_THAT(about(check_rows(table, {}, {R"({"id":1,"name":"x","ID":2})"}, {}), "id")->text, HasSubstr("'ID'"));
}

TEST(TableCheck, UnknownFieldsAreRejectedWhereTheUserSaysSo) {
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
  EXPECT_TRUE(check_insert_settings(table, {}).empty());
  ClickHouseSettings settings;
  settings.insert_settings = {{"async_insert", "1"}, {"wait_for_async_insert", "0"}};
  EXPECT_NE(about(check_insert_settings(table, settings), "wait_for_async_insert"), nullptr);
  table.engine = "Distributed";
  settings.insert_settings = {{"insert_distributed_sync", "0"}};
  EXPECT_NE(about(check_insert_settings(table, settings), "insert_distributed_sync"), nullptr);
}

}  // namespace
}  // namespace freshet::clickhouse
