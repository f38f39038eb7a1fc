#include "clickhouse/clickhouse_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "clickhouse/writing_for_test.h"
#include "columns/row_binary_writer.h"
#include "testkit/fake_clickhouse.h"
#include "testkit/fake_clock.h"

namespace freshet::clickhouse {
namespace {

using How = testkit::FakeAnswer::How;
using testing::HasSubstr;
using testing::Not;
using testkit::FakeAnswer;
using testkit::FakeClickHouse;

TEST(ClickHouseWriter, WritesOneCompressedInsert) {
  FakeClickHouse server;
  Writing w({server.url()});
  EXPECT_EQ(w.write({"{\"a\":1}\n", "{\"a\":2}\n"}).kind, WriteOutcome::Kind::Written);
  EXPECT_EQ(server.stored_rows(), "{\"a\":1}\n{\"a\":2}\n");
  const auto seen = server.requests().at(0);
  EXPECT_EQ(seen.headers.at("x-clickhouse-user"), "me");
  EXPECT_EQ(seen.headers.at("x-clickhouse-key"), "hidden");
  EXPECT_THAT(seen.target, Not(HasSubstr("hidden")));
  EXPECT_EQ(w.metrics.counter("freshet_insert_compressed_bytes_total", "").value(), seen.raw_body.size());
  EXPECT_TRUE(w.failures.empty());
}

TEST(ClickHouseWriter, ANativeInsertThatCannotBeMadeIsForTheOperatorAndNotSent) {
  FakeClickHouse server;
  Writing w({server.url()});
  w.layout = {RowFormat::Native, {"a"}, {"UInt8"}};
  w.row_count = 1;
  EXPECT_EQ(w.write({"\x05\x06"}).kind, WriteOutcome::Kind::MaybeStored);
  EXPECT_TRUE(server.requests().empty());
  w.row_count = 2;
  EXPECT_EQ(w.write({"\x05\x06"}).kind, WriteOutcome::Kind::Written);
  EXPECT_EQ(server.requests().at(0).parameters.at("query"), "INSERT INTO `db`.`t` (`a`) FORMAT Native");
  EXPECT_EQ(server.requests().at(0).body,
            "\x01\x02\x01"
            "a"
            "\x05"
            "UInt8"
            "\x05\x06");
}

// Some of it is compressed before the end of the rows turns out to be missing.
TEST(ClickHouseWriter, AnInsertThatCannotBeMadeReturnsItsMemory) {
  FakeClickHouse server;
  Writing w({server.url()});
  w.layout = {RowFormat::Native, {"a"}, {"String"}};
  w.buffers = std::make_shared<BodyBuffers>();
  w.open();
  columns::RowBinaryWriter rows;
  for (int i = 0; i < 8; ++i) rows.string(std::string(1 << 20, 'x'));
  w.row_count = 9;
  EXPECT_EQ(w.write({rows.bytes()}).kind, WriteOutcome::Kind::MaybeStored);
  EXPECT_GT(w.buffers->take().touched, 0u);
}

TEST(ClickHouseWriter, RepeatsTheSameBytesAndToken) {
  FakeClickHouse server;
  // The lost response comes first: on a reused connection, libcurl would repeat the request itself.
  server.next(FakeAnswer::of(How::LoseAnswer, true));
  server.next(FakeAnswer::exception(242, "Table is in readonly mode"));
  Writing w({server.url()});
  EXPECT_EQ(w.write({"row\n"}).kind, WriteOutcome::Kind::Written);
  const auto seen = server.requests();
  ASSERT_GE(seen.size(), 3u);
  for (const auto& request : seen) {
    EXPECT_EQ(request.raw_body, seen[0].raw_body);
    EXPECT_EQ(request.parameters.at("insert_deduplication_token"), "tok");
  }
  EXPECT_EQ(server.stored_rows(), "row\n");
  ASSERT_EQ(w.failures.size(), 2u);
  EXPECT_EQ(w.failures[0].code, 0);
  EXPECT_EQ(w.failures[0].attempt, 1u);
  EXPECT_EQ(w.failures[1].code, 242);
  EXPECT_EQ(w.failures[1].attempt, 2u);
  EXPECT_EQ(w.log.count("insert_recovered"), 1u);
  EXPECT_EQ(w.metrics.counter("freshet_insert_errors_total", "", {{"class", "transient"}, {"code", "242"}}).value(),
            1u);
  EXPECT_THAT(w.log.texts(), Not(HasSubstr("hidden")));
}

// A machine that was suspended must not send what another one may have sent meanwhile.
TEST(ClickHouseWriter, NoAttemptBeginsAfterTheEndOfAPlannedInsert) {
  FakeClickHouse server;
  testkit::FakeClock clock;
  Writing w({server.url()});
  w.clock = &clock;
  w.open();
  w.not_after = clock.since_boot() + std::chrono::minutes(10);
  EXPECT_EQ(w.write({"row\n"}).kind, WriteOutcome::Kind::Written);
  clock.suspend(std::chrono::minutes(11));
  EXPECT_EQ(w.write({"row\n"}).kind, WriteOutcome::Kind::Expired);
  EXPECT_EQ(server.requests().size(), 1u);
}

TEST(ClickHouseWriter, StopEndsARequestAndABackOff) {
  for (const bool hang : {true, false}) {
    FakeClickHouse server;
    server.otherwise(hang ? FakeAnswer::of(How::Hang, false) : FakeAnswer::exception(60, "no table", 404));
    Writing w({server.url()});
    std::jthread stopper([&] {
      server.wait_for_requests(hang ? 1 : 3);
      w.stop.request_stop();
    });
    EXPECT_EQ(w.write({"row\n"}).kind, WriteOutcome::Kind::Abandoned);
  }
}

TEST(ClickHouseWriter, ALastingFailureIsOneLine) {
  FakeClickHouse server;
  server.next(FakeAnswer::exception(60, "no table", 404), 4);
  Writing w({server.url()});
  EXPECT_EQ(w.write({"row\n"}).kind, WriteOutcome::Kind::Written);
  EXPECT_EQ(w.failures.size(), 4u);
  EXPECT_EQ(w.log.count("insert_failed"), 1u);
}

}  // namespace
}  // namespace freshet::clickhouse
