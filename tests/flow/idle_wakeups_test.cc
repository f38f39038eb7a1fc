// When there is nothing to do, the loop must wait: after a turn, its next deadline is in the future.
#include "flow.h"

namespace freshet::flow {
namespace {

void expect_rest(Flow& flow) {
  flow.turn();
  EXPECT_GT(flow.pipeline.next_deadline(flow.now), flow.now);
}

TEST(IdleWakeupsTest, ADeadLetterThatIsToBeTriedAgainWakesNobodyBetweenTwoConsumers) {
  Flow flow;
  flow.produce(0, "bad");
  flow.assign({0});
  flow.deliver_and_process(0);
  flow.dead_letter_result(0, failure(ErrorKind::Retry, "no broker"));
  flow.source(SourceFault{{ErrorKind::Renew, 1, "the client has failed"}});
  ASSERT_TRUE(flow.pipeline.closed());
  flow.advance(seconds(2));
  expect_rest(flow);
}

TEST(IdleWakeupsTest, CogsRecordsThatAreToBeSentAgainWakeNobodyBetweenTwoConsumers) {
  Flow flow(Flow::with_side_outputs());
  flow.produce(0, "row");
  flow.assign({0});
  flow.deliver_and_process(0);
  flow.advance(seconds(3));
  flow.write();
  flow.advance(seconds(61));
  flow.give_back_records(SideTopicName::Cogs);
  flow.source(SourceFault{{ErrorKind::Renew, 1, "the client has failed"}});
  ASSERT_TRUE(flow.pipeline.closed());
  flow.advance(seconds(2));
  expect_rest(flow);
}

TEST(IdleWakeupsTest, OffsetsThatTheBrokerRejectsDuringARevokeWakeNobody) {
  Flow flow;
  flow.produce(0, "row", 20);
  flow.assign({0});
  for (int i = 0; i < 2; ++i) {
    flow.deliver_and_process(0, 10);
    flow.advance(seconds(3));
  }
  flow.write();
  flow.revoke({0});
  for (const bool for_good : {false, true}) {
    ASSERT_TRUE(flow.commit(false, for_good));
    expect_rest(flow);
    flow.advance(seconds(1));
    ASSERT_TRUE(flow.revoke_waits());
  }
  expect_rest(flow);
}

TEST(IdleWakeupsTest, RowsThatEnterNoBatchWhileTheGroupIsLeftWakeNobody) {
  Flow flow;
  flow.produce(0, "row", 10);
  flow.assign({0});
  flow.deliver_and_process(0);
  flow.leave();
  flow.advance(seconds(3));
  ASSERT_FALSE(flow.pipeline.closed());
  expect_rest(flow);
}

}  // namespace
}  // namespace freshet::flow
