#include "app/top_view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "admin/status_json.h"

namespace freshet::app {
namespace {

using testing::Each;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using namespace std::chrono_literals;

// The body of /status of a process with one partition.
std::string status(uint64_t rows, int64_t lag, const std::string& blocked = "") {
  admin::ProcessStatus process;
  process.version = "0.1.0";
  process.health.ok = process.ready.ok = true;
  process.stream.topic = "events";
  process.stream.assigned = true;
  process.stream.rows_written = rows;
  process.stream.insert_errors = 2;
  process.stream.kafka_errors = 3;
  process.times.latency_ms = {120, 950, 23'456};
  process.stream.partitions.push_back({Partition{3}, Offset{50}, Offset{40}, Offset{60}, lag, false, blocked});
  return admin::status_json(process, admin::MessageTexts::Hidden);
}

struct TopViewTest : testing::Test {
  void answer(size_t index, const std::string& body, Duration at) {
    view.process(index).update(read_answer(200, body), SteadyTime(at));
  }
  std::string line(size_t index) const { return view.render({200, 30}).at(index + 1); }

  TopView view{{"a:1", "b:1", "c:1"}};
};

TEST(ProcessAnswerTest, ReadsAStatus) {
  const ProcessAnswer answer = read_answer(200, status(7, 20));
  EXPECT_EQ(answer.error, "");
  EXPECT_EQ(answer.topic, "events");
  EXPECT_EQ(answer.rows, 7u);
  EXPECT_EQ(answer.lag, 20);
  EXPECT_EQ(answer.state, "streaming");
  EXPECT_TRUE(answer.good);
  ASSERT_THAT(answer.partitions, SizeIs(1));
  EXPECT_EQ(answer.partitions[0].committed, 40);
}

TEST(ProcessAnswerTest, ABlockedPartitionIsTheState) {
  const ProcessAnswer answer = read_answer(200, status(7, 20, "no dead-letter topic"));
  EXPECT_EQ(answer.state, "partition 3 blocked: no dead-letter topic");
  EXPECT_FALSE(answer.good);
}

TEST(ProcessAnswerTest, WhateverAnswersIsNoReasonToFail) {
  for (const char* body : {"", "[]", "{}", "<html>", R"({"rows_written":"x","partitions":[1,{"lag":"y"}]})"}) {
    const ProcessAnswer answer = read_answer(200, body);
    EXPECT_FALSE(answer.good) << body;
  }
  EXPECT_THAT(read_answer(404, status(1, 1)).error, HasSubstr("404"));
}

TEST_F(TopViewTest, RatesAreOverTheLastSeconds) {
  answer(0, status(0, 0), 0s);
  EXPECT_EQ(view.process(0).rows_per_second(), 0);
  answer(0, status(1000, 0), 1s);
  EXPECT_EQ(view.process(0).rows_per_second(), 1000);
  for (int i = 2; i <= 20; ++i) answer(0, status(1000, 0), std::chrono::seconds(i));
  EXPECT_EQ(view.process(0).rows_per_second(), 0);
  answer(0, status(5, 0), 21s);
  EXPECT_EQ(view.process(0).rows_per_second(), 0) << "it was restarted";
}

TEST_F(TopViewTest, ShowsLatencyAndErrors) {
  answer(0, status(7, 20), 0s);
  view.press("d");
  const std::vector<std::string> lines = view.render({200, 60});
  EXPECT_THAT(lines.at(1), HasSubstr("  20    950 ms             0             5        0 "));
  EXPECT_THAT(lines, testing::Contains(HasSubstr("broker to table   p50 120 ms, p95 950 ms, p99 23 s")));
  EXPECT_THAT(lines, testing::Contains(HasSubstr("errors            2 of inserts, 3 of Kafka, since the start")));
  EXPECT_THAT(lines, Not(testing::Contains(HasSubstr("insert time")))) << "no insert was measured";
}

TEST_F(TopViewTest, SortsAndKeepsTheSelection) {
  answer(0, status(0, 1), 0s);
  answer(1, status(0, 500), 0s);
  view.process(2).update(read_answer(500, ""), SteadyTime(0s));
  EXPECT_THAT(line(0), HasSubstr("> a:1"));
  view.press("s");
  EXPECT_THAT(line(0), HasSubstr("  b:1"));
  EXPECT_THAT(line(1), HasSubstr("> a:1"));
  view.press("\x1b[A");
  EXPECT_THAT(line(0), HasSubstr("> b:1"));
  EXPECT_EQ(view.selected(), 1u);
  for (int i = 0; i < 5; ++i) view.press("j");
  EXPECT_EQ(view.selected(), 2u);
  EXPECT_THAT(line(2), HasSubstr("not from freshet"));
}

TEST_F(TopViewTest, ARenewalIsConfirmed) {
  EXPECT_EQ(view.press("r"), TopView::Action::None);
  EXPECT_THAT(view.render({100, 30}).back(), HasSubstr("renew the Kafka consumer of a:1? y/n"));
  EXPECT_EQ(view.press("q"), TopView::Action::None) << "the answer is no";
  EXPECT_EQ(view.press("y"), TopView::Action::None);
  view.press("r");
  EXPECT_EQ(view.press("y"), TopView::Action::Renew);
  EXPECT_EQ(view.press("q"), TopView::Action::Quit);
}

TEST_F(TopViewTest, FitsTheTerminal) {
  answer(0, status(0, 1, std::string(500, 'x')), 0s);
  view.press("d");
  EXPECT_THAT(view.render({200, 60}), testing::Contains(HasSubstr("        50            40             1")));
  for (const size_t rows : {1, 3, 5, 12}) {
    const auto lines = view.render({30, rows});
    EXPECT_LE(lines.size(), rows);
    EXPECT_THAT(lines, Each(testing::ResultOf([](const std::string& text) { return text.size(); }, testing::Le(30u))));
  }
}

}  // namespace
}  // namespace freshet::app
