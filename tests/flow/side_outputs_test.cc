// Outputs beside the rows: offsets are committed only once they are written, and each topic keeps its order.
#include "flow.h"

namespace freshet::flow {
namespace {

LiveOptions small_batches() {
  LiveOptions options;
  options.max_batch_rows = 10;
  return options;
}

TEST(SideOutputsTest, NothingIsCommittedBeforeItsCommitLogRecordIsAcknowledged) {
  Flow flow(Flow::with_side_outputs());
  flow.produce(0, "row", 5, 1'696'381'946'123);
  flow.produce(2, "row", 1, 1'696'381'946'000);
  flow.assign({0, 2});
  flow.deliver(0);
  flow.deliver(2);
  while (flow.work()) {
  }
  flow.advance(seconds(3));
  EXPECT_TRUE(flow.records.empty()) << "before the insert";
  ASSERT_TRUE(flow.write());
  flow.advance(seconds(3));
  EXPECT_FALSE(flow.commit_waits());
  ASSERT_EQ(flow.records.size(), 2u);
  flow.take_record(SideTopicName::CommitLog);
  flow.advance(seconds(3));
  ASSERT_TRUE(flow.commit());
  EXPECT_EQ(flow.committed(0), 5);
  EXPECT_EQ(flow.committed(2), 0);
  flow.take_record(SideTopicName::CommitLog);
  flow.advance(seconds(3));
  ASSERT_TRUE(flow.commit());
  EXPECT_EQ(flow.committed(2), 1);
  const auto& log = flow.written[SideTopicName::CommitLog];
  ASSERT_EQ(log.size(), 2u);
  EXPECT_EQ(log[0].key, "t:0:g");
  EXPECT_EQ(log[0].value, R"({"offset":5,"orig_message_ts":1696381946.123,"received_p99":1696381946.123})");
  EXPECT_EQ(log[1].key, "t:2:g");
  EXPECT_EQ(log[1].value, R"({"offset":1,"orig_message_ts":1696381946.0,"received_p99":1696381946.0})");
}

TEST(SideOutputsTest, ABatchThatIsStoredEarlyIsToldOfAfterTheOneBeforeIt) {
  Flow flow(Flow::with_side_outputs(), small_batches());
  flow.produce(0, "row", 20);
  flow.assign({0});
  for (int i = 0; i < 2; ++i) {
    flow.deliver_and_process(0, 10);
  }
  ASSERT_EQ(flow.batches.size(), 2u);
  flow.write(1);
  EXPECT_TRUE(flow.records.empty());
  flow.write(0);
  ASSERT_EQ(flow.records.size(), 2u);
  flow.settle();
  const auto& log = flow.written[SideTopicName::CommitLog];
  ASSERT_EQ(log.size(), 2u);
  EXPECT_NE(log[0].value.find("\"offset\":10,"), std::string::npos);
  EXPECT_NE(log[1].value.find("\"offset\":20,"), std::string::npos);
  flow.expect_complete();
}

TEST(SideOutputsTest, TheCommitLogTellsOfMessagesWithoutRows) {
  Flow flow(Flow::with_side_outputs());
  flow.produce(0, "skip", 7, 2500);
  flow.assign({0});
  flow.settle();
  const auto& log = flow.written[SideTopicName::CommitLog];
  ASSERT_EQ(log.size(), 1u);
  EXPECT_EQ(log[0].value, R"({"offset":7,"orig_message_ts":2.5,"received_p99":null})");
  EXPECT_TRUE(flow.batches.empty());
  flow.expect_complete();
}

TEST(SideOutputsTest, WhatTheProducerGivesBackGoesAgainInItsOrder) {
  Flow flow(Flow::with_side_outputs(), small_batches());
  flow.produce(0, "row", 30);
  flow.assign({0});
  for (int i = 0; i < 3; ++i) {
    flow.deliver_and_process(0, 10);
    flow.write();
  }
  ASSERT_EQ(flow.records.size(), 3u);
  flow.take_record(SideTopicName::CommitLog);
  flow.give_back_records(SideTopicName::CommitLog);
  EXPECT_TRUE(flow.records.empty()) << "at once";
  flow.advance(seconds(3));
  EXPECT_EQ(flow.records.size(), 2u);
  flow.settle();
  EXPECT_EQ(flow.written[SideTopicName::CommitLog].size(), 3u);
  flow.expect_complete();
}

TEST(SideOutputsTest, AReplacementIsAcknowledgedBeforeItsOffsetIsCommitted) {
  Flow flow(Flow::with_side_outputs());
  flow.produce(0, "row", 3);
  flow.produce(0, "replace", 2);
  flow.produce(0, "row", 3);
  flow.assign({0});
  flow.deliver_and_process(0);
  flow.advance(seconds(3));
  flow.write();
  flow.take_record(SideTopicName::CommitLog);
  flow.advance(seconds(3));
  flow.commit();
  EXPECT_EQ(flow.committed(0), 3);
  flow.give_back_records(SideTopicName::Replacements);
  flow.advance(seconds(3));
  flow.commit();
  EXPECT_EQ(flow.committed(0), 3);
  flow.settle();
  EXPECT_EQ(flow.written[SideTopicName::Replacements].size(), 2u);
  EXPECT_EQ(flow.written[SideTopicName::Replacements][0].key, "7");
  flow.expect_complete();
}

TEST(SideOutputsTest, ARevokeWaitsForRecordsOfStoredBatches) {
  Flow flow(Flow::with_side_outputs());
  flow.produce(0, "row", 10);
  flow.assign({0});
  flow.deliver_and_process(0);
  flow.advance(seconds(3));
  flow.revoke({0});
  flow.write();
  EXPECT_TRUE(flow.revoke_waits());
  flow.take_records();
  flow.commit();
  EXPECT_FALSE(flow.revoke_waits());
  EXPECT_EQ(flow.committed(0), 10);
}

TEST(SideOutputsTest, WithoutAcknowledgementARevokeEndsInTimeAndCommitsNothing) {
  Flow flow(Flow::with_side_outputs());
  flow.produce(0, "row", 10);
  flow.produce(0, "replace", 1);
  flow.assign({0});
  flow.deliver_and_process(0);
  flow.advance(seconds(3));
  flow.write();
  ASSERT_EQ(flow.records.size(), 2u);
  flow.revoke({0});
  flow.advance(seconds(20));
  EXPECT_FALSE(flow.revoke_waits());
  EXPECT_EQ(flow.committed(0), 0);
  EXPECT_TRUE(flow.records.empty()) << "what belongs to somebody else now is taken back";
  flow.assign({0});
  flow.settles_complete();
}

TEST(SideOutputsTest, ATopicThatTakesNothingIsNamed) {
  Flow flow(Flow::with_side_outputs());
  flow.produce(0, "row", 1);
  flow.assign({0});
  flow.deliver_and_process(0);
  flow.advance(seconds(3));
  flow.write();
  flow.advance(seconds(4));
  EXPECT_EQ(flow.status().waiting_for, "");
  flow.advance(seconds(4));
  EXPECT_NE(flow.status().waiting_for.find("commit log"), std::string::npos) << flow.status().waiting_for;
  flow.settle();
  EXPECT_EQ(flow.status().waiting_for, "");
}

TEST(SideOutputsTest, ARecordThatCameBackOfAPartitionThatIsAwayKeepsNobodyBusy) {
  Flow flow(Flow::with_side_outputs());
  flow.produce(0, "replace", 1);
  flow.assign({0});
  flow.deliver_and_process(0);
  ASSERT_EQ(flow.records.size(), 1u);
  flow.revoke({0}, true);
  flow.give_back_records(SideTopicName::Replacements);
  flow.advance(seconds(2));
  EXPECT_TRUE(flow.records.empty());
  EXPECT_GT(flow.pipeline.next_deadline(flow.now), flow.now);
}

TEST(SideOutputsTest, AReplacementThatItsTopicRejectsHoldsItsPartitionAloneUntilItIsTaken) {
  Flow flow(Flow::with_side_outputs());
  flow.produce(0, "replace", 1);
  flow.produce(1, "row", 5);
  flow.assign({0, 1});
  flow.deliver_and_process(0);
  flow.give_back_records(SideTopicName::Replacements, ErrorKind::Invalid);
  EXPECT_TRUE(flow.paused(0));
  flow.settle();
  EXPECT_FALSE(flow.paused(0)) << "it was taken with a later try";
  EXPECT_EQ(flow.committed(1), 5);
  flow.expect_complete();
}

TEST(SideOutputsTest, AnOperatorMayDropARejectedReplacement) {
  Flow flow(Flow::with_side_outputs());
  flow.produce(0, "replace", 2);
  flow.produce(0, "row", 1);
  flow.assign({0});
  flow.deliver_and_process(0, 1);
  EXPECT_FALSE(flow.skip(0, 1)) << "not blocked";
  flow.give_back_records(SideTopicName::Replacements, ErrorKind::Invalid);
  EXPECT_FALSE(flow.skip(0, 0)) << "from the same offset";
  flow.dropped.insert({0, 0});
  EXPECT_TRUE(flow.skip(0, 1));
  EXPECT_FALSE(flow.paused(0));
  flow.settle();
  EXPECT_EQ(flow.committed(0), 3);
  EXPECT_EQ(flow.written[SideTopicName::Replacements].size(), 1u);
}

TEST(SideOutputsTest, CogsGoOutOnceAMinuteAndAtTheEnd) {
  Flow flow(Flow::with_side_outputs());
  flow.produce(0, "row", 4);
  flow.assign({0});
  flow.settle();
  auto& cogs = flow.written[SideTopicName::Cogs];
  const size_t before = cogs.size();
  flow.advance(seconds(61));
  flow.take_records();
  ASSERT_EQ(cogs.size(), std::max<size_t>(before, 1));
  EXPECT_FALSE(cogs[0].key.has_value());
  // 1,700,000,000 is 20 s into its minute.
  EXPECT_EQ(cogs[0].value,
            R"({"timestamp":1699999980,"shared_resource_id":"res","app_feature":"spans","usage_unit":"bytes",)"
            R"("amount":12})");
  flow.produce(0, "row", 1);
  flow.deliver_and_process(0);
  flow.advance(seconds(3));
  flow.write();
  flow.stop();
  flow.settle();
  EXPECT_TRUE(flow.pipeline.closed());
  ASSERT_EQ(cogs.size(), 2u);
  EXPECT_NE(cogs[1].value.find("\"amount\":3}"), std::string::npos);
}

TEST(SideOutputsTest, AStopEndsInTimeThoughCogsAreNotTaken) {
  Flow flow(Flow::with_side_outputs());
  flow.produce(0, "row", 4);
  flow.assign({0});
  flow.deliver_and_process(0);
  flow.advance(seconds(3));
  flow.write();
  flow.take_record(SideTopicName::CommitLog);
  flow.stop();
  flow.advance(seconds(10));
  EXPECT_TRUE(flow.closing);
}

TEST(SideOutputsTest, SkippedWritesWriteNothingAnywhere) {
  FlowSettings settings = Flow::with_side_outputs();
  settings.skip_write = true;
  Flow flow(settings, {}, false);
  flow.produce(0, "row", 5);
  flow.produce(0, "replace", 2);
  flow.produce(0, "bad", 2);
  flow.produce(0, "skip", 1);
  for (int64_t o = 5; o < 9; ++o) flow.dropped.insert({0, o});
  flow.assign({0});
  flow.settle();
  EXPECT_EQ(flow.committed(0), 10);
  EXPECT_TRUE(flow.written.empty());
  EXPECT_TRUE(flow.dead_letters.empty());
}

}  // namespace
}  // namespace freshet::flow
