#include "clickhouse/error_table.h"

#include <gtest/gtest.h>

#include "clickhouse/error_codes.h"

namespace freshet::clickhouse {
namespace {

ErrorDisposition disposition_of(int code, std::string text = "text", int status = 500) {
  ServerError error;
  error.code = code;
  error.status = status;
  error.row = rejected_row(text);
  error.place = error_place(text);
  error.text = std::move(text);
  return classify(error);
}

TEST(ErrorTable, Transient) {
  for (const int code : {40, 159, 209, 210, 225, 241, 242, 243, 279, 285, 319, 439, 999}) {
    EXPECT_EQ(disposition_of(code).error_class, ErrorClass::Transient) << code;
  }
}

TEST(ErrorTable, Overload) {
  for (const int code : {202, 252, 364, 574, 745})
    EXPECT_EQ(disposition_of(code).error_class, ErrorClass::Overload) << code;
}

TEST(ErrorTable, OperatorErrorsComeWithAdvice) {
  for (const int code : {8, 10, 16, 47, 60, 62, 73, 81, 115, 164, 192, 193, 194, 201, 291, 452, 497, 516}) {
    EXPECT_EQ(disposition_of(code).error_class, ErrorClass::Operator) << code;
    EXPECT_FALSE(disposition_of(code).advice.empty()) << code;
  }
}

TEST(ErrorTable, Data) {
  for (const int code :
       {6, 25, 26, 27, 38, 41, 53, 69, 70, 72, 117, 130, 131, 190, 321, 349, 376, 407, 441, 467, 469, 675, 676, 691}) {
    EXPECT_EQ(disposition_of(code).error_class, ErrorClass::Data) << code;
    EXPECT_TRUE(disposition_of(code).advice.empty()) << code;
  }
}

TEST(ErrorTable, EveryCodeStandsOnceWithItsName) {
  const auto codes = error_codes();
  EXPECT_EQ(codes.size(), 650u);
  for (size_t i = 0; i < codes.size(); ++i) {
    EXPECT_GT(codes[i].code, i == 0 ? 0 : codes[i - 1].code);
    EXPECT_FALSE(codes[i].name.empty()) << codes[i].code;
    EXPECT_EQ(find_error_code(codes[i].code), &codes[i]);
    EXPECT_EQ(codes[i].advice.empty(), codes[i].error_class != ErrorClass::Operator) << codes[i].code;
  }
  EXPECT_EQ(find_error_code(395)->name, "FUNCTION_THROW_IF_VALUE_IS_NON_ZERO");
  EXPECT_EQ(find_error_code(0), nullptr);
  EXPECT_EQ(find_error_code(31337), nullptr);
}

TEST(ErrorTable, TheTablesOwnExpressionsMeetDataThatTheyCannotTake) {
  const std::string place = ": while executing 'FUNCTION intDiv(100 :: 1, n : 0) -> intDiv(100, n) Int8 : 2'. (X)";
  for (const int code : {6, 11, 32, 33, 36, 49, 69, 70, 128, 131, 135, 153, 346, 395, 407, 427, 490, 503, 754, 1001}) {
    const ErrorDisposition disposition = disposition_of(code, "Division by zero" + place);
    EXPECT_EQ(disposition.error_class, ErrorClass::Data) << code;
    EXPECT_FALSE(disposition.maybe_stored);
    const ErrorDisposition view = disposition_of(
        code, "Division by zero: while executing 'FUNCTION f(n : 0)': while pushing to view default.v. (X)");
    EXPECT_EQ(view.error_class, ErrorClass::Operator) << code;
    EXPECT_TRUE(view.maybe_stored) << code;
    const ErrorDisposition shard =
        disposition_of(code, "Code: 1. DB::Exception: Received from h:9000. DB::Exception: Division by zero" + place);
    EXPECT_NE(shard.error_class, ErrorClass::Data) << code << ": other shards may have stored their rows";
  }
  // 18.16 does not report the place; these codes are always about the data.
  for (const int code : {153, 395, 128, 135})
    EXPECT_EQ(disposition_of(code, "Division by zero").error_class, ErrorClass::Data);
  EXPECT_EQ(disposition_of(32, "Attempt to read after eof: Cannot parse Int32 from String, because value is too short")
                .error_class,
            ErrorClass::Data);
  // Without text about a value, the error is not Data.
  EXPECT_EQ(disposition_of(32, "Attempt to read after eof").error_class, ErrorClass::Transient);
  EXPECT_EQ(disposition_of(36, "Bad cast").error_class, ErrorClass::Operator);
  // Errors that affect every row, or the server, keep their class.
  for (const int code : {43, 44, 46, 47, 55, 344, 396, 497}) {
    EXPECT_EQ(disposition_of(code, "text" + place).error_class, ErrorClass::Operator) << code;
  }
  EXPECT_EQ(disposition_of(241, "Memory limit exceeded" + place).error_class, ErrorClass::Transient);
  EXPECT_EQ(disposition_of(159, "Timeout" + place).error_class, ErrorClass::Transient);
}

TEST(ErrorTable, UnknownCodesAreTransientUnlessARowWasRead) {
  EXPECT_EQ(disposition_of(31337).error_class, ErrorClass::Transient);
  EXPECT_FALSE(disposition_of(31337).listed);
  EXPECT_TRUE(disposition_of(241).listed);
  EXPECT_EQ(disposition_of(31337, "x: (at row 5)").error_class, ErrorClass::Data);
  EXPECT_EQ(disposition_of(49).error_class, ErrorClass::Transient);
  EXPECT_EQ(
      disposition_of(49, "Unknown element 'nope' for type Enum8('x' = 1): (while read the value of key e)").error_class,
      ErrorClass::Data);
  // A known code keeps its class even if the server was reading a row.
  EXPECT_EQ(disposition_of(241, "Memory limit exceeded: (at row 5)").error_class, ErrorClass::Transient);
}

TEST(ErrorTable, AViewsFailureIsNotTheDatas) {
  EXPECT_EQ(disposition_of(6, "Cannot parse string 'xx' as UInt8: while pushing to view default.v").error_class,
            ErrorClass::Operator);
  EXPECT_TRUE(
      disposition_of(6, "Cannot parse string '(at row 5)' as UInt8: while pushing to view default.v").maybe_stored)
      << "what a row says counts for nothing";
  // A quoted row that contains the server's wording changes nothing.
  EXPECT_EQ(disposition_of(
                6,
                "Cannot parse string 'while pushing to view d.v' as Int32: syntax error: while executing 'FUNCTION "
                "toInt32(s : 0)'")
                .error_class,
            ErrorClass::Data);
  EXPECT_EQ(disposition_of(6, "Cannot parse string 'while pushing to view d.v' as Int32: syntax error").error_class,
            ErrorClass::Data);
  EXPECT_EQ(disposition_of(27, "before: 'while pushing to view': (at row 1)").error_class, ErrorClass::Data);
}

TEST(ErrorTable, TooManyPartitionsIsNotTooManyParts) {
  EXPECT_EQ(disposition_of(252, "Too many partitions for single INSERT block (more than 100)").error_class,
            ErrorClass::TooLarge);
  EXPECT_EQ(
      disposition_of(252, "Too many parts (300). Merges are processing significantly slower than inserts").error_class,
      ErrorClass::Overload);
}

TEST(ErrorTable, WithoutACodeTheStatusDecides) {
  EXPECT_EQ(disposition_of(0, "", 500).error_class, ErrorClass::Transient);
  EXPECT_EQ(disposition_of(0, "", 502).error_class, ErrorClass::Transient);
  EXPECT_EQ(disposition_of(0, "", 429).error_class, ErrorClass::Overload);
  EXPECT_EQ(disposition_of(0, "", 413).error_class, ErrorClass::TooLarge);
  for (const int status : {408, 425, 502, 503, 504, 520}) {
    EXPECT_EQ(disposition_of(0, "", status).error_class, ErrorClass::Transient) << status;
  }
  // A proxy, a firewall or another service would give every repeat the same response.
  for (const int status : {200, 201, 204, 206, 301, 302, 303, 304, 307, 308, 400, 401, 403,
                           404, 405, 407, 411, 414, 415, 421, 426, 431, 451, 501, 505, 511}) {
    EXPECT_EQ(disposition_of(0, "", status).error_class, ErrorClass::Operator) << status;
    EXPECT_FALSE(disposition_of(0, "", status).advice.empty()) << status;
  }
}

// If a proxy corrupts the body, no row is at fault, wherever the server notices it.
TEST(ErrorTable, ABodyThatCannotBeUnpackedIsNotTheDatas) {
  for (const int code : {40, 271, 354, 561, 618}) {
    ServerError error;
    error.code = code;
    error.text = "Code: " + std::to_string(code) + ". DB::Exception: Cannot decompress: (at row 7)";
    for (const ErrorPlace place : {ErrorPlace::Unknown, ErrorPlace::Input, ErrorPlace::Expression}) {
      error.place = place;
      EXPECT_EQ(classify(error).error_class, ErrorClass::Transient) << code;
    }
  }
}

TEST(ErrorTable, WhatIsNoMatterOfLoginOrGrantIsNotSaidToBe) {
  EXPECT_NE(find_error_code(164)->advice.find("read-only"), std::string_view::npos);
  EXPECT_NE(find_error_code(195)->advice.find("address"), std::string_view::npos);
  EXPECT_NE(find_error_code(516)->advice.find("--clickhouse-password-file"), std::string_view::npos);
  EXPECT_NE(find_error_code(497)->advice.find("grant"), std::string_view::npos);
}

TEST(ErrorTable, AStatementThatIsTooLongIsSaidToBe) {
  const ErrorDisposition disposition =
      disposition_of(62, "Max query size exceeded (can be increased with the `max_query_size` setting)");
  EXPECT_EQ(disposition.error_class, ErrorClass::Operator);
  EXPECT_NE(disposition.advice.find("max_query_size"), std::string_view::npos);
}

TEST(ErrorTable, WhatFailsWithoutARowIsNotTheDatas) {
  ServerError error;
  error.code = 27;
  error.text = "Code: 27. DB::Exception: Cannot parse input: expected 'eof' before: 'abc'.";
  ASSERT_EQ(classify(error).error_class, ErrorClass::Data);
  EXPECT_EQ(classify_without_rows(error).error_class, ErrorClass::Operator);
  EXPECT_NE(classify_without_rows(error).advice.find("--clickhouse-setting"), std::string_view::npos);
  error.code = 241;
  EXPECT_EQ(classify_without_rows(error).error_class, ErrorClass::Transient);
}

}  // namespace
}  // namespace freshet::clickhouse
