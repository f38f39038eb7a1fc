#include "stream/planned_writing.h"

#include <gtest/gtest.h>

#include "stream/batch_for_test.h"
#include "testkit/fake_clock.h"
#include "testkit/fake_writer.h"

namespace freshet::stream {
namespace {

struct PlannedWritingTest : testing::Test {
  BatchResult write(BatchTask task) {
    PlannedWriting writing(writer, memory, limit, clock, std::move(task));
    return writing.write({{}, [&](const InsertFailure& f) { failures.push_back(f.text); }});
  }
  static BatchTask task_of(const std::vector<std::string>& rows, Piece piece) {
    BatchTask task(batch_of(rows));
    task.open = {piece};
    task.planned_token = "planned";
    return task;
  }
  BatchResult write_planned(const std::vector<std::string>& rows, Piece piece, bool maybe_stored = false) {
    BatchTask task = task_of(rows, piece);
    task.maybe_stored = maybe_stored;
    return write(std::move(task));
  }

  testkit::FakeClock clock;
  testkit::FakeWriter writer;
  RejectionMemory memory;
  InsertLimit limit;
  std::vector<std::string> failures;
};

TEST_F(PlannedWritingTest, IsOneInsertWithItsToken) {
  const BatchResult result = write_planned({"a", "b", "c"}, {1, 3});
  EXPECT_TRUE(result.written);
  EXPECT_EQ(writer.tokens, std::vector<std::string>{"planned"});
  EXPECT_EQ(writer.stored, (std::vector<std::string>{"b", "c"}));
}

TEST_F(PlannedWritingTest, IsRefusedAsAWholeIfOneRowIsRejected) {
  const BatchResult result = write_planned({"a", "bad", "c"}, {0, 3});
  ASSERT_TRUE(result.refused);
  EXPECT_FALSE(result.refused->too_large);
  EXPECT_EQ(result.refused->row, 1u);
  EXPECT_EQ(writer.inserts, 1);
}

TEST_F(PlannedWritingTest, IsRefusedIfItIsTooLarge) {
  writer.most_rows = 2;
  const BatchResult result = write_planned({"a", "b", "c"}, {0, 3});
  ASSERT_TRUE(result.refused);
  EXPECT_TRUE(result.refused->too_large);
  EXPECT_EQ(writer.inserts, 1);
}

TEST_F(PlannedWritingTest, IsRefusedForASizeThatTheServerNeverTook) {
  writer.most_rows = 2;
  writer.always_refuses = true;
  const BatchResult result = write_planned({"a", "b", "c"}, {0, 3}, true);
  ASSERT_TRUE(result.refused);
  EXPECT_TRUE(result.refused->too_large);
}

// As text the same rows are larger than as columns.
TEST_F(PlannedWritingTest, TheSizeOfOneFormatSaysNothingOfAnother) {
  writer.most_rows = 2;
  writer.always_refuses = true;
  BatchTask task = task_of({"a", "b", "c"}, {0, 3});
  task.maybe_stored = true;
  task.other_format = true;
  const BatchResult result = write(task);
  EXPECT_FALSE(result.refused);
  ASSERT_EQ(result.blocked.size(), 1u);
  EXPECT_EQ(result.blocked[0].why, Blocked::MaybeStored);
  EXPECT_NE(result.blocked[0].reason.find("Raise the limit"), std::string::npos) << result.blocked[0].reason;
  EXPECT_NE(result.blocked[0].reason.find("--insert-format"), std::string::npos);
}

// A proxy has no code of ClickHouse. The next inserts are smaller from the start.
TEST_F(PlannedWritingTest, TheLimitOfAProxyIsRemembered) {
  writer.most_rows = 2;
  writer.too_large_code = 0;
  ASSERT_TRUE(write_planned({"a", "b", "c", std::string(100'000, 'd')}, {0, 4}).refused);
  EXPECT_EQ(writer.inserts, 1);
  const uint64_t limit_now = limit.bytes(clock.steady_now());
  EXPECT_LT(limit_now, 100'000u);
  ASSERT_TRUE(write_planned({"a", "b", "c", std::string(100'000, 'd')}, {0, 4}).refused->too_large);
  EXPECT_EQ(writer.inserts, 1) << "it is not sent";
  EXPECT_EQ(limit.bytes(clock.steady_now()), limit_now);
}

// A part of them would have another token than the insert that the table may have.
TEST_F(PlannedWritingTest, OtherRowsThatTheTableRejectsAreNotSplitIfTheFirstOnesMayBeStored) {
  BatchTask task = task_of({"a", "bad", "c"}, {0, 3});
  task.maybe_stored = true;
  EXPECT_TRUE(write(task).refused);
  task.other_rows = true;
  const BatchResult result = write(task);
  EXPECT_FALSE(result.refused);
  ASSERT_EQ(result.blocked.size(), 1u);
  EXPECT_EQ(result.blocked[0].why, Blocked::MaybeStored);
}

TEST_F(PlannedWritingTest, ManyRejectedMessagesAreBadDataOnceAPartIsStored) {
  for (int i = 0; i < 20; ++i) {
    BatchTask task = task_of({"bad"}, {0, 1});
    task.others_stored = true;
    EXPECT_TRUE(write(std::move(task)).refused) << i;
  }
  EXPECT_TRUE(failures.empty());
}

TEST_F(PlannedWritingTest, IsIncompleteIfTheTableMissesRowsAfterARepeat) {
  writer.missing_messages.emplace();
  EXPECT_TRUE(write_planned({"a", "b", "c"}, {0, 3}, true).written);
  writer.missing_messages = {Offset{1}};
  EXPECT_TRUE(write_planned({"a", "b", "c"}, {0, 3}).written) << "it was sent once";
  const BatchResult result = write_planned({"a", "b", "c"}, {0, 3}, true);
  EXPECT_FALSE(result.written);
  EXPECT_TRUE(result.incomplete);
}

TEST_F(PlannedWritingTest, ARepairInsertsOnlyWhatIsMissing) {
  BatchTask task = task_of({"a", "b", "c", "d"}, {0, 4});
  task.repair = true;
  writer.missing_messages = {Offset{1}, Offset{3}};
  EXPECT_TRUE(write(task).written);
  EXPECT_EQ(writer.stored, (std::vector<std::string>{"b", "d"}));
  writer.missing_messages->clear();
  EXPECT_TRUE(write(task).written);
  EXPECT_EQ(writer.inserts, 1);
}

TEST_F(PlannedWritingTest, ARepairIsBlockedIfRowsCannotBeCounted) {
  BatchTask task = task_of({"a"}, {0, 1});
  task.repair = true;
  const BatchResult result = write(task);
  ASSERT_EQ(result.blocked.size(), 1u);
  EXPECT_EQ(result.blocked[0].why, Blocked::MaybeStored);
  EXPECT_EQ(writer.inserts, 0);
}

TEST_F(PlannedWritingTest, IsBlockedInsteadOfSplitIfItMayBeStored) {
  writer.most_rows = 2;
  BatchResult result = write_planned({"a", "b", "c"}, {0, 3}, true);
  EXPECT_FALSE(result.refused);
  ASSERT_EQ(result.blocked.size(), 1u);
  EXPECT_EQ(result.blocked[0].why, Blocked::MaybeStored);
  writer.answers_lost = true;
  result = write_planned({"a", "b", "c"}, {0, 3});
  EXPECT_FALSE(result.refused);
  EXPECT_EQ(result.blocked.size(), 1u);
  EXPECT_EQ(write_planned({"a"}, {0, 1}).written, true);
}

}  // namespace
}  // namespace freshet::stream
