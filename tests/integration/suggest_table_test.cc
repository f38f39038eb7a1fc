// The statement of `freshet suggest-table` and `freshet check --suggest-table` runs as it is printed, and the table
// takes the sampled messages.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "base/files.h"
#include "testkit/child_process.h"
#include "testkit/freshet_process.h"
#include "testkit/kafka_client.h"
#include "testkit/servers.h"

namespace freshet {
namespace {

using testing::HasSubstr;
using testing::Not;
using namespace std::chrono_literals;

struct SuggestTableTest : testing::Test {
  SuggestTableTest() : client(broker.bootstrap()) { broker.create_topic("t", 2); }

  int suggest(std::vector<std::string> more = {}) {
    const std::vector<std::string> all = {"suggest-table", "--bootstrap-server", broker.bootstrap(), "--topic", "t"};
    more.insert(more.begin(), all.begin(), all.end());
    testkit::FreshetProcess command(more);
    const auto status = command.process().wait(120s);
    output = command.output();
    return status.value_or(-1);
  }
  // `freshet check --suggest-table`: its status; standard output and error are in `output` and `findings`.
  int check(const testkit::LocalClickHouse& server, const std::vector<std::string>& more = {}) {
    const testkit::TempFolder folder;
    std::vector<std::string> all = {"/bin/sh",
                                    "-c",
                                    "exec \"$@\" 2>" + folder.path("findings"),
                                    "sh",
                                    testkit::freshet_program(),
                                    "check",
                                    "--suggest-table",
                                    "--bootstrap-server",
                                    broker.bootstrap(),
                                    "--topic",
                                    "t",
                                    "--consumer-group",
                                    "g",
                                    "--clickhouse-url",
                                    server.url(),
                                    "--table",
                                    "default.suggested"};
    all.insert(all.end(), more.begin(), more.end());
    testkit::ChildProcess command(all, folder.path("output"));
    const auto status = command.wait(120s);
    output = command.output();
    findings = read_file(folder.path("findings"), 1 << 20).value_or("");
    return status.value_or(-1);
  }
  void produce(const std::vector<std::string>& values) {
    for (size_t i = 0; i < values.size(); ++i) {
      client.produce("t", {static_cast<int32_t>(i % 2), -1, "k", values[i], {}, 0});
    }
    client.flush();
  }

  testkit::MockCluster broker;
  testkit::KafkaClient client;
  std::string output;
  std::string findings;
};

// A message of every type that is suggested.
std::string event(int i) {
  return fmt::format(
      R"({{"id":"61f0c404-5cb3-11e7-907b-a6006ad3db{:02x}","kind":"k{}","at":"2026-01-02T03:04:05.{:06}Z","ok":{},)"
      R"("n":{},"big":18446744073709551615,"huge":1{:040},"price":{},"day":"2026-01-{:02}","tags":["a",null],)"
      R"("grid":[[1],[]],"deep":[[[[[[1]]]]]],"object":{{"a":{{"b":1}}}},"list":[{{"a":1}}],"mixed":{},)"
      R"("a`b\n.c":"x",{}"nothing":null}})",
      i, i % 3, i, i % 2 == 0 ? "true" : "false", i - 20, i, i % 2 == 0 ? "1.5" : "2", 1 + i % 28,
      i % 2 == 0 ? "1" : R"("one")", i % 4 == 0 ? "" : R"("sometimes":7,)");
}

TEST_F(SuggestTableTest, TheTableTakesTheMessagesItWasMadeFrom) {
  std::vector<std::string> values;
  for (int i = 0; i < 40; ++i) values.push_back(event(i));
  produce(values);
  ASSERT_EQ(suggest({"--table", "default.suggested"}), 0) << output;
  EXPECT_THAT(output, HasSubstr("sometimes Nullable(Int64) -- missing in 10 of 40 rows")) << output;
  EXPECT_THAT(output, HasSubstr("ORDER BY (at, kind, ")) << output;

  testkit::LocalClickHouse server;
  server.query(output);
  std::string rows;
  for (const std::string& value : values) rows += value + '\n';
  server.query(
      "INSERT INTO suggested SETTINGS date_time_input_format='best_effort', input_format_skip_unknown_fields=0 FORMAT "
      "JSONEachRow " +
      rows);
  EXPECT_EQ(server.count("SELECT count() FROM suggested"), 40u);
  EXPECT_EQ(server.query("SELECT uniqExact(id), uniqExact(at), countIf(isNull(sometimes)), countIf(ok), sum(n), "
                         "any(big), sum(price), any(deep), any(object) FROM suggested FORMAT CSV"),
            R"(40,40,10,20,-20,18446744073709551615,70,"[[[[['[1]']]]]]","{""a"":{""b"":1}}")");
  EXPECT_THAT(server.query("SELECT engine_full FROM system.tables WHERE name = 'suggested'"),
              HasSubstr("non_replicated_deduplication_window = 100000"));

  testkit::FreshetProcess explained({"explain", "--bootstrap-server", broker.bootstrap(), "--topic", "t", "--at", "1:0",
                                     "--clickhouse-url", server.url(), "--table", "default.suggested"});
  EXPECT_EQ(explained.process().wait(120s), 0) << explained.output();
}

TEST_F(SuggestTableTest, WhatTheProcessorWritesDecides) {
  EXPECT_EQ(suggest(), 1);
  EXPECT_THAT(output, HasSubstr("the topic is empty"));
  produce({"{", R"({"id":1,"x":2})"});
  ASSERT_EQ(suggest({"--json", "--replicated", "--json-field", "id=number", "--json-offset-column", "o"}), 0) << output;
  const auto json = nlohmann::json::parse(output);
  EXPECT_EQ(json["messages"], 1);
  ASSERT_EQ(json["columns"].size(), 2u) << output;
  EXPECT_EQ(json["columns"][0]["name"], "number");
  EXPECT_EQ(json["columns"][1]["type"], "Int64");
  EXPECT_THAT(std::string(json["statement"]), HasSubstr("CREATE TABLE t\n"));
  EXPECT_THAT(std::string(json["statement"]), HasSubstr("ReplicatedMergeTree"));
  EXPECT_EQ(suggest({"--json-required-field", "none"}), 1);
  EXPECT_THAT(output, HasSubstr("none of 2 messages becomes a row"));
}

TEST_F(SuggestTableTest, CheckPrintsItsFindingsBesideTheStatement) {
  testkit::LocalClickHouse server;
  EXPECT_EQ(check(server), 1);
  EXPECT_EQ(output, "");
  EXPECT_THAT(findings, HasSubstr("FAILED   no table can be suggested: the topic is empty"));

  produce({R"({"id":1})", R"({"id":2})"});
  EXPECT_EQ(check(server), 1) << "the table does not exist yet";
  EXPECT_THAT(findings, HasSubstr("FAILED   table default.suggested does not exist"));
  EXPECT_THAT(findings, Not(HasSubstr("--suggest-table prints"))) << "it is given already";
  EXPECT_THAT(output, HasSubstr("CREATE TABLE default.suggested\n(\n    id Int64\n)\nENGINE = MergeTree\n"));
  server.query(output);
  EXPECT_EQ(check(server, {"--sample", "2", "--replicated"}), 0) << findings;
  EXPECT_THAT(findings, HasSubstr("ok       2 sampled messages become rows"));
  EXPECT_THAT(output, HasSubstr("ReplicatedMergeTree"));

  EXPECT_EQ(check(server, {"--json"}), 0) << findings;
  EXPECT_EQ(findings, "");
  std::map<std::string, int> results;
  std::string statement;
  std::istringstream lines(output);
  for (std::string line; std::getline(lines, line);) {
    const auto json = nlohmann::json::parse(line);
    if (json.contains("result")) {
      ++results[json["result"]];
    } else {
      statement = json["statement"];
    }
  }
  EXPECT_GT(results["ok"], 5) << output;
  EXPECT_EQ(results["failed"], 0) << output;
  EXPECT_THAT(statement, HasSubstr("CREATE TABLE default.suggested"));
}

}  // namespace
}  // namespace freshet
