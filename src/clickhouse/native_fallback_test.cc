// What the server refuses in the Native format it gets as JSONEachRow.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "clickhouse/writing_for_test.h"
#include "columns/row_binary_writer.h"
#include "testkit/fake_clickhouse.h"
#include "testkit/fake_clock.h"

namespace freshet::clickhouse {
namespace {

using testing::HasSubstr;
using testkit::FakeAnswer;
using testkit::FakeClickHouse;

const char* const kNoColumn = "No such column name in table db.t. (NO_SUCH_COLUMN_IN_TABLE)";
const char* const kJson = "{\"id\":1,\"name\":\"a\"}\n{\"id\":2,\"name\":\"b\"}\n";

struct NativeFallbackTest : testing::Test {
  NativeFallbackTest() {
    w.layout = {RowFormat::Native, {"id", "name"}, {"UInt8", "String"}};
    w.row_count = 2;
    for (uint8_t id = 1; id <= 2; ++id) {
      columns::RowBinaryWriter out;
      out.fixed(id);
      out.string(id == 1 ? "a" : "b");
      rows.append(out.bytes());
    }
  }
  WriteOutcome write(std::string_view token = "tok") { return w.write({rows}, token); }
  // One row that takes 11 MiB in the Native format and 66 MiB as JSONEachRow, which is more than a new insert may take.
  void row_that_grows() {
    columns::RowBinaryWriter out;
    out.fixed(uint8_t{1});
    out.string(std::string(11 << 20, '\x01'));
    rows = out.bytes();
    w.row_count = 1;
  }
  // The format of each request.
  std::vector<std::string> formats() const {
    std::vector<std::string> out;
    for (const auto& request : server.requests()) {
      const std::string query = request.parameters.at("query");
      out.push_back(query.substr(query.rfind(' ') + 1));
    }
    return out;
  }
  uint64_t counted(const char* code) {
    return w.metrics.counter("freshet_inserts_sent_as_json_total", "", {{"code", code}}).value();
  }

  FakeClickHouse server;
  testkit::FakeClock fake_clock;
  Writing w{{server.url()}};
  std::string rows;
};

using Formats = std::vector<std::string>;

TEST_F(NativeFallbackTest, WhatIsRefusedIsSentAtOnceWithTheSameToken) {
  server.next(FakeAnswer::exception(16, kNoColumn));
  EXPECT_EQ(write().kind, WriteOutcome::Kind::Written);
  EXPECT_EQ(formats(), (Formats{"Native", "JSONEachRow"}));
  EXPECT_EQ(server.stored_rows(), kJson);
  const auto seen = server.requests();
  EXPECT_EQ(seen[0].parameters.at("query"), "INSERT INTO `db`.`t` (`id`, `name`) FORMAT Native");
  EXPECT_EQ(seen[0].parameters.at("input_format_native_allow_types_conversion"), "0");
  EXPECT_EQ(seen[1].parameters.at("query"), "INSERT INTO `db`.`t` FORMAT JSONEachRow");
  EXPECT_EQ(seen[1].parameters.at("insert_deduplication_token"), "tok");
  EXPECT_FALSE(seen[1].parameters.contains("input_format_native_allow_types_conversion"));
  EXPECT_TRUE(w.failures.empty());
  EXPECT_EQ(counted("16"), 1u);
  EXPECT_EQ(w.log.count("insert_sent_as_json"), 1u);
  EXPECT_THAT(w.log.texts(), HasSubstr("normal for a minute after a change"));
  EXPECT_EQ(w.metrics.counter("freshet_insert_errors_total", "", {{"class", "operator"}, {"code", "16"}}).value(), 0u);
}

TEST_F(NativeFallbackTest, TheNextInsertIsNativeAgainAndTheLogQuiet) {
  server.next(FakeAnswer::exception(53, "Cannot convert: String to UInt8: While executing Native. (TYPE_MISMATCH)"));
  server.next(FakeAnswer());
  server.next(FakeAnswer::exception(53, "Cannot convert: String to UInt8: While executing Native. (TYPE_MISMATCH)"));
  for (const char* token : {"1", "2", "3"}) EXPECT_EQ(write(token).kind, WriteOutcome::Kind::Written);
  EXPECT_EQ(formats(), (Formats{"Native", "JSONEachRow", "Native", "JSONEachRow", "Native"}));
  EXPECT_EQ(counted("53"), 2u);
  EXPECT_EQ(w.log.count("insert_sent_as_json"), 1u);
}

TEST_F(NativeFallbackTest, WhatTheServerSaysToJsonCounts) {
  server.next(FakeAnswer::exception(469, "Constraint `c` is violated at row 1. (VIOLATED_CONSTRAINT)"));
  server.next(FakeAnswer::exception(469, "Constraint `c` is violated at row 2. (VIOLATED_CONSTRAINT)"));
  WriteOutcome outcome = write();
  EXPECT_EQ(outcome.kind, WriteOutcome::Kind::Rejected);
  EXPECT_EQ(outcome.row, 1u);
  EXPECT_FALSE(outcome.maybe_stored_before);
  server.next(FakeAnswer::exception(60, "Table db.t does not exist. (UNKNOWN_TABLE)"), 2);
  EXPECT_EQ(write("next").kind, WriteOutcome::Kind::Written);
  ASSERT_EQ(w.failures.size(), 1u);
  EXPECT_EQ(w.failures[0].failure_class, InsertFailure::Class::Operator);
  EXPECT_EQ(w.failures[0].attempt, 1u);
  EXPECT_EQ(formats(), (Formats{"Native", "JSONEachRow", "Native", "JSONEachRow", "JSONEachRow"}))
      << "the table that is there again may be another one";
}

TEST_F(NativeFallbackTest, ALoginThatIsRefusedIsNotAboutTheFormat) {
  server.next(FakeAnswer::exception(516, "app: Authentication failed. (AUTHENTICATION_FAILED)"), 2);
  EXPECT_EQ(write().kind, WriteOutcome::Kind::Written);
  EXPECT_EQ(formats(), (Formats{"Native", "Native", "Native"}));
  EXPECT_EQ(counted("516"), 0u);
  EXPECT_EQ(w.log.count("insert_sent_as_json"), 0u);
}

// Such an error may pass, or be about the format.
TEST_F(NativeFallbackTest, AnErrorThatMayBeAboutTheFormatEndsItAfterThreeAttempts) {
  server.next(FakeAnswer::exception(49, "Block structure mismatch. (LOGICAL_ERROR)"), 3);
  EXPECT_EQ(write().kind, WriteOutcome::Kind::Written);
  EXPECT_EQ(formats(), (Formats{"Native", "Native", "Native", "JSONEachRow"}));
  EXPECT_EQ(server.stored_rows(), kJson);
  EXPECT_EQ(counted("49"), 1u);
}

TEST_F(NativeFallbackTest, WhatPassesIsRepeatedAsItWas) {
  server.next(FakeAnswer::of(FakeAnswer::How::LoseAnswer, false));
  server.next(FakeAnswer::exception(242, "Table is in readonly mode"));
  server.next(FakeAnswer::exception(252, "Too many parts (300). Merges are processing significantly slower"));
  server.next(FakeAnswer::foreign(503, "", "busy"));
  EXPECT_EQ(write().kind, WriteOutcome::Kind::Written);
  const auto seen = server.requests();
  ASSERT_GE(seen.size(), 5u);
  for (const auto& request : seen) EXPECT_EQ(request.raw_body, seen[0].raw_body);
  EXPECT_EQ(w.log.count("insert_sent_as_json"), 0u);
}

TEST_F(NativeFallbackTest, WhatTheTableMayHaveIsNotSentInAnotherFormat) {
  server.otherwise(FakeAnswer::exception(
      395, "Value passed to 'throwIf' function is non-zero: while pushing to view default.v (FUNCTION_THROW_IF)"));
  EXPECT_EQ(write().kind, WriteOutcome::Kind::MaybeStored);
  EXPECT_EQ(formats(), Formats{"Native"});
}

TEST_F(NativeFallbackTest, ARefusalAfterAnUnknownEndIsTheSameInsert) {
  server.next(FakeAnswer::of(FakeAnswer::How::LoseAnswer, true));
  // libcurl repeats a request itself if a kept connection is closed, so the answers that follow are the same.
  server.otherwise(FakeAnswer::exception(16, kNoColumn));
  std::jthread repairs([&] {
    ASSERT_TRUE(server.wait_for_requests(3));
    server.otherwise(FakeAnswer());
  });
  EXPECT_EQ(write().kind, WriteOutcome::Kind::Written);
  EXPECT_EQ(server.stored_inserts(), 1u) << "the token makes it a repeat";
  EXPECT_EQ(formats().back(), "JSONEachRow");
}

// Smaller inserts would have other tokens, and the table may have the rows.
TEST_F(NativeFallbackTest, WhatMayBeStoredIsSentWhateverMemoryItTakes) {
  row_that_grows();
  // It comes first: on a kept connection, libcurl would repeat the request itself.
  server.next(FakeAnswer::of(FakeAnswer::How::LoseAnswer, true));
  server.next(FakeAnswer::exception(16, kNoColumn));
  EXPECT_EQ(write().kind, WriteOutcome::Kind::Written);
  EXPECT_EQ(server.stored_inserts(), 1u);
  EXPECT_EQ(formats().back(), "JSONEachRow");
}

// Another process, or an earlier write(), may have stored the rows in the Native format.
TEST_F(NativeFallbackTest, WhatIsTooLargeAsJsonOnlyMayBeStored) {
  row_that_grows();
  w.hosts->drop_setting(0, kTypesConversion);
  const WriteOutcome outcome = write();
  EXPECT_EQ(outcome.kind, WriteOutcome::Kind::TooLarge);
  EXPECT_FALSE(outcome.always_refused);
  EXPECT_TRUE(server.requests().empty());
}

TEST_F(NativeFallbackTest, AServerThatCannotCompareTypesGetsNoColumns) {
  const std::string unknown = "Unknown setting input_format_native_allow_types_conversion";
  server.next(FakeAnswer::old_exception(115, unknown));
  for (const char* token : {"1", "2", "3"}) EXPECT_EQ(write(token).kind, WriteOutcome::Kind::Written);
  EXPECT_EQ(formats(), (Formats{"Native", "JSONEachRow", "JSONEachRow", "JSONEachRow"}));
  EXPECT_THAT(w.log.texts(), HasSubstr("gets JSONEachRow from now on"));
  // For all writers.
  w.another_writer();
  EXPECT_EQ(write("4").kind, WriteOutcome::Kind::Written);
  EXPECT_EQ(formats().back(), "JSONEachRow");
}

// The URL names the columns.
TEST_F(NativeFallbackTest, WhatAProxyDoesNotLetPassIsDecidedOnceForTenMinutes) {
  w.clock = &fake_clock;
  w.another_writer();
  server.next(FakeAnswer::foreign(414, "", "<h1>414 Request-URI Too Large</h1>"));
  for (const char* token : {"1", "2"}) EXPECT_EQ(write(token).kind, WriteOutcome::Kind::Written);
  const auto first = std::move(w.writer);
  w.another_writer();
  EXPECT_EQ(write("3").kind, WriteOutcome::Kind::Written);
  EXPECT_EQ(formats(), (Formats{"Native", "JSONEachRow", "JSONEachRow", "JSONEachRow"}));
  EXPECT_EQ(counted("414"), 3u);
  EXPECT_EQ(w.log.count("native_inserts_refused"), 1u);
  EXPECT_EQ(w.log.count("insert_sent_as_json"), 0u);
  EXPECT_THAT(w.log.texts(), HasSubstr("large_client_header_buffers"));
  EXPECT_EQ(w.hosts->why_json(), server.url() + ": a proxy answers 414 to Native inserts");
  EXPECT_TRUE(w.failures.empty());

  fake_clock.advance(Hosts::kNativeAgainAfter);
  server.next(FakeAnswer::foreign(414, "", ""));
  for (const char* token : {"4", "5"}) EXPECT_EQ(write(token).kind, WriteOutcome::Kind::Written);
  EXPECT_EQ(w.log.count("native_inserts_refused"), 1u) << "nothing has changed";
  fake_clock.advance(Hosts::kNativeAgainAfter);
  EXPECT_EQ(write("6").kind, WriteOutcome::Kind::Written);
  EXPECT_EQ(formats(), (Formats{"Native", "JSONEachRow", "JSONEachRow", "JSONEachRow", "Native", "JSONEachRow",
                                "JSONEachRow", "Native"}));
  EXPECT_EQ(w.log.count("native_inserts_accepted"), 1u);
  EXPECT_EQ(w.hosts->why_json(), "");
}

// Other proxies have no status of their own for it.
TEST_F(NativeFallbackTest, WhatAProxyRefusesForAnotherReasonIsTriedThreeTimes) {
  server.next(FakeAnswer::foreign(400, "", "Bad request"), 3);
  for (const char* token : {"1", "2"}) EXPECT_EQ(write(token).kind, WriteOutcome::Kind::Written);
  EXPECT_EQ(formats(), (Formats{"Native", "Native", "Native", "JSONEachRow", "JSONEachRow"}));
  EXPECT_EQ(counted("400"), 2u);
  EXPECT_EQ(w.log.count("native_inserts_refused"), 1u);
}

TEST_F(NativeFallbackTest, AProxyThatRefusesEverythingSaysNothingAboutTheFormat) {
  server.next(FakeAnswer::foreign(431, "", ""), 3);
  for (const char* token : {"1", "2"}) EXPECT_EQ(write(token).kind, WriteOutcome::Kind::Written);
  EXPECT_EQ(formats(), (Formats{"Native", "JSONEachRow", "JSONEachRow", "JSONEachRow", "Native"}));
  EXPECT_EQ(w.failures.size(), 2u);
  EXPECT_EQ(w.log.count("native_inserts_refused"), 0u);
}

TEST_F(NativeFallbackTest, ALoginThatAProxyWantsIsNotAboutTheFormat) {
  for (const int status : {401, 407, 429}) server.next(FakeAnswer::foreign(status, "", ""));
  EXPECT_EQ(write().kind, WriteOutcome::Kind::Written);
  EXPECT_EQ(formats(), Formats(4, "Native"));
}

TEST_F(NativeFallbackTest, TheDropInDoesTheSame) {
  w.use_requests(true);
  server.next(FakeAnswer::exception(16, kNoColumn));
  EXPECT_EQ(write().kind, WriteOutcome::Kind::Written);
  EXPECT_EQ(formats(), (Formats{"Native", "JSONEachRow"}));
  EXPECT_EQ(server.requests()[0].parameters.at("input_format_native_allow_types_conversion"), "0");
  EXPECT_EQ(server.stored_rows(), kJson);
}

TEST_F(NativeFallbackTest, RowsThatAreJsonMakeTheInsertJson) {
  InsertRequest request;
  request.layout = plain_layout().get();
  request.rows = {kJson, rows};
  request.layouts = {plain_layout().get(), &w.layout};
  request.row_count = 4;
  EXPECT_EQ(w.write(request).kind, WriteOutcome::Kind::Written);
  EXPECT_EQ(formats(), Formats{"JSONEachRow"});
  EXPECT_EQ(server.stored_rows(), std::string(kJson) + kJson);
  EXPECT_EQ(w.log.count("insert_sent_as_json"), 0u);
}

}  // namespace
}  // namespace freshet::clickhouse
