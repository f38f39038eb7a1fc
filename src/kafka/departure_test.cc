#include "kafka/departure.h"

#include <gtest/gtest.h>

namespace freshet::kafka {
namespace {

using std::chrono::milliseconds;
using Step = Departure::Step;
constexpr SteadyTime kStart{std::chrono::hours(1)};

TEST(DepartureTest, AStaticMemberLeavesBeforeItCloses) {
  Departure departure(Departure::Kind::Static);
  EXPECT_EQ(departure.next({1, 1, true, true}, kStart), Step::Unsubscribe);
  EXPECT_EQ(departure.next({1, 1, true, true}, kStart), Step::Wait);
  EXPECT_EQ(departure.next({1, 1, false, true}, kStart), Step::Close);
}

// The broker has the member already; its id, which is needed to remove it, is in the response.
TEST(DepartureTest, AMemberThatIsBeingTakenInIsAwaitedAndThenLeaves) {
  Departure departure(Departure::Kind::Static);
  EXPECT_EQ(departure.next({1, 0, false, false}, kStart), Step::Wait);
  EXPECT_EQ(departure.next({1, 1, false, false}, kStart), Step::Wait) << "the library is about to read the answer";
  EXPECT_EQ(departure.next({1, 1, true, false}, kStart), Step::Unsubscribe);
  EXPECT_EQ(departure.next({1, 1, false, false}, kStart), Step::Close);
}

// After a late poll the library has dropped the member id, but the broker still has the member.
TEST(DepartureTest, AMemberWhoseIdIsForgottenJoinsAgainToLeave) {
  Departure departure(Departure::Kind::Static);
  EXPECT_EQ(departure.next({1, 1, false, true}, kStart), Step::Wait);
  EXPECT_EQ(departure.next({2, 2, true, true}, kStart), Step::Unsubscribe);
}

TEST(DepartureTest, WhoNeverJoinedClosesAtOnce) {
  Departure departure(Departure::Kind::Static);
  EXPECT_EQ(departure.next({}, kStart), Step::Unsubscribe) << "so that it does not join any more";
  EXPECT_EQ(departure.next({}, kStart + milliseconds(99)), Step::Wait);
  EXPECT_EQ(departure.next({}, kStart + milliseconds(100)), Step::Close);
}

TEST(DepartureTest, ARequestToJoinThatWasOnItsWayIsMadeGood) {
  Departure departure(Departure::Kind::Static);
  EXPECT_EQ(departure.next({}, kStart), Step::Unsubscribe);
  EXPECT_EQ(departure.next({1, 0, false, false}, kStart + milliseconds(5)), Step::Subscribe);
  EXPECT_EQ(departure.next({1, 1, false, false}, kStart + milliseconds(3000)), Step::Wait) << "the library drops it";
  EXPECT_EQ(departure.next({2, 2, true, false}, kStart + milliseconds(3010)), Step::Unsubscribe);
  EXPECT_EQ(departure.next({2, 2, false, false}, kStart + milliseconds(3020)), Step::Close);
}

TEST(DepartureTest, ADynamicMemberWaitsForItsIdOnly) {
  Departure departure(Departure::Kind::Dynamic);
  EXPECT_EQ(departure.next({1, 0, false, false}, kStart), Step::Wait);
  EXPECT_EQ(departure.next({1, 1, true, false}, kStart), Step::Close);
  EXPECT_EQ(Departure(Departure::Kind::Dynamic).next({}, kStart), Step::Close);
}

TEST(DepartureTest, WhoIsRefusedIsNoMember) {
  for (const auto kind : {Departure::Kind::Static, Departure::Kind::Dynamic}) {
    Departure departure(kind);
    EXPECT_EQ(departure.next({1, 1, false, false}, kStart), Step::Wait) << "the answer may just have come";
    EXPECT_EQ(departure.next({1, 1, false, false}, kStart + milliseconds(100)),
              kind == Departure::Kind::Static ? Step::Unsubscribe : Step::Close);
    if (kind == Departure::Kind::Dynamic) continue;
    EXPECT_EQ(departure.next({1, 1, false, false}, kStart + milliseconds(150)), Step::Wait);
    EXPECT_EQ(departure.next({1, 1, false, false}, kStart + milliseconds(200)), Step::Close);
  }
}

TEST(DepartureTest, TheOperatorsOwnMemberStays) {
  EXPECT_EQ(Departure(Departure::Kind::Stays).next({1, 1, true, true}, kStart), Step::Close);
}

// What a broker answers with FENCED_INSTANCE_ID although no other process has the id.
TEST(GroupRequestsTest, AClientMayFenceItselfByALostJoinOrWithoutItsMemberId) {
  GroupRequests requests;
  requests.joins_sent = 1;
  EXPECT_FALSE(requests.may_have_fenced_itself(false)) << "another client joined meanwhile";
  requests.note_assignment();
  EXPECT_FALSE(requests.may_have_fenced_itself(true)) << "another client took over";
  EXPECT_TRUE(requests.may_have_fenced_itself(false))
      << "its session ended, and it sent a heartbeat without a member id";
  requests.joins_sent = 2;
  EXPECT_FALSE(requests.may_have_fenced_itself(false)) << "the join is what was fenced";
  requests.joins_unanswered = 1;
  EXPECT_TRUE(requests.may_have_fenced_itself(false)) << "an earlier join arrived behind it";
  EXPECT_TRUE(requests.may_have_fenced_itself(true)) << "or behind its answer";
}

}  // namespace
}  // namespace freshet::kafka
