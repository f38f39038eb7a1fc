// What the servers of tests/contract/delivery_audit_test.cc cannot show: replicated tables, balancers, profiles that
// fix a setting, older versions.
#include "clickhouse/delivery_audit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "testkit/fake_clickhouse.h"
#include "testkit/fake_clock.h"

namespace freshet::clickhouse {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;
using Rows = std::vector<std::vector<std::string>>;

testkit::FakeAnswer answer(const Rows& rows) {
  std::string data;
  for (const auto& row : rows) {
    std::string cells;
    for (const std::string& cell : row) cells += (cells.empty() ? "\"" : ",\"") + cell + "\"";
    data += (data.empty() ? "[" : ",[") + cells + "]";
  }
  testkit::FakeAnswer out;
  out.body = "{\"data\":[" + data + "]}";
  return out;
}

// A server with the answers to all queries of an audit of d.t, in their order.
struct AuditedServer {
  std::string engine = "ReplicatedMergeTree('/p', 'r') ORDER BY n";
  Rows settings = {{"", "insert_deduplication_token", ""},
                   {"", "async_insert", "1"},
                   {"", "insert_deduplicate", "1"},
                   {"", "deduplicate_blocks_in_dependent_materialized_views", "1"},
                   {"MergeTree", "non_replicated_deduplication_window", "0"},
                   {"MergeTree", "replicated_deduplication_window", "10000"},
                   {"MergeTree", "replicated_deduplication_window_seconds", "3600"}};
  Rows fixed;
  Rows arrived;  // values of settings that were sent
  std::string version = "26.5.1.1";
  std::vector<std::string> hosts = {"a", "a", "a"};  // of the three connections
  std::string replica_path = "/p";
  std::string new_parts = "0";
  bool view = false;
  bool refuses_values = false;
  testkit::FakeClickHouse server;

  void expect_survey() {
    server.next(answer({{"d", engine.substr(0, engine.find('(')), engine}}));
    server.next(answer({{"n", "Int32", "", ""}}));
    server.next(answer({}));
    server.next(answer(settings));
    server.next(answer(fixed));
    server.next(refuses_values ? testkit::FakeAnswer::exception(452, "Setting x shouldn't be less than 1")
                               : answer(arrived));
    server.next(answer({{view ? "d" : "", view ? "v" : ""}}));
    if (view) {
      server.next(answer({{"MaterializedView", "CREATE MATERIALIZED VIEW d.v TO d.target AS SELECT n FROM d.t"}}));
      server.next(answer({{engine}}));
      server.next(answer({{"", ""}}));  // the views that read from d.target
      server.next(answer({{"", ""}}));  // and from d.v
    }
    server.next(answer({{version}}));
  }
  void expect_comparison() {
    for (const std::string& host : hosts) {
      server.next(answer({{host, "uuid of " + host}}));
      if (engine.starts_with("Replicated")) server.next(answer({{replica_path}}));
    }
  }
  void expect_measurement() {
    for (int i = 0; i < (view ? 2 : 1); ++i) server.next(answer({{new_parts, "7"}}));
  }
  void expect_all() {
    expect_survey();
    expect_comparison();
    expect_measurement();
  }
};

Result<DeliveryAudit> audit(const std::vector<std::string>& urls, const DeliveryNeeds& needs = {}) {
  ClickHouseSettings settings;
  settings.urls = urls;
  settings.table = "d.t";
  testkit::FakeClock clock;
  return audit_delivery(settings, needs, clock, nullptr, seconds(30), {});
}

Result<DeliveryAudit> audit(AuditedServer& server, const DeliveryNeeds& needs = {}) {
  server.expect_all();
  return audit({server.server.url()}, needs);
}

TEST(DeliveryAudit, AReplicatedTableIsLimitedByCountAndSeconds) {
  AuditedServer server;
  auto done = audit(server, {4, seconds(60)});
  ASSERT_TRUE(done) << done.error().text;
  EXPECT_TRUE(done->suitable);
  ASSERT_TRUE(done->horizon);
  EXPECT_EQ(done->horizon->count(), 3600) << "the seconds of the window: nothing was inserted";

  server.new_parts = "2400";  // 10 a second
  done = audit(server, {4, seconds(501)});
  ASSERT_TRUE(done) << done.error().text;
  EXPECT_EQ(done->horizon->count(), 500);
  ASSERT_EQ(done->findings.size(), 1u);
  EXPECT_FALSE(done->suitable);
  EXPECT_EQ(done->findings[0].statement, "ALTER TABLE d.t MODIFY SETTING replicated_deduplication_window = 100000");

  server.new_parts = "0";
  done = audit(server, {4, seconds(50'000)});
  ASSERT_TRUE(done) << done.error().text;
  ASSERT_EQ(done->findings.size(), 1u);
  EXPECT_EQ(done->findings[0].statement,
            "ALTER TABLE d.t MODIFY SETTING replicated_deduplication_window_seconds = 100000");
}

TEST(DeliveryAudit, ReplicasOfOneTableBehindABalancer) {
  AuditedServer server;
  server.hosts = {"a", "b", "a"};
  const auto done = audit(server);
  ASSERT_TRUE(done) << done.error().text;
  EXPECT_TRUE(done->suitable);
}

TEST(DeliveryAudit, IndependentServersBehindABalancer) {
  AuditedServer server;
  server.engine = "MergeTree ORDER BY n SETTINGS non_replicated_deduplication_window = 1000";
  server.hosts = {"a", "b", "a"};
  const auto done = audit(server);
  ASSERT_TRUE(done) << done.error().text;
  EXPECT_FALSE(done->suitable);
  ASSERT_EQ(done->findings.size(), 1u);
  EXPECT_THAT(done->findings[0].text, HasSubstr("(a) and http://127.0.0.1:"));
  EXPECT_THAT(done->findings[0].text, HasSubstr("(b)"));
}

TEST(DeliveryAudit, HostsWithReplicasOfDifferentTables) {
  AuditedServer first;
  AuditedServer second;
  second.replica_path = "/another";
  first.expect_all();
  second.expect_comparison();
  const auto done = audit({first.server.url(), second.server.url()});
  ASSERT_TRUE(done) << done.error().text;
  EXPECT_FALSE(done->suitable);
  ASSERT_EQ(done->findings.size(), 1u);
  EXPECT_THAT(done->findings[0].text, HasSubstr("do not have replicas of one table d.t"));
}

TEST(DeliveryAudit, AReplicaThatDoesNotAnswerIsNamed) {
  AuditedServer server;
  server.expect_all();
  const auto done = audit({server.server.url(), "http://127.0.0.1:1"});
  ASSERT_TRUE(done) << done.error().text;
  EXPECT_TRUE(done->suitable);
  ASSERT_EQ(done->findings.size(), 1u);
  EXPECT_EQ(done->findings[0].severity, Severity::Warning);
  EXPECT_EQ(done->findings[0].subject, "http://127.0.0.1:1");
}

TEST(DeliveryAudit, AProfileThatFixesASetting) {
  AuditedServer server;
  server.fixed = {{"async_insert", "1"}, {"min_insert_block_size_bytes", "0"}, {"max_threads", "1"}};
  const auto done = audit(server);
  ASSERT_TRUE(done) << done.error().text;
  ASSERT_EQ(done->findings.size(), 1u);
  EXPECT_EQ(done->findings[0].subject, "async_insert");
  EXPECT_EQ(done->findings[0].statement, "ALTER USER default SETTINGS async_insert = 0");
}

// Settings of each request that a proxy does not pass on: what the profile says counts.
TEST(DeliveryAudit, AProxyThatRemovesSettings) {
  AuditedServer server;
  server.settings.push_back({"", "wait_for_async_insert", "0"});
  server.arrived = {{"async_insert", "1"}, {"insert_deduplication_token", ""}};
  const auto done = audit(server);
  ASSERT_TRUE(done) << done.error().text;
  EXPECT_FALSE(done->suitable);
  ASSERT_EQ(done->findings.size(), 3u);
  EXPECT_EQ(done->findings[0].subject, "async_insert");
  EXPECT_EQ(done->findings[0].statement, "ALTER USER default SETTINGS async_insert = 0");
  EXPECT_THAT(done->findings[0].text, HasSubstr("A proxy between freshet and ClickHouse"));
  EXPECT_EQ(done->findings[1].subject, "wait_for_async_insert");
  EXPECT_THAT(done->findings[1].text, HasSubstr("acknowledges rows before it has stored them"));
  EXPECT_EQ(done->findings[2].subject, "insert_deduplication_token");
  EXPECT_THAT(done->findings[2].text, HasSubstr("inserts have no token"));
  const auto sent = server.server.requests().at(5).parameters;
  EXPECT_EQ(sent.at("async_insert"), "0");
  EXPECT_EQ(sent.at("insert_deduplication_token"), "token");
  EXPECT_FALSE(sent.contains("min_insert_block_size_rows")) << "the server does not know it";
}

// Inserts with it fail, and say so themselves.
TEST(DeliveryAudit, AValueThatTheServerDoesNotTakeIsNoProxy) {
  AuditedServer server;
  server.refuses_values = true;
  const auto done = audit(server);
  ASSERT_TRUE(done) << done.error().text;
  EXPECT_TRUE(done->suitable);
}

TEST(DeliveryAudit, TheProfileTurnsDeduplicationOff) {
  AuditedServer server;
  server.settings[2][2] = "0";
  const auto done = audit(server);
  ASSERT_TRUE(done) << done.error().text;
  ASSERT_EQ(done->findings.size(), 1u);
  EXPECT_EQ(done->findings[0].statement, "ALTER USER default SETTINGS insert_deduplicate = 1");
}

TEST(DeliveryAudit, ViewsNeedAServerThatGivesThemTheirOwnTokens) {
  AuditedServer server;
  server.view = true;
  server.version = "24.6.2.17";
  auto done = audit(server);
  ASSERT_TRUE(done) << done.error().text;
  ASSERT_EQ(done->findings.size(), 1u);
  EXPECT_EQ(done->findings[0].subject, "version");
  server.version = "24.7.1.1";
  done = audit(server);
  ASSERT_TRUE(done) << done.error().text;
  EXPECT_TRUE(done->suitable);
}

TEST(DeliveryAudit, AServerThatFailsInTheMiddleIsNoVerdict) {
  AuditedServer server;
  server.expect_survey();
  server.server.otherwise(testkit::FakeAnswer::exception(210, "Connection refused"));
  const auto done = audit({server.server.url()});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().kind, ErrorKind::Retry);
}

TEST(DeliveryAudit, WhatIsMissingIsKnownAlthoughTheServerFailsLater) {
  AuditedServer server;
  server.engine = "MergeTree ORDER BY n";
  server.expect_survey();
  server.server.otherwise(testkit::FakeAnswer::exception(210, "Connection refused"));
  const auto done = audit({server.server.url()});
  ASSERT_TRUE(done) << done.error().text;
  EXPECT_FALSE(done->suitable);
  ASSERT_EQ(done->findings.size(), 1u);
  EXPECT_EQ(done->findings[0].subject, "non_replicated_deduplication_window");
}

// A user that may only insert: waiting would not change that.
TEST(DeliveryAudit, AUserWhoMayNotRunTheQueries) {
  AuditedServer server;
  server.expect_survey();
  server.expect_comparison();
  server.server.otherwise(testkit::FakeAnswer::exception(497, "Not enough privileges: SELECT ON system.parts"));
  const auto done = audit({server.server.url()});
  ASSERT_TRUE(done) << done.error().text;
  EXPECT_FALSE(done->suitable);
  ASSERT_EQ(done->findings.size(), 1u);
  EXPECT_THAT(done->findings[0].text, HasSubstr("Not enough privileges"));
  EXPECT_EQ(done->findings[0].statement, "GRANT SELECT ON system.* TO default");
}

TEST(DeliveryAudit, AServerThatDoesNotUnderstandTheQueries) {
  AuditedServer server;
  server.server.otherwise(testkit::FakeAnswer());
  auto done = audit({server.server.url()});
  ASSERT_TRUE(done) << done.error().text;
  EXPECT_FALSE(done->suitable);
  server.server.otherwise(testkit::FakeAnswer::exception(62, "Syntax error"));
  done = audit({server.server.url()});
  ASSERT_TRUE(done) << done.error().text;
  EXPECT_FALSE(done->suitable);
}

TEST(DeliveryAudit, WhatStopsInsertsTooIsNoVerdict) {
  for (const int code : {60, 81, 516, 201, 241}) {
    AuditedServer server;
    server.server.otherwise(testkit::FakeAnswer::exception(code, "no"));
    EXPECT_FALSE(audit({server.server.url()})) << code;
  }
}

TEST(DeliveryAudit, AnotherHostOfATableWithoutReplicasIsSilent) {
  AuditedServer server;
  server.engine = "MergeTree ORDER BY n SETTINGS non_replicated_deduplication_window = 1000";
  server.expect_all();
  const auto done = audit({server.server.url(), "http://127.0.0.1:1"});
  ASSERT_TRUE(done) << done.error().text;
  EXPECT_FALSE(done->suitable);
  EXPECT_TRUE(done->undecided);
  ASSERT_EQ(done->findings.size(), 1u);
  EXPECT_THAT(done->findings[0].text, HasSubstr("one of the hosts does not answer"));
}

}  // namespace
}  // namespace freshet::clickhouse
