#include "clickhouse/table_suggestion.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace freshet::clickhouse {
namespace {

using testing::HasSubstr;
using testing::Not;

TableSuggester of_events() {
  TableSuggester suggester;
  for (int i = 0; i < 40; ++i) {
    const std::string at = "2026-01-02T03:04:" + std::to_string(10 + i) + "Z";
    suggester.add(R"({"id":)" + std::to_string(i) + R"(,"kind":"k)" + std::to_string(i % 2) + R"(","at":")" + at +
                  R"(","note":)" + (i == 0 ? "null" : "\"n" + std::to_string(i) + "\"") +
                  (i < 30 ? R"(,"size":1.5)" : "") + "}");
  }
  return suggester;
}

TEST(TableSuggestionTest, TheStatementHasTypesKeyWindowAndCounts) {
  const TableSuggestion suggestion = of_events().suggest({.table = {"d", "events"}, .source = "40 messages"});
  EXPECT_EQ(suggestion.rows, 40u);
  EXPECT_EQ(suggestion.statement,
            "-- Suggested from 40 messages; look at types and ORDER BY before you use it.\n"
            "CREATE TABLE d.events\n"
            "(\n"
            "    id Int64,\n"
            "    kind LowCardinality(String),\n"
            "    at DateTime64(3, 'UTC'),\n"
            "    note Nullable(String), -- null in 1 of 40 rows\n"
            "    size Nullable(Float64) -- missing in 10 of 40 rows\n"
            ")\n"
            "ENGINE = MergeTree\n"
            "-- Best are the columns that your queries filter by. The key cannot be changed later.\n"
            "ORDER BY (at, kind)\n"
            "-- The window in which the server recognises repeated inserts: exactly-once delivery needs it.\n"
            "SETTINGS non_replicated_deduplication_window = 100000;\n");
}

TEST(TableSuggestionTest, AReplicatedTableHasItsOwnWindow) {
  const std::string statement = of_events().suggest({.table = {"", "a'b"}, .source = "", .replicated = true}).statement;
  EXPECT_THAT(statement, HasSubstr("ReplicatedMergeTree('/clickhouse/tables/{shard}/a\\'b', '{replica}')"));
  EXPECT_THAT(statement, HasSubstr("replicated_deduplication_window = 100000"));
  EXPECT_THAT(statement, HasSubstr("CREATE TABLE `a'b`"));
}

TEST(TableSuggestionTest, NamesOfMessagesStayNames) {
  TableSuggester suggester;
  suggester.add("{\"a`b\\n-- x\\u001b\\u0085\":1,\"\":2,\"c d\":3,\"c d\":4}");
  const TableSuggestion suggestion = suggester.suggest({.table = {"", "t"}, .source = "x\ny"});
  EXPECT_THAT(suggestion.statement, HasSubstr("`a\\`b\\x0A-- x\\x1B\\xC2\\x85` Int64"));
  EXPECT_THAT(suggestion.statement, HasSubstr("`c d` Int64\n"));
  EXPECT_THAT(suggestion.statement, HasSubstr("a field without a name"));
  EXPECT_THAT(suggestion.statement, Not(HasSubstr("x\ny")));
  EXPECT_THAT(suggestion.statement, HasSubstr("ORDER BY tuple()"));
}

TEST(TableSuggestionTest, ColumnsOfFreshetKeepTheirTypes) {
  TableSuggester suggester;
  suggester.add(R"({"o":1,"at":"2026-01-02 03:04:05.000"})");
  const auto suggestion = suggester.suggest(
      {.table = {"", "t"}, .source = "", .known = {{"at", {.name = "DateTime64(3, 'UTC')", .is_time = true}}}});
  EXPECT_THAT(suggestion.statement, HasSubstr("at DateTime64(3, 'UTC')"));
  EXPECT_THAT(suggestion.statement, HasSubstr("ORDER BY (at)"));
}

TEST(TableSuggestionTest, AtMostAThousandColumns) {
  TableSuggester suggester;
  for (int i = 0; i < 1001; ++i) suggester.add("{\"f" + std::to_string(i) + "\":1}");
  const auto suggestion = suggester.suggest({.table = {"", "t"}, .source = ""});
  EXPECT_EQ(suggestion.columns.size(), TableSuggester::kMostColumns);
  EXPECT_THAT(suggestion.statement, HasSubstr("more than 1000 fields"));
}

}  // namespace
}  // namespace freshet::clickhouse
