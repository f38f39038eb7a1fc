#include "app/replay_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "testkit/child_process.h"
#include "testkit/fake_clickhouse.h"
#include "testkit/fake_clock.h"

namespace freshet::app {
namespace {

using dead_letters::LeftOut;
using dead_letters::ReplayOutcome;
using testing::HasSubstr;
using testing::Not;
using testkit::FakeAnswer;

// Error codes that say nothing of the row.
constexpr int kMemoryLimit = 241;
constexpr int kTooManyQueries = 202;

// A server that describes a table, and then answers about rows as the test says.
struct ReplayCheckTest : testing::Test {
  static FakeAnswer body(std::string text) {
    FakeAnswer answer;
    answer.body = std::move(text);
    answer.stores = false;
    return answer;
  }
  void describe_table() {
    pipeline.clickhouse.urls = {server.url()};
    pipeline.clickhouse.table = "t";
    server.next(body(R"({"data":[["default","MergeTree","MergeTree ORDER BY id"]]})"));
    server.next(body(R"({"data":[["id","UInt8","",""]]})"));
    server.next(body(R"({"data":[]})"));
    server.otherwise(body(R"({"id":1})"));
  }
  void open() {
    auto opened = ReplayCheck::open(pipeline, clock, nullptr, stop.get_token());
    ASSERT_TRUE(opened) << opened.error().text;
    replay = *std::move(opened);
  }
  Result<std::optional<LeftOut>> check(const std::string& value, const std::string& topic = "events") const {
    dead_letters::StoredDeadLetter letter;
    letter.origin = {topic, Partition{0}, Offset{1}};
    letter.payload = value;
    return replay->check(letter);
  }
  // "": the message would be replayed; the outcome and why, or the error.
  std::string text_of(const Result<std::optional<LeftOut>>& checked) const {
    if (!checked) return "error: " + checked.error().text;
    if (!*checked) return "";
    return ((**checked).outcome == ReplayOutcome::NotChecked ? "not checked: " : "invalid: ") + (**checked).why;
  }
  std::string verdict(const std::string& value = R"({"id":1})", const std::string& topic = "events") const {
    return text_of(check(value, topic));
  }

  testkit::FakeClickHouse server;
  testkit::FakeClock clock{testkit::FakeClock::Waits::Skipped};
  settings::Pipeline pipeline;
  std::stop_source stop;
  std::unique_ptr<ReplayCheck> replay;
};

// Each question is sent with and without the defaults, and once more after a pause.
TEST_F(ReplayCheckTest, ARowWithoutAVerdictIsLeftOutAlone) {
  describe_table();
  open();
  EXPECT_EQ(verdict(), "");
  for (int round = 0; round < 3; ++round) {
    server.next(FakeAnswer::exception(kMemoryLimit, "Memory limit exceeded"), 4);
    EXPECT_THAT(verdict(), HasSubstr("not checked: ")) << round;
    server.next(FakeAnswer::exception(kMemoryLimit, "Memory limit exceeded"), 4);
    EXPECT_THAT(verdict(), HasSubstr("Memory limit exceeded")) << round;
    server.next(FakeAnswer::exception(70, "Cannot convert"));
    EXPECT_THAT(verdict(), HasSubstr("invalid: ")) << "the table is asked about each: " << round;
  }
  server.next(FakeAnswer::of(FakeAnswer::How::LoseAnswer, false), 2);
  EXPECT_EQ(verdict(), "") << "it is asked again";
}

TEST_F(ReplayCheckTest, AServerThatAnswersNothingEndsTheReplay) {
  describe_table();
  open();
  server.otherwise(FakeAnswer::exception(kTooManyQueries, "Too many simultaneous queries"));
  EXPECT_THAT(verdict(), HasSubstr("not checked: "));
  EXPECT_THAT(verdict(), HasSubstr("not checked: "));
  const auto last = check(R"({"id":1})");
  ASSERT_FALSE(last);
  EXPECT_EQ(last.error().kind, ErrorKind::Retry);
  EXPECT_THAT(last.error().text, HasSubstr("about 3 messages in a row"));
  EXPECT_THAT(last.error().text, HasSubstr("Too many simultaneous queries"));
  EXPECT_THAT(last.error().text, HasSubstr("--check-first=false"));
}

TEST_F(ReplayCheckTest, ATableThatIsNotThereIsKnownBeforeTheFirstMessage) {
  describe_table();
  open();
  server.otherwise(body(R"({"data":[]})"));
  const auto opened = ReplayCheck::open(pipeline, clock, nullptr, {});
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().kind, ErrorKind::Retry);
  EXPECT_THAT(opened.error().text, HasSubstr("nothing is replayed"));
  EXPECT_THAT(opened.error().text, HasSubstr("--check-first=false"));
}

TEST_F(ReplayCheckTest, AfterAStopNoMessageIsSaidToBeUnchecked) {
  describe_table();
  open();
  stop.request_stop();
  const auto checked = check(R"({"id":1})");
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().kind, ErrorKind::Stopping);
  const auto opened = ReplayCheck::open(pipeline, clock, nullptr, stop.get_token());
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().text, "interrupted");
}

TEST_F(ReplayCheckTest, AMessageThatIsTooLargeForARunIsInvalid) {
  pipeline.stream.memory_limit = 0;
  open();
  EXPECT_EQ(verdict(), "");
  EXPECT_THAT(verdict("{\"a\":\"" + std::string(45 << 20, 'x') + "\"}"), HasSubstr("invalid: it has 47185928 bytes"));
  std::string rows;
  for (int i = 0; i < 1'000'000; ++i) rows += "{}";
  pipeline.stream.memory_limit = 1 << 30;
  EXPECT_THAT(verdict(rows), HasSubstr("invalid: 1000000 rows in"));
}

TEST_F(ReplayCheckTest, EachTopicHasASchemaOfItsOwn) {
  const testkit::TempFolder folder;
  std::ofstream(folder.path("a.schema.json")) << R"({"type":"object","required":["a"]})";
  std::ofstream(folder.path("b.schema.json")) << R"({"type":"object","required":["b"]})";
  std::ofstream(folder.path("broken.schema.json")) << "{";
  pipeline.stream.schema.dir = folder.path("");
  pipeline.stream.schema.enforce = true;
  open();
  EXPECT_EQ(verdict(R"({"a":1})", "a"), "");
  EXPECT_THAT(verdict(R"({"a":1})", "b"), HasSubstr("invalid: "));
  EXPECT_EQ(verdict(R"({"b":1})", "b"), "");
  EXPECT_THAT(verdict(R"({"b":1})", "c"), HasSubstr("not checked: --schema-dir: "));
  EXPECT_THAT(verdict(R"({"b":1})", "broken"), HasSubstr("error: --schema-dir: "));
  pipeline.kafka.topic = pipeline.stream.schema.logical_topic = "a";
  open();
  EXPECT_EQ(verdict(R"({"a":1})", "b"), "") << "--topic names the schema";
}

}  // namespace
}  // namespace freshet::app
