// Settings of inserts that a server does not take.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "clickhouse/writing_for_test.h"
#include "testkit/fake_clickhouse.h"

namespace freshet::clickhouse {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Key;
using testing::Not;
using testkit::FakeAnswer;
using testkit::FakeClickHouse;

TEST(ClickHouseWriter, DropsOwnUnknownSettingsOncePerHost) {
  FakeClickHouse server;
  server.next(FakeAnswer::old_exception(115, "Unknown setting async_insert", 404));
  server.next(FakeAnswer::exception(115, "Unknown setting 'insert_deduplication_token'", 404));
  Writing w({server.url()});
  EXPECT_EQ(w.write({"row\n"}).kind, WriteOutcome::Kind::Written);
  EXPECT_TRUE(w.failures.empty());
  w.another_writer();
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
    w.use_requests(snuba, options);
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

}  // namespace
}  // namespace freshet::clickhouse
