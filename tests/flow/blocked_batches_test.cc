// A batch that may already be stored waits for an operator; everything else continues.
#include "flow.h"

namespace freshet::flow {
namespace {

constexpr auto kStored = Resolution::Stored;
constexpr auto kRetry = Resolution::Retry;

void commit_all(Flow& flow) {
  do flow.advance(seconds(2));
  while (flow.commit());
}

// The batch of partition 0 is blocked (offsets 0 to 9), that of partition 1 is stored.
void begin(Flow& flow) {
  flow.produce(0, "row", 10);
  flow.produce(1, "row", 10);
  flow.assign({0, 1});
  flow.deliver_and_process(0);
  flow.advance(seconds(3));
  flow.deliver_and_process(1);
  flow.await_batches(2);
  ASSERT_TRUE(flow.block(0));
  ASSERT_TRUE(flow.write(0));
  commit_all(flow);
}

// New messages of the partition are stored and committed.
void goes_on(Flow& flow, int32_t p) {
  flow.produce(p, "row", 5);
  EXPECT_TRUE(flow.deliver(p)) << p;
  flow.work();
  flow.advance(seconds(3));
  EXPECT_TRUE(flow.write());
  commit_all(flow);
  EXPECT_EQ(flow.committed(p), flow.end(p)) << p;
}

TEST(BlockedBatchesTest, TheOtherPartitionsGoOnAndItsOwnBringsNothingNew) {
  Flow flow;
  begin(flow);
  EXPECT_EQ(flow.committed(0), 0);
  EXPECT_EQ(flow.committed(1), 10);
  flow.produce(0, "row", 5);
  EXPECT_FALSE(flow.deliver(0)) << "each row more would come twice after a restart";
  for (int i = 0; i < 10; ++i) goes_on(flow, 1);
  const std::string waits = flow.status().waiting_for;
  for (const char* words : {"may already hold 10 of its rows", "0:0-9", "\"resolution\": \"stored\"", "retry", "d.v"}) {
    EXPECT_NE(waits.find(words), std::string::npos) << words << " in " << waits;
  }
  EXPECT_EQ(flow.committed(0), 0);
}

TEST(BlockedBatchesTest, StoredGoesOnBehindItWithoutADeadLetter) {
  Flow flow;
  begin(flow);
  const auto resolved = flow.resolve(0, kStored);
  ASSERT_TRUE(resolved) << resolved.error().text;
  EXPECT_EQ(resolved->resolved_rows, 10u);
  EXPECT_EQ(resolved->text(),
            "partition 0 is skipped; its blocked batch counts as stored: 10 rows, of all its partitions");
  commit_all(flow);
  EXPECT_EQ(flow.committed(0), 10);
  EXPECT_TRUE(flow.dead_letters.empty());
  EXPECT_TRUE(flow.batches.empty());
  EXPECT_EQ(flow.status().waiting_for, "");
  goes_on(flow, 0);
}

TEST(BlockedBatchesTest, RetrySendsItAgain) {
  Flow flow;
  begin(flow);
  ASSERT_TRUE(flow.resolve(0, kRetry));
  ASSERT_EQ(flow.again.size(), 1u);
  EXPECT_EQ(flow.again[0].open.size(), 1u) << "as it was sent before";
  EXPECT_FALSE(flow.deliver(0)) << "not before it is stored";
  EXPECT_FALSE(flow.resolve(0, kStored)) << "it is on its way";
  ASSERT_TRUE(flow.write());
  commit_all(flow);
  EXPECT_EQ(flow.committed(0), 10);
  goes_on(flow, 0);
}

TEST(BlockedBatchesTest, WhatIsWrongIsRefusedAndChangesNothing) {
  Flow flow;
  begin(flow);
  EXPECT_FALSE(flow.resolve(1, kStored)) << "no blocked batch";
  EXPECT_FALSE(flow.resolve(7, kStored)) << "not ours";
  const auto open = flow.resolve(0, std::nullopt);
  ASSERT_FALSE(open);
  EXPECT_NE(open.error().text.find("\"resolution\""), std::string::npos);
  EXPECT_FALSE(flow.skip(0, 10)) << "an offset says nothing of the rows";
  EXPECT_EQ(flow.committed(0), 0);
  EXPECT_TRUE(flow.resolve(0, kStored));
}

TEST(BlockedBatchesTest, ARevokeDoesNotWaitForItAndTheNextOwnerSendsItAgain) {
  Flow flow;
  begin(flow);
  flow.revoke({0});
  EXPECT_FALSE(flow.revoke_waits()) << "answered at once";
  flow.consumed_elsewhere(0, 10, 10);
  flow.assign({1});
  flow.advance(seconds(1));
  EXPECT_EQ(flow.status().waiting_for, "") << "the batch is somebody else's now";
  EXPECT_FALSE(flow.resolve(0, kStored));
  goes_on(flow, 1);
}

TEST(BlockedBatchesTest, APartitionThatComesStraightBackIsStillBlocked) {
  Flow flow;
  begin(flow);
  flow.revoke({0, 1});
  flow.assign({0, 1});
  goes_on(flow, 1);
  flow.produce(0, "row");
  EXPECT_FALSE(flow.deliver(0));
  ASSERT_TRUE(flow.resolve(0, kStored));
  EXPECT_TRUE(flow.deliver(0)) << "behind what is stored";
  flow.work();
  flow.advance(seconds(3));
  flow.write();
  commit_all(flow);
  EXPECT_EQ(flow.committed(0), 11);
}

TEST(BlockedBatchesTest, ARenewalTakesItAlong) {
  Flow flow;
  begin(flow);
  flow.hand_over();
  EXPECT_FALSE(flow.deliver(0));
  EXPECT_NE(flow.status().waiting_for.find("blocked"), std::string::npos);
  ASSERT_TRUE(flow.resolve(0, kRetry));
  ASSERT_TRUE(flow.write());
  commit_all(flow);
  EXPECT_EQ(flow.committed(0), 10);
}

TEST(BlockedBatchesTest, AStopDoesNotWaitForIt) {
  Flow flow;
  begin(flow);
  flow.stop();
  flow.advance(milliseconds(10));
  EXPECT_TRUE(flow.closing) << "nothing else is open";
  EXPECT_EQ(flow.committed(0), 0) << "the next start sends it again";
}

TEST(BlockedBatchesTest, AMessageThatIsTooLargeIsTriedAgainByItselfOrDroppedAsBadData) {
  Flow flow;
  flow.produce(0, "refused", 1);
  flow.assign({0});
  flow.deliver_and_process(0);
  flow.advance(seconds(3));
  ASSERT_TRUE(flow.block(0, stream::Blocked::TooLarge));
  EXPECT_NE(flow.status().waiting_for.find("a message in it is too large for any insert"), std::string::npos);
  EXPECT_FALSE(flow.resolve(0, kStored)) << "nothing of it can be stored";
  flow.advance(seconds(29));
  EXPECT_TRUE(flow.batches.empty());
  EXPECT_EQ(flow.pipeline.next_deadline(flow.now), flow.now + seconds(1));
  flow.advance(seconds(1));
  ASSERT_EQ(flow.batches.size(), 1u);
  ASSERT_TRUE(flow.block(0, stream::Blocked::TooLarge));
  ASSERT_TRUE(flow.resolve(0, std::nullopt));
  ASSERT_EQ(flow.dead_letters.size(), 1u);
  flow.acknowledge();
  commit_all(flow);
  EXPECT_EQ(flow.committed(0), 1);
}

// A blocked batch must not occupy a batch slot that others need.
TEST(BlockedBatchesTest, ManyBlockedBatchesTakeNoWriter) {
  LiveOptions options;
  options.clickhouse_concurrency = 1;
  Flow flow(Flow::default_settings(), options);
  std::vector<int32_t> all;
  for (int32_t p = 0; p < 8; ++p) {
    flow.produce(p, "row", 3);
    all.push_back(p);
  }
  flow.assign(all);
  for (int32_t p = 0; p < 7; ++p) {
    flow.deliver_and_process(p);
    flow.advance(seconds(3));
    ASSERT_TRUE(flow.block()) << p;
  }
  goes_on(flow, 7);
  for (int32_t p = 0; p < 7; ++p) ASSERT_TRUE(flow.resolve(p, kStored)) << p;
  commit_all(flow);
  for (int32_t p = 0; p < 7; ++p) EXPECT_EQ(flow.committed(p), 3) << p;
}

// It keeps its memory until the operator decides.
TEST(BlockedBatchesTest, ReadingDoesNotWaitForTheInsertsOfOtherPartitions) {
  FlowSettings settings = Flow::default_settings();
  settings.memory_limit = 100'000;
  Flow flow(settings);
  flow.produce(0, "row", 1'000);
  flow.produce(1, "row");
  flow.produce(1, "skip", 1'000);
  flow.assign({0, 1});
  while (flow.status().in_flight_bytes < 52'000) flow.deliver_and_process(0, 1);
  flow.advance(seconds(3));
  while (flow.block()) {
  }
  flow.deliver_and_process(1, 1);
  flow.advance(seconds(3));
  ASSERT_EQ(flow.batches.size(), 1u);
  EXPECT_GT(flow.status().in_flight_bytes, 52'000u);
  while (flow.pipeline.wanted_bytes() > 0) ASSERT_TRUE(flow.deliver(1));
  while (flow.work()) {
  }
  EXPECT_EQ(flow.batches.size(), 1u);
  EXPECT_GT(flow.pipeline.wanted_bytes(), 0u);
}

// "Too many parts" slows batches down, but while everything is paused, waiting does not make them larger.
TEST(BlockedBatchesTest, WhatWaitsIsSealedAtOnceWhereNothingMoreCanCome) {
  FlowSettings settings = Flow::default_settings();
  settings.memory_limit = 1;
  Flow flow(settings);
  flow.produce(0, "row", 20);
  flow.assign({0});
  for (int i = 0; i < 5; ++i) {
    flow.pipeline.on_insert_failure(1, {InsertFailure::Class::Overload, 252, "too many parts", 1}, flow.now);
    flow.advance(seconds(6));
  }
  flow.deliver(0, 10);
  EXPECT_FALSE(flow.deliver(0, 10)) << "paused";
  EXPECT_TRUE(flow.batches.empty()) << "a worker has it";
  while (flow.work()) {  // work beyond the limit is handed back
  }
  EXPECT_EQ(flow.batches.size(), 1u);
}

}  // namespace
}  // namespace freshet::flow
