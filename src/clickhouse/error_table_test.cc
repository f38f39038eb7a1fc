#include "clickhouse/error_table.h"

#include <gtest/gtest.h>

namespace freshet::clickhouse {
namespace {

Judgement judge(int code, std::string text = "text", int status = 500) {
  ServerError error;
  error.code = code;
  error.status = status;
  error.row = refused_row(text);
  error.text = std::move(text);
  return classify(error);
}

TEST(ErrorTable, Transient) {
  for (const int code : {40, 159, 209, 210, 225, 241, 242, 243, 279, 285, 319, 439, 999}) {
    EXPECT_EQ(judge(code).error_class, ErrorClass::Transient) << code;
  }
}

TEST(ErrorTable, Overload) {
  for (const int code : {202, 252, 364, 574, 745}) EXPECT_EQ(judge(code).error_class, ErrorClass::Overload) << code;
}

TEST(ErrorTable, OperatorErrorsComeWithAdvice) {
  for (const int code : {8, 10, 16, 47, 60, 62, 73, 81, 115, 164, 192, 193, 194, 201, 291, 452, 497, 516}) {
    EXPECT_EQ(judge(code).error_class, ErrorClass::Operator) << code;
    EXPECT_FALSE(judge(code).advice.empty()) << code;
  }
}

TEST(ErrorTable, Data) {
  for (const int code :
       {6, 25, 26, 27, 38, 41, 53, 69, 70, 72, 117, 130, 131, 190, 321, 349, 376, 407, 441, 467, 469, 675, 676, 691}) {
    EXPECT_EQ(judge(code).error_class, ErrorClass::Data) << code;
    EXPECT_TRUE(judge(code).advice.empty()) << code;
  }
}

TEST(ErrorTable, UnknownCodesAreTransientUnlessARowWasRead) {
  EXPECT_EQ(judge(31337).error_class, ErrorClass::Transient);
  EXPECT_EQ(judge(31337, "x: (at row 5)").error_class, ErrorClass::Data);
  EXPECT_EQ(judge(49).error_class, ErrorClass::Transient);
  EXPECT_EQ(judge(49, "Unknown element 'nope' for type Enum8('x' = 1): (while read the value of key e)").error_class,
            ErrorClass::Data);
  // A known code stays what it is, also while a row was read.
  EXPECT_EQ(judge(241, "Memory limit exceeded: (at row 5)").error_class, ErrorClass::Transient);
}

TEST(ErrorTable, AViewsFailureIsNotTheDatas) {
  EXPECT_EQ(judge(6, "Cannot parse string 'xx' as UInt8: while pushing to view default.v").error_class,
            ErrorClass::Operator);
  // A row that only speaks of it changes nothing.
  EXPECT_EQ(judge(27, "before: 'while pushing to view': (at row 1)").error_class, ErrorClass::Data);
}

TEST(ErrorTable, TooManyPartitionsIsNotTooManyParts) {
  EXPECT_EQ(judge(252, "Too many partitions for single INSERT block (more than 100)").error_class,
            ErrorClass::Operator);
  EXPECT_EQ(judge(252, "Too many parts (300). Merges are processing significantly slower than inserts").error_class,
            ErrorClass::Overload);
}

TEST(ErrorTable, WithoutACodeTheStatusDecides) {
  EXPECT_EQ(judge(0, "", 500).error_class, ErrorClass::Transient);
  EXPECT_EQ(judge(0, "", 502).error_class, ErrorClass::Transient);
  EXPECT_EQ(judge(0, "", 429).error_class, ErrorClass::Overload);
  for (const int status : {302, 401, 403, 404, 413}) {
    EXPECT_EQ(judge(0, "", status).error_class, ErrorClass::Operator) << status;
    EXPECT_FALSE(judge(0, "", status).advice.empty()) << status;
  }
}

}  // namespace
}  // namespace freshet::clickhouse
