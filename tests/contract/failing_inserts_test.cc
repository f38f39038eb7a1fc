// Failing inserts on real servers: how much they stored, and that nothing is stored twice if no server recognises the
// repeat.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <type_traits>

#include "clickhouse/clickhouse_writer.h"
#include "stream/batch_writing.h"
#include "stream/batcher.h"
#include "testkit/servers.h"

namespace freshet {
namespace {

using Kind = WriteOutcome::Kind;

template <typename Server>
struct FailingInserts : testing::Test {
  static constexpr bool kOld = std::is_same_v<Server, testkit::OldClickHouse>;
  static void SetUpTestSuite() { server_ = new Server(); }
  static void TearDownTestSuite() { delete server_; }
  void SetUp() override {
    database = testing::UnitTest::GetInstance()->current_test_info()->name();
    server_->query("DROP DATABASE IF EXISTS " + database);
    server_->query("CREATE DATABASE " + database);
    settings.urls = {server_->url()};
    settings.table = database + ".t";
  }
  void TearDown() override { server_->query("DROP DATABASE " + database); }

  void create(const std::string& table, const std::string& columns, const std::string& more = "ORDER BY n") {
    server_->query(fmt::format("CREATE TABLE {}.{} ({}) ENGINE = MergeTree {}", database, table, columns, more));
  }
  void view(const std::string& name, const std::string& to, const std::string& select) {
    server_->query(fmt::format("CREATE MATERIALIZED VIEW {0}.{1} {2} AS {3}", database, name, to, select));
  }
  std::unique_ptr<RowWriter> writer() {
    return clickhouse::make_row_writer(settings, std::make_shared<clickhouse::Hosts>(settings.urls), clock, null_log(),
                                       metrics, nullptr, nullptr,
                                       std::make_shared<clickhouse::TablePropertiesCache>(settings, clock));
  }
  WriteOutcome write(const std::vector<std::string>& rows) {
    InsertRequest request;
    request.layout = &layout;
    for (const std::string& row : rows) {
      request.rows.push_back(row);
      request.row_bytes += row.size();
    }
    request.row_count = rows.size();
    request.token = "token";
    std::stop_source stop;
    return writer()->write(request, {stop.get_token(), [&](const InsertFailure&) {
                                       if (on_failure) on_failure();
                                       if (++failures > 20) stop.request_stop();
                                     }});
  }
  // Writes each row as a message of one batch, including halving and searching.
  stream::BatchResult write_batch(const std::vector<std::string>& rows) {
    auto chunk = std::make_shared<ProcessedChunk>();
    for (size_t i = 0; i < rows.size(); ++i) {
      MessageRows message;
      message.offset = Offset{static_cast<int64_t>(i)};
      message.rows_begin = chunk->rows.size();
      message.rows_size = rows[i].size();
      message.row_count = 1;
      chunk->rows += rows[i];
      chunk->messages.push_back(message);
      ++chunk->row_count;
    }
    stream::Batcher batcher({"cluster", "t", "group"});
    batcher.add({chunk, {}});
    LiveOptions large;
    large.max_batch_bytes = 200'000'000;
    stream::RejectionMemory memory;
    stream::InsertLimit limit;
    const auto to = writer();
    std::stop_source stop;
    return stream::BatchWriting(*to, memory, limit, clock)
        .write(batcher.seal(large, stream::SealReason::NoRoom, {}, {}), {stop.get_token(), [&](const InsertFailure&) {
                                                                           if (++failures > 20) stop.request_stop();
                                                                         }});
  }
  uint64_t count(const std::string& table = "t") const {
    return server_->count(fmt::format("SELECT count() FROM {}.{}", database, table));
  }

  static Server* server_;
  std::string database;
  clickhouse::ClickHouseSettings settings;
  RowLayout layout;
  RealClock clock;
  Metrics metrics;
  int failures = 0;
  std::function<void()> on_failure;
};
template <typename Server>
Server* FailingInserts<Server>::server_ = nullptr;

using Servers = testing::Types<testkit::OldClickHouse, testkit::LocalClickHouse>;
TYPED_TEST_SUITE(FailingInserts, Servers);

const std::vector<std::string> kRows = {"{\"n\":1}\n", "{\"n\":0}\n", "{\"n\":3}\n"};

TYPED_TEST(FailingInserts, BehindAViewThatFailsTenRowsStayTen) {
  this->create("t", "n Int32");
  this->create("target", "n Int32");
  this->view("v", "TO " + this->database + ".target",
             "SELECT toInt32(intDiv(10, n)) AS n FROM " + this->database + ".t");
  const WriteOutcome outcome = this->write(kRows);
  EXPECT_EQ(outcome.kind, Kind::MaybeStored);
  EXPECT_EQ(outcome.code, 153);
  EXPECT_NE(outcome.reason.find("would be stored again"), std::string::npos) << outcome.reason;
  const uint64_t once = this->count();
  EXPECT_TRUE(once == 3 || (once == 0 && !this->kOld)) << once << ": 26.5 writes both at a time";
  const stream::BatchResult batch = this->write_batch(kRows);
  EXPECT_EQ(batch.blocked.size(), 1u);
  EXPECT_EQ(batch.inserts, 1u) << "neither halved nor repeated";
  EXPECT_LE(this->count(), once + 3);
}

TYPED_TEST(FailingInserts, OneOfSeveralViewsThatFails) {
  this->create("t", "n Int32");
  for (int i = 0; i < 3; ++i) {
    this->create(fmt::format("target{}", i), "n Int32");
    this->view(fmt::format("v{}", i), fmt::format("TO {}.target{}", this->database, i),
               fmt::format("SELECT toInt32(intDiv(10, n - {})) AS n FROM {}.t", i - 1, this->database));
  }
  EXPECT_EQ(this->write({"{\"n\":1}\n"}).kind, Kind::MaybeStored) << "the third divides by zero";
  EXPECT_LE(this->count(), 1u);
}

TYPED_TEST(FailingInserts, AViewWhoseTargetIsGoneIsWaitedFor) {
  this->create("t", "n Int32");
  this->create("target", "n Int32");
  this->view("v", "TO " + this->database + ".target", "SELECT n FROM " + this->database + ".t");
  this->server_->query("DROP TABLE " + this->database + ".target");
  this->on_failure = [this] {
    EXPECT_EQ(this->count(), 0u) << "rejected before it began";
    if (this->failures == 0) this->create("target", "n Int32");
  };
  EXPECT_EQ(this->write(kRows).kind, Kind::Written);
  EXPECT_EQ(this->count("target"), 3u);
}

TYPED_TEST(FailingInserts, AnInsertThatNeedsTooMuchMemoryIsHalvedUntilItIsTaken) {
  this->create("t", "n Int32, s String");
  this->settings.insert_settings = {{"max_memory_usage", "20000000"}};
  std::vector<std::string> rows;
  for (int i = 0; i < 150; ++i) {
    rows.push_back(
        fmt::format("{{\"n\":{},\"s\":\"{}\"}}\n", i, std::string(200'000, static_cast<char>('a' + i % 26))));
  }
  const stream::BatchResult result = this->write_batch(rows);
  EXPECT_TRUE(result.written);
  EXPECT_EQ(this->count(), 150u);
  EXPECT_EQ(this->server_->count("SELECT uniqExact(n) FROM " + this->database + ".t"), 150u);
  EXPECT_LT(result.inserts, 60u);
}

TYPED_TEST(FailingInserts, NoFieldThatIsAColumn) {
  this->create("t", "id Int32, name String", "ORDER BY id");
  const WriteOutcome outcome = this->write({"{\"a\":1,\"b\":2}\n", "{\"c\":1}\n"});
  EXPECT_EQ(outcome.kind, Kind::NoFields);
  EXPECT_NE(outcome.text.find("Fields: a, b, c."), std::string::npos) << outcome.text;
  EXPECT_NE(outcome.text.find("id, name"), std::string::npos) << outcome.text;
  EXPECT_EQ(this->count(), 0u);
  EXPECT_EQ(this->write({"{\"a\":1}\n", "{\"id\":1}\n"}).kind, Kind::Written) << "one is enough";
  // 26.5 matches names case-insensitively, 18.16 does not.
  EXPECT_EQ(this->write({"{\"Id\":7}\n"}).kind, this->kOld ? Kind::NoFields : Kind::Written);
  EXPECT_EQ(this->server_->count("SELECT count() FROM " + this->database + ".t WHERE id = 7"), this->kOld ? 0u : 1u);
}

using Current = FailingInserts<testkit::LocalClickHouse>;

TEST_F(Current, AChainOfViewsAndAConstraintOfATarget) {
  create("t", "n Int32");
  create("second", "n Int32");
  create("third", "n Int32, CONSTRAINT c CHECK n > 5");
  view("v1", "TO " + database + ".second", "SELECT n FROM " + database + ".t");
  view("v2", "TO " + database + ".third", "SELECT n FROM " + database + ".second");
  const WriteOutcome outcome = write({"{\"n\":1}\n"});
  EXPECT_EQ(outcome.kind, Kind::MaybeStored) << "the rejected row is the view's";
  EXPECT_EQ(outcome.code, 469);
  EXPECT_LE(count(), 1u);
}

TEST_F(Current, WhereARepeatIsRecognisedItIsSentAgainAndPushedToTheView) {
  const std::string window = "ORDER BY n SETTINGS non_replicated_deduplication_window = 1000";
  create("t", "n Int32", window);
  create("target", "n Int32", window);
  server_->query("CREATE TABLE " + database + ".fails (b UInt8) ENGINE = Memory");
  server_->query("INSERT INTO " + database + ".fails VALUES (1)");
  view("v", "TO " + database + ".target",
       fmt::format("SELECT toInt32(n + throwIf((SELECT max(b) FROM {0}.fails) = 1)) AS n FROM {0}.t", database));
  settings.insert_settings = {{"deduplicate_blocks_in_dependent_materialized_views", "1"}};
  on_failure = [this] {
    if (failures == 2) server_->query("TRUNCATE TABLE " + database + ".fails");
  };
  EXPECT_EQ(write(kRows).kind, Kind::Written);
  EXPECT_EQ(failures, 3);
  EXPECT_EQ(count(), 3u);
  EXPECT_EQ(count("target"), 3u);
}

TEST_F(Current, WhereATargetHasNoWindowARepeatIsNotSent) {
  create("t", "n Int32", "ORDER BY n SETTINGS non_replicated_deduplication_window = 1000");
  view("v", "ENGINE = MergeTree ORDER BY n", fmt::format("SELECT toInt32(intDiv(10, n)) AS n FROM {}.t", database));
  const WriteOutcome outcome = write(kRows);
  EXPECT_EQ(outcome.kind, Kind::MaybeStored);
  EXPECT_NE(outcome.reason.find(database + ".v) has no deduplication window"), std::string::npos) << outcome.reason;
  EXPECT_LE(count(), 3u);
}

TEST_F(Current, MoreTablePartitionsThanOneInsertMayTouch) {
  create("t", "n Int32", "PARTITION BY n ORDER BY n");
  settings.insert_settings = {{"max_partitions_per_insert_block", "10"}};
  std::vector<std::string> rows;
  for (int i = 0; i < 60; ++i) rows.push_back(fmt::format("{{\"n\":{}}}\n", i));
  const stream::BatchResult result = write_batch(rows);
  EXPECT_TRUE(result.written);
  EXPECT_EQ(count(), 60u);
  EXPECT_EQ(failures, 0);
}

// The server's error does not mention rows, and uses the codes of invalid values.
TEST_F(Current, ASettingWhoseValueCannotBeParsedIsNotTheRowsFault) {
  create("t", "n Int32");
  for (const auto& [name, value] : {std::pair{"max_threads", "abc"}, std::pair{"insert_deduplicate", "banana"},
                                    std::pair{"max_memory_usage", "-1"}, std::pair{"max_threads", ""}}) {
    settings.insert_settings = {{name, value}};
    failures = 20;  // the insert ends after one more
    EXPECT_EQ(write(kRows).kind, Kind::Abandoned) << name << "=" << value;
  }
  settings.insert_settings.clear();
  EXPECT_EQ(write(kRows).kind, Kind::Written);
  EXPECT_EQ(count(), 3u);
}

}  // namespace
}  // namespace freshet
