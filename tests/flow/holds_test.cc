// Partitions that are held: each cause is shown until it is gone, and none is lost behind another.
#include "flow.h"

namespace freshet::flow {
namespace {

Error too_large() { return {ErrorKind::Invalid, 10, "too large"}; }

TEST(HoldsTest, EachLetterThatItsTopicRefusesIsShownUntilTheOperatorGoesPastIt) {
  Flow flow;
  flow.produce(0, "bad", 2);
  flow.produce(0, "row", 5);
  flow.assign({0});
  flow.deliver(0);
  flow.work();
  flow.letter(0, tl::make_unexpected(too_large()));
  flow.letter(0, tl::make_unexpected(too_large()));
  ASSERT_NE(flow.status().partitions[0].held.find("offset 0"), std::string::npos);
  flow.given_up = {{0, 0}, {0, 1}};
  EXPECT_TRUE(flow.release(0, 1));
  EXPECT_NE(flow.status().partitions[0].held.find("offset 1"), std::string::npos) << "it waits for nobody";
  EXPECT_TRUE(flow.release(0, 2));
  EXPECT_EQ(flow.status().partitions[0].held, "");
  flow.settle();
  flow.expect_complete();
}

TEST(HoldsTest, ARefusedLetterIsShownOnceAFloodIsReleased) {
  LiveOptions options;
  options.dead_letters_per_second = 0.001;
  options.dead_letter_burst = 1;
  Flow flow(Flow::default_settings(), options);
  flow.produce(0, "bad", 2);
  flow.assign({0});
  flow.deliver(0);
  flow.work();
  ASSERT_EQ(flow.letters.size(), 1u);
  ASSERT_NE(flow.status().partitions[0].held.find("dead letters per second"), std::string::npos);
  flow.letter(0, tl::make_unexpected(too_large()));
  EXPECT_TRUE(flow.release(0, 1));
  EXPECT_NE(flow.status().partitions[0].held.find("too large"), std::string::npos);
  flow.given_up = {{0, 0}};
  EXPECT_TRUE(flow.release(0, 1));
  flow.settle();
  flow.expect_complete();
}

TEST(HoldsTest, AnInvalidMessageHoldsItsPartitionAlsoBehindARefusedReplacement) {
  Flow flow(Flow::with_side_outputs(), {}, false);
  flow.produce(0, "replace");
  flow.produce(0, "bad");
  flow.produce(0, "row");
  flow.assign({0});
  flow.deliver(0, 1);
  flow.work();
  flow.deliver(0, 1);
  flow.give_back_records(SideTopicName::Replacements, ErrorKind::Invalid);
  ASSERT_NE(flow.status().partitions[0].held.find("replacement"), std::string::npos);
  flow.work();
  flow.advance(seconds(2));
  flow.take_records();
  EXPECT_NE(flow.status().partitions[0].held.find("cannot become a row"), std::string::npos);
  EXPECT_TRUE(flow.paused(0));
  flow.given_up = {{0, 1}};
  EXPECT_TRUE(flow.release(0, 2));
  flow.settle();
  flow.expect_complete();
}

TEST(HoldsTest, AFloodHoldsEveryPartitionWhoseLettersWait) {
  LiveOptions options;
  options.dead_letters_per_second = 0.001;
  options.dead_letter_burst = 1;
  Flow flow(Flow::default_settings(), options);
  flow.produce(0, "bad", 2);
  flow.produce(1, "bad", 1);
  flow.produce(2, "row", 1);
  flow.assign({0, 1, 2});
  for (int p = 0; p < 3; ++p) {
    flow.deliver(p);
    flow.work();
  }
  EXPECT_NE(flow.status().partitions[0].held, "");
  EXPECT_NE(flow.status().partitions[1].held, "");
  EXPECT_EQ(flow.status().partitions[2].held, "");
  EXPECT_TRUE(flow.release(0, 1));
  EXPECT_NE(flow.status().partitions[1].held, "") << "one letter at once is the limit";
  EXPECT_TRUE(flow.release(1, 0));
  flow.settle();
  flow.expect_complete();
}

// A release is about one partition; batches that wait for an operator are not released by another.
TEST(HoldsTest, ABatchThatIsHeldBelongsToThePartitionsInIt) {
  Flow flow;
  flow.produce(0, "row", 3);
  flow.assign({0, 1});
  ASSERT_TRUE(flow.deliver(0));
  ASSERT_TRUE(flow.work());
  flow.advance(seconds(10));
  ASSERT_EQ(flow.batches.size(), 1u);
  const uint64_t batch = flow.batches[0]->id;
  flow.core.on_insert_failure(batch, {InsertFailure::Class::Operator, 516, "wrong password", 1}, flow.now);
  EXPECT_FALSE(flow.core.holds_batch_of(Partition{0})) << "it is tried again by itself";
  flow.core.on_insert_failure(batch, {InsertFailure::Class::Operator, 27, "refused alike", 4, true}, flow.now);
  EXPECT_TRUE(flow.core.holds_batch_of(Partition{0}));
  EXPECT_FALSE(flow.core.holds_batch_of(Partition{1}));
  flow.settle();
  EXPECT_FALSE(flow.core.holds_batch_of(Partition{0}));
}

}  // namespace
}  // namespace freshet::flow
