// `freshet explain` says of a message what a run does with it, and names the values that the table would store.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "testkit/freshet_process.h"
#include "testkit/kafka_client.h"
#include "testkit/servers.h"

namespace freshet {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;
using namespace std::chrono_literals;

struct ExplainTest : testing::Test {
  static void SetUpTestSuite() { server = std::make_unique<testkit::LocalClickHouse>(); }
  static void TearDownTestSuite() { server.reset(); }

  int explain(std::vector<std::string> more) {
    more.insert(more.begin(), "explain");
    testkit::FreshetProcess command(more);
    const auto status = command.process().wait(120s);
    output = command.output();
    return status.value_or(-1);
  }
  int explain_value(const std::string& value, std::vector<std::string> more = {}) {
    std::ofstream(folder.path("message"), std::ios::binary) << value;
    more.insert(more.end(), {"--message", folder.path("message")});
    return explain(more);
  }
  std::vector<std::string> with_table(const testkit::ClickHouseServer& of, std::vector<std::string> more = {}) const {
    more.insert(more.end(), {"--clickhouse-url", of.url(), "--table", "default.explained"});
    return more;
  }
  static void make_table(const testkit::ClickHouseServer& at, const std::string& columns) {
    at.query("DROP TABLE IF EXISTS explained");
    at.query("CREATE TABLE explained (" + columns + ") ENGINE = MergeTree ORDER BY tuple()");
  }

  static inline std::unique_ptr<testkit::LocalClickHouse> server;
  testkit::TempFolder folder;
  std::string output;
};

TEST_F(ExplainTest, EachColumnHasTheValueThatTheTableThenStores) {
  make_table(*server,
             "id UInt64, small UInt8, at DateTime64(3, 'UTC'), kind LowCardinality(String) DEFAULT concat('k', "
             "toString(id)), note Nullable(String), twice UInt64 MATERIALIZED id * 2");
  const std::string value =
      R"({"id":"18446744073709551615","small":300,"at":"2026-01-02T03:04:05.123456Z","tags":[1],"note":null})";
  ASSERT_EQ(explain_value(value, with_table(*server, {"--json"})), 0) << output;
  const json row = json::parse(output)["rows"][0];
  const std::string stored = server->query(
      "INSERT INTO explained SETTINGS date_time_input_format='best_effort', input_format_skip_unknown_fields=1 "
      "FORMAT JSONEachRow " +
      value);
  const json in_table = json::parse(
      server->query("SELECT * FROM explained SETTINGS output_format_json_quote_64bit_integers=0 FORMAT JSONEachRow"));
  for (const json& column : row["columns"]) EXPECT_EQ(column["stored"], in_table[std::string(column["column"])]) << row;
  EXPECT_EQ(row["columns"].size(), 4u);
  EXPECT_EQ(row["defaults"][0]["stored"], in_table["kind"]) << row;
  EXPECT_EQ(row["defaults"][1]["source"], "MATERIALIZED id * 2");
  EXPECT_EQ(row["without_column"][0]["field"], "tags");

  ASSERT_EQ(explain_value(value, with_table(*server)), 0) << output;
  EXPECT_THAT(output, HasSubstr("the integer does not fit and is stored with another value")) << output;
  EXPECT_THAT(output, HasSubstr("the message becomes 1 row"));
  EXPECT_EQ(server->count("SELECT count() FROM explained"), 1u) << "explain stores nothing";
}

TEST_F(ExplainTest, OfARefusedRowTheColumnIsNamed) {
  make_table(*server, "id UInt64, n UInt8, e Enum8('a' = 1)");
  ASSERT_EQ(explain_value(R"({"id":1,"n":2,"e":"b"})", with_table(*server, {"--json"})), 1) << output;
  const json columns = json::parse(output)["rows"][0]["columns"];
  EXPECT_EQ(columns[0].value("refused", false), false) << output;
  EXPECT_EQ(columns[0]["stored"], 1);
  EXPECT_EQ(columns[2].value("refused", false), true) << output;
}

TEST_F(ExplainTest, WhatBecomesNoRowHasTheReason) {
  EXPECT_EQ(explain_value(R"({"id":1)"), 1);
  EXPECT_THAT(output, HasSubstr("invalid_json")) << output;
  EXPECT_EQ(explain_value(std::string("\0\0\0\0\1{}", 7)), 1);
  EXPECT_THAT(output, HasSubstr("schema registry")) << output;
  EXPECT_EQ(explain_value("{\"a\x1b[2J\":1}"), 1);
  EXPECT_THAT(output, Not(HasSubstr("\x1b"))) << output;
  EXPECT_EQ(explain_value(R"({"id":1})", {"--json-required-field", "name"}), 1);
  EXPECT_THAT(output, HasSubstr("missing_field")) << output;
  EXPECT_EQ(explain_value(R"({"id":1})", {"--json-field", "id=number"}), 0);
  EXPECT_THAT(output, HasSubstr("number")) << output;
  std::ofstream(folder.path("t.schema.json")) << R"({"type":"object","required":["b"]})";
  EXPECT_EQ(explain_value(R"({"id":1})", {"--topic", "t", "--schema-dir", folder.path(""), "--enforce-schema"}), 1);
  EXPECT_THAT(output, HasSubstr("FAILED   schema")) << output;
  EXPECT_EQ(explain_value(R"({"id":1})", {"--topic", "t", "--schema-dir", folder.path("")}), 0) << output;
  std::string rows;
  for (int i = 0; i < 1'000'000; ++i) rows += "{}";
  EXPECT_EQ(explain_value(rows), 1);
  EXPECT_THAT(output, HasSubstr("(too_large): 1000000 rows in")) << output.substr(0, 1000);
  EXPECT_EQ(explain_value("{}", {"--at", "0:1"}), 2) << output;
  EXPECT_EQ(explain_value(R"({"id":1})", {"--clickhouse-url", "http://127.0.0.1:1", "--table", "t"}), 1) << output;
  EXPECT_THAT(output, HasSubstr("the table could not be asked")) << output;
}

TEST_F(ExplainTest, StandardInputIsAMessage) {
  testkit::ChildProcess command({"bash", "-c", "echo '{\"id\":1}' | '" + testkit::freshet_program() + "' explain"},
                                folder.path("out"));
  EXPECT_EQ(command.wait(60s), 0) << command.output();
  EXPECT_THAT(command.output(), HasSubstr("the message becomes 1 row"));
}

TEST_F(ExplainTest, AWordOfTheCommandLineIsAMessage) {
  EXPECT_EQ(explain({"--json-field", "id", R"({"id":1})"}), 0) << output;
  EXPECT_THAT(output, HasSubstr("the command line: 8 bytes")) << output;
  EXPECT_EQ(explain({R"({"id":)"}), 1) << output;
  EXPECT_EQ(explain({" {\"id\":1}\n"}), 0) << output;
  EXPECT_EQ(explain({""}), 1) << output;
  EXPECT_THAT(output, HasSubstr("the command line: 0 bytes")) << output;
  EXPECT_EQ(explain_value("{}", {"{}"}), 2) << output;
  EXPECT_THAT(output, HasSubstr("--message and MESSAGE: each names a message")) << output;
}

TEST_F(ExplainTest, AMessageOfTheTopicIsFoundByItsOffset) {
  testkit::MockCluster broker;
  broker.create_topic("t", 1);
  testkit::KafkaClient client(broker.bootstrap());
  for (const char* value : {R"({"id":1})", R"({"id":"x"})"}) client.produce("t", {0, -1, "k", value, {{"h", "v"}}, 0});
  client.flush();
  make_table(*server, "id UInt64, o Int64, h String");
  const auto at = [&](const std::string& place, const std::string& flag = "--at") {
    return explain(with_table(*server, {"--bootstrap-server", broker.bootstrap(), "--topic", "t", flag, place,
                                        "--json-offset-column", "o", "--json-header-column", "h=h"}));
  };
  EXPECT_EQ(at("0:0", "--offset"), 0) << output;
  EXPECT_THAT(output, HasSubstr("(offset)")) << output;
  EXPECT_THAT(output, HasSubstr("(header h)")) << output;
  EXPECT_EQ(at("0:1"), 1) << output;
  EXPECT_THAT(output, HasSubstr("REFUSED")) << output;
  EXPECT_EQ(at("0:2"), 1) << output;
  EXPECT_THAT(output, HasSubstr("offsets 0 to 1")) << output;
}

TEST_F(ExplainTest, AnOldServerIsNotAsked) {
  const testkit::OldClickHouse old;
  make_table(old, "id UInt64, d DateTime DEFAULT now()");
  EXPECT_EQ(explain_value(R"({"id":1})", with_table(old)), 0) << output;
  EXPECT_THAT(output, HasSubstr("has no table function `format`")) << output;
  EXPECT_THAT(output, HasSubstr("DEFAULT now()")) << output;
  EXPECT_EQ(explain_value(R"({"id":-1})", with_table(old)), 1) << output;
  EXPECT_THAT(output, HasSubstr("an unsigned column rejects a negative number")) << output;
}

}  // namespace
}  // namespace freshet
