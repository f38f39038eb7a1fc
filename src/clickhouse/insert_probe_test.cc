#include "clickhouse/insert_probe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testkit/fake_clickhouse.h"

namespace freshet::clickhouse {
namespace {

using testing::HasSubstr;
using testkit::FakeAnswer;
using testkit::FakeClickHouse;

struct InsertProbeTest : testing::Test {
  Status probe(Duration timeout = std::chrono::seconds(30)) {
    return probe_insert(settings, server.url(), layout, {}, {}, clock, timeout);
  }

  RealClock clock;
  FakeClickHouse server;
  ClickHouseSettings settings;
  RowLayout layout;
};

TEST_F(InsertProbeTest, SendsWhatAnInsertSendsButNoRowAndNoToken) {
  settings.table = "db.t";
  settings.user = "me";
  settings.password = "hidden";
  settings.insert_settings["max_threads"] = "3";
  layout = {RowFormat::RowBinary, {"a", "b"}};
  EXPECT_TRUE(probe());
  ASSERT_EQ(server.requests().size(), 1u);
  const auto seen = server.requests().front();
  EXPECT_EQ(seen.body, "\n");
  EXPECT_EQ(seen.parameters.at("query"), "INSERT INTO `db`.`t` (`a`, `b`) FORMAT JSONEachRow");
  EXPECT_EQ(seen.parameters.at("max_threads"), "3");
  EXPECT_EQ(seen.parameters.at("async_insert"), "0");
  EXPECT_EQ(seen.parameters.count("insert_deduplication_token"), 0u);
  EXPECT_EQ(seen.headers.at("x-clickhouse-key"), "hidden");
}

TEST_F(InsertProbeTest, TheFirstFailureEndsItAndSaysWhy) {
  settings.table = "v";
  server.next(FakeAnswer::exception(48, "Method write is not supported by storage View", 501));
  const Status rejected = probe();
  ASSERT_FALSE(rejected);
  EXPECT_EQ(rejected.error().kind, ErrorKind::Retry);
  EXPECT_THAT(rejected.error().text, HasSubstr("not supported by storage View"));
  server.next(FakeAnswer::exception(467, "Cannot parse bool from string 'banana'"), 2);
  const Status wrong_value = probe();
  ASSERT_FALSE(wrong_value);
  EXPECT_THAT(wrong_value.error().text, HasSubstr("--clickhouse-setting"));
  EXPECT_EQ(server.requests().size(), 3u);
}

TEST_F(InsertProbeTest, AServerThatDoesNotAnswerIsNotWaitedFor) {
  settings.table = "t";
  server.otherwise(FakeAnswer::of(FakeAnswer::How::Hang, false));
  EXPECT_FALSE(probe(std::chrono::milliseconds(200)));
}

TEST_F(InsertProbeTest, ASettingOfOursThatTheServerDoesNotKnowIsNoFailure) {
  settings.table = "t";
  server.next(FakeAnswer::old_exception(115, "Unknown setting async_insert", 404));
  EXPECT_TRUE(probe());
}

}  // namespace
}  // namespace freshet::clickhouse
