// Exactly-once delivery: random sequences of crashes, takeovers, rebalances, lost commits and inserts that arrive late
// leave every row in the table once. FRESHET_FLOW_SEED=N repeats one seed, FRESHET_FLOW_SEEDS=N runs that many.
#include <random>

#include "flow.h"
#include "seeds.h"

namespace freshet::flow {
namespace {

const char* const kFates[] = {"row", "row", "row", "row", "row", "row", "row", "bad", "skip"};
constexpr uint64_t kRefusedOneIn = 30;

constexpr Seeds kSeeds{.release = 4'000, .address_sanitizer = 400};

class RandomRun {
 public:
  explicit RandomRun(uint64_t seed) : random_(seed), flow_(settings(), options()) {
    partitions_ = static_cast<int32_t>(1 + below(4));
    flow_.names_no_row = below(2) == 0;
    for (int32_t p = 0; p < partitions_; ++p) flow_.assign({p});
    table_is_described_ = below(2) == 0;
  }

  void steps() {
    for (int step = 0; step < 600 && !testing::Test::HasFatalFailure(); ++step) {
      if (table_is_described_ && below(20) == 0) flow_.row_style.types = static_cast<int>(below(3));
      if (below(25) == 0) {
        fault();
      } else {
        work();
      }
      replace_ended_consumer();
    }
    flow_.settle();
    replace_ended_consumer();
    assign_all();
    flow_.settle();
    while (flow_.late_insert_arrives()) {
    }
    flow_.expect_complete();
    for (const auto& at : flow_.table) EXPECT_EQ(flow_.table.count(at), 1u) << at.first << ":" << at.second;
    EXPECT_EQ(flow_.guarantee_ended(), 0u);
    EXPECT_EQ(flow_.status().in_flight_bytes, 0u);
  }

 private:
  uint64_t below(uint64_t n) { return random_() % n; }
  FlowSettings settings() {
    FlowSettings settings = Flow::exactly_once();
    settings.side_outputs.commit_log = below(4) == 0;
    settings.memory_limit = 20'000 + below(200'000);
    settings.max_inserts_per_second = below(2) == 0 ? 0 : 2;
    return settings;
  }
  LiveOptions options() {
    LiveOptions options;
    options.max_batch_rows = 1 + below(60);
    options.max_batch_time = milliseconds(1 + below(3000));
    options.clickhouse_concurrency = static_cast<uint32_t>(1 + below(3));
    options.dead_letters_per_second = 0;
    return options;
  }
  int32_t any_partition() { return static_cast<int32_t>(below(static_cast<uint64_t>(partitions_))); }
  void assign_all() {
    for (int32_t p = 0; p < partitions_; ++p) {
      if (!flow_.owns(p)) flow_.assign({p});
    }
  }

  // A commit was unanswered when its partitions had to be given up.
  void replace_ended_consumer() {
    if (!flow_.pipeline.closed()) return;
    flow_.start_next_consumer();
    flow_.lose_everything();
  }

  void work() {
    const int32_t p = any_partition();
    const size_t batch = below(std::max<size_t>(1, flow_.batches.size()));
    switch (below(17)) {
      case 0:
      case 1:
        if (below(kRefusedOneIn) == 0) {
          flow_.produce(p, "refused", static_cast<int>(1 + below(5)));
        } else {
          flow_.produce(p, kFates[below(std::size(kFates))], static_cast<int>(1 + below(30)));
        }
        break;
      case 2:
      case 3:
      case 4:
        flow_.deliver(p, static_cast<int64_t>(1 + below(40)));
        break;
      case 5:
      case 6:
      case 7:
        flow_.work(below(std::max<size_t>(1, flow_.work_waits())));
        break;
      case 8:
      case 9:
        if (below(8) == 0 && flow_.takes_all(batch)) {
          flow_.block(batch);
        } else {
          flow_.write(batch);
        }
        break;
      case 10:
        flow_.dead_letter_result(below(std::max<size_t>(1, flow_.dead_letters.size())),
                                 below(3) == 0 ? Status(failure(ErrorKind::Retry, "later")) : Status());
        break;
      case 11:
      case 12:
        flow_.commit(below(5) != 0);
        break;
      case 13:
        flow_.advance(milliseconds(below(4000)));
        break;
      case 14:
        flow_.take_record(SideTopicName::CommitLog);
        break;
      case 15:
        flow_.one_poll(true);
        flow_.report_plans();
        flow_.deliver(p);
        flow_.one_poll(false);
        break;
      default:
        if (!flow_.revoke_waits() && !flow_.owns(p)) flow_.assign({p});
    }
  }

  void fault() {
    const int32_t p = any_partition();
    switch (below(6)) {
      case 5:
        flow_.refuse_for_size(below(std::max<size_t>(1, flow_.batches.size())));
        break;
      case 0:
        flow_.restart([this] { return below(2) == 0; });
        assign_all();
        break;
      case 1:
        flow_.hand_over(below(2) == 0);
        break;
      case 2:
        if (!flow_.revoke_waits() && flow_.owns(p)) flow_.revoke({p}, below(2) == 0);
        break;
      case 3:
        flow_.late_insert_arrives(below(4));
        break;
      default:
        if (flow_.library_is_at_end(p)) flow_.end_of(p);
    }
  }

  std::mt19937_64 random_;
  Flow flow_;
  int32_t partitions_ = 1;
  bool table_is_described_ = false;  // now and then, and its types change
};

TEST(FlowExactlyOnceTest, EveryRowIsStoredOnce) {
  run_seeds("flow_exactly_once_test", kSeeds, [](uint64_t seed) { RandomRun(seed).steps(); });
}

// --- single cases

struct ExactlyOnceTest : testing::Test {
  ExactlyOnceTest() {
    flow.assign({0});
    flow.names_no_row = true;
  }
  // Ten messages of partition 0 become a planned batch.
  void plan_ten(const std::string& fate = "row") {
    flow.produce(0, fate, 10);
    flow.deliver_and_process(0);
    flow.advance(seconds(3));
  }
  void expect_stored_once(int64_t messages) {
    EXPECT_EQ(flow.table.size(), static_cast<size_t>(messages));
    for (int64_t offset = 0; offset < messages; ++offset) EXPECT_EQ(flow.table.count({0, offset}), 1u) << offset;
  }

  Flow flow{Flow::exactly_once()};
};

TEST_F(ExactlyOnceTest, AnInsertWaitsUntilTheBrokerHasItsPlan) {
  plan_ten();
  EXPECT_TRUE(flow.batches.empty());
  ASSERT_TRUE(flow.commit_waits()) << "the plan is committed at once";
  EXPECT_EQ(flow.plan(0), "");
  flow.commit();
  EXPECT_EQ(flow.plan(0).substr(0, 11), "plan=10:10:");
  EXPECT_EQ(flow.committed(0), 0);
  ASSERT_EQ(flow.batches.size(), 1u);
  flow.settle();
  EXPECT_EQ(flow.committed(0), 10);
  EXPECT_EQ(flow.plan(0), "") << "nothing is planned any more";
}

TEST_F(ExactlyOnceTest, ARefusedPlanIsSentAgainBeforeItsInsert) {
  plan_ten();
  flow.commit(false);
  EXPECT_TRUE(flow.batches.empty());
  flow.advance(seconds(1));
  flow.commit();
  EXPECT_EQ(flow.batches.size(), 1u);
}

TEST_F(ExactlyOnceTest, TheNextOwnerRepeatsAnInsertWhoseAnswerWasLost) {
  plan_ten();
  flow.commit();
  flow.produce(0, "row", 10);
  flow.deliver_and_process(0);  // would make a larger batch now
  flow.restart([] { return true; });
  flow.assign({0});
  expect_stored_once(10);
  flow.settles_complete();
  expect_stored_once(20);
}

// The next owner has described the table, or not yet, or it was altered meanwhile.
TEST_F(ExactlyOnceTest, TheNextOwnerMayWriteRowsInAnotherFormat) {
  for (const int types : {0, 1, 2, 0}) {
    plan_ten();
    flow.commit();
    const std::string token = flow.again.at(0).planned_token;
    flow.restart([] { return true; });
    flow.row_style.types = types;
    flow.assign({0});
    flow.deliver_and_process(0);
    ASSERT_EQ(flow.again.size(), 1u);
    EXPECT_EQ(flow.again[0].planned_token, token);
    flow.settles_complete();
  }
  expect_stored_once(40);
  EXPECT_EQ(flow.guarantee_ended(), 0u);
}

TEST_F(ExactlyOnceTest, ARepeatedInsertMayHaveRowsOfSeveralTypes) {
  plan_ten();
  flow.commit();
  flow.restart([] { return true; });
  flow.assign({0});
  for (const int types : {2, 0, 1}) {
    flow.row_style.types = types;
    flow.deliver_and_process(0, 3);
  }
  flow.deliver_and_process(0);
  ASSERT_EQ(flow.again.size(), 1u);
  EXPECT_EQ(*flow.again[0].batch->layout, RowLayout()) << "as JSONEachRow";
  EXPECT_TRUE(flow.again[0].other_format);
  flow.restart([] { return false; });
  flow.assign({0});
  flow.settles_complete();
  expect_stored_once(10);
  EXPECT_EQ(flow.guarantee_ended(), 0u);
}

TEST_F(ExactlyOnceTest, PiecesKeepTheirTokensInAnotherFormat) {
  flow.produce(0, "row", 5);
  flow.produce(0, "refused");
  plan_ten();
  flow.commit();
  flow.write();
  flow.row_style.types = 1;
  for (int i = 0; i < 10; ++i) {
    flow.commit();
    flow.restart([] { return true; });
    flow.assign({0});
    flow.deliver_and_process(0);
    flow.commit();
    flow.write();
    flow.row_style.types = i % 3;
  }
  flow.settles_complete();
  EXPECT_EQ(flow.table.size(), 15u);
  for (const Position& at : flow.table) EXPECT_EQ(flow.table.count(at), 1u) << at.second;
  EXPECT_EQ(flow.guarantee_ended(), 0u);
}

TEST_F(ExactlyOnceTest, AnotherVersionOfTheProcessorStoresNoRowTwice) {
  plan_ten();
  flow.commit();
  flow.restart([] { return true; });
  flow.row_style.more = " with more";
  flow.assign({0});
  flow.settles_complete();
  expect_stored_once(10);
  EXPECT_EQ(flow.guarantee_ended(), 1u) << "in a table with partitions, rows might have moved";
}

TEST_F(ExactlyOnceTest, MessagesOfARecreatedTopicAreStored) {
  plan_ten();
  flow.commit();
  flow.restart([] { return true; });
  for (auto& message : flow.cluster->log[0]) message.timestamp_ms = 1;
  flow.assign({0});
  flow.settles_complete();
  EXPECT_EQ(flow.table.size(), 20u);
  EXPECT_EQ(flow.guarantee_ended(), 1u);
}

// An earlier version of freshet left no check: only rows that are the same have the same token.
TEST_F(ExactlyOnceTest, APlanWithoutACheckIsRepeatedIfTheRowsAreTheSame) {
  for (const bool same : {true, false}) {
    plan_ten();
    flow.commit();
    flow.restart([] { return true; });
    std::string plan = flow.plan(0);
    plan.resize(plan.rfind(':'));
    flow.set_plan(0, plan);
    if (!same) flow.row_style.types = 1;
    flow.assign({0});
    flow.settles_complete();
    EXPECT_EQ(flow.table.size(), same ? 10u : 30u);
    EXPECT_EQ(flow.guarantee_ended(), same ? 0u : 1u);
  }
}

// Nobody has sent the rows with their new token.
TEST_F(ExactlyOnceTest, WhatGetsANewTokenMayBeSplitForItsSize) {
  plan_ten();
  flow.commit();
  flow.restart([] { return false; });
  std::string plan = flow.plan(0);
  plan.resize(plan.rfind(':'));  // without its check
  flow.set_plan(0, plan);
  flow.row_style.types = 1;
  flow.assign({0});
  flow.deliver_and_process(0);
  flow.commit();
  ASSERT_EQ(flow.batches.size(), 1u);
  flow.refuse_for_size();
  flow.commit();
  EXPECT_EQ(flow.plan(0).substr(0, 9), "plan=5:5:");
  flow.settles_complete();
  expect_stored_once(10);
}

// The plan does not say which layout the rows of a span of several had, also not after a repair or a split: what the
// next owner makes of them cannot be compared, and it keeps the token.
TEST_F(ExactlyOnceTest, PiecesOfSeveralLayoutsKeepTheirTokensInOne) {
  flow.produce(0, "row", 4);
  flow.produce(0, "refused");
  flow.produce(0, "row", 5);
  plan_ten();
  flow.commit();
  flow.restart([] { return false; });
  flow.assign({0});
  for (const int types : {2, 0, 1}) {
    flow.row_style.types = types;
    flow.deliver_and_process(0, 6);
  }
  flow.deliver_and_process(0);
  flow.commit();
  flow.write();  // is refused, and split
  flow.commit();
  flow.write();
  for (const int types : {1, 0, 2, 1}) {
    flow.restart([] { return true; });
    flow.row_style.types = types;
    flow.assign({0});
    flow.deliver_and_process(0);
    flow.commit();
    flow.write();
    flow.commit();
  }
  flow.settles_complete();
  EXPECT_EQ(flow.table.size(), 19u);
  for (const Position& at : flow.table) EXPECT_EQ(flow.table.count(at), 1u) << at.second;
  EXPECT_EQ(flow.guarantee_ended(), 0u);
}

TEST_F(ExactlyOnceTest, AnInsertOfAFrozenMemberMayArriveAfterItsRepeat) {
  plan_ten();
  flow.commit();
  int asked = 0;
  flow.restart([&] { return asked++ == 1; });  // not now, but later
  flow.assign({0});
  flow.settles_complete();
  EXPECT_TRUE(flow.late_insert_arrives());
  expect_stored_once(10);
}

TEST_F(ExactlyOnceTest, ATakeoverCommitsNothingBeforeTheBrokersPlanIsKnown) {
  plan_ten();
  flow.commit();
  flow.hand_over();
  flow.write();
  flow.advance(seconds(3));
  EXPECT_FALSE(flow.commit_waits());
  flow.report_plans();
  EXPECT_TRUE(flow.commit_waits());
  flow.settles_complete();
  expect_stored_once(10);
}

TEST_F(ExactlyOnceTest, APlanOfAnotherOwnerIsReplayedAfterATakeover) {
  plan_ten();
  flow.commit();
  flow.write();
  flow.advance(seconds(3));
  flow.hand_over(false);
  flow.set_committed(0, 5);
  flow.set_plan(0, "plan=5:s");
  flow.report_plans();
  flow.settles_complete();
  expect_stored_once(10);
}

// Messages of the old position come in the same poll as the plan that another owner left.
TEST_F(ExactlyOnceTest, MessagesBehindAnOvertakenPlanAreReadAgain) {
  plan_ten();
  flow.settle();
  flow.produce(0, "row", 10);
  flow.deliver_and_process(0);
  flow.produce(0, "row", 10);
  flow.hand_over();
  flow.set_committed(0, 10);
  flow.set_plan(0, "plan=10:10:0123456789abcdef0123456789abcdef");
  flow.one_poll(true);
  flow.report_plans();
  flow.deliver(0);
  flow.one_poll(false);
  EXPECT_EQ(flow.work_waits(), 0u);
  flow.settles_complete();
  expect_stored_once(30);
}

TEST_F(ExactlyOnceTest, ATakeoverRecognisesACommitWhoseAnswerWasLost) {
  plan_ten();
  flow.hand_over(true);  // the commit arrived
  flow.report_plans();
  EXPECT_EQ(flow.status().abandoned, 0u);
  EXPECT_EQ(flow.batches.size(), 1u) << "its plan is acknowledged";
  flow.settles_complete();
  expect_stored_once(10);
}

TEST_F(ExactlyOnceTest, MessagesThatTheBrokerDeletedMeanwhileAreStored) {
  plan_ten();
  flow.produce(0, "row", 10);
  flow.fall_out_of_range(0, 15);
  flow.commit(false);
  flow.reset_offset(0, 15);
  flow.settles_complete();
  EXPECT_EQ(flow.table.count({0, 3}), 1u) << "it was in memory";
  EXPECT_EQ(flow.table.count({0, 17}), 1u);
}

TEST_F(ExactlyOnceTest, APlanThatIsNotReadableCostsTheGuaranteeAndNothingElse) {
  flow.set_plan(0, "another program's metadata");
  flow.revoke({0});
  flow.assign({0});
  EXPECT_EQ(flow.guarantee_ended(), 1u);
  plan_ten();
  flow.settles_complete();
  expect_stored_once(10);
}

TEST_F(ExactlyOnceTest, RejectedMessagesBecomeDeadLettersAndAreNeverInserted) {
  flow.produce(0, "row", 5);
  flow.produce(0, "refused");
  flow.produce(0, "row", 5);
  flow.deliver_and_process(0);
  flow.advance(seconds(3));
  for (int i = 0; i < 50 && flow.dead_letters.empty(); ++i) {
    flow.commit();
    flow.write();
    flow.advance(milliseconds(1100));
  }
  ASSERT_EQ(flow.dead_letters.size(), 1u);
  EXPECT_EQ(flow.plan(0), "plan=5:s,1:r,5:s") << "before the dead letter is produced";
  flow.restart([] { return false; });
  flow.assign({0});
  flow.settle();
  flow.expect_complete();
  EXPECT_EQ(flow.table.size(), 10u);
  EXPECT_EQ(flow.dead.count({0, 5}), 1u);
}

// What is finished behind an insert under way is not done again.
TEST_F(ExactlyOnceTest, TheNextOwnerDoesNotRepeatFinishedDeadLetters) {
  plan_ten();
  flow.produce(0, "row", 5);
  flow.produce(0, "bad", 5);
  flow.produce(0, "row", 5);
  flow.deliver_and_process(0);
  flow.advance(seconds(3));
  while (flow.commit()) {
  }
  ASSERT_EQ(flow.batches.size(), 2u);
  flow.write(1);
  while (flow.acknowledge()) {
  }
  flow.advance(seconds(2));
  flow.commit();
  EXPECT_TRUE(flow.plan(0).ends_with(",15:f")) << flow.plan(0);
  flow.restart([] { return false; });
  flow.assign({0});
  flow.settles_complete();
  EXPECT_EQ(flow.dead.size(), 5u);
  EXPECT_EQ(flow.table.size(), 20u);
}

TEST_F(ExactlyOnceTest, AViewThatFailedIsTriedAgainWithTheSameToken) {
  plan_ten();
  flow.commit();
  flow.block();
  expect_stored_once(10);
  EXPECT_TRUE(flow.batches.empty());
  flow.advance(seconds(5));
  EXPECT_EQ(flow.batches.size(), 1u);
  flow.settles_complete();
  expect_stored_once(10);
}

TEST_F(ExactlyOnceTest, AnInsertThatMayBeStoredIsNotSplitForItsSize) {
  plan_ten();
  flow.commit();
  flow.restart([] { return true; });
  flow.assign({0});
  flow.deliver_and_process(0);
  ASSERT_EQ(flow.batches.size(), 1u);
  flow.refuse_for_size();
  flow.settles_complete();
  expect_stored_once(10);
}

TEST_F(ExactlyOnceTest, ANewInsertThatIsTooLargeIsSplit) {
  plan_ten();
  flow.commit();
  flow.refuse_for_size();
  flow.commit();
  EXPECT_EQ(flow.plan(0).substr(0, 9), "plan=5:5:");
  flow.settles_complete();
  expect_stored_once(10);
}

TEST_F(ExactlyOnceTest, AnInsertThatIsTooLateIsSentOnceTheBrokerConfirmsItsPlan) {
  plan_ten();
  flow.commit();
  flow.expire();
  EXPECT_TRUE(flow.batches.empty());
  ASSERT_TRUE(flow.pipeline.closed());
  EXPECT_EQ(flow.pipeline.end(), End::Broken);
  flow.start_next_consumer();
  flow.lose_everything();
  flow.assign({0});
  EXPECT_EQ(flow.batches.size(), 1u);
  flow.settles_complete();
  expect_stored_once(10);
}

// The process may have stood still meanwhile, and another one may own the partition.
TEST_F(ExactlyOnceTest, APlanThatWasCommittedLongAgoIsCommittedAgainBeforeItsInsert) {
  plan_ten();
  flow.pipeline.pause_batches(true);
  const SteadyTime planned_at = flow.now;
  flow.commit();
  flow.advance(std::chrono::minutes(6));
  flow.pipeline.pause_batches(false);
  flow.turn();
  EXPECT_TRUE(flow.batches.empty());
  const SteadyTime confirmed_at = flow.now;
  ASSERT_GT(confirmed_at, planned_at);
  ASSERT_TRUE(flow.commit());
  ASSERT_EQ(flow.again.size(), 1u);
  EXPECT_EQ(flow.again.front().not_after, (confirmed_at + std::chrono::minutes(10)).time_since_epoch());
  flow.settles_complete();
  expect_stored_once(10);
}

// They wait until somebody owns the partition, and the other partitions go on.
TEST_F(ExactlyOnceTest, PlannedInsertsOfASuspendedPartitionDoNotHoldBackTheOthers) {
  flow.assign({0, 1});
  LiveOptions options;
  options.clickhouse_concurrency = 1;
  flow.set_options(options);
  plan_ten();
  flow.commit_but({0}, true);
  plan_ten();
  flow.commit_but({0}, true);
  flow.revoke({0});
  while (flow.commit_but({0}, true)) {
  }
  flow.advance(seconds(9));
  ASSERT_FALSE(flow.revoke_waits());
  ASSERT_EQ(flow.status().batches_in_flight, 2u);
  flow.produce(1, "row", 10);
  flow.deliver_and_process(1);
  flow.advance(seconds(3));
  flow.commit();
  EXPECT_EQ(flow.batches.size(), 1u);
}

TEST_F(ExactlyOnceTest, ATruncationIsFoundWhileThePartitionIsBlocked) {
  const std::string hash = "0123456789abcdef0123456789abcdef";
  flow.set_plan(0, "plan=5:5:" + hash + ",20:20:" + hash);
  flow.revoke({0});
  flow.assign({0});
  flow.produce(0, "row", 10);
  flow.deliver(0);
  while (flow.work()) {
  }
  flow.commit();
  ASSERT_TRUE(flow.block());
  flow.end_of(0);
  flow.advance(seconds(30));
  flow.settle();
  EXPECT_EQ(flow.committed(0), 10);
  expect_stored_once(10);
}

TEST_F(ExactlyOnceTest, TheRestOfATruncatedPlanIsVoid) {
  for (const int64_t offset : {0, 1, 2}) flow.table.insert({0, offset});
  flow.set_plan(0, "plan=3:s,20:20:0123456789abcdef0123456789abcdef");
  flow.revoke({0});
  flow.assign({0});
  flow.produce(0, "row", 10);
  flow.deliver(0);
  while (flow.work()) {
  }
  flow.end_of(0);
  flow.advance(seconds(29));
  EXPECT_EQ(flow.guarantee_ended(), 0u);
  flow.advance(seconds(1));
  EXPECT_EQ(flow.guarantee_ended(), 2u) << "truncated, and the insert has fewer rows";
  flow.produce(0, "row", 5);
  flow.settle();
  EXPECT_EQ(flow.committed(0), 15);
  expect_stored_once(15);
}

// The mode does not matter for what another process has planned.
TEST(ExactlyOnceHandOverTest, AtLeastOnceDeliveryHonoursAPlan) {
  Flow flow;
  flow.produce(0, "row", 30);
  for (const int64_t offset : {0, 1, 2, 3}) flow.table.insert({0, offset});
  flow.set_plan(0, "plan=4:s,7:7:0123456789abcdef0123456789abcdef");
  flow.assign({0});
  flow.deliver_and_process(0);
  while (flow.work()) {
  }
  for (int i = 0; i < 3; ++i) {
    flow.advance(seconds(3));
    flow.commit();
  }
  std::set<std::string> spans;
  for (const auto& batch : flow.batches) spans.insert(batch->insert_token.substr(0, batch->insert_token.find('#')));
  EXPECT_EQ(spans, (std::set<std::string>{"t:0:4-10", "t:0:11-29"}));
  flow.settle();
  EXPECT_EQ(flow.committed(0), 30);
  EXPECT_EQ(flow.plan(0), "");
  EXPECT_EQ(flow.table.size(), 30u);
}

}  // namespace
}  // namespace freshet::flow
