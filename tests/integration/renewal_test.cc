// Renewal of the Kafka consumer with a real broker: no rebalance, nothing lost, nothing twice.
#include <gtest/gtest.h>

#include <filesystem>
#include <random>

#include "base/clock.h"
#include "group_state.h"
#include "group_test.h"

namespace freshet {
namespace {

using namespace std::chrono_literals;
using testkit::GroupMember;
using testkit::Pauses;

struct RenewalTest : testkit::GroupTest {
  RenewalTest() : GroupTest(kPartitions) {}
  static void SetUpTestSuite() { start_servers(); }
  std::unique_ptr<GroupMember> member(const std::vector<std::string>& more = {}) {
    return std::make_unique<GroupMember>(args(more));
  }

  static constexpr int kPartitions = 6;
};

bool balanced(const std::vector<std::unique_ptr<GroupMember>>& members, size_t each) {
  return std::all_of(members.begin(), members.end(),
                     [&](const auto& member) { return member->status().partitions.size() == each; });
}

TEST_F(RenewalTest, AGroupThatRenewsUnderLoadSeesNoRebalanceAndStoresEverythingOnce) {
  std::vector<std::unique_ptr<GroupMember>> members;
  for (int i = 0; i < 3; ++i) members.push_back(member());
  ASSERT_TRUE(testkit::eventually(60s, [&] {
    return balanced(members, 2) && std::all_of(members.begin(), members.end(), [](const auto& member) {
             return member->service().consumer().continuity == "static";
           });
  })) << members[0]->log();
  testkit::Load load(*kafka_, topic, kPartitions, 1ms);
  std::vector<uint64_t> rebalances;
  for (const auto& member : members) rebalances.push_back(member->status().rebalances);
  Pauses pauses;
  for (int round = 0; round < 12; ++round) {
    for (size_t i = 0; i < members.size(); ++i) {
      const auto report = members[i]->renew();
      ASSERT_TRUE(report) << members[i]->log();
      EXPECT_EQ(report->result, RenewalResult::Renewed) << report->error;
      EXPECT_EQ(report->mode, RenewalMode::Static);
      EXPECT_TRUE(report->generation_kept);
      EXPECT_TRUE(report->assignment_kept);
      pauses.add(*report);
    }
  }
  const uint64_t produced = load.stop();
  EXPECT_TRUE(testkit::eventually(60s, [&] { return different() >= produced; })) << different() << " of " << produced;
  for (size_t i = 0; i < members.size(); ++i) EXPECT_EQ(members[i]->status().rebalances, rebalances[i]);
  std::cout << pauses.text() << '\n';
  for (auto& member : members) member->stop();
  EXPECT_EQ(rows(), produced);
  EXPECT_EQ(different(), produced);
  if (HasFailure()) std::cout << members[0]->log() << members[1]->log() << members[2]->log();
}

// The running consumer learns of a rebalance only with its next heartbeat. A renewal before that would join into the
// rebalance, and nobody could commit what is stored until it is over.
TEST_F(RenewalTest, ARenewalDoesNotJoinIntoARebalanceThatTheConsumerDoesNotKnowOfYet) {
  const auto one = member({"--set", "kafka.heartbeat.interval.ms=8000"});
  ASSERT_TRUE(testkit::eventually(60s, [&] { return one->status().partitions.size() == kPartitions; }));
  ASSERT_TRUE(testkit::eventually(60s, [&] { return one->service().consumer().continuity == "static"; }));
  testkit::Load load(*kafka_, topic, kPartitions, 1ms);
  const testkit::GroupWatch coordinator(kafka_->bootstrap(), topic);
  std::unique_ptr<GroupMember> two;
  std::optional<RenewalReport> postponed;
  // Repeats if a heartbeat came before the renewal, or so early that nobody saw the rebalance.
  for (int round = 0; round < 10 && !postponed; ++round) {
    two.reset();
    ASSERT_TRUE(testkit::eventually(60s, [&] { return coordinator.members_at_rest() == 1; })) << one->log();
    two = member();
    ASSERT_TRUE(testkit::eventually(60s, [&] { return coordinator.rebalances() || two->status().assigned; }))
        << two->log();
    const auto report = one->renew();
    if (report && report->error.find("rebalancing") != std::string::npos) postponed = report;
  }
  ASSERT_TRUE(postponed) << one->log();
  EXPECT_EQ(postponed->result, RenewalResult::Postponed);
  EXPECT_TRUE(testkit::eventually(60s, [&] {
    return one->status().partitions.size() == kPartitions / 2 && two->status().partitions.size() == kPartitions / 2;
  })) << one->log();
  EXPECT_TRUE(testkit::eventually(60s, [&] {
    const auto report = one->renew();
    return report && report->result == RenewalResult::Renewed;
  })) << one->log();
  const uint64_t produced = load.stop();
  EXPECT_TRUE(testkit::eventually(60s, [&] { return different() >= produced; })) << different() << " of " << produced;
  one->stop();
  two->stop();
  EXPECT_EQ(rows(), produced) << one->log() << two->log();
}

TEST_F(RenewalTest, ThePauseDoesNotDependOnClickHouse) {
  clickhouse_->query("DROP TABLE " + topic);
  clickhouse_->query(
      fmt::format("CREATE TABLE {} (id UInt64, slow UInt8 DEFAULT sleep(2)) ENGINE = MergeTree ORDER BY id", topic));
  const auto one = member();
  ASSERT_TRUE(testkit::eventually(60s, [&] { return one->status().partitions.size() == kPartitions; }));
  testkit::Load load(*kafka_, topic, kPartitions, 1ms);
  ASSERT_TRUE(testkit::eventually(60s, [&] { return one->status().batches_in_flight > 0; }));
  Pauses pauses;
  for (int i = 0; i < 30; ++i) {
    const auto report = one->renew();
    ASSERT_TRUE(report) << one->log();
    EXPECT_EQ(report->result, RenewalResult::Renewed) << report->error;
    EXPECT_TRUE(report->generation_kept && report->assignment_kept);
    pauses.add(*report);
  }
  EXPECT_TRUE(testkit::eventually(60s, [&] { return one->status().batches_in_flight > 0; }));
  const uint64_t produced = load.stop();
  EXPECT_TRUE(testkit::eventually(60s, [&] { return different() >= produced; })) << different() << " of " << produced;
  one->stop();
  EXPECT_EQ(rows(), produced);
  std::cout << "every insert takes 2 s: " << pauses.text() << '\n';
  EXPECT_LT(pauses.at(0.5), 1'000) << "nothing of an insert's 2 s is in it";
}

TEST_F(RenewalTest, ADynamicMemberLeavesAndComesBackWithoutASecondRead) {
  const auto one = member({"--no-static-membership"});
  ASSERT_TRUE(testkit::eventually(60s, [&] { return one->status().partitions.size() == kPartitions; }));
  testkit::Load load(*kafka_, topic, kPartitions, 1ms);
  Pauses pauses;
  for (int i = 0; i < 3; ++i) {
    const auto report = one->renew();
    ASSERT_TRUE(report) << one->log();
    EXPECT_EQ(report->result, RenewalResult::Renewed) << report->error;
    EXPECT_EQ(report->mode, RenewalMode::Rejoin);
    EXPECT_FALSE(report->generation_kept);
    EXPECT_TRUE(report->assignment_kept);
    pauses.add(*report);
  }
  std::cout << "leave and rejoin: " << pauses.text() << '\n';
  const uint64_t produced = load.stop();
  EXPECT_TRUE(testkit::eventually(60s, [&] { return different() >= produced; }));
  EXPECT_TRUE(testkit::eventually(60s, [&] { return one->status().messages_consumed >= produced; }));
  EXPECT_EQ(one->status().messages_consumed, produced) << "a second read";
  one->stop();
  EXPECT_EQ(rows(), produced);
}

TEST_F(RenewalTest, TheGeneratedIdLeavesTheGroupAtTheEnd) {
  for (const bool configured : {false, true}) {
    std::vector<std::string> more = {"--set", "kafka.session.timeout.ms=120000"};
    if (configured) more = {"--group-instance-id", "mine", "--set", "kafka.session.timeout.ms=30000"};
    const auto leaver = member(more);
    const auto other = member();
    ASSERT_TRUE(testkit::eventually(60s, [&] {
      return leaver->status().partitions.size() == kPartitions / 2 &&
             other->status().partitions.size() == kPartitions / 2;
    }));
    ASSERT_TRUE(leaver->renew());
    const auto begun = std::chrono::steady_clock::now();
    leaver->stop();
    const auto all = [&] { return other->status().partitions.size() == kPartitions; };
    if (configured) {
      EXPECT_FALSE(testkit::eventually(5s, all)) << "an operator's own id keeps its partitions";
      continue;
    }
    EXPECT_TRUE(testkit::eventually(60s, all)) << "before the session timeout" << leaver->log();
    std::cout << fmt::format("the others had the partitions after {:.2f} s\n",
                             to_seconds(std::chrono::steady_clock::now() - begun));
  }
}

TEST_F(RenewalTest, NewPartitionsGetAnOwner) {
  // No consumer refreshes its metadata on its own.
  const std::vector<std::string> no_look = {"--set", "kafka.topic.metadata.refresh.interval.ms=600000"};
  const auto one = member(no_look);
  const auto two = member(no_look);
  ASSERT_TRUE(testkit::eventually(60s, [&] {
    return one->status().partitions.size() + two->status().partitions.size() == kPartitions && two->status().assigned;
  }));
  client->add_partitions(topic, kPartitions + 4);
  ASSERT_TRUE(testkit::eventually(60s, [&] { return client->partitions(topic) == kPartitions + 4; }));
  ASSERT_TRUE(one->renew());
  ASSERT_TRUE(two->renew());
  EXPECT_TRUE(testkit::eventually(
      60s, [&] { return one->status().partitions.size() + two->status().partitions.size() == kPartitions + 4; }))
      << one->status().partitions.size() << " and " << two->status().partitions.size() << one->log();
}

TEST_F(RenewalTest, AnIdFencedByAnotherIsGeneratedAgain) {
  const auto one = member();
  ASSERT_TRUE(testkit::eventually(60s, [&] { return one->status().partitions.size() == kPartitions; }));
  const std::string id = one->service().consumer().instance_id;
  ASSERT_TRUE(id.starts_with("freshet-")) << id;
  const auto thief = member({"--group-instance-id", id});
  EXPECT_TRUE(testkit::eventually(60s, [&] { return one->service().consumer().instance_id != id; })) << one->log();
  EXPECT_TRUE(testkit::eventually(60s, [&] {
    return one->status().partitions.size() == kPartitions / 2 && thief->status().partitions.size() == kPartitions / 2;
  })) << one->log();
}

TEST_F(RenewalTest, AConfiguredIdThatTwoProcessesUseBacksOffAndSaysSo) {
  const auto first = member({"--group-instance-id", "same"});
  ASSERT_TRUE(testkit::eventually(60s, [&] { return first->status().partitions.size() == kPartitions; }));
  const auto second = member({"--group-instance-id", "same"});
  EXPECT_TRUE(testkit::eventually(60s, [&] { return second->status().partitions.size() == kPartitions; }));
  EXPECT_TRUE(testkit::eventually(
      60s, [&] { return first->service().ready().reason.find("--group-instance-id same") != std::string::npos; }))
      << first->service().ready().reason << first->log();
  EXPECT_TRUE(testkit::stops_in_time(*first)) << "a stop ends the back-off";
}

TEST_F(RenewalTest, AConsumerThatCannotBeRenewedGoesOn) {
  const auto one = member();
  ASSERT_TRUE(testkit::eventually(60s, [&] { return one->status().partitions.size() == kPartitions; }));
  testkit::Load load(*kafka_, topic, kPartitions, 1ms);
  ASSERT_TRUE(testkit::eventually(60s, [&] { return rows() > 0; }));
  kafka_->stop();
  one->service().renewals().request(RenewalReason::Operator, "during an outage");
  ASSERT_TRUE(testkit::eventually(60s, [&] { return one->log().find("renewal_started") != std::string::npos; }))
      << one->log();
  EXPECT_EQ(one->status().consumer_number, 1u);
  kafka_->start();
  // A broker may take a minute to stop. The pause between attempts has grown to a minute then.
  EXPECT_TRUE(testkit::eventually(180s, [&] { return one->status().consumer_number >= 2; })) << one->log();
  const uint64_t produced = load.stop();
  EXPECT_TRUE(testkit::eventually(60s, [&] { return different() >= produced; })) << different() << " of " << produced;
  one->stop();
}

TEST_F(RenewalTest, AStopAtAnyMomentOfARenewalEndsWellAndLosesNothing) {
  testkit::Load load(*kafka_, topic, kPartitions, 500us);
  std::minstd_rand random(20261124);
  for (int i = 0; i < 10; ++i) {
    const auto one = member({"--drain-timeout-ms", "20000"});  // what is abandoned would be stored twice
    ASSERT_TRUE(testkit::eventually(60s, [&] { return one->status().partitions.size() == kPartitions; })) << one->log();
    ASSERT_TRUE(one->renew());  // later renewals start at once, because the broker's abilities are known
    one->service().renewals().request(RenewalReason::Operator, "then a stop");
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 60'000));
    EXPECT_TRUE(testkit::stops_in_time(*one)) << one->log();
  }
  const uint64_t produced = load.stop();
  const auto last = member();
  EXPECT_TRUE(testkit::eventually(60s, [&] { return different() >= produced; })) << different() << " of " << produced;
  last->stop();
  EXPECT_EQ(rows(), produced) << "and nothing twice";
}

struct Used {
  size_t threads;
  size_t files;
  size_t resident_kb;
};
Used used() {
  const auto count = [](const char* folder) {
    size_t n = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder)) ++n;
    return n;
  };
  std::ifstream statm("/proc/self/statm");
  size_t total = 0;
  size_t resident = 0;
  statm >> total >> resident;
  return {count("/proc/self/task"), count("/proc/self/fd"), resident * 4};
}

TEST_F(RenewalTest, HundredsOfRenewalsLeaveNothingBehind) {
  const auto one = member();
  ASSERT_TRUE(testkit::eventually(60s, [&] { return one->status().partitions.size() == kPartitions; }));
  testkit::Load load(*kafka_, topic, kPartitions, 2ms);
  Used before{};
  Pauses pauses;
  for (int i = 0; i < 300; ++i) {
    if (i == 50) before = used();
    const auto report = one->renew();
    ASSERT_TRUE(report) << one->log();
    ASSERT_EQ(report->result, RenewalResult::Renewed) << report->error << one->log();
    ASSERT_TRUE(report->generation_kept && report->assignment_kept);
    pauses.add(*report);
  }
  Used after{};
  const bool nothing_left = testkit::eventually(60s, [&] {  // clients may still be closing
    after = used();
    return after.threads <= before.threads + 60 && after.files <= before.files + 60 &&
           after.resident_kb <= before.resident_kb + 30'000;
  });
  std::cout << fmt::format("threads {} -> {}, files {} -> {}, resident {} -> {} KiB\n{}\n", before.threads,
                           after.threads, before.files, after.files, before.resident_kb, after.resident_kb,
                           pauses.text());
  EXPECT_TRUE(nothing_left);
  EXPECT_EQ(one->status().rebalances, 1u);
  const uint64_t produced = load.stop();
  EXPECT_TRUE(testkit::eventually(60s, [&] { return different() >= produced; }));
  one->stop();
  EXPECT_EQ(rows(), produced);
}

}  // namespace
}  // namespace freshet
