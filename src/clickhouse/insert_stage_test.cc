#include "clickhouse/insert_stage.h"

#include <gtest/gtest.h>

#include "clickhouse/error_table.h"

namespace freshet::clickhouse {
namespace {

ServerError error(std::string_view body, int status = 500) {
  http::Response response;
  response.status = status;
  response.body = body;
  response.headers["x-clickhouse-server-display-name"] = "host";
  return find_error(response, AnswerTo::Insert).value_or(ServerError());
}

// Recorded error texts of 26.5 and 18.16.
TEST(InsertStage, AViewThatFailedBehindTheTable) {
  for (
      const char* text : {
          "Code: 395. DB::Exception: boom: while executing 'FUNCTION throwIf(equals(__table1.n, 3_UInt8) :: 0, "
          "'boom'_String :: 2) -> throwIf(equals(__table1.n, 3_UInt8), 'boom'_String) UInt8 : 1': while pushing to "
          "view "
          "d.mv. (FUNCTION_THROW_IF_VALUE_IS_NON_ZERO) (version 26.5.1.1)",
          "Code: 153. DB::Exception: Division by zero: while executing 'FUNCTION intDiv(10_UInt8 :: 1, __table1.n :: "
          "2) "
          "-> intDiv(10_UInt8, __table1.n) Int8 : 0': while pushing to view d.m23: while pushing to view d.m12. "
          "(ILLEGAL_DIVISION) (version 26.5.1.1)",
          // "row 1" counts the view's rows, not those of the insert.
          "Code: 469. DB::Exception: Constraint `c` for table d.k is violated at row 1. Expression: (n > 5). Column "
          "values: n = 1: while pushing to view d.mk. (VIOLATED_CONSTRAINT) (version 26.5.1.1)",
          "Code: 158. DB::Exception: Limit for rows to GROUP BY exceeded: has 2 rows, maximum: 1: While executing "
          "AggregatingTransform: while pushing to view d.av. (TOO_MANY_ROWS) (version 26.5.1.1)",
          "Code: 252. DB::Exception: Too many partitions for single INSERT block (more than 1): while pushing to view "
          "d.mp. (TOO_MANY_PARTS) (version 26.5.1.1)",
          "Code: 153, e.displayText() = DB::Exception: Division by zero: while pushing to view default.mvdiv, e.what() "
          "= DB::Exception",
          "Code: 241, e.displayText() = DB::Exception: Memory limit (for query) exceeded: would use 83.33 MiB (attempt "
          "to allocate chunk of 25690112 bytes), maximum: 66.76 MiB: while pushing to view default.mx, e.what() = "
          "DB::Exception",
      }) {
    const ServerError said = error(text);
    EXPECT_EQ(said.place, ErrorPlace::View) << text;
    EXPECT_FALSE(stored_nothing(said)) << text;
    EXPECT_FALSE(said.row.has_value()) << text;
    EXPECT_EQ(classify(said).error_class, ErrorClass::Operator) << text;
    EXPECT_TRUE(classify(said).maybe_stored) << text;
    EXPECT_EQ(size_limit(said), SizeLimit::None) << text;
  }
  const std::string longer = "Code: 395. DB::Exception: " + std::string(5000, 'x');
  EXPECT_EQ(error(longer + ": while pushing to view d.mv. (F)").place, ErrorPlace::View);
  EXPECT_EQ(error(longer + ": while write prefix to view d.mv").place, ErrorPlace::View);
}

TEST(InsertStage, WhatARowSaysOfViewsIsNoView) {
  for (const char* text : {
           "Code: 27. DB::Exception: Cannot parse input: expected '\"' before: 'x: while pushing to view d.v': (at row "
           "1)\n: While executing ParallelParsingBlockInputFormat. (CANNOT_PARSE_INPUT_ASSERTION_FAILED)",
           "Code: 27. DB::Exception: Cannot parse input: before: : while pushing to view d.v, \"n\":1}: (while reading "
           "the value of key n): (at row 2)",
           "Code: 469. DB::Exception: Constraint `c` for table d.k is violated at row 1. Expression: (s != ''). Column "
           "values: s = ': while pushing to view d.v'. (VIOLATED_CONSTRAINT)",
       }) {
    EXPECT_EQ(error(text).place, ErrorPlace::Input) << text;
    EXPECT_TRUE(error(text).row.has_value()) << text;
  }
}

// Servers since 22 check the number of parts before the insert begins, also for the targets of views.
TEST(InsertStage, AViewsTargetWithTooManyPartsRejectsTheInsertAsAWhole) {
  const ServerError said = error(
      "Code: 252. DB::Exception: Too many parts (1 with average size of 312.00 B) in table 'd.nt "
      "(4e188e30-424f-45e3-9180-2c8861640a94)'. Merges are processing significantly slower than inserts: while pushing "
      "to view d.mn. (TOO_MANY_PARTS) (version 26.5.1.1)");
  EXPECT_TRUE(stored_nothing(said));
  EXPECT_EQ(classify(said).error_class, ErrorClass::Overload);
  EXPECT_FALSE(
      stored_nothing(error("Code: 252, e.displayText() = DB::Exception: Too many parts (300). Merges are "
                           "processing significantly slower than inserts.: while pushing to view d.mn")));
}

TEST(InsertStage, LimitsOfOneInsertAndOfTheMoment) {
  const auto limit = [](std::string_view text, int status = 500) { return size_limit(error(text, status)); };
  EXPECT_EQ(limit("Code: 241. DB::Exception: Query memory limit exceeded: would use 24.01 MiB"), SizeLimit::Insert);
  EXPECT_EQ(limit("Code: 241, e.displayText() = DB::Exception: Memory limit (for query) exceeded: would use 34.51 MiB"),
            SizeLimit::Insert);
  EXPECT_EQ(limit("Code: 241. DB::Exception: (total) memory limit exceeded: would use 9.8 GiB"), SizeLimit::Moment);
  EXPECT_EQ(limit("Code: 241. DB::Exception: User memory limit exceeded: would use 9.8 GiB"), SizeLimit::Moment);
  for (const int code : {158, 307, 396}) {
    EXPECT_EQ(limit("Code: " + std::to_string(code) + ". DB::Exception: Limit exceeded"), SizeLimit::Insert) << code;
  }
  EXPECT_EQ(limit("Code: 159. DB::Exception: Timeout exceeded: elapsed 2 s, maximum: 1 s"), SizeLimit::Moment);
  EXPECT_EQ(limit("Code: 252. DB::Exception: Too many partitions for single INSERT block (more than 100)"),
            SizeLimit::Insert);
  EXPECT_EQ(limit("Code: 252. DB::Exception: Too many parts (300 with average size of 1 B)"), SizeLimit::None);
  EXPECT_EQ(limit("<html>413 Request Entity Too Large</html>", 413), SizeLimit::Insert);
  EXPECT_EQ(limit("<html>502 Bad Gateway</html>", 502), SizeLimit::None);
  EXPECT_EQ(limit("Code: 413. DB::Exception: cannot set a signal handler"), SizeLimit::None);
}

TEST(InsertStage, WhatFailedWhileRowsWereReadIsNotStored) {
  EXPECT_TRUE(
      stored_nothing(error("Code: 241. DB::Exception: Query memory limit exceeded: maximum: 19.07 MiB: (while "
                           "reading the value of key s): While executing JSONEachRowRowInputFormat")));
  EXPECT_TRUE(
      stored_nothing(error("Code: 241, e.displayText() = DB::Exception: Memory limit (for query) exceeded: "
                           "(while read the value of key s), e.what() = DB::Exception")));
  EXPECT_FALSE(stored_nothing(error("Code: 241. DB::Exception: Query memory limit exceeded: maximum: 47.68 MiB.")));
  EXPECT_TRUE(stored_nothing(error("Request Entity Too Large", 413)));
  EXPECT_FALSE(stored_nothing(error("Bad Gateway", 502)));
}

}  // namespace
}  // namespace freshet::clickhouse
