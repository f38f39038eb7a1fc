// Blocked partitions: each cause is shown until it is gone, and none hides another.
#include "base/message_text.h"
#include "flow.h"
#include "testkit/recording_log.h"

namespace freshet::flow {
namespace {

Error too_large() { return {ErrorKind::Invalid, 10, "too large"}; }

TEST(BlockedPartitionsTest, EachDeadLetterThatItsTopicRejectsIsShownUntilTheOperatorGoesPastIt) {
  Flow flow;
  flow.produce(0, "bad", 2);
  flow.produce(0, "row", 5);
  flow.assign({0});
  flow.deliver_and_process(0);
  flow.dead_letter_result(0, tl::make_unexpected(too_large()));
  flow.dead_letter_result(0, tl::make_unexpected(too_large()));
  ASSERT_NE(flow.status().partitions[0].blocked.find("offset 0"), std::string::npos);
  flow.dropped = {{0, 0}, {0, 1}};
  EXPECT_TRUE(flow.skip(0, 1));
  EXPECT_NE(flow.status().partitions[0].blocked.find("offset 1"), std::string::npos) << "it waits for nobody";
  EXPECT_TRUE(flow.paused(0)) << "the source reads on what is blocked again";
  EXPECT_TRUE(flow.skip(0, 2));
  EXPECT_EQ(flow.status().partitions[0].blocked, "");
  flow.settles_complete();
}

TEST(BlockedPartitionsTest, ARejectedDeadLetterIsShownOnceTheRateLimitIsSkipped) {
  LiveOptions options;
  options.dead_letters_per_second = 0.001;
  options.dead_letter_burst = 1;
  Flow flow(Flow::default_settings(), options);
  flow.produce(0, "bad", 2);
  flow.assign({0});
  flow.deliver_and_process(0);
  ASSERT_EQ(flow.dead_letters.size(), 1u);
  ASSERT_NE(flow.status().partitions[0].blocked.find("dead letters per second"), std::string::npos);
  flow.dead_letter_result(0, tl::make_unexpected(too_large()));
  EXPECT_TRUE(flow.skip(0, 1));
  EXPECT_NE(flow.status().partitions[0].blocked.find("too large"), std::string::npos);
  flow.dropped = {{0, 0}};
  EXPECT_TRUE(flow.skip(0, 1));
  flow.settles_complete();
}

TEST(BlockedPartitionsTest, AnInvalidMessageHoldsItsPartitionAlsoBehindARejectedReplacement) {
  Flow flow(Flow::with_side_outputs(), {}, false);
  flow.produce(0, "replace");
  flow.produce(0, "bad");
  flow.produce(0, "row");
  flow.assign({0});
  flow.deliver_and_process(0, 1);
  flow.deliver(0, 1);
  flow.give_back_records(SideTopicName::Replacements, ErrorKind::Invalid);
  ASSERT_NE(flow.status().partitions[0].blocked.find("side topic"), std::string::npos);
  flow.work();
  flow.advance(seconds(2));
  flow.take_records();
  EXPECT_NE(flow.status().partitions[0].blocked.find("cannot become a row"), std::string::npos);
  const std::string shown = without_message_texts(flow.status().partitions[0].blocked, "[...]");
  EXPECT_NE(shown.find("no dead-letter topic: bad: [...]; resume at 2"), std::string::npos) << shown;
  EXPECT_TRUE(flow.paused(0));
  flow.dropped = {{0, 1}};
  EXPECT_TRUE(flow.skip(0, 2));
  flow.settles_complete();
}

TEST(BlockedPartitionsTest, TheRateLimitBlocksEveryPartitionWhoseDeadLettersWait) {
  LiveOptions options;
  options.dead_letters_per_second = 0.001;
  options.dead_letter_burst = 1;
  Flow flow(Flow::default_settings(), options);
  flow.produce(0, "bad", 2);
  flow.produce(1, "bad", 1);
  flow.produce(2, "row", 1);
  flow.assign({0, 1, 2});
  for (int p = 0; p < 3; ++p) {
    flow.deliver_and_process(p);
  }
  EXPECT_NE(flow.status().partitions[0].blocked, "");
  EXPECT_NE(flow.status().partitions[1].blocked, "");
  EXPECT_EQ(flow.status().partitions[2].blocked, "");
  EXPECT_TRUE(flow.skip(0, 1));
  EXPECT_NE(flow.status().partitions[1].blocked, "") << "one record at once is the limit";
  EXPECT_TRUE(flow.skip(1, 0));
  flow.settles_complete();
}

// What a skip drops, and what it keeps.
TEST(BlockedPartitionsTest, ASkipSaysWhatItGivesUpAndLeavesEverythingElse) {
  Flow flow;
  flow.produce(0, "bad", 3);
  flow.produce(0, "row", 7);
  flow.assign({0});
  flow.deliver_and_process(0);
  ASSERT_EQ(flow.dead_letters.size(), 3u);
  flow.dead_letter_result(1, tl::make_unexpected(too_large()));
  flow.dead_letter_result(0, failure(ErrorKind::Retry, "no broker"));  // to be retried
  flow.dropped = {{0, 1}};
  const auto skipped = flow.skip(0, 10);
  ASSERT_TRUE(skipped);
  EXPECT_EQ(skipped->messages_dropped, 1u) << "records that wait for their broker are not what it is blocked for";
  EXPECT_EQ(skipped->offsets_skipped, 0u);
  EXPECT_EQ(skipped->still_blocked, "");
  flow.settles_exactly_once();
  EXPECT_EQ(flow.dead.size(), 2u);
}

TEST(BlockedPartitionsTest, ASkipBeyondWhatWasReadSaysHowManyOffsetsItSkips) {
  Flow flow(Flow::default_settings(), {}, false);
  flow.produce(0, "bad");
  flow.produce(0, "row", 9);
  flow.assign({0});
  flow.deliver_and_process(0, 1);
  flow.dropped = {{0, 0}, {0, 1}, {0, 2}};
  const auto skipped = flow.skip(0, 3);
  ASSERT_TRUE(skipped);
  EXPECT_EQ(skipped->messages_dropped, 1u);
  EXPECT_EQ(skipped->offsets_skipped, 2u);
  EXPECT_EQ(skipped->text(),
            "partition 0 is skipped; 1 messages were dropped: no destination accepts them; skipped "
            "unread: 2 offsets");
  flow.settle();
  EXPECT_EQ(flow.table.size(), 7u);
  EXPECT_EQ(flow.committed(0), 10);
}

// Even while an earlier batch is in flight, the offset that counts is that of the blocking message.
TEST(BlockedPartitionsTest, ASkipThatDoesNotReachTheRejectedOneIsRefusedWithItsOffset) {
  Flow flow(Flow::with_side_outputs());
  flow.produce(0, "row", 5);
  flow.produce(0, "replace", 3);
  flow.assign({0});
  flow.deliver_and_process(0);
  flow.give_back_records(SideTopicName::Replacements, ErrorKind::Invalid);
  ASSERT_NE(flow.status().partitions[0].blocked.find("offset 5"), std::string::npos)
      << flow.status().partitions[0].blocked;
  const auto too_early = flow.skip(0, 4);
  ASSERT_FALSE(too_early);
  EXPECT_NE(too_early.error().text.find("blocked at offset 5"), std::string::npos) << too_early.error().text;
  flow.dropped = {{0, 5}, {0, 6}};
  const auto skipped = flow.skip(0, 7);
  ASSERT_TRUE(skipped);
  EXPECT_EQ(skipped->messages_dropped, 2u);
  flow.settles_complete();
  EXPECT_EQ(flow.replaced.count({0, 7}), 1u);
}

// Queued dead-letter records are charged to the budget and cause backpressure.
TEST(BlockedPartitionsTest, DeadLettersThatWaitCountInTheBudget) {
  FlowSettings settings = Flow::default_settings();
  settings.memory_limit = 100'000;
  Flow flow(settings);
  flow.produce(0, "bad", 500);
  flow.assign({0});
  flow.deliver_and_process(0, 250);
  EXPECT_GT(flow.status().in_flight_bytes, 250u * 300);
  EXPECT_TRUE(flow.paused(0));
  flow.settles_complete();
  EXPECT_EQ(flow.status().in_flight_bytes, 0u);
}

// If the topic accepts nothing for long, not every record is retried each second.
TEST(BlockedPartitionsTest, OnlySoManyDeadLettersAreWithTheProducerAtATime) {
  constexpr size_t kMost = stream::DlqWriter::kMaxInFlight;
  LiveOptions options;
  options.dead_letters_per_second = 0;
  Flow flow(Flow::default_settings(), options);
  for (int p = 0; p < 2; ++p) flow.produce(p, "bad", 8'000);
  flow.assign({0, 1});
  for (int i = 0; i < 40; ++i) {
    for (int p = 0; p < 2; ++p) {
      flow.deliver_and_process(p, 200);
    }
  }
  ASSERT_EQ(flow.dead_letters.size(), kMost);
  flow.dead_letter_result(0, failure(ErrorKind::Retry, "no broker"));
  EXPECT_EQ(flow.dead_letters.size(), kMost) << "another has its turn";
  flow.advance(seconds(2));
  EXPECT_EQ(flow.dead_letters.size(), kMost);
  EXPECT_GT(flow.pipeline.next_deadline(flow.now), flow.now) << "the loop spins";
  flow.settles_exactly_once();
}

TEST(BlockedPartitionsTest, DeadLettersOfAPartitionThatWentAwayAreNothingToWaitFor) {
  Flow flow;
  flow.produce(0, "bad");
  flow.produce(1, "bad");
  flow.assign({0});
  flow.deliver_and_process(0);
  flow.revoke({0}, true);
  flow.dead_letters.clear();
  flow.assign({1});
  flow.advance(std::chrono::hours(1));
  flow.deliver_and_process(1);
  EXPECT_EQ(flow.dead_letters.size(), 1u);
  EXPECT_EQ(flow.status().waiting_for, "");
}

TEST(BlockedPartitionsTest, DeadLettersThatDoNotGetThroughAreWhatItWaitsFor) {
  Flow flow;
  flow.produce(0, "bad", 2);
  flow.assign({0});
  flow.deliver_and_process(0);
  flow.advance(seconds(2));
  EXPECT_EQ(flow.status().waiting_for, "") << "a slow broker is no news";
  flow.dead_letter_result(0, failure(ErrorKind::Retry, "no such topic"));
  flow.advance(seconds(4));
  EXPECT_NE(flow.status().waiting_for.find("no dead-letter write was acknowledged for 6 s"), std::string::npos)
      << flow.status().waiting_for;
  EXPECT_NE(flow.status().waiting_for.find("no such topic"), std::string::npos);
  EXPECT_EQ(flow.status().last_kafka_error, "no such topic");
  EXPECT_TRUE(flow.status().last_kafka_error_at);
  flow.acknowledge();
  EXPECT_EQ(flow.status().waiting_for, "") << "it takes records again";
  flow.settles_complete();
  flow.advance(seconds(60));
  EXPECT_EQ(flow.status().waiting_for, "");
}

// The end of each error is in the log, whatever tells of it first.
TEST(BlockedPartitionsTest, AnErrorOfKafkaIsWhatItWaitsForUntilItIsOver) {
  testkit::RecordingLog log;
  Flow flow(Flow::default_settings(), {}, true, log);
  flow.produce(0, "row", 2);
  flow.assign({0});
  EXPECT_EQ(log.count("kafka_recovered"), 0u);
  const SourceFault connection{{ErrorKind::Retry, -195, "disconnected"}, false, false, true};
  const SourceFault other{{ErrorKind::Retry, 3, "no such topic"}};
  const auto message = [&] { flow.deliver(0, 1); };
  const auto recovered = [&] { flow.source(SourceRecovered{}); };
  const auto assigned = [&] { flow.assign({0}); };
  const auto renewed = [&] { flow.hand_over(); };
  const auto offset = [&] {
    flow.settle();
    flow.source(ValidOffset{Partition{0}, Offset{flow.committed(0)}});
  };
  struct Case {
    const SourceFault& fault;
    std::function<void()> event;
    bool ends;
  };
  size_t ended = 0;
  for (const Case& one :
       {Case{other, message, true}, Case{other, recovered, true}, Case{other, assigned, true},
        Case{connection, message, false}, Case{connection, recovered, true}, Case{connection, assigned, true},
        Case{connection, renewed, true}, Case{connection, offset, true}}) {
    const std::string text = "Kafka: " + one.fault.error.text;
    flow.source(one.fault);
    EXPECT_EQ(flow.status().waiting_for, text);
    one.event();
    if (one.ends) ++ended;
    EXPECT_EQ(flow.status().waiting_for, one.ends ? "" : text);
    EXPECT_EQ(log.count("kafka_recovered"), ended);
  }
  flow.settles_complete();
}

// A skip concerns one partition; it does not release a batch that waits with rows of other partitions only.
TEST(BlockedPartitionsTest, ABatchThatIsHeldBelongsToThePartitionsInIt) {
  Flow flow;
  flow.produce(0, "row", 3);
  flow.assign({0, 1});
  ASSERT_TRUE(flow.deliver(0));
  ASSERT_TRUE(flow.work());
  flow.advance(seconds(10));
  ASSERT_EQ(flow.batches.size(), 1u);
  const uint64_t batch = flow.batches[0]->id;
  flow.pipeline.on_insert_failure(batch, {InsertFailure::Class::Operator, 516, "wrong password", 1}, flow.now);
  EXPECT_FALSE(flow.pipeline.holds_batch_of(Partition{0})) << "freshet retries it without an operator";
  flow.pipeline.on_insert_failure(batch, {InsertFailure::Class::Operator, 27, "rejected alike", 4, true}, flow.now);
  EXPECT_TRUE(flow.pipeline.holds_batch_of(Partition{0}));
  EXPECT_FALSE(flow.pipeline.holds_batch_of(Partition{1}));
  EXPECT_EQ(flow.status().waiting_for, "ClickHouse: rejected alike (partition:offsets 0:0-2)");
  flow.settle();
  EXPECT_FALSE(flow.pipeline.holds_batch_of(Partition{0}));
}

// Only the operator drops messages of the batch, and always all that cannot be read.
TEST(BlockedPartitionsTest, ABatchThatCannotBeUnpackedIsShownAndSkipped) {
  Flow flow;
  flow.produce(0, "row", 10);
  flow.assign({0});
  flow.deliver(0, 4);
  flow.source(UnreadableBatch{Partition{0}, Offset{4}, "cannot be unpacked"});
  EXPECT_EQ(flow.status().partitions[0].blocked, "cannot be unpacked");
  EXPECT_TRUE(flow.paused(0));
  const auto too_early = flow.skip(0, 4);
  ASSERT_FALSE(too_early);
  EXPECT_NE(too_early.error().text.find("blocked at offset 4"), std::string::npos) << too_early.error().text;
  flow.hand_over();
  EXPECT_EQ(flow.status().partitions[0].blocked, "") << "the next client finds out for itself";
  flow.source(UnreadableBatch{Partition{0}, Offset{4}, "cannot be unpacked"});
  flow.dropped = {{0, 4}};
  const auto skipped = flow.skip(0, 5);
  ASSERT_TRUE(skipped);
  EXPECT_EQ(skipped->offsets_skipped, 1u);
  flow.settles_complete();
  EXPECT_EQ(flow.table.size(), 9u);
}

TEST(BlockedPartitionsTest, WithoutADeadLetterTopicTheMessageBlocksItsPartitionAndNoOther) {
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
  flow.dropped.insert({0, 2});
  EXPECT_TRUE(flow.skip(0, 3));
  flow.settle();
  EXPECT_EQ(flow.committed(0), 203);
  flow.expect_exactly_once();
}

TEST(BlockedPartitionsTest, ABatchThatWaitsForAnOperatorSaysSo) {
  testkit::RecordingLog log;
  Flow flow(Flow::default_settings(), {}, false, log);
  // An error that the writer logs itself is also reported here.
  flow.pipeline.on_insert_failure(1, {InsertFailure::Class::Operator, 516, "wrong password", 1}, flow.now);
  EXPECT_EQ(log.count("batch_rejected"), 0u);
  flow.pipeline.on_insert_failure(1, {InsertFailure::Class::Operator, 27, "every row is rejected alike", 4, true},
                                  flow.now);
  const auto lines = log.of("batch_rejected");
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0].level, LogLevel::Error);
}

TEST(BlockedPartitionsTest, AHeldPartitionSaysSoOnceAMinute) {
  testkit::RecordingLog log;
  Flow flow(Flow::default_settings(), {}, false, log);
  flow.produce(0, "bad");
  flow.assign({0});
  flow.deliver_and_process(0);
  ASSERT_EQ(log.count("partition_blocked"), 1u);
  EXPECT_NE(log.of("partition_blocked")[0].fields.at("advice").find(R"({"partition": 0, "offset": 1})"),
            std::string::npos);
  for (int i = 0; i < 179; ++i) flow.advance(seconds(1));
  EXPECT_EQ(log.count("partition_blocked"), 3u);
  flow.dropped.insert({0, 0});
  EXPECT_TRUE(flow.skip(0, 1));
  for (int i = 0; i < 120; ++i) flow.advance(seconds(1));
  EXPECT_EQ(log.count("partition_blocked"), 3u);
}

TEST(BlockedPartitionsTest, TheFirstCauseOfAHoldIsTheOneThatIsShown) {
  Flow flow(Flow::default_settings(), {}, false);
  flow.produce(0, "bad", 2);
  flow.assign({0});
  flow.deliver_and_process(0);
  EXPECT_NE(flow.status().partitions[0].blocked.find("offset 0 "), std::string::npos)
      << flow.status().partitions[0].blocked;
  flow.dropped.insert({0, 0});
  EXPECT_FALSE(flow.skip(0, 0));
  EXPECT_TRUE(flow.skip(0, 1));
  EXPECT_NE(flow.status().partitions[0].blocked.find("offset 1 "), std::string::npos)
      << flow.status().partitions[0].blocked;
}

}  // namespace
}  // namespace freshet::flow
