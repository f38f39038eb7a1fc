#include "stream/batch_writing.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

#include "stream/batcher.h"
#include "testkit/fake_clock.h"
#include "testkit/fake_writer.h"

namespace freshet::stream {
namespace {

// A batch of one chunk whose message i has the row `rows[i]`.
std::shared_ptr<const SealedBatch> batch_of(const std::vector<std::string>& rows) {
  auto chunk = std::make_shared<ProcessedChunk>();
  for (size_t i = 0; i < rows.size(); ++i) {
    MessageRows message;
    message.offset = Offset{static_cast<int64_t>(i)};
    message.rows_begin = chunk->rows.size();
    chunk->rows += rows[i] + "\n";
    message.rows_size = chunk->rows.size() - message.rows_begin;
    message.row_count = 1;
    chunk->messages.push_back(message);
    ++chunk->row_count;
  }
  Batcher batcher({"cluster", "t", "group"});
  batcher.add({chunk, {}});
  return batcher.seal({});
}

struct BatchWritingTest : testing::Test {
  BatchResult write(const std::vector<std::string>& rows, std::stop_token stop = {}) {
    return writing.write(batch_of(rows), {stop, [&](const InsertFailure& f) { failures.push_back(f.text); }});
  }
  static std::vector<uint32_t> refused(const BatchResult& result) {
    std::vector<uint32_t> out;
    for (const RefusedMessage& message : result.refused) out.push_back(message.message);
    std::sort(out.begin(), out.end());
    return out;
  }

  testkit::FakeClock clock;
  testkit::FakeWriter writer;
  RefusalMemory memory;
  BatchWriting writing{writer, memory, clock};
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
  EXPECT_EQ(refused(result), (std::vector<uint32_t>{137, 900}));
  EXPECT_EQ(writer.stored.size(), 998u);
  EXPECT_LE(writer.inserts, 12);
}

TEST_F(BatchWritingTest, WithoutARowItHalves) {
  writer.names_rows = false;
  std::vector<std::string> rows(1024, "good");
  rows[5] = rows[700] = "bad";
  const BatchResult result = write(rows);
  EXPECT_EQ(refused(result), (std::vector<uint32_t>{5, 700}));
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

TEST_F(BatchWritingTest, WhenAllFailAlikeItIsHeldAndTriedAgainAndNothingIsRefused) {
  writer.refuse_all = true;
  std::jthread repair([&] {
    clock.await_waits(1);
    EXPECT_EQ(failures.size(), 1u);
    writer.refuse_all = false;  // the writer waits: nobody looks at this now
    clock.advance(std::chrono::seconds(31));
  });
  const BatchResult result = write(std::vector<std::string>(100, "row"));
  EXPECT_TRUE(result.written);
  EXPECT_TRUE(result.refused.empty());
  EXPECT_EQ(writer.stored.size(), 100u);
  EXPECT_NE(failures[0].find("alter the table"), std::string::npos);
}

TEST_F(BatchWritingTest, TheOperatorMayReleaseAHeldBatchAsBadData) {
  std::jthread operators([&] {
    clock.await_waits(1);
    memory.release(Partition{7});  // not of this batch
    memory.release(Partition{0});
  });
  const BatchResult result = write(std::vector<std::string>(20, "bad"));
  EXPECT_TRUE(result.written);
  EXPECT_EQ(result.refused.size(), 20u);
}

TEST_F(BatchWritingTest, AStopEndsAHold) {
  std::stop_source stop;
  std::jthread stopper([&] {
    clock.await_waits(1);
    stop.request_stop();
  });
  EXPECT_FALSE(write(std::vector<std::string>(20, "bad"), stop.get_token()).written);
}

TEST_F(BatchWritingTest, ASingleBadMessageIsRefusedButNotEndlesslyMany) {
  for (int i = 0; i < 10; ++i) EXPECT_EQ(write({"bad"}).refused.size(), 1u);
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

}  // namespace
}  // namespace freshet::stream
