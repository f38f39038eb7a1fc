#include "clickhouse/response.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace freshet::clickhouse {
namespace {

http::Response answer(int status, std::string body, http::Headers headers = {}) {
  http::Response response;
  response.status = status;
  response.headers = std::move(headers);
  response.body = std::move(body);
  return response;
}

// As 18.16.1 and 26.5.1 say it.
constexpr const char* kOld =
    "Code: 27, e.displayText() = DB::Exception: Cannot parse input: expected \" before: abc\",\"b\":\"x\"}\\n: (while "
    "read the "
    "value of key a): (at row 3)\n, e.what() = DB::Exception\n";
constexpr const char* kNew =
    "Code: 27. DB::Exception: Cannot parse input: expected '\"' before: 'abc': (while reading the value of key a): (at "
    "row 3)\n"
    ": While executing ParallelParsingBlockInputFormat. (CANNOT_PARSE_INPUT_ASSERTION_FAILED) (version 26.5.1.1)\n";

TEST(Response, AnEmpty200IsASuccess) {
  EXPECT_FALSE(find_error(answer(200, ""), AnswerTo::Insert));
  EXPECT_FALSE(find_error(answer(200, "a\tb\n"), AnswerTo::Query));
}

TEST(Response, ReadsOldServers) {
  const auto error = find_error(answer(500, kOld), AnswerTo::Insert);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, 27);
  EXPECT_EQ(error->row, 2u);
  EXPECT_TRUE(error->text.ends_with("(at row 3)")) << error->text;
}

TEST(Response, ReadsNewServers) {
  const auto error = find_error(answer(400, kNew, {{"x-clickhouse-exception-code", "27"}}), AnswerTo::Insert);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, 27);
  EXPECT_EQ(error->row, 2u);
  EXPECT_EQ(error->text.find('\n'), std::string::npos);
}

TEST(Response, StatusAloneIsNoSuccess) {
  EXPECT_EQ(find_error(answer(200, "", {{"x-clickhouse-exception-code", "252"}}), AnswerTo::Insert)->code, 252);
  EXPECT_EQ(find_error(answer(200, kNew), AnswerTo::Insert)->code, 27);
  EXPECT_EQ(find_error(answer(200, kOld), AnswerTo::Insert)->code, 27);
  const auto plain = find_error(answer(204, ""), AnswerTo::Insert);
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->code, 0);
  EXPECT_EQ(plain->status, 204);
  EXPECT_FALSE(plain->text.empty());
}

TEST(Response, FindsAnExceptionBehindAQuerysRows) {
  EXPECT_EQ(find_error(answer(200, std::string("1\n2\n__exception__\r\nabc\r\n") + kNew), AnswerTo::Query)->code, 27);
  EXPECT_EQ(find_error(answer(200, "1\n2\nCode: 159. DB::Exception: Timeout exceeded\n"), AnswerTo::Query)->code, 159);
  // Rows that only speak of one are rows.
  EXPECT_FALSE(find_error(answer(200, "x Code: 60. DB::Exception: y\n"), AnswerTo::Query));
}

TEST(Response, RowNumbers) {
  EXPECT_EQ(refused_row("(at row 1)"), 0u);
  EXPECT_EQ(refused_row("data says (at row 7): (at row 60001)\n: While"), 60000u);
  EXPECT_EQ(refused_row("Constraint `c` for table t is violated at row 3. Expression: (a > 5)."), 2u);
  EXPECT_FALSE(refused_row("(at row 0)"));
  EXPECT_FALSE(refused_row("(at row x)"));
  EXPECT_FALSE(refused_row("(at row 99999999999999999999999)"));
  EXPECT_FALSE(refused_row("(at row 5"));
}

TEST(Response, NamesTheSetting) {
  EXPECT_EQ(named_setting("Unknown setting async_insert, e.what()"), "async_insert");
  EXPECT_EQ(named_setting("Unknown setting 'nope_setting'. (UNKNOWN_SETTING)"), "nope_setting");
  EXPECT_EQ(named_setting("Setting foo_bar is neither a builtin setting nor"), "foo_bar");
  EXPECT_EQ(named_setting("Setting async_insert should not be changed"), "async_insert");
  EXPECT_EQ(named_setting("nothing"), "");
}

TEST(Response, TextIsBoundedAndPrintable) {
  const auto error = find_error(answer(502, "\x01\x02" + std::string(100'000, 'x')), AnswerTo::Insert);
  ASSERT_TRUE(error);
  EXPECT_LE(error->text.size(), kMaxErrorText + 3);
  EXPECT_EQ(error->text.find('\x01'), std::string::npos);
}

TEST(Response, CodesNeedTheWordsOfAnException) {
  EXPECT_FALSE(exception_code("Code: 5"));
  EXPECT_FALSE(exception_code("Code: . DB::Exception"));
  EXPECT_FALSE(exception_code("Code: 99999999999999999999. DB::Exception: x"));
  EXPECT_EQ(exception_code("a Code: 5 b Code: 6. DB::ErrnoException: x"), 6);
}

}  // namespace
}  // namespace freshet::clickhouse
