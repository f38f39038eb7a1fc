// A server that recorded the token of an insert and lost rows of it: the missing rows are found and inserted again.
// Rows are deleted here, which leaves the token.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "clickhouse/clickhouse_metrics.h"
#include "clickhouse/clickhouse_writer.h"
#include "stream/batcher.h"
#include "stream/planned_writing.h"
#include "testkit/servers.h"

namespace freshet {
namespace {

using stream::BatchResult;

struct LostPartsContract : testing::Test {
  static void SetUpTestSuite() { server_ = new testkit::LocalClickHouse(); }
  static void TearDownTestSuite() { delete server_; }
  void SetUp() override {
    database = testing::UnitTest::GetInstance()->current_test_info()->name();
    server_->query("CREATE DATABASE " + database);
    settings.urls = {server_->url()};
    settings.table = database + ".t";
    settings.delivery = Delivery::ExactlyOnce;
  }
  void TearDown() override { server_->query("DROP DATABASE " + database); }

  void create(const std::string& engine = "MergeTree") const {
    server_->query(
        fmt::format("CREATE TABLE {} (id UInt64, p Int32, o Int64) ENGINE = {} PARTITION BY id % 3 ORDER BY id "
                    "SETTINGS non_replicated_deduplication_window = 1000",
                    settings.table, engine));
  }
  // Offsets 100 to 129 of partition 7, with one row each.
  static std::shared_ptr<const SealedBatch> batch() {
    auto chunk = std::make_shared<ProcessedChunk>();
    chunk->partition = Partition{7};
    for (int i = 0; i < 30; ++i) {
      MessageRows message;
      message.offset = Offset{100 + i};
      message.rows_begin = chunk->rows.size();
      chunk->rows += fmt::format("{{\"id\":{},\"p\":7,\"o\":{}}}\n", i, 100 + i);
      message.rows_size = chunk->rows.size() - message.rows_begin;
      message.row_count = 1;
      chunk->messages.push_back(message);
      ++chunk->row_count;
    }
    stream::Batcher batcher({"cluster", "t", "group"});
    batcher.add({chunk, {}});
    return batcher.seal({}, stream::SealReason::NoRoom, {}, {});
  }
  BatchResult write(const std::string& token, bool sent_before, bool repair = false) {
    stream::BatchTask task(batch());
    task.open = {{0, 30}};
    task.planned_token = token;
    task.maybe_stored = sent_before;
    task.repair = repair;
    const auto writer = clickhouse::make_row_writer(
        settings, std::make_shared<clickhouse::Hosts>(settings.urls), clock, null_log(), metrics, nullptr, nullptr,
        std::make_shared<clickhouse::TablePropertiesCache>(settings, clock), clickhouse::PositionColumns{"p", "o"});
    return stream::PlannedWriting(*writer, memory, limit, clock, std::move(task)).write({});
  }
  void lose(const std::string& where) const {
    server_->query(fmt::format("ALTER TABLE {} DELETE WHERE {} SETTINGS mutations_sync = 2", settings.table, where));
  }
  uint64_t count(const std::string& what) const {
    return server_->count(fmt::format("SELECT {} FROM {}", what, settings.table));
  }
  uint64_t verified() { return static_cast<uint64_t>(clickhouse::ClickHouseMetrics(metrics).verified.value()); }
  uint64_t unverified() { return static_cast<uint64_t>(clickhouse::ClickHouseMetrics(metrics).unverified.value()); }

  static testkit::LocalClickHouse* server_;
  std::string database;
  clickhouse::ClickHouseSettings settings;
  RealClock clock;
  Metrics metrics;
  stream::RejectionMemory memory;
  stream::InsertLimit limit;
};
testkit::LocalClickHouse* LostPartsContract::server_ = nullptr;

TEST_F(LostPartsContract, ARepeatThatLacksNothingIsVerified) {
  create();
  EXPECT_TRUE(write("a", false).written);
  EXPECT_EQ(verified(), 0u) << "it was sent once";
  EXPECT_TRUE(write("a", true).written);
  EXPECT_EQ(verified(), 1u);
  EXPECT_EQ(count("count()"), 30u);
}

TEST_F(LostPartsContract, WhatTheServerLostIsInsertedAgainOnce) {
  for (const std::string lost : {"id % 3 = 1", "id = 5", "1"}) {
    settings.table += "t";
    create();
    EXPECT_TRUE(write("a", false).written);
    lose(lost);
    const BatchResult result = write("a", true);
    EXPECT_FALSE(result.written) << lost;
    EXPECT_TRUE(result.incomplete) << lost;
    EXPECT_TRUE(write("b", false, true).written) << lost;
    EXPECT_EQ(count("count()"), 30u) << lost;
    EXPECT_EQ(count("uniqExact(o)"), 30u) << lost;
    EXPECT_EQ(write("b", true, true).inserts, 0u) << "nothing is missing";
    EXPECT_TRUE(write("a", true).written) << "the late insert of another process";
    EXPECT_EQ(count("count()"), 30u) << lost;
  }
  EXPECT_EQ(unverified(), 0u);
}

TEST_F(LostPartsContract, RowsThatMergesRemoveAreNotMissing) {
  create("ReplacingMergeTree");
  EXPECT_TRUE(write("a", false).written);
  EXPECT_TRUE(write("a", true).written);
  EXPECT_EQ(verified(), 1u);
  lose("id = 5");
  EXPECT_TRUE(write("a", true).written);
  EXPECT_EQ(unverified(), 1u);
}

TEST_F(LostPartsContract, RowsOfAnotherTopicAreNotTakenForTheseIfBothAreThere) {
  create();
  EXPECT_TRUE(write("a", false).written);
  EXPECT_TRUE(write("of another topic", false).written);
  lose("id = 5");
  EXPECT_TRUE(write("a", true).written);
  EXPECT_EQ(unverified(), 1u);
}

TEST_F(LostPartsContract, WithAViewTheInsertIsReported) {
  create();
  server_->query(
      fmt::format("CREATE TABLE {}.target (id UInt64) ENGINE = MergeTree ORDER BY id SETTINGS "
                  "non_replicated_deduplication_window = 1000",
                  database));
  server_->query(fmt::format("CREATE MATERIALIZED VIEW {0}.v TO {0}.target AS SELECT id FROM {0}.t", database));
  EXPECT_TRUE(write("a", false).written);
  EXPECT_TRUE(write("a", true).written);
  EXPECT_EQ(unverified(), 1u);
}

}  // namespace
}  // namespace freshet
