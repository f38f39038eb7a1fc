// Which tables of real servers the audit of exactly-once delivery accepts, and that its statements fix the others.
#include "clickhouse/delivery_audit.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "clickhouse/clickhouse_client.h"
#include "testkit/fake_clock.h"
#include "testkit/fault_proxy.h"
#include "testkit/servers.h"

namespace freshet::clickhouse {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;

struct DeliveryAuditContract : testing::Test {
  static void SetUpTestSuite() { server_ = new testkit::LocalClickHouse(); }
  static void TearDownTestSuite() { delete server_; }
  void SetUp() override {
    database = testing::UnitTest::GetInstance()->current_test_info()->name();
    server_->query("CREATE DATABASE " + database);
    settings.urls = {server_->url()};
    settings.table = database + ".t";
  }
  void TearDown() override { server_->query("DROP DATABASE " + database); }

  void create(const std::string& table, const std::string& engine) const {
    server_->query(fmt::format("CREATE TABLE {}.{} (n Int32) ENGINE = {}", database, table, engine));
  }
  void create(const std::string& table, int window) const {
    create(table, fmt::format("MergeTree ORDER BY n SETTINGS non_replicated_deduplication_window = {}", window));
  }
  void view(const std::string& name, const std::string& to, const std::string& from = "t") const {
    server_->query(
        fmt::format("CREATE MATERIALIZED VIEW {0}.{1} {2} AS SELECT n FROM {0}.{3}", database, name, to, from));
  }
  DeliveryAudit audit() {
    auto done = audit_delivery(settings, needs, clock, nullptr, seconds(10), {});
    EXPECT_TRUE(done) << done.error().text;
    return done ? *std::move(done) : DeliveryAudit();
  }
  // The only finding.
  Finding finding() {
    const DeliveryAudit done = audit();
    EXPECT_EQ(done.findings.size(), 1u) << testing::PrintToString(texts(done));
    return done.findings.empty() ? Finding() : done.findings.front();
  }
  static std::vector<std::string> texts(const DeliveryAudit& done) {
    std::vector<std::string> out;
    for (const Finding& one : done.findings) out.push_back(one.subject + ": " + one.text);
    return out;
  }
  void expect_fixed_by_statements() {
    const DeliveryAudit before = audit();
    EXPECT_FALSE(before.suitable);
    for (const Finding& one : before.findings) server_->query(one.statement);
    const DeliveryAudit after = audit();
    EXPECT_TRUE(after.suitable) << testing::PrintToString(texts(after));
  }

  static testkit::LocalClickHouse* server_;
  std::string database;
  ClickHouseSettings settings;
  DeliveryNeeds needs{4, seconds(60)};
  RealClock clock;
};
testkit::LocalClickHouse* DeliveryAuditContract::server_ = nullptr;

TEST_F(DeliveryAuditContract, ATableWithAWindowIsSuitable) {
  create("t", 100'000);
  const DeliveryAudit done = audit();
  EXPECT_TRUE(done.suitable) << testing::PrintToString(texts(done));
  EXPECT_TRUE(done.findings.empty());
  EXPECT_FALSE(done.horizon) << "nothing was inserted";
  create("replacing", "ReplacingMergeTree ORDER BY n SETTINGS non_replicated_deduplication_window = 64");
  settings.table = database + ".replacing";
  EXPECT_TRUE(audit().suitable);
}

TEST_F(DeliveryAuditContract, WithoutAWindowTheStatementAddsIt) {
  create("t", "MergeTree ORDER BY n");
  EXPECT_EQ(finding().statement, fmt::format("ALTER TABLE {}.t MODIFY SETTING non_replicated_deduplication_window = "
                                             "100000",
                                             database));
  expect_fixed_by_statements();
}

TEST_F(DeliveryAuditContract, AWindowSmallerThanWhatMayBeInFlight) {
  create("t", 63);
  EXPECT_THAT(finding().text, HasSubstr("63 entries, two for each part: after 31 further parts"));
  EXPECT_THAT(finding().text, HasSubstr("32 inserts may be in flight (8 for each of 4 partitions)"));
  expect_fixed_by_statements();
  needs.partitions = 10'000;
  EXPECT_THAT(finding().statement, HasSubstr("= 320000"));
}

TEST_F(DeliveryAuditContract, EnginesThatRecogniseNoRepeat) {
  for (const std::string engine : {"Memory", "Null", "Log", "Buffer(default, nothing, 1, 1, 1, 1, 1, 1, 1)"}) {
    create("t", engine);
    const Finding found = finding();
    EXPECT_EQ(found.severity, Severity::Error);
    EXPECT_EQ(found.subject, database + ".t");
    EXPECT_THAT(found.text, HasSubstr(engine.substr(0, engine.find('('))));
    EXPECT_FALSE(audit().suitable);
    server_->query("DROP TABLE " + database + ".t");
  }
}

TEST_F(DeliveryAuditContract, TargetsOfViewsOfViewsNeedAWindowToo) {
  create("t", 1000);
  create("second", 1000);
  create("third", "MergeTree ORDER BY n");
  view("v1", "TO " + database + ".second");
  EXPECT_TRUE(audit().suitable);
  view("v2", "TO " + database + ".third", "second");
  EXPECT_THAT(finding().text, HasSubstr(fmt::format("table {0}.third, into which the view {0}.v2 writes,", database)));
  expect_fixed_by_statements();
  create("memory", "Memory");
  view("v3", "TO " + database + ".memory", "third");
  EXPECT_THAT(finding().text, HasSubstr("has the engine Memory"));
}

TEST_F(DeliveryAuditContract, AnInnerTableNeedsAWindowToo) {
  create("t", 1000);
  view("v", "ENGINE = MergeTree ORDER BY n");
  EXPECT_THAT(finding().text, HasSubstr("into which the view " + database + ".v writes"));
  expect_fixed_by_statements();
}

TEST_F(DeliveryAuditContract, TheTargetIsGone) {
  create("t", 1000);
  create("target", 1000);
  view("v", "TO " + database + ".target");
  server_->query("DROP TABLE " + database + ".target");
  EXPECT_THAT(finding().text, HasSubstr("does not exist"));
}

TEST_F(DeliveryAuditContract, SettingsOfTheUserThatStoreARepeatAgain) {
  create("t", 1000);
  create("target", 1000);
  view("v", "TO " + database + ".target");
  for (const auto& [name, value] :
       std::map<std::string, std::string>{{"async_insert", "1"},
                                          {"insert_deduplicate", "0"},
                                          {"deduplicate_insert", "disable"},
                                          {"deduplicate_blocks_in_dependent_materialized_views", "0"},
                                          {"input_format_parallel_parsing", "1"},
                                          {"min_insert_block_size_rows", "1000"},
                                          {"min_insert_block_size_bytes", "1000000"}}) {
    settings.insert_settings = {{name, value}};
    const Finding found = finding();
    EXPECT_EQ(found.subject, name);
    EXPECT_EQ(found.severity, Severity::Error);
    EXPECT_THAT(found.text, HasSubstr("Leave out --clickhouse-setting " + name));
  }
}

TEST_F(DeliveryAuditContract, AProxyThatRemovesSettings) {
  create("t", 1000);
  settings.delivery = Delivery::ExactlyOnce;
  testkit::FaultProxy proxy(static_cast<uint16_t>(server_->port()));
  settings.urls = {proxy.url()};
  EXPECT_TRUE(audit().suitable);
  proxy.set_rules(testkit::ProxyRules::chproxy());
  const DeliveryAudit done = audit();
  EXPECT_FALSE(done.suitable);
  EXPECT_THAT(texts(done), testing::Contains(HasSubstr("insert_deduplication_token: inserts have no token")));
  EXPECT_THAT(texts(done), testing::Contains(HasSubstr("min_insert_block_size_bytes: it is 268402944")));
}

// A server acknowledges inserts of this user before it has stored them, unless they say otherwise. (The engine of this
// test stores each at once, whatever the settings.)
TEST(DeliveryAuditOfAProfile, AsynchronousInserts) {
  testkit::LocalClickHouse server;
  const std::string async = "<async_insert>1</async_insert><wait_for_async_insert>0</wait_for_async_insert>";
  server.restart_with("", "", async);
  server.query(
      "CREATE TABLE t (n Int32) ENGINE = MergeTree ORDER BY n SETTINGS non_replicated_deduplication_window = 64");
  testkit::FaultProxy proxy(static_cast<uint16_t>(server.port()));
  ClickHouseSettings settings;
  settings.urls = {proxy.url()};
  settings.table = "t";
  RealClock clock;
  const auto subjects = [&] {
    std::vector<std::string> out;
    const auto done = audit_delivery(settings, {}, clock, nullptr, seconds(10), {});
    if (!done) return std::vector<std::string>{done.error().text};
    for (const Finding& one : done->findings) out.push_back(one.subject);
    return out;
  };
  for (const Delivery delivery : {Delivery::AtLeastOnce, Delivery::ExactlyOnce}) {
    settings.delivery = delivery;
    EXPECT_THAT(subjects(), testing::IsEmpty()) << "inserts have async_insert=0";
  }
  proxy.set_rules(testkit::ProxyRules::chproxy());
  EXPECT_THAT(subjects(), testing::IsSupersetOf({"async_insert", "wait_for_async_insert"}));
  proxy.set_rules({});
  server.restart_with("", "", async + "<constraints><async_insert><const/></async_insert></constraints>");
  EXPECT_THAT(subjects(), testing::ElementsAre("async_insert"));
}

TEST_F(DeliveryAuditContract, TheHorizonIsMeasured) {
  create("t", "MergeTree ORDER BY n SETTINGS non_replicated_deduplication_window = 64, old_parts_lifetime = 480");
  for (int i = 0; i < 24; ++i) server_->query(fmt::format("INSERT INTO {}.t VALUES ({})", database, i));
  needs.repeat_after = seconds(300);
  const DeliveryAudit done = audit();
  ASSERT_TRUE(done.horizon);
  EXPECT_NEAR(done.horizon->count(), 32 / (24 / 240.0), 1) << "24 parts within the 240 s that are measured";
  EXPECT_TRUE(done.suitable);
  needs.repeat_after = seconds(400);
  EXPECT_THAT(finding().text, HasSubstr("remembers an insert for 320 s; it may be repeated up to 400 s later"));
  expect_fixed_by_statements();
}

TEST_F(DeliveryAuditContract, PartsThatWereMergedAndRemovedAreMeasuredToo) {
  create("t", 64);
  testkit::FakeClock fake;
  PartsRate rates(fake);
  const auto horizon = [&] {
    for (int i = 0; i < 40; ++i) server_->query(fmt::format("INSERT INTO {}.t VALUES ({})", database, i));
    server_->query(fmt::format("OPTIMIZE TABLE {}.t FINAL", database));
    const auto done = audit_delivery(settings, needs, fake, nullptr, seconds(10), {}, &rates);
    EXPECT_TRUE(done) << done.error().text;
    return done && done->horizon ? done->horizon->count() : 0;
  };
  horizon();
  fake.advance(seconds(10));
  EXPECT_NEAR(horizon(), 32 / 4.0, 0.1) << "40 parts in 10 s";
}

TEST_F(DeliveryAuditContract, TwoServersWithoutReplication) {
  create("t", 1000);
  settings.urls = {server_->url(), server_->url()};
  EXPECT_TRUE(audit().suitable) << "twice the same server";
  testkit::LocalClickHouse other;
  other.query("CREATE DATABASE " + database);
  settings.urls = {server_->url(), other.url()};
  EXPECT_THAT(finding().text, HasSubstr("no table")) << "the other server does not have it";
  other.query("CREATE TABLE " + database + ".t (n Int32) ENGINE = MergeTree ORDER BY n");
  EXPECT_THAT(finding().text, HasSubstr("that are not replicated"));
  other.stop();
  const auto done = audit_delivery(settings, needs, clock, nullptr, seconds(10), {});
  ASSERT_TRUE(done) << done.error().text;
  EXPECT_FALSE(done->suitable) << "it may be another server";
  EXPECT_TRUE(done->undecided);
}

TEST_F(DeliveryAuditContract, WhatCannotBeAuditedIsNoVerdict) {
  auto done = audit_delivery(settings, needs, clock, nullptr, seconds(10), {});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().kind, ErrorKind::Retry);
  EXPECT_THAT(done.error().text, HasSubstr("does not exist"));
  settings.urls = {"http://127.0.0.1:1"};
  done = audit_delivery(settings, needs, clock, nullptr, seconds(10), {});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().kind, ErrorKind::Retry);
  std::stop_source stop;
  stop.request_stop();
  settings.urls = {server_->url()};
  done = audit_delivery(settings, needs, clock, nullptr, seconds(10), stop.get_token());
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().kind, ErrorKind::Stopping);
}

TEST(DeliveryAuditOfAnOldServer, ItKnowsNoTokens) {
  testkit::OldClickHouse server;
  server.query("CREATE TABLE default.t (n Int32) ENGINE = MergeTree ORDER BY n");
  ClickHouseSettings settings;
  settings.urls = {server.url()};
  settings.table = "default.t";
  RealClock clock;
  const auto done = audit_delivery(settings, {}, clock, nullptr, seconds(10), {});
  ASSERT_TRUE(done) << done.error().text;
  EXPECT_FALSE(done->suitable);
  EXPECT_THAT(done->findings, testing::Contains(testing::Field(&Finding::subject, "insert_deduplication_token")));
}

}  // namespace
}  // namespace freshet::clickhouse
