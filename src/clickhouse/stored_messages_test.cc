#include "clickhouse/stored_messages.h"

#include <gtest/gtest.h>

namespace freshet::clickhouse {
namespace {

const PositionColumns kPositions{"p", "o"};

TableSurvey surveyed(const std::string& engine = "MergeTree", const std::string& engine_full = "MergeTree ORDER BY o",
                     std::vector<ColumnInfo> columns = {{"p", "Int32", ""}, {"o", "Int64", ""}}) {
  TableSurvey out;
  out.table.engine = engine;
  out.table.engine_full = engine_full;
  out.table.columns = std::move(columns);
  out.reached.push_back({{"d", "t"}, "", engine, {}});
  return out;
}

TEST(StoredMessagesTest, MessagesWithoutARowAreMissing) {
  const InsertMessages inserted{Partition{1}, {{Offset{5}, 1}, {Offset{7}, 2}, {Offset{8}, 1}}};
  const auto missing = missing_messages(inserted, {{7, 2}, {9, 1}});
  ASSERT_TRUE(missing);
  EXPECT_EQ(*missing, (std::vector<Offset>{Offset{5}, Offset{8}}));
  EXPECT_TRUE(missing_messages(inserted, {{5, 1}, {7, 2}, {8, 1}})->empty());
}

TEST(StoredMessagesTest, AnotherNumberOfRowsCannotBeExplained) {
  const InsertMessages inserted{Partition{1}, {{Offset{5}, 2}}};
  for (const uint64_t rows : {uint64_t{1}, uint64_t{3}}) {
    EXPECT_EQ(missing_messages(inserted, {{5, rows}}).error().kind, ErrorKind::Invalid);
  }
}

TEST(StoredMessagesTest, RowsAreFoundByColumnsThatHoldEachPosition) {
  EXPECT_EQ(why_not_countable(surveyed(), kPositions), "");
  EXPECT_EQ(why_not_countable(surveyed("ReplacingMergeTree"), kPositions), "");
  const auto with = [](std::vector<ColumnInfo> columns) {
    return why_not_countable(surveyed("MergeTree", "", std::move(columns)), kPositions);
  };
  EXPECT_NE(with({{"p", "Int32", ""}}), "");
  EXPECT_NE(with({{"p", "Int32", ""}, {"o", "Int32", ""}}), "") << "an offset may not fit";
  EXPECT_NE(with({{"p", "Int8", ""}, {"o", "Int64", ""}}), "");
  EXPECT_NE(with({{"p", "Int32", ""}, {"o", "Int64", "MATERIALIZED"}}), "");
  PositionColumns topic = kPositions;
  topic.topic = "topic";
  EXPECT_NE(why_not_countable(surveyed(), topic), "");
}

TEST(StoredMessagesTest, RowsOfViewsAndOfOtherServersAreNotFound) {
  TableSurvey views = surveyed();
  views.has_views = true;
  EXPECT_NE(why_not_countable(views, kPositions), "");
  EXPECT_NE(why_not_countable(surveyed("Distributed"), kPositions), "");
}

TEST(StoredMessagesTest, RowsMayBeGoneAfterMerges) {
  EXPECT_EQ(why_rows_may_be_gone(surveyed().table), "");
  EXPECT_NE(why_rows_may_be_gone(surveyed("ReplacingMergeTree").table), "");
  EXPECT_NE(
      why_rows_may_be_gone(surveyed("MergeTree", "MergeTree ORDER BY o TTL t + toIntervalDay(1) SETTINGS a = 1").table),
      "");
}

}  // namespace
}  // namespace freshet::clickhouse
