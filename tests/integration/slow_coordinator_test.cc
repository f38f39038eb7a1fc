// Renewals with a coordinator that answers late, and during a rebalance: nothing twice, and a short pause.
#include "slow_coordinator.h"

#include <librdkafka/rdkafka.h>

#include "group_test.h"
#include "testkit/librdkafka_version.h"

namespace freshet {
namespace {

using namespace std::chrono_literals;
using testkit::eventually;
using testkit::GroupMember;
using testkit::KafkaApi;
using testkit::KafkaFault;

struct SlowCoordinatorTest : testkit::GroupTest {
  SlowCoordinatorTest() : GroupTest(kPartitions) {}
  static void SetUpTestSuite() {
    proxy_port_ = testkit::free_port();
    proxied_port_ = testkit::free_port();
    start_servers({}, {{"PROXIED", "PLAINTEXT", proxied_port_, proxy_port_}});
  }
  std::vector<std::string> args_by_proxy(const std::vector<std::string>& more = {}) const {
    std::vector<std::string> all = args(more);
    all[1] = fmt::format("127.0.0.1:{}", proxy_port_);
    return all;
  }
  void expect_all_once(uint64_t produced) {
    EXPECT_TRUE(eventually(60s, [&] { return different() >= produced; })) << different() << " of " << produced;
    std::this_thread::sleep_for(1s);  // repeated rows arrive soon
    EXPECT_EQ(rows(), produced);
  }

  static constexpr int kPartitions = 6;
  static int proxy_port_;    // advertised
  static int proxied_port_;  // the broker's own port
  testkit::KafkaProxy proxy{static_cast<uint16_t>(proxy_port_), static_cast<uint16_t>(proxied_port_)};
};

int SlowCoordinatorTest::proxy_port_ = 0;
int SlowCoordinatorTest::proxied_port_ = 0;

TEST_F(SlowCoordinatorTest, AJoinThatTakesFiveSecondsCostsNoRowTwice) {
  GroupMember one(args_by_proxy());
  GroupMember two(args());
  ASSERT_TRUE(eventually(60s, [&] {
    return one.status().partitions.size() == kPartitions / 2 && two.status().partitions.size() == kPartitions / 2;
  })) << one.log();
  testkit::Load load(*kafka_, topic, kPartitions, 1ms);
  for (const auto where : {KafkaFault::Where::Request, KafkaFault::Where::Answer}) {
    expect_short_pause(one, proxy, {{KafkaApi::JoinGroup}, where, 5s});
  }
  const uint64_t produced = load.stop();
  expect_all_once(produced);
  one.stop();
  two.stop();
  EXPECT_EQ(rows(), produced);
  if (HasFailure()) std::cout << one.log() << two.log();
}

TEST_F(SlowCoordinatorTest, AStopDuringSuchAJoinLeavesTheGroupAndLosesNothing) {
  GroupMember one(args_by_proxy({"--set", "kafka.session.timeout.ms=120000"}));
  GroupMember two(args());
  ASSERT_TRUE(eventually(60s, [&] {
    return one.status().partitions.size() == kPartitions / 2 && two.status().partitions.size() == kPartitions / 2 &&
           one.service().consumer().continuity == "static";
  })) << one.log();
  testkit::Load load(*kafka_, topic, kPartitions, 1ms);
  std::this_thread::sleep_for(1s);
  const size_t joins = proxy.count(KafkaApi::JoinGroup);
  proxy.set(KafkaApi::JoinGroup, KafkaFault::delay(KafkaFault::Where::Answer, 3s));
  one.service().renewals().request(RenewalReason::Operator, "test");
  ASSERT_TRUE(proxy.wait_for(KafkaApi::JoinGroup, joins + 1)) << one.log();
  std::this_thread::sleep_for(500ms);
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_TRUE(stops_in_time(one));
  EXPECT_TRUE(eventually(60s, [&] { return two.status().partitions.size() == kPartitions; })) << one.log();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
  std::cout << fmt::format("the other owned everything {:.1f} s after the stop\n", took.count());
  const uint64_t produced = load.stop();
  expect_all_once(produced);
}

// The drained insert takes at least as long as the next consumer needs to get ready.
TEST_F(SlowCoordinatorTest, ARenewalThatIsReadyWhileARevokeDrainsCostsNoRowTwice) {
  clickhouse_->query("DROP TABLE " + topic);
  clickhouse_->query(
      fmt::format("CREATE TABLE {} (id UInt64, slow UInt8 DEFAULT sleep(2.5)) ENGINE = MergeTree ORDER BY id", topic));
  GroupMember one(args());
  ASSERT_TRUE(eventually(60s, [&] {
    return one.status().partitions.size() == kPartitions && one.service().consumer().continuity == "static";
  })) << one.log();
  testkit::Load load(*kafka_, topic, kPartitions, 1ms);
  ASSERT_TRUE(eventually(60s, [&] { return one.status().batches_in_flight > 0; }));
  GroupMember two(args());
  ASSERT_TRUE(eventually(60s, [&] { return one.log().find("partitions_revoked") != std::string::npos; })) << one.log();
  one.service().renewals().request(RenewalReason::Operator, "while it drains");
  EXPECT_TRUE(eventually(60s, [&] {
    return one.status().partitions.size() == kPartitions / 2 && two.status().partitions.size() == kPartitions / 2;
  })) << one.log();
  const uint64_t produced = load.stop();
  expect_all_once(produced);
  one.stop();
  two.stop();
  EXPECT_EQ(one.log().find("revoke_drain_timeout"), std::string::npos) << one.log();
}

// A broker that stops names topics and no broker. librdkafka from 2.10 on then forgets all brokers, and may never
// connect again.
TEST_F(SlowCoordinatorTest, AConsumerThatWasToldOfNoBrokersReadsOn) {
  if (rd_kafka_version() < 0x020a0000) GTEST_SKIP() << testkit::librdkafka_lacks("a list of brokers that can become empty");
  GroupMember one(args_by_proxy({"--set", "kafka.topic.metadata.refresh.interval.ms=500"}));
  ASSERT_TRUE(eventually(60s, [&] { return one.status().partitions.size() == kPartitions; })) << one.log();
  testkit::Load load(*kafka_, topic, kPartitions, 10ms);
  ASSERT_TRUE(eventually(60s, [&] { return rows() > 0; })) << one.log();
  // Whether the library connects again by itself depends on the order in which its threads run.
  for (int i = 0; i < 6 && one.log().find("kafka_brokers_forgotten") == std::string::npos; ++i) {
    const size_t told = proxy.faults(KafkaApi::Metadata);
    proxy.set(KafkaApi::Metadata, KafkaFault::alter_answer(testkit::without_brokers));
    EXPECT_TRUE(eventually(60s, [&] { return proxy.faults(KafkaApi::Metadata) > told; })) << one.log();
    std::this_thread::sleep_for(500ms);
    proxy.clear();
    const uint64_t before = rows();
    ASSERT_TRUE(eventually(60s, [&] { return rows() > before; })) << one.log();
  }
  const uint64_t produced = load.stop();
  expect_all_once(produced);
  EXPECT_EQ(one.status().consumer_number, 1u) << one.log();
}

// The session ends, and the join that follows is delivered after the one that repeats it: it fences that one. Nobody
// else has the id.
TEST_F(SlowCoordinatorTest, AConsumerThatAJoinOfItsOwnFencesKeepsItsId) {
  GroupMember one(args_by_proxy({"--set", "kafka.session.timeout.ms=6000", "--group-instance-id", "own"}));
  ASSERT_TRUE(eventually(60s, [&] { return one.status().partitions.size() == kPartitions; })) << one.log();
  const size_t joins = proxy.count(KafkaApi::JoinGroup);
  KafkaFault late = KafkaFault::deliver_late(3s);
  late.times = 1;
  proxy.set(KafkaApi::JoinGroup, late);
  proxy.set(KafkaApi::Heartbeat, KafkaFault::swallow(KafkaFault::Where::Request));
  ASSERT_TRUE(proxy.wait_for(KafkaApi::JoinGroup, joins + 1)) << one.log();
  proxy.clear(KafkaApi::Heartbeat);
  ASSERT_TRUE(eventually(60s, [&] { return one.log().find("consumer_ended") != std::string::npos; })) << one.log();
  EXPECT_TRUE(eventually(60s, [&] {
    return one.status().consumer_number >= 2 && one.status().partitions.size() == kPartitions;
  })) << one.log();
  EXPECT_NE(one.log().find("consumer_fenced_itself"), std::string::npos) << one.log();
  EXPECT_EQ(one.log().find("each process needs its own"), std::string::npos) << one.log();
}

}  // namespace
}  // namespace freshet
