// Tests how a writer handles failed inserts, with a fake ClickHouse that gives scripted responses.
#include <gtest/gtest.h>

#include "clickhouse/clickhouse_metrics.h"
#include "clickhouse/clickhouse_writer.h"
#include "testkit/fake_clickhouse.h"

namespace freshet::clickhouse {
namespace {

using testkit::FakeAnswer;
using Kind = WriteOutcome::Kind;

FakeAnswer rows(const std::string& data) {
  FakeAnswer answer;
  answer.headers = "X-ClickHouse-Summary: {}\r\n";
  answer.body = "{\"data\":[" + data + "]}";
  answer.stores = false;
  return answer;
}

struct FailedInsertsTest : testing::Test {
  FailedInsertsTest() {
    settings.urls = {server.url()};
    settings.table = "d.t";
    FakeAnswer taken;
    taken.headers = "X-ClickHouse-Summary: {}\r\n";
    server.otherwise(taken);
  }
  // Queues the responses to the queries about the table, in order.
  void answer_properties(const std::string& engine_full, const std::string& engine = "MergeTree") {
    server.next(rows("[\"d\",\"" + engine + "\",\"" + engine_full + "\"]"));
    server.next(rows("[\"a\",\"Int32\",\"\",\"\"]"));
    server.next(rows("[\"input_format_column_name_matching_mode\",\"auto\"]"));
    server.next(rows("[\"\",\"insert_deduplication_token\",\"\"],[\"\",\"insert_deduplicate\",\"1\"]"));
    server.next(rows(""));             // settings that the profile fixes
    server.next(rows(""));             // settings as they arrive
    server.next(rows("[\"\",\"\"]"));  // views
  }
  WriteOutcome write(uint64_t bytes = 10, bool divisible = true) {
    const auto table = known ? std::make_shared<TablePropertiesCache>(settings, clock) : nullptr;
    if (table) table->set_fields_match();
    const auto writer = make_row_writer(settings, std::make_shared<Hosts>(settings.urls), clock, null_log(), metrics,
                                        nullptr, nullptr, table);
    const std::string body = "{\"a\":1}\n";
    InsertRequest request;
    request.layout = &layout;
    request.rows = {body};
    request.row_count = row_count;
    request.row_bytes = bytes;
    request.divisible = divisible;
    request.token = "token";
    std::stop_source stop;
    return writer->write(request, {stop.get_token(), [&](const InsertFailure&) {
                                     if (++failures >= 6) stop.request_stop();
                                   }});
  }
  uint64_t unverified() { return static_cast<uint64_t>(ClickHouseMetrics(metrics).unverified.value()); }

  testkit::FakeClickHouse server;
  ClickHouseSettings settings;
  RealClock clock;
  Metrics metrics;
  RowLayout layout;
  bool known = true;
  uint64_t row_count = 1;
  int failures = 0;
};

constexpr const char* kWindow = "MergeTree ORDER BY a SETTINGS non_replicated_deduplication_window = 1000";

TEST_F(FailedInsertsTest, ARepeatAfterAnUnknownEndIsUnverifiedWhereTheTokenMayOutliveTheRows) {
  FakeAnswer taken;
  taken.headers = "X-ClickHouse-Summary: {}\r\n";
  const auto run = [&](const FakeAnswer& first, bool asks, const std::string& engine_full = kWindow,
                       const std::string& engine = "MergeTree") {
    const uint64_t before = unverified();
    server.next(first);
    server.next(taken);
    if (asks) answer_properties(engine_full, engine);
    EXPECT_EQ(write().kind, Kind::Written);
    failures = 0;
    return unverified() - before;
  };
  const auto lost = FakeAnswer::of(FakeAnswer::How::LoseAnswer, true);
  EXPECT_EQ(run(lost, true), 1u);
  EXPECT_EQ(run(FakeAnswer::exception(243, "Cannot reserve 1.00 MiB, not enough space"), true), 1u);
  EXPECT_EQ(run(lost, true, "MergeTree ORDER BY a"), 0u) << "no window: the repeat was stored";
  EXPECT_EQ(run(lost, true, "ReplicatedMergeTree('/a', 'b') ORDER BY a", "ReplicatedMergeTree"), 0u);
  EXPECT_EQ(run(FakeAnswer::exception(252, "Too many parts (300 with average size of 1 B)"), false), 0u);
  EXPECT_EQ(run(FakeAnswer::exception(516, "Authentication failed"), false), 0u);
}

TEST_F(FailedInsertsTest, ALimitOfTheInsertAsksForSmallerOnesAtOnce) {
  known = false;
  server.next(FakeAnswer::exception(241, "Query memory limit exceeded: would use 24.01 MiB"));
  EXPECT_EQ(write().kind, Kind::TooLarge);
  FakeAnswer proxy;
  proxy.status = 413;
  proxy.body = "<html>413 Request Entity Too Large</html>";
  proxy.stores = false;
  server.next(proxy);
  EXPECT_EQ(write(10, false).kind, Kind::TooLarge) << "also of one message: it is blocked, visibly";
  EXPECT_EQ(failures, 0);
  EXPECT_EQ(server.stored_inserts(), 0u);
}

TEST_F(FailedInsertsTest, ABusyServerIsAskedAgainBeforeInsertsGetSmallerAndSmallOnesStaySo) {
  known = false;
  server.otherwise(FakeAnswer::exception(241, "(total) memory limit exceeded: would use 9.80 GiB"));
  EXPECT_EQ(write(50'000'000).kind, Kind::TooLarge);
  EXPECT_EQ(failures, 2);
  failures = 0;
  EXPECT_EQ(write(900'000).kind, Kind::Abandoned) << "smaller ones would help nobody";
  EXPECT_EQ(failures, 6);
  failures = 0;
  EXPECT_EQ(write(50'000'000, false).kind, Kind::Abandoned);
}

TEST_F(FailedInsertsTest, AfterALostAnswerABusyServerGetsTheSameInsert) {
  known = false;
  server.next(FakeAnswer::of(FakeAnswer::How::LoseAnswer, true));
  server.otherwise(FakeAnswer::exception(159, "Timeout exceeded: elapsed 2 seconds, maximum: 1"));
  EXPECT_EQ(write(50'000'000).kind, Kind::Abandoned) << "halves of what may be stored would double it";
}

TEST_F(FailedInsertsTest, WhereTheTableHasPartitionsAnInsertThatMayBeStoredInPartIsNotHalved) {
  const auto limit = FakeAnswer::exception(241, "Query memory limit exceeded: would use 24.01 MiB");
  server.next(limit);
  answer_properties("MergeTree PARTITION BY a ORDER BY a");
  const WriteOutcome outcome = write();
  EXPECT_EQ(outcome.kind, Kind::MaybeStored);
  EXPECT_TRUE(outcome.exceeds_size);
  // If it fails while it reads the rows, nothing is stored.
  server.next(FakeAnswer::exception(241, "Query memory limit exceeded: (while reading the value of key s)"));
  EXPECT_EQ(write().kind, Kind::TooLarge);
  server.next(limit);
  answer_properties("MergeTree ORDER BY a");
  EXPECT_EQ(write().kind, Kind::TooLarge) << "one block of such a table is whole or not at all";
}

TEST_F(FailedInsertsTest, ARejectedRowOfSeveralBlocksIsNoReasonToCutTheInsert) {
  known = false;
  const auto bad = FakeAnswer::exception(27, "Cannot parse input: (at row 1)");
  for (const char* rows : {"0", "1", "1048576"}) {  // rows per block; the insert has one row
    settings.insert_settings = {{"max_insert_block_size", rows}};
    server.next(bad);
    EXPECT_EQ(write().kind, Kind::Rejected) << rows;
  }
  row_count = 2;
  settings.insert_settings = {{"max_insert_block_size", "1"}};
  server.next(bad);
  EXPECT_EQ(write().kind, Kind::MaybeStored);
}

TEST_F(FailedInsertsTest, AViewThatFailedIsAPersonsWhereNothingIsKnownOfTheTable) {
  known = false;
  server.next(FakeAnswer::exception(395, "boom: while pushing to view d.v"));
  EXPECT_EQ(write().kind, Kind::MaybeStored);
  known = true;
  server.next(FakeAnswer::exception(395, "boom: while pushing to view d.v"));
  server.next(FakeAnswer::exception(497, "Not enough privileges"), 2);
  EXPECT_EQ(write().kind, Kind::MaybeStored) << "unknown counts as no window";
  EXPECT_EQ(failures, 0);
}

}  // namespace
}  // namespace freshet::clickhouse
