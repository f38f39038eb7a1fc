#include "supervisor/progress_policy.h"

#include <gtest/gtest.h>

namespace freshet::supervisor {
namespace {

using namespace std::chrono_literals;
using Ends = std::map<Partition, Offset>;

constexpr Duration kTimeout = 60s;
constexpr Partition kZero{0};
constexpr Partition kOne{1};

// Two partitions; the watchdog checks once a second.
struct ProgressPolicyTest : testing::Test {
  ProgressPolicyTest() {
    status.assigned = true;
    status.partitions = {{kZero, Offset{10}, {}, {}, {}, false, ""}, {kOne, Offset{20}, {}, {}, {}, false, ""}};
    status.statistics_at = now;
  }
  // One check and its advice.
  ProgressPolicy::Advice look() {
    if (client_speaks) status.statistics_at = now;
    policy.observe(now, status);
    const auto still = policy.still(now, timeout);
    if (!still.empty()) {
      asked += still.size();
      policy.looked_up(now, still, answers ? ends : Ends(), "timed out");
    }
    return policy.advise(now, timeout);
  }
  // All advice given during `time`, in order: "fN" = re-seek partition N, "R" = renew.
  std::string pass(Duration time) {
    std::string all;
    for (Duration d = 0s; d < time; d += 1s) {
      now += 1s;
      const auto advice = look();
      not_ready_reason = advice.not_ready_reason;
      for (const Partition p : advice.refetch) all += fmt(p.value);
      if (advice.renew) {
        all += "R";
        why = *advice.renew;
      }
    }
    return all;
  }
  static std::string fmt(int32_t p) { return "f" + std::to_string(p); }

  SteadyTime now{1000s};
  Duration timeout = kTimeout;
  StreamStatus status;
  Ends ends{{kZero, Offset{10}}, {kOne, Offset{20}}};
  bool answers = true;
  bool client_speaks = true;
  size_t asked = 0;
  std::string why;
  std::string not_ready_reason;
  ProgressPolicy policy;
};

TEST_F(ProgressPolicyTest, AQuietTopicIsNoFault) {
  EXPECT_EQ(pass(2h), "");
  EXPECT_GT(asked, 0u);
}

TEST_F(ProgressPolicyTest, PartitionsThatMoveAreNotAskedFor) {
  for (int i = 0; i < 600; ++i) {
    for (PartitionStatus& p : status.partitions) p.position = p.position.next();
    EXPECT_EQ(pass(1s), "");
  }
  EXPECT_EQ(asked, 0u);
}

TEST_F(ProgressPolicyTest, MessagesThatDoNotComeAreFetchedAnewThenTheConsumerIsRenewed) {
  ends[kZero] = Offset{11};
  EXPECT_EQ(pass(59s), "");
  EXPECT_EQ(pass(20s), "f0");
  EXPECT_EQ(policy.stuck(), 1u);
  EXPECT_EQ(pass(60s), "R");
  EXPECT_NE(why.find("partition 0 has messages from offset 10 on"), std::string::npos) << why;
}

// The topic was quiet for an hour before the message; the message has the whole timeout to arrive.
TEST_F(ProgressPolicyTest, TheTimeCountsFromWhenTheBrokerHadMessages) {
  EXPECT_EQ(pass(1h), "");
  ends[kOne] = Offset{21};
  EXPECT_EQ(pass(59s), "");
  EXPECT_EQ(pass(5s), "f1");
}

TEST_F(ProgressPolicyTest, ARemedyThatHelpsIsEnough) {
  ends[kZero] = Offset{11};
  EXPECT_EQ(pass(80s), "f0");
  status.partitions[0].position = Offset{11};
  EXPECT_EQ(pass(1h), "");
  EXPECT_EQ(policy.stuck(), 0u);
  EXPECT_EQ(not_ready_reason, "");
}

TEST_F(ProgressPolicyTest, TheEndThatAMarkerMakesIsReached) {
  ends[kZero] = Offset{11};  // a transaction marker at 10: no message
  EXPECT_EQ(pass(30s), "");
  status.partitions[0].position = Offset{11};  // as reported by an end-of-partition event
  EXPECT_EQ(pass(1h), "");
}

TEST_F(ProgressPolicyTest, PausedHeldAndDrainingHaveNothingToBring) {
  ends = {{kZero, Offset{99}}, {kOne, Offset{99}}};
  status.partitions[0].paused = true;
  status.partitions[1].blocked = "bad message";
  EXPECT_EQ(pass(1h), "");
  status.partitions[0].paused = false;
  EXPECT_EQ(pass(59s), "");  // counted from the resume
  EXPECT_EQ(pass(20s), "f0");
  status.draining = true;
  EXPECT_EQ(pass(1h), "");
  status.draining = false;
  status.assigned = false;
  EXPECT_EQ(pass(1h), "");
}

// The loop leaves messages in the client library, and the partition waits for its turn there.
TEST_F(ProgressPolicyTest, WhoHadNoChanceToDeliverIsHealthy) {
  ends[kZero] = Offset{11};
  status.partitions[0].offered_at = now;
  EXPECT_EQ(pass(1h), "");
  EXPECT_EQ(policy.stuck(), 0u);
}

TEST_F(ProgressPolicyTest, WhoDeliversNothingInItsTurnsIsNot) {
  ends[kZero] = Offset{11};
  std::string advice;
  for (int turn = 0; turn < 10 && advice.find('R') == std::string::npos; ++turn) {
    status.partitions[0].offered_at = now;
    advice += pass(40s);
  }
  EXPECT_EQ(advice, "f0R");
}

TEST_F(ProgressPolicyTest, ATurnBeforeTheMessagesCameShowsNothing) {
  EXPECT_EQ(pass(1h), "");
  status.partitions[0].offered_at = now;
  ends[kZero] = Offset{11};
  EXPECT_EQ(pass(1h), "");
  status.partitions[0].offered_at = now;
  EXPECT_EQ(pass(1s), "f0") << "but this one does";
  EXPECT_EQ(pass(1h), "") << "what is fetched anew must have its turn, too";
  status.partitions[0].offered_at = now;
  EXPECT_EQ(pass(1s), "R");
}

TEST_F(ProgressPolicyTest, AfterThreeRenewalsItIsReportedAndTriedLessOften) {
  ends[kZero] = Offset{11};
  EXPECT_EQ(pass(80s), "f0");
  EXPECT_EQ(pass(60s), "R");
  EXPECT_EQ(pass(60s), "R");
  EXPECT_EQ(pass(60s), "R");
  EXPECT_EQ(not_ready_reason, "");
  EXPECT_EQ(pass(60s), "R");
  EXPECT_NE(not_ready_reason.find("no progress, also after 3 renewals: partition 0"), std::string::npos)
      << not_ready_reason;
  EXPECT_EQ(pass(100s), "");
  EXPECT_EQ(pass(60s), "R");
  const std::string later = pass(2h);
  EXPECT_GE(later.size(), 10u) << later;  // it never gives up
  EXPECT_LE(later.size(), 16u) << later;
  status.partitions[0].position = Offset{11};
  EXPECT_EQ(pass(20s), "");
  EXPECT_EQ(not_ready_reason, "");
}

TEST_F(ProgressPolicyTest, ARebalanceOfTheRenewalDoesNotHideThatNothingMoves) {
  ends[kZero] = Offset{11};
  EXPECT_EQ(pass(140s), "f0R");
  for (int renewal = 0; renewal < 3; ++renewal) {
    status.assigned = false;
    pass(3s);
    status.assigned = true;
    EXPECT_EQ(pass(140s), "f0R");
  }
  EXPECT_NE(not_ready_reason, "");
}

TEST_F(ProgressPolicyTest, APartitionThatWentToAnotherMemberIsNoLongerOurs) {
  ends[kZero] = Offset{11};
  EXPECT_EQ(pass(340s), "f0RRRR");
  EXPECT_NE(not_ready_reason, "");
  status.partitions.erase(status.partitions.begin());
  pass(2s);
  EXPECT_EQ(not_ready_reason, "");
}

TEST_F(ProgressPolicyTest, ABrokerThatDoesNotAnswerWhileNothingComesIsAFault) {
  EXPECT_EQ(pass(600s), "");
  answers = false;
  EXPECT_EQ(pass(59s), "");
  EXPECT_EQ(pass(5s), "R");
  EXPECT_NE(why.find("no broker returns its end offset: timed out"), std::string::npos) << why;
  answers = true;
  EXPECT_EQ(pass(600s), "");
}

TEST_F(ProgressPolicyTest, ABrokerThatDoesNotAnswerWhileMessagesComeIsNone) {
  answers = false;
  for (int i = 0; i < 600; ++i) {
    if (i % 30 == 0) {
      for (PartitionStatus& p : status.partitions) p.position = p.position.next();
    }
    EXPECT_EQ(pass(1s), "");
  }
}

TEST_F(ProgressPolicyTest, AClientThatSaysNothingIsReplaced) {
  client_speaks = false;
  EXPECT_EQ(pass(59s), "");
  EXPECT_EQ(pass(5s), "R");
  EXPECT_NE(why.find("the Kafka client has sent no statistics for"), std::string::npos) << why;
  status.statistics_at = std::nullopt;  // the next client, which has not emitted statistics yet
  EXPECT_EQ(pass(300s), "");
}

TEST_F(ProgressPolicyTest, ZeroIsOffAndTheTimeoutIsLive) {
  ends[kZero] = Offset{11};
  timeout = 0s;
  EXPECT_EQ(pass(1h), "");
  timeout = 4s;
  EXPECT_EQ(pass(6s), "f0");
  EXPECT_EQ(pass(6s), "R");
}

}  // namespace
}  // namespace freshet::supervisor
