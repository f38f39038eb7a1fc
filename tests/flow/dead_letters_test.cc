// Invalid messages and rejected rows: dead-letter records, and what happens without a dead-letter topic.
#include "flow.h"
#include "testkit/recording_log.h"

namespace freshet::flow {
namespace {

TEST(DeadLettersTest, ADeadLetterIsAcknowledgedBeforeItsOffsetIsCommitted) {
  Flow flow;
  flow.produce(0, "row", 5);
  flow.produce(0, "bad");
  flow.produce(0, "row", 5);
  flow.assign({0});
  flow.deliver_and_process(0);
  flow.advance(seconds(3));
  flow.write();
  flow.advance(seconds(3));
  flow.commit();
  EXPECT_EQ(flow.committed(0), 5);
  flow.dead_letter_result(0, failure(ErrorKind::Retry, "broker down"));
  flow.advance(seconds(3));
  EXPECT_FALSE(flow.commit());
  ASSERT_EQ(flow.dead_letters.size(), 1u);  // a retry
  flow.acknowledge();
  flow.advance(seconds(2));
  flow.commit();
  EXPECT_EQ(flow.committed(0), 11);
}

TEST(DeadLettersTest, RowsThatTheTableRejectsBecomeDeadLettersAndHurtNoOther) {
  Flow flow;
  flow.produce(0, "row", 3);
  flow.produce(0, "refused");
  flow.produce(0, "row", 3);
  flow.assign({0});
  flow.settle();
  EXPECT_EQ(flow.table.size(), 6u);
  EXPECT_EQ(flow.dead.count({0, 3}), 1u);
  EXPECT_EQ(flow.committed(0), 7);
  const std::vector<DeadLetterNote> recent = flow.pipeline.recent_dead_letters().list();
  ASSERT_EQ(recent.size(), 1u) << "the admin page shows it";
  EXPECT_EQ(recent[0].offset, Offset{3});
}

TEST(DeadLettersTest, DroppingIsARuleToo) {
  auto settings = Flow::default_settings();
  settings.on_invalid = stream::OnInvalid::Drop;
  Flow flow(settings, {}, false);
  flow.produce(0, "bad");
  flow.produce(0, "row", 2);
  flow.dropped.insert({0, 0});
  flow.assign({0});
  flow.settle();
  EXPECT_EQ(flow.committed(0), 3);
}

// The subject of the log event must not identify the message; otherwise each dropped message logs a line.
TEST(DeadLettersTest, DroppedMessagesAreAlikeForTheLog) {
  testkit::RecordingLog log;
  auto settings = Flow::default_settings();
  settings.on_invalid = stream::OnInvalid::Drop;
  Flow flow(settings, {}, false, log);
  flow.produce(0, "bad", 3);
  flow.dropped = {{0, 0}, {0, 1}, {0, 2}};
  flow.assign({0});
  flow.settle();
  const auto lines = log.of("message_dropped");
  ASSERT_EQ(lines.size(), 3u);
  for (const auto& line : lines) {
    EXPECT_EQ(line.fields.at(std::string(log_key::kErrorCode)), "bad");
    EXPECT_EQ(line.subject, lines[0].subject);
  }
}

TEST(DeadLettersTest, TheRateLimitOfDeadLettersBlocksThePartitionUntilTheOperatorSkipsIt) {
  LiveOptions options;
  options.dead_letters_per_second = 1;
  options.dead_letter_burst = 5;
  Flow flow(Flow::default_settings(), options);
  flow.produce(0, "bad", 50);
  flow.produce(1, "row", 5);
  flow.assign({0, 1});
  flow.deliver(0);
  flow.deliver_and_process(1);
  flow.work();
  EXPECT_EQ(flow.dead_letters.size(), 5u);
  flow.advance(seconds(60));
  EXPECT_EQ(flow.dead_letters.size(), 5u);  // blocked, not throttled
  EXPECT_TRUE(flow.paused(0));
  EXPECT_FALSE(flow.paused(1));
  options.dead_letters_per_second = 0;
  flow.pipeline.set_options(options, flow.now);
  flow.settle();
  EXPECT_EQ(flow.dead.size(), 50u);
  EXPECT_EQ(flow.committed(0), 50);
}

TEST(DeadLettersTest, ADeadLetterThatItsTopicDoesNotTakeBlocksItsPartition) {
  Flow flow;
  flow.produce(0, "bad");
  flow.produce(0, "row");
  flow.assign({0});
  flow.deliver_and_process(0);
  flow.dead_letter_result(0, failure(ErrorKind::Invalid, "too large"));
  EXPECT_NE(flow.status().partitions[0].blocked.find("too large"), std::string::npos);
  flow.dropped.insert({0, 0});
  EXPECT_TRUE(flow.skip(0, 1));
  flow.settle();
  EXPECT_EQ(flow.committed(0), 2);
}

}  // namespace
}  // namespace freshet::flow
