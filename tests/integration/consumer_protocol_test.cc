// The consumer group protocol of KIP-848 with a real broker, where librdkafka has it: renewals under load, and what
// happens to a member's partitions when its process ends.
#include <gtest/gtest.h>
#include <librdkafka/rdkafka.h>
#include <signal.h>

#include "group_test.h"
#include "testkit/librdkafka_version.h"

namespace freshet {
namespace {

using namespace std::chrono_literals;
using testkit::eventually;
using testkit::GroupMember;

struct ConsumerProtocolTest : testkit::GroupTest {
  ConsumerProtocolTest() : GroupTest(kPartitions) {}
  static void SetUpTestSuite() {
    start_servers({{"group.consumer.min.session.timeout.ms", "5000"},
                   {"group.consumer.session.timeout.ms", "6000"},
                   {"group.consumer.heartbeat.interval.ms", "5000"}});
  }
  void SetUp() override {
    constexpr int kHasTheProtocol = 0x02040000;
    if (rd_kafka_version() < kHasTheProtocol) GTEST_SKIP() << testkit::librdkafka_lacks("the protocol of KIP-848");
  }
  std::vector<std::string> args_of(const std::string& id) const {
    std::vector<std::string> more = {"--set", "kafka.group.protocol=consumer"};
    if (!id.empty()) more.insert(more.end(), {"--group-instance-id", topic + id});
    return args(more);
  }
  using Group = std::vector<std::unique_ptr<GroupMember>>;
  Group two_members(const std::string& first, const std::string& second) const {
    Group group;
    for (const std::string& id : {first, second}) group.push_back(std::make_unique<GroupMember>(args_of(id)));
    EXPECT_TRUE(settles(group)) << group[0]->log() << group[1]->log();
    return group;
  }
  static bool settles(const Group& group) {
    return eventually(60s, [&] {
      return std::all_of(group.begin(), group.end(), [&](const auto& one) {
        return one->status().partitions.size() == kPartitions / group.size();
      });
    });
  }
  void renew_five_times(GroupMember& member, bool keeps_its_partitions) const {
    for (int i = 0; i < 5; ++i) {
      const auto report = member.renew();
      ASSERT_TRUE(report) << member.log();
      EXPECT_EQ(report->result, RenewalResult::Renewed) << report->error;
      EXPECT_EQ(report->mode, RenewalMode::Rejoin) << "two clients cannot have one id in this protocol";
      EXPECT_TRUE(report->assignment_kept || !keeps_its_partitions);
    }
  }
  void expect_each_once(uint64_t produced) const {
    EXPECT_TRUE(eventually(60s, [&] { return different() >= produced; })) << missing(produced);
    EXPECT_EQ(rows(), produced);
    EXPECT_EQ(different(), produced);
  }

  static constexpr int kPartitions = 4;
};

// The others may get the partitions for a moment, if one sends its heartbeat between leave and join.
TEST_F(ConsumerProtocolTest, ARenewalLeavesAndRejoinsAndStoresEverythingOnce) {
  Group group = two_members("", "");
  testkit::Load load(*kafka_, topic, kPartitions, 1ms);
  renew_five_times(*group[0], false);
  EXPECT_TRUE(settles(group)) << group[0]->log() << group[1]->log();
  expect_each_once(load.stop());
}

TEST_F(ConsumerProtocolTest, WithAnIdOfTheOperatorARenewalMovesNoPartition) {
  Group group = two_members("-a", "-b");
  testkit::Load load(*kafka_, topic, kPartitions, 1ms);
  const uint64_t rebalances = group[1]->status().rebalances;
  renew_five_times(*group[0], true);
  EXPECT_EQ(group[1]->status().rebalances, rebalances);
  expect_each_once(load.stop());
}

TEST_F(ConsumerProtocolTest, AMemberThatStopsLeavesItsPartitionsToTheOthers) {
  Group group = two_members("", "");
  group[0]->stop();
  EXPECT_TRUE(eventually(30s, [&] { return group[1]->status().partitions.size() == kPartitions; })) << group[1]->log();
}

// The broker keeps the id of a killed process until its session times out, and refuses it to the next one until then.
TEST_F(ConsumerProtocolTest, AProcessWithAnIdThatIsKilledGetsItsPartitionsBack) {
  std::vector<std::string> command = args_of("-a");
  command.insert(command.begin(), "run");
  testkit::FreshetProcess killed(command);
  ASSERT_TRUE(eventually(60s, [&] { return killed.output().find("partitions_assigned") != std::string::npos; }));
  killed.process().signal(SIGKILL);
  GroupMember next(args_of("-a"));
  EXPECT_TRUE(eventually(60s, [&] { return next.status().partitions.size() == kPartitions; })) << next.log();
  EXPECT_NE(next.log().find("another process has this --group-instance-id"), std::string::npos) << next.log();
}

}  // namespace
}  // namespace freshet
