#include "clickhouse/insert_url.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "clickhouse/request_url.h"
#include "testkit/http_wire.h"

namespace freshet::clickhouse {
namespace {

using testing::Contains;
using testing::Key;
using testing::Not;
using testing::Pair;

std::map<std::string, std::string> parameters(const std::string& url) {
  return testkit::parse_query(std::string_view(url).substr(url.find('?') + 1));
}

TEST(InsertUrl, SaysWhatItMeans) {
  ClickHouseSettings settings;
  settings.table = "db.events";
  const std::string url = insert_url("http://h:8123", settings, RowLayout{}, "t:0:1-2", {});
  EXPECT_TRUE(url.starts_with("http://h:8123/?decompress=1&")) << url;
  const auto seen = parameters(url);
  EXPECT_THAT(seen, Contains(Pair("query", "INSERT INTO `db`.`events` FORMAT JSONEachRow")));
  EXPECT_THAT(seen, Contains(Pair("async_insert", "0")));
  EXPECT_THAT(seen, Contains(Pair("input_format_skip_unknown_fields", "1")));
  EXPECT_THAT(seen, Contains(Pair("date_time_input_format", "best_effort")));
  EXPECT_THAT(seen, Contains(Pair("insert_deduplication_token", "t:0:1-2")));
  EXPECT_THAT(seen, Not(Contains(Key("database"))));
  EXPECT_THAT(seen, Not(Contains(Key("wait_for_async_insert"))));
}

TEST(InsertUrl, UserSettingsWin) {
  ClickHouseSettings settings;
  settings.table = "t";
  settings.database = "d b";
  settings.insert_settings = {{"async_insert", "1"}, {"max_partitions_per_insert_block", "500"}};
  const auto seen = parameters(insert_url("http://h/proxy/?x=1", settings, RowLayout{}, "", {}));
  EXPECT_THAT(seen, Contains(Pair("x", "1")));
  EXPECT_THAT(seen, Contains(Pair("database", "d b")));
  EXPECT_THAT(seen, Contains(Pair("async_insert", "1")));
  EXPECT_THAT(seen, Contains(Pair("wait_for_async_insert", "1")));
  EXPECT_THAT(seen, Contains(Pair("max_partitions_per_insert_block", "500")));
  EXPECT_THAT(seen, Not(Contains(Key("insert_deduplication_token"))));
}

TEST(InsertUrl, LeavesOutDroppedSettings) {
  ClickHouseSettings settings;
  settings.table = "t";
  const auto seen =
      parameters(insert_url("http://h", settings, RowLayout{}, "tok", {"async_insert", "insert_deduplication_token"}));
  EXPECT_THAT(seen, Not(Contains(Key("async_insert"))));
  EXPECT_THAT(seen, Not(Contains(Key("insert_deduplication_token"))));
}

TEST(InsertUrl, OnlyOurOwnSettingsMayBeDropped) {
  ClickHouseSettings settings;
  settings.insert_settings = {{"async_insert", "1"}};
  EXPECT_FALSE(is_droppable(settings, "async_insert"));
  EXPECT_FALSE(is_droppable(settings, "unheard_of"));
  EXPECT_FALSE(is_droppable(settings, ""));
  EXPECT_TRUE(is_droppable(settings, "insert_deduplication_token"));
  EXPECT_TRUE(is_droppable(settings, "input_format_skip_unknown_fields"));
}

TEST(InsertUrl, NamesNeverBecomeSql) {
  RowLayout layout;
  layout.columns = {"a", "b`, `c", "d\\"};
  EXPECT_EQ(insert_statement({"x`y", "t"}, layout),
            "INSERT INTO `x\\`y`.`t` (`a`, `b\\`, \\`c`, `d\\\\`) FORMAT JSONEachRow");
  EXPECT_EQ(quote_literal("it's \\"), "'it\\'s \\\\'");
}

TEST(InsertUrl, SplitsTableNames) {
  const auto split = [](std::string_view text) {
    const TableName name = parse_table_name(text);
    return name.database + "|" + name.table;
  };
  EXPECT_EQ(split("t"), "|t");
  EXPECT_EQ(split("d.t"), "d|t");
  EXPECT_EQ(split("d.t.u"), "d|t.u");
  EXPECT_EQ(split("`a.b`.`c.d`"), "a.b|c.d");
  EXPECT_EQ(split("`a.b`"), "|a.b");
}

TEST(InsertUrl, CredentialsTravelInHeaders) {
  ClickHouseSettings settings;
  settings.table = "t";
  settings.user = "u";
  settings.password = "hidden";
  EXPECT_THAT(insert_url("http://h", settings, RowLayout{}, "", {}), Not(testing::HasSubstr("hidden")));
  EXPECT_THAT(credentials(settings), testing::ElementsAre("X-ClickHouse-User: u", "X-ClickHouse-Key: hidden"));
}

}  // namespace
}  // namespace freshet::clickhouse
