#include "stream/batch_writing.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <thread>

#include "stream/batch_for_test.h"
#include "stream/insert_token.h"
#include "testkit/fake_clock.h"
#include "testkit/fake_writer.h"

namespace freshet::stream {
namespace {

struct BatchWritingTest : testing::Test {
  BatchResult write(const std::vector<std::string>& rows, std::stop_token stop = {}) {
    return writing.write(batch_of(rows), {stop, [&](const InsertFailure& f) { failures.push_back(f.text); }});
  }
  static std::vector<uint32_t> rejected(const BatchResult& result) {
    std::vector<uint32_t> out;
    for (const RejectedMessage& message : result.rejected) out.push_back(message.message);
    std::sort(out.begin(), out.end());
    return out;
  }

  testkit::FakeClock clock;
  testkit::FakeWriter writer;
  RejectionMemory memory;
  InsertLimit limit;
  BatchWriting writing{writer, memory, limit, clock};
  std::vector<std::string> failures;
};

TEST_F(BatchWritingTest, AGoodBatchIsOneInsert) {
  const BatchResult result = write({"a", "b", "c"});
  EXPECT_TRUE(result.written);
  EXPECT_EQ(writer.inserts, 1);
  EXPECT_EQ(writer.tokens[0], batch_of({"a", "b", "c"})->insert_token);
}

TEST_F(BatchWritingTest, TheServersRowIsTriedFirstAndTheRestIsStoredOnce) {
  std::vector<std::string> rows(1000, "good");
  rows[137] = "bad";
  rows[900] = "bad";
  const BatchResult result = write(rows);
  EXPECT_TRUE(result.written);
  EXPECT_EQ(rejected(result), (std::vector<uint32_t>{137, 900}));
  EXPECT_EQ(writer.stored.size(), 998u);
  EXPECT_LE(writer.inserts, 12);
}

TEST_F(BatchWritingTest, WithoutARowItHalves) {
  writer.names_rows = false;
  std::vector<std::string> rows(1024, "good");
  rows[5] = rows[700] = "bad";
  const BatchResult result = write(rows);
  EXPECT_EQ(rejected(result), (std::vector<uint32_t>{5, 700}));
  EXPECT_EQ(writer.stored.size(), 1022u);
  EXPECT_LE(writer.inserts, 50);
}

TEST_F(BatchWritingTest, PartsHaveTokensOfTheirOwnThatAreStable) {
  std::vector<std::string> rows(10, "good");
  rows[3] = "bad";
  write(rows);
  const auto first = writer.tokens;
  writer.tokens.clear();
  write(rows);
  EXPECT_EQ(writer.tokens, first);
  EXPECT_EQ(std::count(first.begin(), first.end(), batch_of(rows)->insert_token), 1);
}

TEST_F(BatchWritingTest, WhenAllFailAlikeItIsHeldAndTriedAgainAndNothingIsRejected) {
  writer.reject_all = true;
  std::jthread repair([&] {
    clock.await_waits(1);
    EXPECT_EQ(failures.size(), 1u);
    writer.reject_all = false;  // safe: the writer waits and does not read it
    clock.advance(std::chrono::seconds(31));
  });
  const BatchResult result = write(std::vector<std::string>(100, "row"));
  EXPECT_TRUE(result.written);
  EXPECT_TRUE(result.rejected.empty());
  EXPECT_EQ(writer.stored.size(), 100u);
  EXPECT_NE(failures[0].find("alter the table"), std::string::npos);
}

TEST_F(BatchWritingTest, TheOperatorMaySkipABlockedBatchAsBadData) {
  std::jthread operators([&] {
    clock.await_waits(1);
    memory.skip(Partition{7});  // not a partition of this batch
    memory.skip(Partition{0});
  });
  const BatchResult result = write(std::vector<std::string>(20, "bad"));
  EXPECT_TRUE(result.written);
  EXPECT_EQ(result.rejected.size(), 20u);
}

TEST_F(BatchWritingTest, AStopEndsTheWaitForAnOperator) {
  std::stop_source stop;
  std::jthread stopper([&] {
    clock.await_waits(1);
    stop.request_stop();
  });
  EXPECT_FALSE(write(std::vector<std::string>(20, "bad"), stop.get_token()).written);
}

TEST_F(BatchWritingTest, ASingleBadMessageIsRejectedButNotEndlesslyMany) {
  for (int i = 0; i < 10; ++i) EXPECT_EQ(write({"bad"}).rejected.size(), 1u);
  std::stop_source stop;
  std::jthread stopper([&] {
    clock.await_waits(1);
    stop.request_stop();
  });
  EXPECT_FALSE(write({"bad"}, stop.get_token()).written);
  EXPECT_EQ(failures.size(), 1u);
}

TEST_F(BatchWritingTest, LooksForBadMessagesWithAtMostTwoHundredInserts) {
  writer.names_rows = false;
  std::vector<std::string> rows(2000, "good");
  for (size_t i = 1; i < rows.size(); i += 5) rows[i] = "bad";
  std::stop_source stop;
  std::jthread stopper([&] {
    clock.await_waits(1);
    stop.request_stop();
  });
  EXPECT_FALSE(write(rows, stop.get_token()).written);
  EXPECT_LE(writer.inserts, 200);
  EXPECT_NE(failures.back().find("200 inserts"), std::string::npos);
}

TEST_F(BatchWritingTest, ABatchThatIsTooLargeIsHalvedAndStoredOnce) {
  std::vector<std::string> rows;
  for (int i = 0; i < 64; ++i) rows.push_back("row " + std::to_string(100 + i) + std::string(1000, 'x'));
  writer.most_bytes = 20'000;
  const BatchResult result = write(rows);
  EXPECT_TRUE(result.written);
  EXPECT_EQ(writer.stored, rows) << "all, once, in order";
  EXPECT_EQ(writer.inserts, 1 + 1 + 4) << "64 and 32 are too large, the other 32 are not tried, 16 are taken";
  const auto first = writer.tokens;
  EXPECT_EQ(first[2], part_token(first[0], 0, 16));
  EXPECT_EQ(std::set<std::string>(first.begin(), first.end()).size(), first.size()) << "no two alike";
}

TEST_F(BatchWritingTest, TheSizeThatWorksIsRememberedForAWhileAndComesBack) {
  std::vector<std::string> rows(64, std::string(1000, 'x'));
  writer.most_bytes = 20'000;
  write(rows);
  for (int i = 0; i < 3; ++i) {
    writer.inserts = 0;
    EXPECT_TRUE(write(rows).written);
    EXPECT_EQ(writer.inserts, 4) << "not first too large";
  }
  writer.most_bytes = UINT64_MAX;
  for (int minutes = 0; minutes < 100; minutes += 5) clock.advance(std::chrono::minutes(5));
  writer.inserts = 0;
  EXPECT_TRUE(write(rows).written);
  EXPECT_EQ(writer.inserts, 1) << "calm for long";
}

TEST_F(BatchWritingTest, OneMessageThatIsTooLargeIsBlockedAndTheOthersAreStored) {
  std::vector<std::string> rows(100, std::string(1000, 'x'));
  rows[40] = std::string(50'000, 'y');
  writer.most_bytes = 30'000;
  BatchResult result = write(rows);
  EXPECT_FALSE(result.written);
  EXPECT_EQ(writer.stored.size(), 99u);
  ASSERT_EQ(result.blocked.size(), 1u);
  EXPECT_EQ(result.blocked[0].why, Blocked::TooLarge);
  EXPECT_EQ(result.blocked[0].piece.begin, 40u);
  EXPECT_EQ(rejected_message(*result.batch, result.blocked[0]).message, 40u);
  EXPECT_GT(limit.bytes(clock.steady_now()), 10'000u) << "one message says nothing of the batches";
  // The limit was raised: only the remainder is sent.
  writer.most_bytes = UINT64_MAX;
  writer.inserts = 0;
  BatchTask left(result.batch);
  left.open = {result.blocked[0].piece};
  EXPECT_TRUE(writing.write(left, {}).written);
  EXPECT_EQ(writer.inserts, 1);
  EXPECT_EQ(writer.stored.size(), 100u);
}

TEST_F(BatchWritingTest, AServerThatTakesNothingGetsNoThousandsOfInserts) {
  writer.most_bytes = 10;
  const BatchResult result = write(std::vector<std::string>(50'000, std::string(100, 'x')));
  EXPECT_FALSE(result.written);
  EXPECT_LE(writer.inserts, 30);
  size_t messages = 0;
  for (const BlockedPiece& piece : result.blocked) messages += piece.piece.end - piece.piece.begin;
  EXPECT_EQ(messages, 50'000u) << "all of it waits";
  EXPECT_TRUE(result.rejected.empty());
}

TEST_F(BatchWritingTest, WhatAViewFailedBehindIsNeitherHalvedNorSentAgain) {
  std::vector<std::string> rows(10, "row");
  rows[3] = "boom";
  const BatchResult result = write(rows);
  EXPECT_FALSE(result.written);
  EXPECT_EQ(writer.inserts, 1);
  EXPECT_EQ(writer.stored.size(), 10u) << "10 rows stay 10";
  ASSERT_EQ(result.blocked.size(), 1u);
  EXPECT_EQ(result.blocked[0].why, Blocked::MaybeStored);
  EXPECT_EQ(result.blocked[0].rows, 10u);
}

// While searching for a bad row, one piece makes a view fail: only that piece is blocked.
TEST_F(BatchWritingTest, APieceThatAViewFailedBehindIsSentOnceWhileTheRestGoesOn) {
  std::vector<std::string> rows(100, "row");
  rows[10] = "bad";
  rows[90] = "boom";
  const BatchResult result = write(rows);
  EXPECT_FALSE(result.written);
  EXPECT_EQ(rejected(result), std::vector<uint32_t>{10});
  EXPECT_EQ(writer.stored.size(), 99u);
  ASSERT_EQ(result.blocked.size(), 1u);
  EXPECT_LE(result.blocked[0].piece.begin, 90u);
  EXPECT_GT(result.blocked[0].piece.end, 90u);
}

TEST_F(BatchWritingTest, AProbeThatAViewFailedBehindIsNotSentAgain) {
  std::vector<std::string> rows(9, "bad");
  rows[0] = "boom";
  writer.names_rows = false;
  const BatchResult result = write(rows);
  EXPECT_EQ(writer.stored, std::vector<std::string>{"boom"});
  ASSERT_EQ(result.blocked.size(), 1u);
  EXPECT_EQ(result.rejected.size(), 8u);
}

TEST_F(BatchWritingTest, WithoutAFieldThatIsAColumnNothingIsInsertedUntilItHasOneOrIsSkipped) {
  int waits = 0;
  for (const bool by_skip : {false, true}) {
    ++waits;
    writer.no_fields = true;
    writer.stored.clear();
    failures.clear();
    std::jthread cure([&] {
      clock.await_waits(waits);
      EXPECT_EQ(failures.size(), 1u);
      EXPECT_TRUE(writer.stored.empty());
      if (by_skip) return memory.skip(Partition{0});
      writer.no_fields = false;  // safe: the writer waits and does not read it
      clock.advance(std::chrono::seconds(11));
    });
    EXPECT_TRUE(write({"a", "b"}).written);
    EXPECT_EQ(writer.stored.size(), 2u);
    EXPECT_NE(failures[0].find("Columns of t: b"), std::string::npos);
  }
}

}  // namespace
}  // namespace freshet::stream
