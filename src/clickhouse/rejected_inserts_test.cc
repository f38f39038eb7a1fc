// What the answers to an insert mean to the writer.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/message_text.h"
#include "clickhouse/clickhouse_client.h"
#include "clickhouse/writing_for_test.h"
#include "testkit/fake_clickhouse.h"
#include "testkit/fake_clock.h"

namespace freshet::clickhouse {
namespace {

using testing::HasSubstr;
using testing::Not;
using testkit::FakeAnswer;
using testkit::FakeClickHouse;

TEST(ClickHouseWriter, DataErrorsAreRejectedAtOnceWithTheRow) {
  FakeClickHouse server;
  server.next(FakeAnswer::old_exception(27, "Cannot parse input: (at row 3)\n"));
  Writing w({server.url()});
  const WriteOutcome outcome = w.write({"row\n"});
  EXPECT_EQ(outcome.kind, WriteOutcome::Kind::Rejected);
  EXPECT_EQ(outcome.code, 27);
  EXPECT_EQ(outcome.row, 2u);
  EXPECT_TRUE(w.failures.empty());
  EXPECT_EQ(server.requests().size(), 1u);
}

// 26.5 reports a setting with an invalid value with the code of a row that cannot be parsed.
TEST(ClickHouseWriter, ARejectionThatNamesNoRowIsBelievedOnlyWhereAnInsertWithoutRowsWorks) {
  for (const bool snuba : {false, true}) {
    FakeClickHouse server;
    Writing w({server.url()});
    LiveOptions options;
    options.insert.retry_initial_backoff_ms = 1;
    w.use_requests(snuba, options);
    const FakeAnswer no_place = FakeAnswer::exception(27, "Cannot parse input: expected 'eof' before: 'abc'");
    server.next(no_place, 2);
    EXPECT_EQ(w.write({"row\n"}).kind, WriteOutcome::Kind::Written);
    ASSERT_EQ(w.failures.size(), 1u);
    EXPECT_EQ(w.failures[0].failure_class, InsertFailure::Class::Operator);
    EXPECT_THAT(w.failures[0].text, HasSubstr("--clickhouse-setting"));
    EXPECT_EQ(server.requests().at(1).body, "\n");
    EXPECT_EQ(server.requests().at(1).parameters.count("insert_deduplication_token"), 0u);
    EXPECT_EQ(server.stored_rows(), "row\n");

    server.next(no_place);
    EXPECT_EQ(w.write({"row\n"}, "tok2").kind, WriteOutcome::Kind::Rejected);
    // If the insert without rows fails for another reason, the batch is retried.
    server.next(no_place);
    server.next(FakeAnswer::exception(242, "Table is in readonly mode"));
    EXPECT_EQ(w.write({"row\n"}, "tok3").kind, WriteOutcome::Kind::Written);
    EXPECT_EQ(w.failures.back().code, 242);
    // A view that fails even without rows: nothing of the batch is stored, so no operator decision is needed.
    server.next(no_place);
    server.next(FakeAnswer::exception(60, "Table default.target doesn't exist: while pushing to view default.v"));
    EXPECT_EQ(w.write({"row\n"}, "tok4").kind, WriteOutcome::Kind::Written);
    EXPECT_EQ(w.failures.back().code, 60);
  }
}

TEST(ClickHouseWriter, OverloadAndOperatorAreToldApart) {
  FakeClickHouse server;
  server.next(FakeAnswer::exception(252, "Too many parts (300)"));
  server.next(FakeAnswer::exception(60, "Table db.t does not exist", 404));
  Writing w({server.url()});
  EXPECT_EQ(w.write({"row\n"}).kind, WriteOutcome::Kind::Written);
  ASSERT_EQ(w.failures.size(), 2u);
  EXPECT_EQ(w.failures[0].failure_class, InsertFailure::Class::Overload);
  EXPECT_EQ(w.failures[1].failure_class, InsertFailure::Class::Operator);
  EXPECT_THAT(w.failures[1].text, HasSubstr("create the table"));
}

// The code and the advice are public; text that the server may quote from a row is not.
TEST(ClickHouseWriter, WhatAnErrorQuotesIsMarked) {
  FakeClickHouse server;
  server.next(FakeAnswer::exception(60, "Table db.t does not exist: card 4711", 404));
  server.next(FakeAnswer::foreign(200, "Server: nginx\r\n", "<html>card 4711</html>"));
  Writing w({server.url()});
  EXPECT_EQ(w.write({"row\n"}).kind, WriteOutcome::Kind::Written);
  ASSERT_EQ(w.failures.size(), 2u);
  for (const InsertFailure& failure : w.failures) {
    EXPECT_THAT(with_message_texts(failure.text), HasSubstr("card 4711"));
    EXPECT_THAT(without_message_texts(failure.text, "[...]"), Not(HasSubstr("4711")));
  }
  const std::string shown = without_message_texts(w.failures[0].text, "[...]");
  EXPECT_THAT(shown, HasSubstr("error 60 UNKNOWN_TABLE: [...]"));
  EXPECT_THAT(shown, HasSubstr("create the table"));
  EXPECT_THAT(without_message_texts(w.failures[1].text, "[...]"),
              HasSubstr("server \"nginx\", body of 22 bytes: [...]"));
}

TEST(ClickHouseWriter, StatusOkWithAnExceptionIsAFailure) {
  FakeClickHouse server;
  server.next(FakeAnswer::exception(241, "Memory limit exceeded", 200));
  server.next(FakeAnswer::old_exception(241, "Memory limit exceeded", 200));
  Writing w({server.url()});
  EXPECT_EQ(w.write({"row\n"}).kind, WriteOutcome::Kind::Written);
  EXPECT_EQ(w.failures.size(), 2u);
}

// A login page, a default backend, a health check that answers anything.
std::vector<FakeAnswer> foreign_answers() {
  FakeAnswer with_body;  // from ClickHouse, but not a response to an insert
  with_body.body = "Ok.\n";
  with_body.stores = false;
  return {FakeAnswer::foreign(200, "Server: nginx\r\nContent-Type: text/html\r\n", "<html>Please log in</html>"),
          FakeAnswer::foreign(200, "", "Ok.\n"),
          FakeAnswer::foreign(200, "", ""),
          FakeAnswer::foreign(204, "", ""),
          FakeAnswer::foreign(302, "Location: http://login.example/\r\n", ""),
          FakeAnswer::foreign(200, "", "Code: 27. DB::Exception: Cannot parse input: (at row 1)\n"),
          with_body};
}

TEST(ClickHouseWriter, AnAnswerThatIsNotClickHousesStoresNothing) {
  for (const bool snuba : {false, true}) {
    FakeClickHouse server;
    Writing w({server.url()});
    LiveOptions options;
    options.insert.max_retries = 0;
    w.use_requests(snuba, options);
    const auto answers = foreign_answers();
    for (const FakeAnswer& answer : answers) {
      server.next(answer);
      EXPECT_EQ(w.write({"row\n"}).kind, WriteOutcome::Kind::Written);
    }
    ASSERT_EQ(w.failures.size(), answers.size());
    for (const InsertFailure& failure : w.failures) {
      EXPECT_EQ(failure.failure_class, InsertFailure::Class::Operator) << failure.text;
      EXPECT_THAT(failure.text, HasSubstr("--clickhouse-url"));
    }
    EXPECT_THAT(w.failures[0].text, HasSubstr("server \"nginx\""));
    EXPECT_THAT(w.failures[0].text, HasSubstr("<html>Please log in</html>"));
    EXPECT_EQ(server.stored_rows(), "row\n");
  }
}

TEST(ClickHouseClient, BelievesOnlyClickHouse) {
  FakeClickHouse server;
  server.otherwise(FakeAnswer::foreign(200, "Server: portal\r\n", "{\"data\":[[\"db\",\"MergeTree\",\"MergeTree\"]]}"));
  Writing w({server.url()});
  ClickHouseClient client(w.settings, *w.clock);
  for (const auto& error : {client.server_version(std::chrono::seconds(5)).error(),
                            client.describe_table(std::chrono::seconds(5)).error()}) {
    EXPECT_EQ(error.kind, ErrorKind::Retry);
    EXPECT_THAT(error.text, HasSubstr("not ClickHouse's"));
    EXPECT_THAT(error.text, HasSubstr("\"portal\""));
    EXPECT_THAT(error.text, HasSubstr("--clickhouse-url"));
  }
}

TEST(ClickHouseWriter, ACodeThatNobodyKnowsBecomesTheOperatorsWhenItLastsAndCanBeSkipped) {
  FakeClickHouse server;
  server.otherwise(FakeAnswer::exception(31337, "New error"));
  testkit::FakeClock clock(testkit::FakeClock::Waits::Skipped);
  Writing w({server.url()});
  w.clock = &clock;
  w.open();
  const SteadyTime begin = clock.steady_now();
  size_t operators = 0;
  w.on_failure = [&](const InsertFailure& failure) {
    const bool lasts = clock.steady_now() - begin >= std::chrono::minutes(3);
    EXPECT_EQ(failure.failure_class, lasts ? InsertFailure::Class::Operator : InsertFailure::Class::Transient);
    operators += lasts ? 1 : 0;
  };
  const WriteOutcome outcome = w.write({"row\n"});
  EXPECT_EQ(outcome.kind, WriteOutcome::Kind::MaybeStored) << "a person says what becomes of the batch";
  EXPECT_EQ(outcome.code, 31337);
  EXPECT_THAT(outcome.text, HasSubstr("New error"));
  EXPECT_GE(clock.steady_now() - begin, std::chrono::minutes(5));
  EXPECT_LT(clock.steady_now() - begin, std::chrono::minutes(7));
  EXPECT_GT(operators, 3u);
  EXPECT_THAT(w.log.texts(), HasSubstr("does not know this code"));
  // A temporary error with an unknown code does not block the batch.
  server.next(FakeAnswer::exception(31337, "New error"), 5);
  server.otherwise({});
  w.on_failure = nullptr;
  EXPECT_EQ(w.write({"row\n"}).kind, WriteOutcome::Kind::Written);
}

}  // namespace
}  // namespace freshet::clickhouse
