// A batch that is not stored within its deadline is logged and shown, never dropped.
#include "flow.h"
#include "testkit/recording_log.h"

namespace freshet::flow {
namespace {

FlowSettings with_deadline(milliseconds deadline) {
  FlowSettings settings = Flow::default_settings();
  settings.batch_deadline = deadline;
  return settings;
}

// One batch of partition 0, with offsets 0 to 9, is in flight.
void begin(Flow& flow) {
  flow.produce(0, "row", 10);
  flow.assign({0});
  flow.deliver_and_process(0);
  flow.await_batches(1);
}

TEST(OverdueTest, ABatchBeyondItsDeadlineIsNamedOnceAMinuteAndShownUntilItIsStored) {
  testkit::RecordingLog log;
  Flow flow(with_deadline(seconds(300)), {}, true, log);
  begin(flow);
  for (int i = 0; i < 299; ++i) flow.advance(seconds(1));
  EXPECT_TRUE(log.of("batch_overdue").empty());
  EXPECT_EQ(flow.overdue(), 0);
  EXPECT_EQ(flow.status().waiting_for, "");
  flow.pipeline.on_insert_failure(flow.batches[0]->id, {InsertFailure::Class::Overload, 252, "Too many parts", 9},
                                  flow.now);
  for (int i = 0; i < 125; ++i) flow.advance(seconds(1));
  const auto said = log.of("batch_overdue");
  ASSERT_EQ(said.size(), 3u) << "at once, and then each minute";
  EXPECT_EQ(said[0].fields.at("offset_ranges"), "0:0-9");
  EXPECT_EQ(said[0].fields.at("error"), "ClickHouse: Too many parts");
  EXPECT_EQ(flow.overdue(), 1);
  EXPECT_NE(flow.status().waiting_for.find("overdue: 10 rows (partition:offsets 0:0-9)"), std::string::npos)
      << flow.status().waiting_for;
  EXPECT_NE(flow.status().waiting_for.find("Too many parts"), std::string::npos);
  ASSERT_EQ(flow.batches.size(), 1u) << "it was dropped";
  flow.settles_exactly_once();
  EXPECT_EQ(flow.overdue(), 0);
  EXPECT_EQ(flow.status().waiting_for, "");
  EXPECT_EQ(log.of("batch_overdue_resolved").size(), 1u);
}

TEST(OverdueTest, AServerThatDoesNotAnswerAtAllIsOverdueToo) {
  Flow flow(with_deadline(seconds(60)));
  begin(flow);
  flow.advance(seconds(60));
  EXPECT_NE(flow.status().waiting_for.find("overdue"), std::string::npos);
  EXPECT_EQ(flow.overdue(), 1);
}

TEST(OverdueTest, ItIsSaidBetweenTwoConsumersToo) {
  testkit::RecordingLog log;
  Flow flow(with_deadline(seconds(2)), {}, true, log);
  begin(flow);
  flow.pipeline.hand_over(flow.now);
  flow.advance(seconds(2));
  EXPECT_EQ(log.of("batch_overdue").size(), 1u);
}

TEST(OverdueTest, WithoutADeadlineNothingIsOverdue) {
  testkit::RecordingLog log;
  Flow flow(with_deadline(milliseconds(0)), {}, true, log);
  begin(flow);
  flow.advance(std::chrono::hours(24));
  EXPECT_TRUE(log.of("batch_overdue").empty());
  EXPECT_EQ(flow.status().waiting_for, "");
  flow.settles_complete();
}

}  // namespace
}  // namespace freshet::flow
