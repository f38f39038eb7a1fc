// From messages to commits: batches, tokens, deadlines of the loop.
#include "flow.h"

namespace freshet::flow {
namespace {

TEST(MessagesTest, MessagesBecomeRowsAndAreCommitted) {
  Flow flow;
  flow.produce(0, "row", 250);
  flow.produce(1, "row", 10);
  flow.assign({0, 1});
  flow.settles_exactly_once();
}

TEST(MessagesTest, ABatchThatWaitsForABusyWriterIsNeverReplacedAndNothingIsDropped) {
  LiveOptions options;
  options.max_batch_rows = 10;
  options.clickhouse_concurrency = 1;
  Flow flow(Flow::default_settings(), options);
  flow.produce(0, "row", 200);
  flow.assign({0});
  for (int i = 0; i < 20; ++i) {
    flow.deliver_and_process(0, 10);
  }
  EXPECT_EQ(flow.batches.size(), 2u);  // one is written, one is queued; the rest waits for a slot
  flow.settles_exactly_once();
}

TEST(MessagesTest, NothingIsWrittenAfterAFailureEndedTheConsumer) {
  Flow flow;
  flow.produce(0, "row", 100);
  flow.assign({0});
  flow.deliver_and_process(0);
  flow.broken = true;
  flow.source(SourceFault{{ErrorKind::Renew, 1, "fenced"}, false, true});
  flow.advance(seconds(10));
  EXPECT_TRUE(flow.pipeline.closed());
  EXPECT_EQ(flow.pipeline.end(), End::Broken);
  EXPECT_TRUE(flow.table.empty());
}

TEST(MessagesTest, InvalidAndSkippedMessagesBecomeCommittableWithoutARow) {
  Flow flow;
  flow.produce(0, "skip", 3);
  flow.produce(0, "bad", 2);
  flow.produce(0, "skip", 1);
  flow.assign({0});
  flow.settles_complete();
  EXPECT_EQ(flow.committed(0), 6);
  EXPECT_TRUE(flow.table.empty());
}

// The start offset of a partition is committed before the first delivery, so its lag is known at once.
TEST(MessagesTest, TheStartOfAPartitionIsKnownToBeCommitted) {
  Flow flow;
  flow.produce(0, "row", 10);
  flow.assign({0});
  flow.deliver(0);
  ASSERT_EQ(flow.status().partitions.size(), 1u);
  EXPECT_EQ(flow.status().partitions[0].committed, Offset{0});
  flow.source(PartitionsAssigned{{{Partition{1}, Offset{7}, "no offset"}}});
  EXPECT_EQ(flow.status().partitions[1].committed, std::nullopt);
}

// The same offsets and rows from another cluster must not look like a duplicate to the table.
TEST(MessagesTest, AnInsertTokenKnowsTheCluster) {
  const auto token = [](const std::string& cluster) {
    Flow flow;
    flow.produce(0, "row", 3);
    PartitionsAssigned event;  // no partitions
    event.cluster_id = cluster;
    flow.source(std::move(event));
    flow.assign({0});
    EXPECT_TRUE(flow.deliver(0));
    flow.work();
    flow.advance(std::chrono::seconds(10));
    EXPECT_EQ(flow.batches.size(), 1u);
    return flow.batches.empty() ? std::string() : flow.batches[0]->insert_token;
  };
  EXPECT_EQ(token("one"), token("one"));
  EXPECT_NE(token("one"), token("another"));
}

TEST(MessagesTest, AFailedCommitIsNoReasonToEndAndIsSentAgainLater) {
  Flow flow;
  flow.produce(0, "row", 10);
  flow.assign({0});
  flow.deliver_and_process(0);
  flow.advance(seconds(3));
  flow.write();
  EXPECT_TRUE(flow.commit(false));
  EXPECT_FALSE(flow.commit_waits());  // not at once: no busy loop
  flow.advance(seconds(1));
  EXPECT_TRUE(flow.commit());
  EXPECT_EQ(flow.committed(0), 10);
  EXPECT_FALSE(flow.pipeline.closed());
}

TEST(MessagesTest, ErrorsOfTheSourceAreNoReasonToEnd) {
  Flow flow;
  flow.produce(0, "row", 10);
  flow.assign({0});
  flow.source(SourceFault{{ErrorKind::Retry, 1, "all brokers down"}});
  EXPECT_NE(flow.status().waiting_for.find("all brokers down"), std::string::npos);
  flow.settles_complete();
}

TEST(MessagesTest, TooManyPartsMakesBatchesRarerAndRecovers) {
  LiveOptions options;
  options.max_batch_rows = 10;
  Flow flow(Flow::default_settings(), options);
  flow.produce(0, "row", 100);
  flow.assign({0});
  flow.pipeline.on_insert_failure(1, {InsertFailure::Class::Overload, 252, "too many parts", 1}, flow.now);
  flow.deliver_and_process(0, 10);
  EXPECT_TRUE(flow.batches.empty());
  flow.deliver_and_process(0, 10);
  EXPECT_EQ(flow.batches.size(), 1u);
  flow.advance(seconds(61));
  flow.write();
  flow.deliver_and_process(0, 10);
  EXPECT_EQ(flow.batches.size(), 1u);
}

TEST(MessagesTest, TheLoopHasNothingToDoUntilTheNextDeadline) {
  Flow flow;
  flow.assign({0});
  EXPECT_GE(flow.pipeline.next_deadline(flow.now) - flow.now, seconds(1));
  flow.produce(0, "row");
  flow.deliver_and_process(0);
  EXPECT_GE(flow.pipeline.next_deadline(flow.now) - flow.now, milliseconds(900));
  flow.advance(seconds(2));
  ASSERT_EQ(flow.batches.size(), 1u);
  flow.write();
  EXPECT_TRUE(flow.commit_waits());
  EXPECT_GE(flow.pipeline.next_deadline(flow.now) - flow.now, milliseconds(900));
}

TEST(MessagesTest, EachConsumerStartsAnew) {
  Flow flow;
  flow.produce(0, "row", 10);
  flow.assign({0});
  flow.deliver(0);
  flow.source(SourceFault{{ErrorKind::Renew, 1, "fatal"}});
  flow.pipeline.consumer_started(2, flow.now);
  while (flow.work()) {
  }
  flow.assign({0});
  flow.settles_exactly_once();
}

}  // namespace
}  // namespace freshet::flow
