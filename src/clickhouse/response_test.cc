#include "clickhouse/response.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace freshet::clickhouse {
namespace {

http::Response answer(int status, std::string body, http::Headers headers = {}) {
  http::Response response;
  response.status = status;
  response.headers = std::move(headers);
  response.headers.emplace("x-clickhouse-server-display-name", "host");
  response.body = std::move(body);
  return response;
}

// Recorded error texts of 18.16.1 and 26.5.1.
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

http::Response foreign(int status, std::string body, http::Headers headers = {}) {
  http::Response response = answer(status, std::move(body));
  response.headers = std::move(headers);
  return response;
}

TEST(Response, WhatIsNotClickHousesStoredNothing) {
  using testing::HasSubstr;
  for (const AnswerTo what : {AnswerTo::Insert, AnswerTo::Query}) {
    for (const char* body : {"", "Ok.\n", "<html>Please log in</html>", "1\n", "{\"data\":[]}"}) {
      for (const int status : {200, 201, 202, 204, 206, 301, 304, 400, 500, 502}) {
        const auto error = find_error(foreign(status, body), what);
        ASSERT_TRUE(error) << status << body;
        EXPECT_TRUE(error->foreign);
        EXPECT_EQ(error->code, 0);
        EXPECT_THAT(error->text, HasSubstr("not ClickHouse's"));
        EXPECT_THAT(error->text, HasSubstr(std::to_string(status)));
      }
    }
  }
  const auto page = find_error(foreign(200, "<html>\n<title>Sign in</title>" + std::string(5000, 'x'),
                                       {{"server", "nginx/1.18"}, {"content-type", "text/html"}}),
                               AnswerTo::Insert);
  ASSERT_TRUE(page);
  for (const char* part :
       {"status 200 OK", "\"nginx/1.18\"", "\"text/html\"", "<title>Sign in</title>", "5029 bytes"}) {
    EXPECT_THAT(page->text, HasSubstr(part));
  }
  EXPECT_LT(page->text.size(), 600u);
}

TEST(Response, AnExceptionIsBelievedOnlyOfClickHouse) {
  const auto error = find_error(foreign(500, kOld), AnswerTo::Insert);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, 0);
  EXPECT_FALSE(error->row);
}

TEST(Response, AnInsertsAnswerHasStatus200AndNoBody) {
  for (const char* body : {"Ok.\n", " ", "\n", "1\n"}) {
    const auto error = find_error(answer(200, body), AnswerTo::Insert);
    ASSERT_TRUE(error) << body;
    EXPECT_EQ(error->code, 0);
  }
  for (const int status : {100, 201, 202, 204, 205, 206, 207, 226, 300, 302, 304}) {
    EXPECT_TRUE(find_error(answer(status, ""), AnswerTo::Insert)) << status;
    EXPECT_TRUE(find_error(answer(status, ""), AnswerTo::Query)) << status;
  }
  // Headers of successful responses, recorded from 18.16.1 and 26.5.1.
  for (const char* name : {"x-clickhouse-server-display-name", "x-clickhouse-summary", "x-clickhouse-query-id"}) {
    EXPECT_FALSE(find_error(foreign(200, "", {{name, "x"}}), AnswerTo::Insert)) << name;
  }
  for (const char* name : {"x-clickhouse", "x-clickhousf-x", "server", "clickhouse-summary"}) {
    EXPECT_TRUE(find_error(foreign(200, "", {{name, "ClickHouse"}}), AnswerTo::Insert)) << name;
  }
}

TEST(Response, AnExceptionInATrailerIsOne) {
  http::Response late;
  late.status = 200;
  late.headers["x-clickhouse-query-id"] = "1";
  late.trailers["x-clickhouse-exception-code"] = "241";
  for (const AnswerTo what : {AnswerTo::Insert, AnswerTo::Query}) {
    const auto error = find_error(late, what);
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code, 241);
    EXPECT_EQ(error->text, "exception 241 (MEMORY_LIMIT_EXCEEDED) without a text");
  }
}

TEST(Response, FindsAnExceptionBehindAQuerysRows) {
  EXPECT_EQ(find_error(answer(200, std::string("1\n2\n__exception__\r\nabc\r\n") + kNew), AnswerTo::Query)->code, 27);
  EXPECT_EQ(find_error(answer(200, "1\n2\nCode: 159. DB::Exception: Timeout exceeded\n"), AnswerTo::Query)->code, 159);
  // A row that contains the text of an exception is not an exception.
  EXPECT_FALSE(find_error(answer(200, "x Code: 60. DB::Exception: y\n"), AnswerTo::Query));
}

TEST(Response, RowNumbers) {
  EXPECT_EQ(rejected_row("(at row 1)"), 0u);
  EXPECT_EQ(rejected_row("data says (at row 7): (at row 60001)\n: While"), 60000u);
  EXPECT_EQ(rejected_row("Constraint `c` for table t is violated at row 3. Expression: (a > 5)."), 2u);
  EXPECT_FALSE(rejected_row("(at row 0)"));
  EXPECT_FALSE(rejected_row("(at row x)"));
  EXPECT_FALSE(rejected_row("(at row 99999999999999999999999)"));
  EXPECT_FALSE(rejected_row("(at row 5"));
}

TEST(Response, NamesTheSetting) {
  EXPECT_EQ(named_setting("Unknown setting async_insert, e.what()"), "async_insert");
  EXPECT_EQ(named_setting("Unknown setting 'nope_setting'. (UNKNOWN_SETTING)"), "nope_setting");
  EXPECT_EQ(named_setting("Setting foo_bar is neither a builtin setting nor"), "foo_bar");
  EXPECT_EQ(named_setting("Setting async_insert should not be changed"), "async_insert");
  EXPECT_EQ(named_setting("nothing"), "");
}

TEST(Response, TheWholeTextSaysWhereItFailed) {
  // Servers quote whole values, so the place of the failure may come after kMaxErrorText.
  const std::string view = "Code: 6. DB::Exception: Cannot parse string '" + std::string(50'000, 'x') +
                           "' as UInt8: while executing 'FUNCTION toUInt8(s : 0)': while pushing to view d.v. (X)";
  const auto error = find_error(answer(500, view, {{"x-clickhouse-exception-code", "6"}}), AnswerTo::Insert);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->place, ErrorPlace::View);
  EXPECT_THAT(error->text, testing::EndsWith("while pushing to view d.v. (X)"));
  EXPECT_EQ(error_place(kNew), ErrorPlace::Input);
  EXPECT_EQ(error_place(kOld), ErrorPlace::Input);
  EXPECT_EQ(error_place("Cannot read all data: While executing BinaryRowInputFormat"), ErrorPlace::Input);
  EXPECT_EQ(error_place("Constraint `c` for table t is violated at row 3. Expression: (a > 5)."), ErrorPlace::Input);
  EXPECT_EQ(
      error_place("Code: 6, e.displayText() = DB::Exception: Received from h:9000, ::1. DB::Exception: (at row 1)"),
      ErrorPlace::Shard);
  EXPECT_EQ(error_place("Cannot parse: while pushing to view d.v: While executing ParallelParsingBlockInputFormat"),
            ErrorPlace::View);
  EXPECT_EQ(error_place("Memory limit exceeded"), ErrorPlace::Unknown);
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
