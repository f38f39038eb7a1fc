// What others got wrong, one by one.
#include "flow.h"

namespace freshet::flow {
namespace {

TEST(FlowTest, MessagesBecomeRowsAndAreCommitted) {
  Flow flow;
  flow.produce(0, "row", 250);
  flow.produce(1, "row", 10);
  flow.assign({0, 1});
  flow.settle();
  flow.expect_complete();
  flow.expect_exactly_once();
}

TEST(FlowTest, ABatchThatWaitsForABusyWriterIsNeverReplacedAndNothingIsDropped) {
  LiveOptions options;
  options.max_batch_rows = 10;
  options.clickhouse_concurrency = 1;
  Flow flow(Flow::default_settings(), options);
  flow.produce(0, "row", 200);
  flow.assign({0});
  for (int i = 0; i < 20; ++i) {
    flow.deliver(0, 10);
    flow.work();
  }
  EXPECT_EQ(flow.batches.size(), 2u);  // one under way, one waiting; the rest waits for room
  flow.settle();
  flow.expect_complete();
  flow.expect_exactly_once();
}

TEST(FlowTest, NothingIsWrittenAfterAFailureDecidedTheSession) {
  Flow flow;
  flow.produce(0, "row", 100);
  flow.assign({0});
  flow.deliver(0);
  flow.work();
  flow.broken = true;
  flow.source(SourceFault{{ErrorKind::Renew, 1, "fenced"}, false, true});
  flow.advance(seconds(10));
  EXPECT_TRUE(flow.pipeline.closed());
  EXPECT_EQ(flow.pipeline.end(), End::Broken);
  EXPECT_TRUE(flow.table.empty());
}

TEST(FlowTest, ADeadLetterIsAcknowledgedBeforeItsOffsetIsCommitted) {
  Flow flow;
  flow.produce(0, "row", 5);
  flow.produce(0, "bad");
  flow.produce(0, "row", 5);
  flow.assign({0});
  flow.deliver(0);
  flow.work();
  flow.advance(seconds(3));
  flow.write();
  flow.advance(seconds(3));
  flow.commit();
  EXPECT_EQ(flow.committed(0), 5);
  flow.letter(0, failure(ErrorKind::Retry, "broker down"));
  flow.advance(seconds(3));
  EXPECT_FALSE(flow.commit());
  ASSERT_EQ(flow.letters.size(), 1u);  // tried again
  flow.acknowledge();
  flow.advance(seconds(2));
  flow.commit();
  EXPECT_EQ(flow.committed(0), 11);
}

TEST(FlowTest, InvalidAndSkippedMessagesBecomeCommittableWithoutARow) {
  Flow flow;
  flow.produce(0, "skip", 3);
  flow.produce(0, "bad", 2);
  flow.produce(0, "skip", 1);
  flow.assign({0});
  flow.settle();
  flow.expect_complete();
  EXPECT_EQ(flow.committed(0), 6);
  EXPECT_TRUE(flow.table.empty());
}

TEST(FlowTest, RowsThatTheTableRefusesBecomeDeadLettersAndHurtNoOther) {
  Flow flow;
  flow.produce(0, "row", 3);
  flow.produce(0, "refused");
  flow.produce(0, "row", 3);
  flow.assign({0});
  flow.settle();
  EXPECT_EQ(flow.table.size(), 6u);
  EXPECT_EQ(flow.dead.count({0, 3}), 1u);
  EXPECT_EQ(flow.committed(0), 7);
}

TEST(FlowTest, WithoutADeadLetterTopicTheMessageHoldsItsPartitionAndNoOther) {
  Flow flow(Flow::default_settings(), {}, false);
  flow.produce(0, "row", 2);
  flow.produce(0, "bad");
  flow.produce(0, "row", 200);
  flow.produce(1, "row", 50);
  flow.assign({0, 1});
  flow.settle();
  EXPECT_EQ(flow.committed(0), 2);
  EXPECT_EQ(flow.committed(1), 50);
  EXPECT_TRUE(flow.paused(0));
  EXPECT_NE(flow.status().partitions[0].blocked.find("offset 2"), std::string::npos);
  EXPECT_FALSE(flow.skip(0, 2));
  EXPECT_FALSE(flow.skip(1, 60));
  flow.given_up.insert({0, 2});
  EXPECT_TRUE(flow.skip(0, 3));
  flow.settle();
  EXPECT_EQ(flow.committed(0), 203);
  flow.expect_exactly_once();
}

TEST(FlowTest, ABatchThatWaitsForAnOperatorSaysSo) {
  struct HoldLog final : Log {
    bool enabled(LogLevel) const noexcept override { return true; }
    void write(LogLevel level, std::string_view event, std::initializer_list<LogField>) noexcept override {
      said += level == LogLevel::Error && event == "batch_rejected" ? 1 : 0;
    }
    int said = 0;
  } log;
  Flow flow(Flow::default_settings(), {}, false, log);
  // What a writer says in its own log comes here too.
  flow.pipeline.on_insert_failure(1, {InsertFailure::Class::Operator, 516, "wrong password", 1}, flow.now);
  EXPECT_EQ(log.said, 0);
  flow.pipeline.on_insert_failure(1, {InsertFailure::Class::Operator, 27, "every row is refused alike", 4, true},
                                  flow.now);
  EXPECT_EQ(log.said, 1);
}

TEST(FlowTest, AHeldPartitionSaysSoOnceAMinute) {
  struct HoldLog final : Log {
    bool enabled(LogLevel) const noexcept override { return true; }
    void write(LogLevel, std::string_view event, std::initializer_list<LogField>) noexcept override {
      said += event == "partition_blocked" ? 1 : 0;
    }
    int said = 0;
  } log;
  Flow flow(Flow::default_settings(), {}, false, log);
  flow.produce(0, "bad");
  flow.assign({0});
  flow.deliver(0);
  flow.work();
  EXPECT_EQ(log.said, 1);
  for (int i = 0; i < 179; ++i) flow.advance(seconds(1));
  EXPECT_EQ(log.said, 3);
  flow.given_up.insert({0, 0});
  EXPECT_TRUE(flow.skip(0, 1));
  for (int i = 0; i < 120; ++i) flow.advance(seconds(1));
  EXPECT_EQ(log.said, 3);
}

TEST(FlowTest, TheFirstCauseOfAHoldIsTheOneThatIsShown) {
  Flow flow(Flow::default_settings(), {}, false);
  flow.produce(0, "bad", 2);
  flow.assign({0});
  flow.deliver(0);
  flow.work();
  EXPECT_NE(flow.status().partitions[0].blocked.find("offset 0 "), std::string::npos)
      << flow.status().partitions[0].blocked;
  flow.given_up.insert({0, 0});
  EXPECT_FALSE(flow.skip(0, 0));
  EXPECT_TRUE(flow.skip(0, 1));
  EXPECT_NE(flow.status().partitions[0].blocked.find("offset 1 "), std::string::npos)
      << flow.status().partitions[0].blocked;
}

TEST(FlowTest, DroppingIsARuleToo) {
  auto settings = Flow::default_settings();
  settings.on_invalid = stream::OnInvalid::Drop;
  Flow flow(settings, {}, false);
  flow.produce(0, "bad");
  flow.produce(0, "row", 2);
  flow.given_up.insert({0, 0});
  flow.assign({0});
  flow.settle();
  EXPECT_EQ(flow.committed(0), 3);
}

// What the log's backend collapses by must not name the message, or a flood of drops is a line each.
TEST(FlowTest, DroppedMessagesAreAlikeForTheLog) {
  struct DropLog final : Log {
    bool enabled(LogLevel) const noexcept override { return true; }
    void write(LogLevel, std::string_view event, std::initializer_list<LogField> fields) noexcept override {
      if (event != "message_dropped") return;
      for (const LogField& field : fields) {
        if (field.name == "reason") reasons.emplace_back(std::get<std::string_view>(field.value));
      }
    }
    std::vector<std::string> reasons;
  } log;
  auto settings = Flow::default_settings();
  settings.on_invalid = stream::OnInvalid::Drop;
  Flow flow(settings, {}, false, log);
  flow.produce(0, "bad", 3);
  flow.given_up = {{0, 0}, {0, 1}, {0, 2}};
  flow.assign({0});
  flow.settle();
  EXPECT_EQ(log.reasons, (std::vector<std::string>{"bad", "bad", "bad"}));
}

// Where a partition starts is committed before anything is delivered: the lag counts from there at once.
TEST(FlowTest, TheStartOfAPartitionIsKnownToBeCommitted) {
  Flow flow;
  flow.produce(0, "row", 10);
  flow.assign({0});
  flow.deliver(0);
  ASSERT_EQ(flow.status().partitions.size(), 1u);
  EXPECT_EQ(flow.status().partitions[0].committed, Offset{0});
  flow.source(PartitionsAssigned{{{Partition{1}, Offset{7}, "no offset"}}});
  EXPECT_EQ(flow.status().partitions[1].committed, std::nullopt);
}

// The same offsets with the same rows, but of another cluster: no repeat for the table.
TEST(FlowTest, AnInsertTokenKnowsTheCluster) {
  const auto token = [](const std::string& cluster) {
    Flow flow;
    flow.produce(0, "row", 3);
    PartitionsAssigned event;  // of no partition
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

TEST(FlowTest, AFloodOfDeadLettersHoldsThePartitionUntilTheOperatorReleasesIt) {
  LiveOptions options;
  options.dead_letters_per_second = 1;
  options.dead_letter_burst = 5;
  Flow flow(Flow::default_settings(), options);
  flow.produce(0, "bad", 50);
  flow.produce(1, "row", 5);
  flow.assign({0, 1});
  flow.deliver(0);
  flow.deliver(1);
  flow.work();
  flow.work();
  EXPECT_EQ(flow.letters.size(), 5u);
  flow.advance(seconds(60));
  EXPECT_EQ(flow.letters.size(), 5u);  // held, not drained more slowly
  EXPECT_TRUE(flow.paused(0));
  EXPECT_FALSE(flow.paused(1));
  options.dead_letters_per_second = 0;
  flow.pipeline.set_options(options, flow.now);
  flow.settle();
  EXPECT_EQ(flow.dead.size(), 50u);
  EXPECT_EQ(flow.committed(0), 50);
}

TEST(FlowTest, ALetterThatItsTopicDoesNotTakeHoldsItsPartition) {
  Flow flow;
  flow.produce(0, "bad");
  flow.produce(0, "row");
  flow.assign({0});
  flow.deliver(0);
  flow.work();
  flow.letter(0, failure(ErrorKind::Invalid, "too large"));
  EXPECT_NE(flow.status().partitions[0].blocked.find("too large"), std::string::npos);
  flow.given_up.insert({0, 0});
  EXPECT_TRUE(flow.skip(0, 1));
  flow.settle();
  EXPECT_EQ(flow.committed(0), 2);
}

TEST(FlowTest, ARevokeDrainsWhatWasSealedCommitsItAndForgetsTheRest) {
  LiveOptions options;
  options.max_batch_rows = 10;
  Flow flow(Flow::default_settings(), options);
  flow.produce(0, "row", 30);
  flow.produce(1, "row", 10);
  flow.assign({0, 1});
  flow.deliver(0, 10);
  flow.work();  // sealed
  flow.deliver(0, 5);
  flow.work();         // rows that wait for a batch
  flow.deliver(0, 5);  // not processed
  flow.revoke({0});
  EXPECT_TRUE(flow.revoke_waits());
  flow.write();
  EXPECT_TRUE(flow.revoke_waits());
  flow.commit();
  EXPECT_FALSE(flow.revoke_waits());
  EXPECT_EQ(flow.committed(0), 10);
  while (flow.work()) {
  }
  flow.assign({0});
  flow.settle();
  flow.expect_complete();
  flow.expect_exactly_once();
}

TEST(FlowTest, ARevokeDoesNotWaitLongerThanTheDrainDeadline) {
  Flow flow;
  flow.produce(0, "row", 10);
  flow.assign({0});
  flow.deliver(0);
  flow.work();
  flow.advance(seconds(3));
  ASSERT_EQ(flow.batches.size(), 1u);
  flow.revoke({0});
  flow.advance(seconds(7));
  EXPECT_TRUE(flow.revoke_waits());
  flow.advance(seconds(2));
  EXPECT_FALSE(flow.revoke_waits());
  flow.write();  // late: stored, but it is somebody else's by now
  flow.advance(seconds(3));
  EXPECT_FALSE(flow.commit_waits());
}

TEST(FlowTest, LostPartitionsAreForgottenAtOnceWithoutACommit) {
  Flow flow;
  flow.produce(0, "row", 10);
  flow.assign({0});
  flow.deliver(0);
  flow.work();
  flow.advance(seconds(3));
  flow.write();
  flow.revoke({0}, true);
  EXPECT_FALSE(flow.revoke_waits());
  flow.advance(seconds(3));
  EXPECT_FALSE(flow.commit_waits() && flow.owns(0));
}

TEST(FlowTest, AFailedCommitIsNoReasonToEndAndIsSentAgainLater) {
  Flow flow;
  flow.produce(0, "row", 10);
  flow.assign({0});
  flow.deliver(0);
  flow.work();
  flow.advance(seconds(3));
  flow.write();
  EXPECT_TRUE(flow.commit(false));
  EXPECT_FALSE(flow.commit_waits());  // not at once: no busy loop
  flow.advance(seconds(1));
  EXPECT_TRUE(flow.commit());
  EXPECT_EQ(flow.committed(0), 10);
  EXPECT_FALSE(flow.pipeline.closed());
}

// Two partitions, ten rows of each stored, and the commit of both on its way when they are taken back.
void commit_while_revoked(Flow& flow) {
  flow.produce(0, "row", 10);
  flow.produce(1, "row", 10);
  flow.assign({0, 1});
  for (int p = 0; p < 2; ++p) {
    flow.deliver(p);
    flow.work();
  }
  flow.advance(seconds(3));
  flow.revoke({0, 1});
  flow.write();
  ASSERT_TRUE(flow.commit_waits());
}

TEST(FlowTest, ARefusedCommitDuringARevokeIsSentAgainWhileThereIsTime) {
  Flow flow;
  commit_while_revoked(flow);
  EXPECT_TRUE(flow.commit(false));
  EXPECT_TRUE(flow.revoke_waits()) << "what is stored would be read and stored again by the next owner";
  flow.advance(seconds(1));
  EXPECT_TRUE(flow.commit());
  EXPECT_FALSE(flow.revoke_waits());
  EXPECT_EQ(flow.committed(0), 10);
  EXPECT_EQ(flow.committed(1), 10);
}

TEST(FlowTest, ARevokeDoesNotWaitForOffsetsThatTheBrokerWillNeverTake) {
  Flow flow;
  commit_while_revoked(flow);
  EXPECT_TRUE(flow.commit(false, true));
  EXPECT_FALSE(flow.revoke_waits());
}

TEST(FlowTest, APartitionWhoseOffsetIsRefusedForGoodTakesNoOtherWithIt) {
  Flow flow;
  commit_while_revoked(flow);
  flow.commit(false);
  flow.advance(seconds(1));
  EXPECT_TRUE(flow.commit_but({0}, true));
  EXPECT_FALSE(flow.revoke_waits());
  EXPECT_EQ(flow.committed(0), 0);
  EXPECT_EQ(flow.committed(1), 10);
}

TEST(FlowTest, ARevokeWaitsForRefusedCommitsUntilItsDeadlineOnly) {
  Flow flow;
  commit_while_revoked(flow);
  for (int i = 0; i < 8; ++i) {
    EXPECT_TRUE(flow.revoke_waits());
    flow.commit(false);
    flow.advance(seconds(1));
  }
  EXPECT_FALSE(flow.revoke_waits());
}

TEST(FlowTest, ErrorsOfTheSourceAreNoReasonToEnd) {
  Flow flow;
  flow.produce(0, "row", 10);
  flow.assign({0});
  flow.source(SourceFault{{ErrorKind::Retry, 1, "all brokers down"}});
  EXPECT_NE(flow.status().waiting_for.find("all brokers down"), std::string::npos);
  flow.settle();
  flow.expect_complete();
}

TEST(FlowTest, MemoryIsBoundedAndPushesBack) {
  auto settings = Flow::default_settings();
  settings.memory_limit = 100'000;
  Flow flow(settings);
  flow.produce(0, "row", 5'000);
  flow.assign({0});
  int delivered = 0;
  while (flow.deliver(0, 100)) ++delivered;
  EXPECT_TRUE(flow.paused(0));
  EXPECT_LT(delivered, 20);
  flow.settle();
  flow.expect_complete();
  flow.expect_exactly_once();
  EXPECT_EQ(flow.status().in_flight_bytes, 0u);
}

// What was read already becomes rows only as far as there is room for them; it goes on once some are stored.
TEST(FlowTest, RowsThatAreLargerThanTheirMessagesWaitForRoom) {
  auto settings = Flow::default_settings();
  settings.memory_limit = 50'000;
  Flow flow(settings);
  flow.produce(0, "row", 300);
  flow.produce(1, "row", 300);
  flow.assign({0, 1});
  while (flow.deliver(0, 100) || flow.deliver(1, 100)) {
  }
  flow.advance(seconds(1));
  for (int i = 0; i < 100; ++i) flow.work(static_cast<size_t>(i % 3));
  EXPECT_FALSE(flow.work()) << "processed beyond the budget: " << flow.status().in_flight_bytes;
  EXPECT_EQ(flow.table.size(), 0u);
  flow.settle();
  flow.expect_complete();
  flow.expect_exactly_once();
  EXPECT_EQ(flow.status().in_flight_bytes, 0u);
}

// All that is held are messages that nobody has begun with: one of them has to.
TEST(FlowTest, OneChunkGoesOnAlsoWithoutRoom) {
  auto settings = Flow::default_settings();
  settings.memory_limit = 2'000;
  Flow flow(settings);
  for (int32_t p = 0; p < 3; ++p) flow.produce(p, "row", 200);
  flow.assign({0, 1, 2});
  for (int32_t p = 0; p < 3; ++p) flow.deliver(p, 100);
  flow.settle();
  flow.expect_complete();
  flow.expect_exactly_once();
}

TEST(FlowTest, AStopDrainsWhatIsInBatchesAndEnds) {
  Flow flow;
  flow.produce(0, "row", 100);
  flow.assign({0});
  flow.deliver(0, 40);
  flow.work();
  flow.deliver(0, 40);
  flow.stop();
  EXPECT_EQ(flow.batches.size(), 1u);
  flow.write();
  flow.commit();
  EXPECT_TRUE(flow.closing);
  flow.close();
  flow.close();
  EXPECT_TRUE(flow.pipeline.closed());
  EXPECT_EQ(flow.pipeline.end(), End::Stopped);
  EXPECT_EQ(flow.committed(0), 40);
}

TEST(FlowTest, AStopEndsWithinItsDeadlineWhateverHangs) {
  Flow flow;
  flow.produce(0, "row", 100);
  flow.assign({0});
  flow.deliver(0);
  flow.work();
  flow.advance(seconds(3));
  ASSERT_EQ(flow.batches.size(), 1u);
  flow.stop();
  const SteadyTime asked = flow.now;
  Duration given_up_after = seconds(20);
  while (!flow.pipeline.closed() && flow.now - asked < seconds(20)) {
    const SteadyTime next = flow.pipeline.next_deadline(flow.now);
    flow.advance(std::max<Duration>(next - flow.now, milliseconds(1)));
    if (flow.batches.empty()) given_up_after = std::min<Duration>(given_up_after, flow.now - asked);
  }
  EXPECT_LE(given_up_after, seconds(6));  // so that there is time for the last commit and for leaving the group
  EXPECT_LE(flow.now - asked, seconds(8));
  EXPECT_EQ(flow.committed(0), 0);
}

TEST(FlowTest, StopAtTimestampEndsWhenEveryPartitionHasReachedIt) {
  auto settings = Flow::default_settings();
  settings.stop_at_timestamp_ms = 50;
  Flow flow(settings);
  for (int i = 0; i < 100; ++i) flow.produce(0, "row", 1, i);
  flow.produce(1, "row", 10, 5);
  flow.assign({0, 1});
  flow.deliver(0);
  flow.deliver(1);
  flow.end_of(1);
  while (flow.work()) {
  }
  flow.settle();
  EXPECT_TRUE(flow.pipeline.closed());
  EXPECT_EQ(flow.pipeline.end(), End::Finished);
  EXPECT_EQ(flow.committed(0), 51);
  EXPECT_EQ(flow.committed(1), 10);
  EXPECT_EQ(flow.table.size(), 61u);
}

// Chunks that come once a stop was decided are not taken: an end that is told behind them covers nothing of them.
TEST(FlowTest, TheEndOfAPartitionCommitsNothingThatWasNotTaken) {
  for (const bool by_timestamp : {false, true}) {
    auto settings = Flow::default_settings();
    if (by_timestamp) settings.stop_at_timestamp_ms = 50;
    Flow flow(settings);
    flow.produce(0, "row", 10, 5);
    flow.assign({0, 1});
    flow.deliver(0);
    flow.work();
    by_timestamp ? flow.end_of(0) : flow.stop();  // partition 1 has not reached its end
    flow.produce(0, "row", 10, 5);
    flow.deliver(0);
    flow.end_of(0);
    flow.end_of(1);
    flow.settle();
    EXPECT_TRUE(flow.pipeline.closed());
    EXPECT_EQ(flow.committed(0), 10);
    EXPECT_EQ(flow.table.size(), 10u);
  }
}

// A renewal under way holds commits, and nobody asks it any more once a drain has begun.
TEST(FlowTest, StopAtTimestampWaitsForARenewalThatHoldsCommits) {
  auto settings = Flow::default_settings();
  settings.stop_at_timestamp_ms = 50;
  Flow flow(settings);
  for (int i = 0; i < 100; ++i) flow.produce(0, "row", 1, i);
  flow.assign({0});
  flow.pipeline.hold_commits(true);
  flow.deliver(0);
  flow.work();
  flow.advance(seconds(3));
  flow.write();
  EXPECT_FALSE(flow.pipeline.ending());
  for (const bool handed_over : {false, true}) {
    if (handed_over) flow.hand_over();
    EXPECT_FALSE(flow.pipeline.closed());
  }
  flow.settle();
  EXPECT_TRUE(flow.pipeline.closed());
  EXPECT_EQ(flow.pipeline.end(), End::Finished);
  EXPECT_EQ(flow.committed(0), 51);
}

TEST(FlowTest, TooManyPartsMakesBatchesRarerAndRecovers) {
  LiveOptions options;
  options.max_batch_rows = 10;
  Flow flow(Flow::default_settings(), options);
  flow.produce(0, "row", 100);
  flow.assign({0});
  flow.pipeline.on_insert_failure(1, {InsertFailure::Class::Overload, 252, "too many parts", 1}, flow.now);
  flow.deliver(0, 10);
  flow.work();
  EXPECT_TRUE(flow.batches.empty());
  flow.deliver(0, 10);
  flow.work();
  EXPECT_EQ(flow.batches.size(), 1u);
  flow.advance(seconds(61));
  flow.write();
  flow.deliver(0, 10);
  flow.work();
  EXPECT_EQ(flow.batches.size(), 1u);
}

TEST(FlowTest, TheLoopHasNothingToDoUntilTheNextDeadline) {
  Flow flow;
  flow.assign({0});
  EXPECT_GE(flow.pipeline.next_deadline(flow.now) - flow.now, seconds(1));
  flow.produce(0, "row");
  flow.deliver(0);
  flow.work();
  EXPECT_GE(flow.pipeline.next_deadline(flow.now) - flow.now, milliseconds(900));
  flow.advance(seconds(2));
  ASSERT_EQ(flow.batches.size(), 1u);
  flow.write();
  EXPECT_TRUE(flow.commit_waits());
  EXPECT_GE(flow.pipeline.next_deadline(flow.now) - flow.now, milliseconds(900));
}

TEST(FlowTest, EachSessionStartsAnew) {
  Flow flow;
  flow.produce(0, "row", 10);
  flow.assign({0});
  flow.deliver(0);
  flow.source(SourceFault{{ErrorKind::Renew, 1, "fatal"}});
  flow.pipeline.begin_session(2, flow.now);
  while (flow.work()) {
  }
  flow.assign({0});
  flow.settle();
  flow.expect_complete();
  flow.expect_exactly_once();
}

}  // namespace
}  // namespace freshet::flow
