#include "app/table_types.h"

#include <gtest/gtest.h>

#include "base/clock.h"
#include "testkit/fake_clickhouse.h"

namespace freshet::app {
namespace {

using testing::Test;
using testkit::FakeAnswer;

constexpr const char* kSettings =
    R"({"data":[["input_format_defaults_for_omitted_fields","1"],["input_format_native_allow_types_conversion","1"],)"
    R"(["input_format_null_as_default","1"],["input_format_skip_unknown_fields","1"]]})";

// A server that answers the queries of table_types() in their order.
struct TableTypesTest : Test {
  static FakeAnswer body(std::string text) {
    FakeAnswer answer;
    answer.body = std::move(text);
    answer.stores = false;
    return answer;
  }
  void answer(const std::string& columns, const std::string& settings = kSettings) {
    server.next(body(R"({"data":[["default","MergeTree","MergeTree ORDER BY a"]]})"));
    server.next(body(columns));
    server.next(body(settings));
    if (settings.find("types_conversion") != std::string::npos) server.next(body(R"({"data":[]})"));  // fixed ones
  }
  Result<TableColumns> ask() {
    pipeline.clickhouse.urls = {server.url()};
    pipeline.clickhouse.table = "t";
    return table_types(pipeline, clock, std::chrono::seconds(20), {}, nullptr);
  }

  static constexpr const char* kColumns = R"({"data":[["a","UInt8","",""],["b","UInt8","EPHEMERAL",""]]})";
  // Of a server whose profile has 0. `answer_when_sent`: if it is asked what an insert with 1 has.
  bool skips(const std::optional<FakeAnswer>& answer_when_sent) {
    std::string settings = kSettings;
    settings.replace(settings.rfind("\"1\""), 3, "\"0\"");
    answer(kColumns, settings);
    server.next(body(R"({"data":[["input_format_native_allow_types_conversion","0"]]})"));
    if (answer_when_sent) server.next(*answer_when_sent);
    const auto types = ask();
    EXPECT_TRUE(types) << types.error().text;
    EXPECT_EQ(server.requests().back().parameters.contains("input_format_skip_unknown_fields"),
              answer_when_sent.has_value());
    return types && types->skips_unknown_fields;
  }

  RealClock clock;
  testkit::FakeClickHouse server;
  settings::Pipeline pipeline;
};

TEST_F(TableTypesTest, AreThoseOfTheColumnsThatInsertsFill) {
  answer(kColumns);
  server.next(body(R"({"data":[["input_format_native_allow_types_conversion","0"]]})"));
  const auto types = ask();
  ASSERT_TRUE(types) << types.error().text;
  EXPECT_EQ(*types, (TableColumns{.columns = {{"a", "UInt8"}},
                                  .null_as_default = true,
                                  .skips_unknown_fields = true,
                                  .best_effort_times = true,
                                  .ephemeral = {"b"}}));
  EXPECT_EQ(server.requests().back().parameters.at("input_format_native_allow_types_conversion"), "0");
}

// chproxy, for example, forwards only parameters that its configuration lists.
TEST_F(TableTypesTest, AProxyThatRemovesSettingsIsNotSafe) {
  answer(kColumns);
  server.next(body(R"({"data":[["input_format_native_allow_types_conversion","1"]]})"));
  EXPECT_EQ(ask().value().why_json, "a proxy removes input_format_native_allow_types_conversion from requests");
}

TEST_F(TableTypesTest, AUserWhoMayNotChangeTheSettingGetsJson) {
  answer(kColumns);
  server.next(FakeAnswer::exception(452, "Setting input_format_native_allow_types_conversion should not be changed"));
  const auto types = ask();
  ASSERT_TRUE(types) << types.error().text;
  EXPECT_TRUE(types->columns.empty());
  EXPECT_NE(types->why_json.find("does not take input_format_native_allow_types_conversion=0"), std::string::npos)
      << types->why_json;
  EXPECT_NE(types->why_json.find("should not be changed"), std::string::npos) << types->why_json;
}

TEST_F(TableTypesTest, FieldsWithoutAColumnAreSkippedIfTheSettingReachesTheServer) {
  const auto value = [](const char* of) {
    return body(std::string(R"({"data":[["input_format_skip_unknown_fields",")") + of + R"("]]})");
  };
  EXPECT_TRUE(skips(value("1")));
  EXPECT_FALSE(skips(value("0"))) << "a proxy removes it";
  EXPECT_FALSE(
      skips(FakeAnswer::exception(452, "Setting input_format_skip_unknown_fields shouldn't be greater than 0")));
  pipeline.clickhouse.insert_settings = {{"input_format_skip_unknown_fields", "0"}};
  EXPECT_FALSE(skips(std::nullopt));
}

// Its requests have the setting only where a storage's writer options do.
TEST_F(TableTypesTest, SnubasInsertsSkipFieldsOnlyIfTheyAreToldTo) {
  pipeline.snuba.emplace();
  EXPECT_FALSE(skips(std::nullopt));
  pipeline.clickhouse.writer_options = {{"input_format_skip_unknown_fields", "1"}};
  EXPECT_TRUE(skips(body(R"({"data":[["input_format_skip_unknown_fields","1"]]})")));
}

TEST_F(TableTypesTest, AnOldServerIsNamed) {
  answer(kColumns, R"({"data":[]})");
  EXPECT_EQ(ask().value().why_json,
            "the server is older than ClickHouse 23.3: it has no setting input_format_native_allow_types_conversion");
}

TEST_F(TableTypesTest, HiddenColumnsAreNamed) {
  answer(R"({"data":[]})");
  server.next(body(R"({"data":[["input_format_native_allow_types_conversion","0"]]})"));
  EXPECT_EQ(ask().value().why_json, "the user may not see the columns of the table");
}

TEST_F(TableTypesTest, WhatTheUserMayNotReadIsAnErrorWithItsCode) {
  server.next(FakeAnswer::exception(497, "Not enough privileges. (ACCESS_DENIED)", 403));
  const auto types = ask();
  ASSERT_FALSE(types);
  EXPECT_EQ(types.error().code, 497);
  EXPECT_EQ(types.error().kind, ErrorKind::Retry);
}

TEST(TrustedDescriptionTest, CountsForAMinute) {
  const SteadyTime start{std::chrono::hours(1)};
  const auto refused = [](const char* text) { return Result<TableColumns>(failure(ErrorKind::Retry, text)); };
  TableColumns table;
  table.columns = {{"a", "UInt8"}};
  TrustedDescription description;
  EXPECT_FALSE(description.accept(refused("none yet"), start));
  EXPECT_EQ(description.accept(table, start).value(), table);
  EXPECT_FALSE(description.accept(refused("down"), start + std::chrono::seconds(59)));
  TableColumns unknown;
  unknown.why_json = "the table cannot be described any more: refused after 1 ms";
  EXPECT_EQ(description.accept(refused("refused after 1 ms"), start + std::chrono::seconds(60)).value(), unknown);
  EXPECT_EQ(description.accept(refused("refused after 2 ms"), start + std::chrono::seconds(70)).value(), unknown);
  EXPECT_FALSE(description.accept(failure(ErrorKind::Stopping, "stop"), start + std::chrono::seconds(80)));
  EXPECT_EQ(description.accept(table, start + std::chrono::seconds(90)).value(), table);
  EXPECT_FALSE(description.accept(refused("down"), start + std::chrono::seconds(149)));
}

}  // namespace
}  // namespace freshet::app
