// What the model of a table does, and with it the writer: each rule was observed on ClickHouse 26.5.
#include "table_model.h"

#include <gtest/gtest.h>

namespace freshet::flow {
namespace {

using Answer = TableModel::Answer;
using Fault = TableModel::Fault;

std::vector<NewRow> rows(int64_t first, int64_t last, std::optional<int64_t> bad = std::nullopt) {
  std::vector<NewRow> out;
  for (int64_t offset = first; offset <= last; ++offset) out.push_back({{0, offset}, offset == bad});
  return out;
}

TEST(TableModelTest, AKnownTokenIsAnsweredWithSuccessAndStoresNothing) {
  Rows stored;
  TableModel table({}, stored);
  EXPECT_EQ(table.insert("a", rows(0, 9)), Answer::Ok);
  EXPECT_EQ(table.insert("a", rows(0, 9)), Answer::Ok);
  EXPECT_EQ(stored.size(), 10u);
  EXPECT_EQ(table.insert("b", rows(0, 9)), Answer::Ok);
  EXPECT_EQ(stored.size(), 20u) << "the rows do not matter, only the token does";
}

TEST(TableModelTest, AWindowOfTenHoldsFiveInsertsOfANonReplicatedTable) {
  for (const bool replicated : {false, true}) {
    Rows stored;
    TableModel table({.window = 10, .replicated = replicated}, stored);
    for (int64_t i = 0; i < 6; ++i) table.insert("t" + std::to_string(i), rows(i, i));
    table.insert("t1", rows(1, 1));
    EXPECT_EQ(stored.count({0, 1}), 1u);
    table.insert("t0", rows(0, 0));
    EXPECT_EQ(stored.count({0, 0}), replicated ? 1u : 2u);
  }
}

TEST(TableModelTest, AnInsertIntoMorePartitionsThanTheWindowHoldsIsStoredTwice) {
  Rows stored;
  TableModel table({.window = 5, .partitions = 10}, stored);
  table.insert("a", rows(0, 9));
  table.insert("a", rows(0, 9));
  EXPECT_GT(stored.size(), 10u);
}

TEST(TableModelTest, WithoutAWindowEachInsertIsStored) {
  Rows stored;
  TableModel table({.window = 0}, stored);
  table.insert("a", rows(0, 0));
  table.insert("a", rows(0, 0));
  EXPECT_EQ(stored.size(), 2u);
}

TEST(TableModelTest, ALostAnswerLeavesTheRowsAndALostRequestNone) {
  Rows stored;
  TableModel table({}, stored);
  EXPECT_EQ(table.insert("a", rows(0, 9), Fault::RequestLost), Answer::None);
  EXPECT_EQ(stored.size(), 0u);
  EXPECT_EQ(table.insert("a", rows(0, 9), Fault::AnswerLost), Answer::None);
  EXPECT_EQ(table.insert("a", rows(0, 9)), Answer::Ok);
  EXPECT_EQ(stored.size(), 10u);
}

TEST(TableModelTest, AServerKilledBetweenTokenAndPartLosesThePartUnlessItIsReplicated) {
  for (const bool replicated : {false, true}) {
    Rows stored;
    TableModel table({.replicated = replicated, .partitions = 5}, stored);
    EXPECT_EQ(table.insert("a", rows(0, 99), Fault::ServerKilled, 2), Answer::None);
    EXPECT_EQ(stored.size(), 40u) << "two of five parts";
    EXPECT_TRUE(table.unverified().empty());
    EXPECT_EQ(table.insert("a", rows(0, 99)), Answer::Ok);
    EXPECT_EQ(stored.size(), replicated ? 100u : 80u);
    EXPECT_EQ(table.unverified().size(), replicated ? 0u : 20u);
  }
}

TEST(TableModelTest, ABadRowOrTooManyRowsRefuseTheWholeInsert) {
  Rows stored;
  TableModel table({.most_rows = 10}, stored);
  EXPECT_EQ(table.insert("a", rows(0, 9, 5)), Answer::Rejected);
  EXPECT_EQ(table.insert("a", rows(0, 10)), Answer::TooLarge);
  EXPECT_EQ(stored.size(), 0u);
  EXPECT_EQ(table.insert("a", rows(0, 9)), Answer::Ok) << "the token was not used";
  EXPECT_EQ(stored.size(), 10u);
}

TEST(TableModelTest, TheRetryAfterAFailedViewFillsTheViewAlone) {
  Rows stored;
  TableModel table({.view_window = 100}, stored);
  EXPECT_EQ(table.insert("a", rows(0, 9), Fault::ViewFails), Answer::ViewFailed);
  EXPECT_EQ(stored.size(), 10u);
  EXPECT_EQ(table.view().size(), 0u);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(table.insert("a", rows(0, 9)), Answer::Ok);
  EXPECT_EQ(stored.size(), 10u);
  EXPECT_EQ(table.view().size(), 10u);
}

TEST(TableModelTest, AViewWhoseTargetHasNoWindowGrowsWithEachRetry) {
  Rows stored;
  TableModel table({.view_window = 0}, stored);
  for (int i = 0; i < 3; ++i) table.insert("a", rows(0, 9));
  EXPECT_EQ(stored.size(), 10u);
  EXPECT_EQ(table.view().size(), 30u);
}

}  // namespace
}  // namespace freshet::flow
