#include "clickhouse/clickhouse_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <thread>

#include "base/message_text.h"
#include "clickhouse/clickhouse_client.h"
#include "clickhouse/retry_delay.h"
#include "snuba_outputs/snuba_request_builder.h"
#include "testkit/fake_clickhouse.h"
#include "testkit/fake_clock.h"
#include "testkit/recording_log.h"

namespace freshet::clickhouse {
namespace {

using How = testkit::FakeAnswer::How;
using testing::Contains;
using testing::HasSubstr;
using testing::Key;
using testing::Not;
using testkit::FakeAnswer;
using testkit::FakeClickHouse;

struct Writing {
  RealClock clock;
  testkit::RecordingLog log;
  Metrics metrics;
  ClickHouseSettings settings;
  std::shared_ptr<Hosts> hosts;
  std::unique_ptr<RowWriter> writer;
  RowLayout layout;
  std::vector<InsertFailure> failures;
  std::stop_source stop;
  SteadyTime overdue_at = SteadyTime::max();

  explicit Writing(std::vector<std::string> urls) {
    settings.urls = std::move(urls);
    settings.table = "db.t";
    settings.user = "me";
    settings.password = "hidden";
    settings.request_timeout = std::chrono::seconds(30);
    open();
  }
  void open() {
    hosts = std::make_shared<Hosts>(settings.urls);
    writer = make_row_writer(settings, hosts, clock, log, metrics);
  }
  WriteOutcome write(std::vector<std::string_view> rows, std::string_view token = "tok") {
    InsertRequest request;
    request.layout = &layout;
    request.rows = std::move(rows);
    request.token = token;
    return writer->write(request,
                         {stop.get_token(), [this](const InsertFailure& f) { failures.push_back(f); }, overdue_at});
  }
};

TEST(ClickHouseWriter, WritesOneCompressedInsert) {
  FakeClickHouse server;
  Writing w({server.url()});
  EXPECT_EQ(w.write({"{\"a\":1}\n", "{\"a\":2}\n"}).kind, WriteOutcome::Kind::Written);
  EXPECT_EQ(server.stored_rows(), "{\"a\":1}\n{\"a\":2}\n");
  const auto seen = server.requests().at(0);
  EXPECT_EQ(seen.headers.at("x-clickhouse-user"), "me");
  EXPECT_EQ(seen.headers.at("x-clickhouse-key"), "hidden");
  EXPECT_THAT(seen.target, Not(HasSubstr("hidden")));
  EXPECT_EQ(w.metrics.counter("freshet_insert_compressed_bytes_total", "").value(), seen.raw_body.size());
  EXPECT_TRUE(w.failures.empty());
}

TEST(ClickHouseWriter, ANativeInsertThatCannotBeMadeIsForTheOperatorAndNotSent) {
  FakeClickHouse server;
  Writing w({server.url()});
  w.layout = {RowFormat::Native, {"a"}, {"UInt8"}};
  InsertRequest request;
  request.layout = &w.layout;
  request.rows = {"\x05\x06"};
  request.row_count = 1;
  EXPECT_EQ(w.writer->write(request, {}).kind, WriteOutcome::Kind::MaybeStored);
  EXPECT_TRUE(server.requests().empty());
  request.row_count = 2;
  EXPECT_EQ(w.writer->write(request, {}).kind, WriteOutcome::Kind::Written);
  EXPECT_EQ(server.requests().at(0).parameters.at("query"), "INSERT INTO `db`.`t` (`a`) FORMAT Native");
  EXPECT_EQ(server.requests().at(0).body,
            "\x01\x02\x01"
            "a"
            "\x05"
            "UInt8"
            "\x05\x06");
}

TEST(ClickHouseWriter, RepeatsTheSameBytesAndToken) {
  FakeClickHouse server;
  // The lost response comes first: on a reused connection, libcurl would repeat the request itself.
  server.next(FakeAnswer::of(How::LoseAnswer, true));
  server.next(FakeAnswer::exception(242, "Table is in readonly mode"));
  Writing w({server.url()});
  EXPECT_EQ(w.write({"row\n"}).kind, WriteOutcome::Kind::Written);
  const auto seen = server.requests();
  ASSERT_GE(seen.size(), 3u);
  for (const auto& request : seen) {
    EXPECT_EQ(request.raw_body, seen[0].raw_body);
    EXPECT_EQ(request.parameters.at("insert_deduplication_token"), "tok");
  }
  EXPECT_EQ(server.stored_rows(), "row\n");
  ASSERT_EQ(w.failures.size(), 2u);
  EXPECT_EQ(w.failures[0].code, 0);
  EXPECT_EQ(w.failures[0].attempt, 1u);
  EXPECT_EQ(w.failures[1].code, 242);
  EXPECT_EQ(w.failures[1].attempt, 2u);
  EXPECT_EQ(w.log.count("insert_recovered"), 1u);
  EXPECT_EQ(w.metrics.counter("freshet_insert_errors_total", "", {{"class", "transient"}, {"code", "242"}}).value(),
            1u);
  EXPECT_THAT(w.log.texts(), Not(HasSubstr("hidden")));
}

// A machine that was suspended must not send what another one may have sent meanwhile.
TEST(ClickHouseWriter, NoAttemptBeginsAfterTheEndOfAPlannedInsert) {
  FakeClickHouse server;
  testkit::FakeClock clock;
  Metrics metrics;
  ClickHouseSettings settings;
  settings.urls = {server.url()};
  settings.table = "db.t";
  const auto writer = make_row_writer(settings, std::make_shared<Hosts>(settings.urls), clock, null_log(), metrics);
  const RowLayout layout;
  InsertRequest request;
  request.layout = &layout;
  request.rows = {"row\n"};
  WriteControl control;
  control.not_after = clock.since_boot() + std::chrono::minutes(10);
  EXPECT_EQ(writer->write(request, control).kind, WriteOutcome::Kind::Written);
  clock.suspend(std::chrono::minutes(11));
  EXPECT_EQ(writer->write(request, control).kind, WriteOutcome::Kind::Expired);
  EXPECT_EQ(server.requests().size(), 1u);
}

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

// Runs the same tests with plain requests and with Snuba's.
std::unique_ptr<RequestBuilder> requests(bool snuba, const ClickHouseSettings& settings,
                                         const Snapshot<LiveOptions>& options, Metrics& metrics) {
  if (!snuba) return make_plain_request_builder(settings);
  return snuba_outputs::make_snuba_request_builder(settings, {}, options, metrics);
}

// 26.5 reports a setting with an invalid value with the code of a row that cannot be parsed.
TEST(ClickHouseWriter, ARejectionThatNamesNoRowIsBelievedOnlyWhereAnInsertWithoutRowsWorks) {
  for (const bool snuba : {false, true}) {
    FakeClickHouse server;
    Writing w({server.url()});
    LiveOptions options;
    options.insert.retry_initial_backoff_ms = 1;
    const Snapshot<LiveOptions> live(options);
    w.writer =
        make_row_writer(w.settings, w.hosts, w.clock, w.log, w.metrics, requests(snuba, w.settings, live, w.metrics));
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
    const Snapshot<LiveOptions> live(options);
    w.writer =
        make_row_writer(w.settings, w.hosts, w.clock, w.log, w.metrics, requests(snuba, w.settings, live, w.metrics));
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
  ClickHouseClient client(w.settings, w.clock);
  for (const auto& error : {client.server_version(std::chrono::seconds(5)).error(),
                            client.describe_table(std::chrono::seconds(5)).error()}) {
    EXPECT_EQ(error.kind, ErrorKind::Retry);
    EXPECT_THAT(error.text, HasSubstr("not ClickHouse's"));
    EXPECT_THAT(error.text, HasSubstr("\"portal\""));
    EXPECT_THAT(error.text, HasSubstr("--clickhouse-url"));
  }
}

TEST(ClickHouseWriter, DropsOwnUnknownSettingsOncePerHost) {
  FakeClickHouse server;
  server.next(FakeAnswer::old_exception(115, "Unknown setting async_insert", 404));
  server.next(FakeAnswer::exception(115, "Unknown setting 'insert_deduplication_token'", 404));
  Writing w({server.url()});
  EXPECT_EQ(w.write({"row\n"}).kind, WriteOutcome::Kind::Written);
  EXPECT_TRUE(w.failures.empty());
  auto second = make_row_writer(w.settings, w.hosts, w.clock, w.log, w.metrics);
  w.writer = std::move(second);
  EXPECT_EQ(w.write({"row\n"}).kind, WriteOutcome::Kind::Written);
  EXPECT_EQ(server.requests().size(), 4u);
  EXPECT_THAT(server.requests().back().parameters, Not(Contains(Key("async_insert"))));
  EXPECT_THAT(server.requests().back().parameters, Not(Contains(Key("insert_deduplication_token"))));
  EXPECT_EQ(w.log.count("clickhouse_setting_dropped"), 2u);
}

TEST(ClickHouseWriter, ASettingThatDecidesWhatAnAnswerMeansIsTheOperatorsAndStays) {
  for (const bool snuba : {false, true}) {
    FakeClickHouse server;
    server.next(FakeAnswer::exception(452, "Setting insert_distributed_sync should not be changed"));
    server.next(FakeAnswer::exception(452, "Setting min_insert_block_size_bytes shouldn't be less than 1000"));
    Writing w({server.url()});
    LiveOptions options;
    options.insert.retry_initial_backoff_ms = 1;
    const Snapshot<LiveOptions> live(options);
    w.writer =
        make_row_writer(w.settings, w.hosts, w.clock, w.log, w.metrics, requests(snuba, w.settings, live, w.metrics));
    EXPECT_EQ(w.write({"row\n"}).kind, WriteOutcome::Kind::Written);
    ASSERT_EQ(w.failures.size(), 2u);
    for (const InsertFailure& failure : w.failures) {
      EXPECT_EQ(failure.failure_class, InsertFailure::Class::Operator);
      EXPECT_THAT(failure.text, HasSubstr("profile"));
    }
    EXPECT_EQ(server.requests().back().parameters.at("insert_distributed_sync"), "1");
    EXPECT_EQ(server.requests().back().parameters.at("min_insert_block_size_bytes"), "0");
    EXPECT_EQ(w.log.count("clickhouse_setting_dropped"), 0u);
  }
}

TEST(ClickHouseWriter, AUsersUnknownSettingIsTheOperators) {
  FakeClickHouse server;
  server.next(FakeAnswer::exception(115, "Unknown setting 'mine'", 404));
  Writing w({server.url()});
  w.settings.insert_settings = {{"mine", "1"}};
  w.open();
  EXPECT_EQ(w.write({"row\n"}).kind, WriteOutcome::Kind::Written);
  ASSERT_EQ(w.failures.size(), 1u);
  EXPECT_EQ(w.failures[0].failure_class, InsertFailure::Class::Operator);
  EXPECT_THAT(server.requests().back().parameters, Contains(Key("mine")));
}

TEST(ClickHouseWriter, TurnsToTheNextHost) {
  FakeClickHouse bad;
  FakeClickHouse good;
  bad.otherwise(FakeAnswer::exception(242, "Table is in readonly mode"));
  Writing w({bad.url(), good.url()});
  EXPECT_EQ(w.write({"one\n"}, "1").kind, WriteOutcome::Kind::Written);
  EXPECT_EQ(w.write({"two\n"}, "2").kind, WriteOutcome::Kind::Written);
  EXPECT_EQ(good.stored_rows(), "one\ntwo\n");
  EXPECT_EQ(bad.requests().size(), 1u) << "a host that failed is left alone for a while";
  EXPECT_EQ(w.failures.size(), 1u);
}

TEST(ClickHouseWriter, AnOverloadedHostIsWaitedForUntilTheBatchIsOverdue) {
  for (const bool overdue : {false, true}) {
    FakeClickHouse busy;
    FakeClickHouse idle;
    busy.next(FakeAnswer::exception(252, "Too many parts (300)"), 2);
    Writing w({busy.url(), idle.url()});
    if (overdue) w.overdue_at = w.clock.steady_now();
    EXPECT_EQ(w.write({"row\n"}).kind, WriteOutcome::Kind::Written);
    EXPECT_EQ(busy.requests().size(), overdue ? 1u : 3u);
    EXPECT_EQ(idle.stored_rows(), overdue ? "row\n" : "");
  }
}

TEST(ClickHouseWriter, StopEndsARequestAndABackOff) {
  for (const bool hang : {true, false}) {
    FakeClickHouse server;
    server.otherwise(hang ? FakeAnswer::of(How::Hang, false) : FakeAnswer::exception(60, "no table", 404));
    Writing w({server.url()});
    std::jthread stopper([&] {
      server.wait_for_requests(hang ? 1 : 3);
      w.stop.request_stop();
    });
    EXPECT_EQ(w.write({"row\n"}).kind, WriteOutcome::Kind::Abandoned);
  }
}

TEST(ClickHouseWriter, ACodeThatNobodyKnowsBecomesTheOperatorsWhenItLastsAndCanBeSkipped) {
  FakeClickHouse server;
  server.otherwise(FakeAnswer::exception(31337, "New error"));
  Writing w({server.url()});
  testkit::FakeClock clock(testkit::FakeClock::Waits::Skipped);
  const auto writer = make_row_writer(w.settings, w.hosts, clock, w.log, w.metrics);
  const SteadyTime begin = clock.steady_now();
  InsertRequest request;
  request.layout = &w.layout;
  request.rows = {"row\n"};
  size_t operators = 0;
  const WriteOutcome outcome =
      writer->write(request, {{}, [&](const InsertFailure& failure) {
                                const bool lasts = clock.steady_now() - begin >= std::chrono::minutes(3);
                                EXPECT_EQ(failure.failure_class,
                                          lasts ? InsertFailure::Class::Operator : InsertFailure::Class::Transient);
                                operators += lasts ? 1 : 0;
                              }});
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
  EXPECT_EQ(writer->write(request, {}).kind, WriteOutcome::Kind::Written);
}

struct PasswordFile {
  explicit PasswordFile(const std::string& password) { write(password); }
  ~PasswordFile() { std::filesystem::remove(path); }
  void write(const std::string& password) const { std::ofstream(path) << password << "\n"; }
  const std::string path =
      (std::filesystem::temp_directory_path() / ("freshet-password-" + std::to_string(getpid()))).string();
};

TEST(ClickHouseWriter, ThePasswordFileIsReadAgainWhenItChangesOrIsRejected) {
  FakeClickHouse server;
  server.next(FakeAnswer::exception(516, "me: Authentication failed: password is incorrect", 403), 2);
  const PasswordFile file("first-secret");
  Writing w({server.url()});
  w.settings.password = "first-secret";
  w.settings.password_file = file.path;
  SecretMask mask;
  w.writer = make_row_writer(w.settings, w.hosts, w.clock, w.log, w.metrics, nullptr, &mask);
  InsertRequest request;
  request.layout = &w.layout;
  request.rows = {"row\n"};
  size_t failures = 0;
  const WriteOutcome outcome = w.writer->write(request, {{}, [&](const InsertFailure& failure) {
                                                           EXPECT_EQ(failure.code, 516);
                                                           EXPECT_THAT(failure.text, HasSubstr("reads the file again"));
                                                           if (++failures == 2) file.write("second-secret");
                                                         }});
  EXPECT_EQ(outcome.kind, WriteOutcome::Kind::Written);
  EXPECT_EQ(failures, 2u);
  const auto key = [&](size_t n) { return server.requests().at(n).headers.at("x-clickhouse-key"); };
  EXPECT_EQ(key(0), "first-secret");
  EXPECT_EQ(key(1), "first-secret");
  EXPECT_EQ(key(2), "second-secret");
  EXPECT_EQ(mask.masked("key second-secret"), "key ***");
  file.write("third-secret");
  EXPECT_EQ(w.write({"row\n"}).kind, WriteOutcome::Kind::Written);
  EXPECT_EQ(key(3), "third-secret") << "a change is seen before the server rejects the old one";
  file.write("");
  EXPECT_EQ(w.write({"row\n"}).kind, WriteOutcome::Kind::Written);
  EXPECT_EQ(key(4), "third-secret") << "an empty file is on its way";
  std::filesystem::remove(file.path);
  EXPECT_EQ(w.write({"row\n"}).kind, WriteOutcome::Kind::Written);
  EXPECT_EQ(key(5), "third-secret");
  EXPECT_THAT(w.log.texts(), Not(HasSubstr("-secret")));
}

TEST(ClickHouseClient, ReadsTheRejectedPasswordAgain) {
  FakeClickHouse server;
  const PasswordFile file("first-secret");
  Writing w({server.url()});
  w.settings.password_file = file.path;
  SecretMask mask;
  ClickHouseClient client(w.settings, w.clock, &mask);
  file.write("second-secret");
  EXPECT_TRUE(client.query("SELECT 1", std::chrono::seconds(5)));
  EXPECT_EQ(server.requests().back().headers.at("x-clickhouse-key"), "second-secret");
  EXPECT_EQ(mask.masked("second-secret"), "***");
}

TEST(ClickHouseWriter, ALastingFailureIsOneLine) {
  FakeClickHouse server;
  server.next(FakeAnswer::exception(60, "no table", 404), 4);
  Writing w({server.url()});
  EXPECT_EQ(w.write({"row\n"}).kind, WriteOutcome::Kind::Written);
  EXPECT_EQ(w.failures.size(), 4u);
  EXPECT_EQ(w.log.count("insert_failed"), 1u);
}

TEST(ClickHouseWriter, HostsThatFailAlikeHaveALineEach) {
  FakeClickHouse one, other;
  for (FakeClickHouse* server : {&one, &other}) server->next(FakeAnswer::exception(60, "no table", 404), 2);
  Writing w({one.url(), other.url()});
  EXPECT_EQ(w.write({"row\n"}).kind, WriteOutcome::Kind::Written);
  EXPECT_EQ(w.failures.size(), 4u);
  EXPECT_EQ(w.log.count("insert_failed"), 2u);
}

TEST(Hosts, ComesBackInOrder) {
  Hosts hosts({"http://a:1", "http://b:2"});
  const SteadyTime now{std::chrono::hours(1)};
  EXPECT_EQ(hosts.pick(now), 0u);
  EXPECT_TRUE(hosts.failed(0, now));
  EXPECT_EQ(hosts.pick(now), 1u);
  EXPECT_FALSE(hosts.failed(0, now));
  hosts.failed(1, now + std::chrono::seconds(1));
  EXPECT_EQ(hosts.pick(now + std::chrono::seconds(2)), 0u) << "all failed: the one that may be asked first";
  EXPECT_EQ(hosts.pick(now + Hosts::kAvoidFor), 0u);
  EXPECT_TRUE(hosts.worked(0));
  EXPECT_EQ(hosts.pick(now), 0u);
  EXPECT_EQ(hosts.name(1), "http://b:2");
  EXPECT_EQ(hosts.server(1).address, "b");
  EXPECT_EQ(hosts.server(1).port, 2);
}

TEST(RetryDelay, DoublesUpToItsCap) {
  using namespace std::chrono_literals;
  RetryDelay delay(1);
  Duration last{};
  for (int i = 0; i < 20; ++i) {
    const Duration full = std::min<Duration>(10s, 100ms * (1 << std::min(i, 16)));
    last = delay.next(ErrorClass::Transient);
    EXPECT_LE(last, full);
    EXPECT_GE(last, full * 3 / 4);
  }
  EXPECT_LE(delay.next(ErrorClass::Operator), 100ms) << "another error starts anew";
  for (int i = 0; i < 20; ++i) last = delay.next(ErrorClass::Operator);
  EXPECT_GE(last, 45s);
  delay.reset();
  EXPECT_LE(delay.next(ErrorClass::Operator), 100ms);
  EXPECT_GE(delay.next(ErrorClass::Overload), 375ms);
}

}  // namespace
}  // namespace freshet::clickhouse
