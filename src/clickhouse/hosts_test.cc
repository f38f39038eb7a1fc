#include "clickhouse/hosts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "clickhouse/writing_for_test.h"
#include "testkit/fake_clickhouse.h"
#include "testkit/fake_clock.h"

namespace freshet::clickhouse {
namespace {

using testkit::FakeAnswer;
using testkit::FakeClickHouse;

TEST(ClickHouseWriter, TurnsToTheNextHost) {
  FakeClickHouse bad;
  FakeClickHouse good;
  bad.otherwise(FakeAnswer::exception(242, "Table is in readonly mode"));
  Writing w({bad.url(), good.url()});
  EXPECT_EQ(w.write({"one\n"}, "1").kind, WriteOutcome::Kind::Written);
  EXPECT_EQ(w.write({"two\n"}, "2").kind, WriteOutcome::Kind::Written);
  EXPECT_EQ(good.stored_rows(), "one\ntwo\n");
  EXPECT_EQ(bad.requests().size(), 1u) << "a host that failed is left alone for a while";
  EXPECT_EQ(w.failures.size(), 1u);
}

TEST(ClickHouseWriter, AnOverloadedHostIsWaitedForUntilTheBatchIsOverdue) {
  for (const bool overdue : {false, true}) {
    FakeClickHouse busy;
    FakeClickHouse idle;
    busy.next(FakeAnswer::exception(252, "Too many parts (300)"), 2);
    Writing w({busy.url(), idle.url()});
    if (overdue) w.overdue_at = w.clock->steady_now();
    EXPECT_EQ(w.write({"row\n"}).kind, WriteOutcome::Kind::Written);
    EXPECT_EQ(busy.requests().size(), overdue ? 1u : 3u);
    EXPECT_EQ(idle.stored_rows(), overdue ? "row\n" : "");
  }
}

TEST(ClickHouseWriter, HostsThatFailAlikeHaveALineEach) {
  FakeClickHouse one, other;
  for (FakeClickHouse* server : {&one, &other}) server->next(FakeAnswer::exception(60, "no table", 404), 2);
  Writing w({one.url(), other.url()});
  EXPECT_EQ(w.write({"row\n"}).kind, WriteOutcome::Kind::Written);
  EXPECT_EQ(w.failures.size(), 4u);
  EXPECT_EQ(w.log.count("insert_failed"), 2u);
}

TEST(Hosts, ComesBackInOrder) {
  Hosts hosts({"http://a:1", "http://b:2"});
  const SteadyTime now{std::chrono::hours(1)};
  EXPECT_EQ(hosts.pick(now), 0u);
  EXPECT_TRUE(hosts.failed(0, now));
  EXPECT_EQ(hosts.pick(now), 1u);
  EXPECT_FALSE(hosts.failed(0, now));
  hosts.failed(1, now + std::chrono::seconds(1));
  EXPECT_EQ(hosts.pick(now + std::chrono::seconds(2)), 0u) << "all failed: the one that may be asked first";
  EXPECT_EQ(hosts.pick(now + Hosts::kAvoidFor), 0u);
  EXPECT_TRUE(hosts.worked(0));
  EXPECT_EQ(hosts.pick(now), 0u);
  EXPECT_EQ(hosts.name(1), "http://b:2");
  EXPECT_EQ(hosts.server(1).address, "b");
  EXPECT_EQ(hosts.server(1).port, 2);
}

}  // namespace
}  // namespace freshet::clickhouse
