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

// A server would convert what it does not refuse.
TEST(InsertUrl, NativeLetsTheServerCompareTypes) {
  ClickHouseSettings settings;
  settings.table = "t";
  const std::string name(kTypesConversion);
  for (const auto own : {OwnSettings::All, OwnSettings::Required}) {
    EXPECT_THAT(insert_settings(settings, "", own, RowFormat::Native), Contains(Pair(name, "0")));
    EXPECT_THAT(insert_settings(settings, "", own), Not(Contains(Key(name))));
  }
  EXPECT_FALSE(may_omit(settings, name, kUnknownSetting));
  EXPECT_THAT(parameters(insert_url("http://h/", settings, {RowFormat::Native, {"a"}, {"UInt8"}}, "", {})),
              Contains(Pair(name, "0")));
}

TEST(InsertUrl, ExactlyOnceAsksForDeduplicationInEveryForm) {
  ClickHouseSettings settings;
  settings.table = "t";
  for (const auto own : {OwnSettings::All, OwnSettings::Required}) {
    EXPECT_FALSE(insert_settings(settings, "token", own).contains("insert_deduplicate"));
    ClickHouseSettings exactly_once = settings;
    exactly_once.delivery = Delivery::ExactlyOnce;
    const SettingMap sent = insert_settings(exactly_once, "token", own);
    EXPECT_THAT(sent, Contains(Pair("insert_deduplicate", "1")));
    EXPECT_THAT(sent, Contains(Pair("deduplicate_insert", "enable")));
    EXPECT_THAT(sent, Contains(Pair("max_insert_block_size_bytes", "0")));
    EXPECT_THAT(sent, Contains(Pair("input_format_parallel_parsing", "0")));
    EXPECT_FALSE(insert_settings(settings, "token", own).contains("input_format_parallel_parsing"));
    EXPECT_THAT(sent, Contains(Pair("insert_deduplication_token", "token")));
  }
  settings.delivery = Delivery::ExactlyOnce;
  EXPECT_FALSE(may_omit(settings, "insert_deduplication_token", kUnknownSetting));
  EXPECT_FALSE(may_omit(settings, "insert_deduplication_token", kSettingConstraint));
  EXPECT_TRUE(may_omit(settings, "deduplicate_insert", kUnknownSetting)) << "servers before 26 have no such setting";
  EXPECT_FALSE(may_omit(settings, "deduplicate_insert", kSettingConstraint));
  EXPECT_FALSE(may_omit(settings, "insert_deduplicate", kSettingConstraint));
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
  for (const int code : {kUnknownSetting, kSettingConstraint}) {
    EXPECT_FALSE(may_omit(settings, "async_insert", code));
    EXPECT_FALSE(may_omit(settings, "unheard_of", code));
    EXPECT_FALSE(may_omit(settings, "", code));
    EXPECT_FALSE(may_omit(settings, "insert_distributed_sync", code)) << "the answer would mean: spooled";
    for (const char* name :
         {"insert_deduplication_token", "input_format_skip_unknown_fields", "date_time_input_format"}) {
      EXPECT_TRUE(may_omit(settings, name, code)) << name;
    }
  }
}

TEST(InsertUrl, WhatAnAcknowledgementMeansIsNotDroppedBecauseOfAProfile) {
  for (const char* name :
       {"async_insert", "wait_for_async_insert", "deduplicate_blocks_in_dependent_materialized_views",
        "max_insert_block_size", "min_insert_block_size_bytes", "min_insert_block_size_rows",
        "input_format_allow_errors_num", "input_format_allow_errors_ratio"}) {
    EXPECT_TRUE(may_omit({}, name, kUnknownSetting)) << name << ": a server without it does what it asks for";
    EXPECT_FALSE(may_omit({}, name, kSettingConstraint)) << name;
  }
}

TEST(InsertUrl, OneInsertIsOneBlockInEveryRequest) {
  ClickHouseSettings settings;
  settings.table = "t";
  for (const OwnSettings own : {OwnSettings::All, OwnSettings::Required}) {
    const SettingMap all = insert_settings(settings, "tok", own);
    EXPECT_EQ(all.at("min_insert_block_size_bytes"), "0");
    EXPECT_EQ(all.at("min_insert_block_size_rows"), "1048576");
    EXPECT_EQ(all.at("deduplicate_blocks_in_dependent_materialized_views"), "1");
    EXPECT_EQ(all.at("insert_deduplication_token"), "tok");
    EXPECT_EQ(all.at("async_insert"), "0");
  }
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
    const auto name = parse_table_name(text);
    return name ? name->database + "|" + name->table : "wrong";
  };
  EXPECT_EQ(split("t"), "|t");
  EXPECT_EQ(split("d.t"), "d|t");
  EXPECT_EQ(split("`a.b`.`c.d`"), "a.b|c.d");
  EXPECT_EQ(split("`a.b`"), "|a.b");
  EXPECT_EQ(split("pb.`a.b`"), "pb|a.b");
  EXPECT_EQ(split("`d`.t"), "d|t");
  EXPECT_EQ(split("`a``b`"), "|a`b");
  EXPECT_EQ(split("`a\\`b\\\\`"), "|a`b\\");
  for (const char* text :
       {"", ".", "d.", ".t", "d.t.u", "a`b", "`a`b", "`a`b`", "`a", "`", "``", "d.``", "`a`.`b`c", "d.`t"}) {
    EXPECT_EQ(split(text), "wrong") << text;
  }
}

TEST(InsertUrl, ANameComesBackAsItWasMeantWhateverIsInIt) {
  ClickHouseSettings settings;
  settings.table = "pb.`a.b``c`";
  EXPECT_EQ(insert_statement(table_of(settings), {}), "INSERT INTO `pb`.`a.b\\`c` FORMAT JSONEachRow");
  EXPECT_EQ(quote_where_needed("events_1"), "events_1");
  EXPECT_EQ(quote_where_needed("1events"), "`1events`");
  EXPECT_EQ(quote_where_needed("a.b"), "`a.b`");
  EXPECT_EQ(quote_where_needed(""), "``");
}

TEST(InsertUrl, CredentialsTravelInHeaders) {
  ClickHouseSettings settings;
  settings.table = "t";
  settings.user = "u";
  settings.password = "hidden";
  EXPECT_THAT(insert_url("http://h", settings, RowLayout{}, "", {}), Not(testing::HasSubstr("hidden")));
  EXPECT_THAT(login_headers(settings, {{"hidden"}, {}}),
              testing::ElementsAre("X-ClickHouse-User: u", "X-ClickHouse-Key: hidden"));
  settings.user.clear();
  EXPECT_THAT(login_headers(settings, {{}, {"a.b.c"}}), testing::ElementsAre("Authorization: Bearer a.b.c"));
}

}  // namespace
}  // namespace freshet::clickhouse
