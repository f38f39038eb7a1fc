// Errors from which a Kafka consumer recovers: the topic is deleted and created, the loop stops, the coordinator is
// silent.
#include <gtest/gtest.h>
#include <signal.h>

#include <iostream>

#include "group_test.h"
#include "http/http_client.h"
#include "testkit/freshet_process.h"
#include "testkit/tcp_proxy.h"

namespace freshet {
namespace {

using namespace std::chrono_literals;
using testkit::eventually;
using testkit::GroupMember;

struct RecoverableErrorsTest : testkit::GroupTest {
  RecoverableErrorsTest() : GroupTest(kPartitions) {}
  static void SetUpTestSuite() {
    proxy_port_ = testkit::free_port();
    proxied_port_ = testkit::free_port();
    start_servers({{"group.initial.rebalance.delay.ms", "0"}}, {{"PROXIED", "PLAINTEXT", proxied_port_, proxy_port_}});
  }
  void produce(int per_partition, int partitions) {
    for (int i = 0; i < per_partition * partitions; ++i) {
      client->produce(topic, {i % partitions, -1, std::nullopt, fmt::format(R"({{"id":{}}})", produced++), {}, 0});
    }
    client->flush();
  }
  void create_topic_again(int partitions) {
    // Until the broker knows of the deletion it acknowledges messages to the old topic, which are lost with it.
    ASSERT_TRUE(eventually(60s, [&] { return client->partitions(topic) == 0; }));
    ASSERT_TRUE(eventually(60s, [&] {
      try {
        client->create_topic(topic, partitions);
        return true;
      } catch (const std::exception&) {
        return false;  // the old topic is still being deleted
      }
    }));
    client = std::make_unique<testkit::KafkaClient>(kafka_->bootstrap());  // has no metadata of the old topic
  }
  testing::AssertionResult stores_all_once(GroupMember& member) const {
    eventually(60s, [&] { return different() >= produced; });
    if (rows() == produced && different() == produced) return testing::AssertionSuccess();
    return testing::AssertionFailure() << rows() << " rows, " << different() << " different, " << produced
                                       << " produced; missing " << missing(produced) << "; " << member.positions()
                                       << '\n'
                                       << member.log();
  }

  static constexpr int kPartitions = 4;
  static int proxy_port_;    // advertised
  static int proxied_port_;  // the broker's own port
  uint64_t produced = 0;
};

int RecoverableErrorsTest::proxy_port_ = 0;
int RecoverableErrorsTest::proxied_port_ = 0;

// The old topic's offsets are beyond the new one's end: --auto-offset-reset decides.
TEST_F(RecoverableErrorsTest, ATopicMadeAnewIsReadFromItsBeginning) {
  GroupMember member(args({"--set", "kafka.topic.metadata.refresh.interval.ms=1000"}));
  produce(20, kPartitions);
  ASSERT_TRUE(stores_all_once(member));
  // Each topic has fewer messages than the one before. A client that made no request while the topic was deleted cannot
  // tell a topic with as many messages from the old one (docs/renewal.md).
  int per_partition = 20;
  for (const int partitions : {kPartitions, 2, 6}) {
    client->delete_topic(topic);
    create_topic_again(partitions);
    per_partition /= 2;
    produce(per_partition, partitions);
    ASSERT_TRUE(stores_all_once(member)) << "made anew with " << partitions;
  }
  const auto report = member.renew();
  ASSERT_TRUE(report && report->result == RenewalResult::Renewed) << member.log();
  produce(1, 6);
  EXPECT_TRUE(stores_all_once(member));
}

TEST_F(RecoverableErrorsTest, ATopicThatWasGoneForAWhileIsReadFromItsBeginning) {
  GroupMember member(args());
  produce(20, kPartitions);
  ASSERT_TRUE(stores_all_once(member));
  client->delete_topic(topic);
  EXPECT_TRUE(eventually(60s, [&] { return member.log().find("UNKNOWN_TOPIC_OR_PART") != std::string::npos; }))
      << member.log();
  create_topic_again(kPartitions);
  produce(30, kPartitions);
  EXPECT_TRUE(stores_all_once(member));
  EXPECT_FALSE(member.ended());
  client->delete_topic(topic);
  EXPECT_TRUE(testkit::stops_in_time(member)) << member.log();
}

// The same offsets again. A table would drop the new topic's rows as repeats if insert tokens depended on offsets
// alone.
TEST_F(RecoverableErrorsTest, RowsOfATopicMadeAnewAreNoRepeatsToTheTable) {
  clickhouse_->query(fmt::format("ALTER TABLE {} MODIFY SETTING non_replicated_deduplication_window = 1000", topic));
  for (int round = 0; round < 2; ++round) {
    client->delete_topic(topic);
    create_topic_again(1);
    ASSERT_TRUE(eventually(60s, [&] { return client->committed(topic, topic)[0] < 0; })) << "offsets of the old topic";
    produce(10, 1);  // before the member starts, so that each time they are one batch
    GroupMember member(args());
    ASSERT_TRUE(stores_all_once(member)) << "round " << round << ", messages in the topic: " << client->count(topic);
  }
  EXPECT_EQ(rows(), 20u);
}

// The next consumer has no data that would tell the new topic from the old: it must not continue at the old offset.
TEST_F(RecoverableErrorsTest, ATopicMadeAnewWhileTheConsumerIsRenewedIsReadFromItsBeginning) {
  GroupMember member(args({"--admin-listen", "127.0.0.1:0"}));
  produce(10, kPartitions);
  ASSERT_TRUE(stores_all_once(member));
  const auto errors = [&] {  // the log has one a minute
    const std::string name = R"(freshet_kafka_errors_total{error="UNKNOWN_TOPIC_OR_PART"} )";
    http::Request metrics;
    metrics.url = member.service().admin_address() + "metrics";
    const auto answer = http::Client({}).send(metrics);
    const size_t at = answer ? answer->body.find(name) : std::string::npos;
    return at == std::string::npos ? 0 : std::stoll(answer->body.substr(at + name.size()));
  };
  for (int count = 20; count <= 40; count += 20) {  // more than before: the old offsets exist in the new topic
    const auto before = errors();
    client->delete_topic(topic);
    EXPECT_TRUE(eventually(60s, [&] { return errors() > before; })) << member.log();
    member.service().renewals().request(RenewalReason::Operator, "test");
    create_topic_again(kPartitions);
    produce(count, kPartitions);
    ASSERT_TRUE(stores_all_once(member)) << count;
  }
}

// One member's loop stops, another member's whole process stops, for longer than the poll interval. The group removes
// both, and a third member reads what they had read.
TEST_F(RecoverableErrorsTest, MembersThatStoodStillForTooLongComeBack) {
  std::vector<std::string> command = args(
      {"--max-poll-interval-ms", "10000", "--drain-timeout-ms", "4000", "--set", "kafka.session.timeout.ms=10000"});
  GroupMember other(command);
  GroupMember frozen(command);
  command.insert(command.begin(), "run");
  testkit::FreshetProcess stopped(command);
  const auto owned = [](const GroupMember& member) { return member.status().partitions.size(); };
  const auto balanced = [&] {
    return owned(other) > 0 && owned(frozen) > 0 && owned(other) + owned(frozen) < kPartitions;
  };
  ASSERT_TRUE(eventually(60s, balanced)) << stopped.output();
  testkit::Load load(*kafka_, topic, kPartitions, 2ms);
  ASSERT_TRUE(eventually(60s, [&] { return rows() > 0; }));
  const uint64_t rebalances = other.status().rebalances;
  frozen.freeze_loop(14s);
  stopped.process().signal(SIGSTOP);
  EXPECT_TRUE(eventually(60s, [&] { return other.status().rebalances > rebalances; })) << other.log();
  stopped.process().signal(SIGCONT);
  EXPECT_TRUE(eventually(60s, balanced)) << frozen.log() << stopped.output();
  produced = load.stop();
  EXPECT_TRUE(eventually(60s, [&] { return different() >= produced; })) << frozen.log() << stopped.output();
  EXPECT_EQ(different(), produced) << "nothing is lost";
  // The others may have read everything before it continues.
  EXPECT_TRUE(eventually(60s, [&] { return frozen.log().find("MAX_POLL_EXCEEDED") != std::string::npos; }))
      << frozen.log();
  std::cerr << fmt::format("{} messages, {} rows\n", produced, rows());
  EXPECT_EQ(stopped.stop(), 0) << stopped.output();
}

// The member loses its assignment if the coordinator is silent for longer than the session timeout.
TEST_F(RecoverableErrorsTest, ACoordinatorThatDoesNotAnswerIsFoundAgain) {
  testkit::TcpProxy proxy(static_cast<uint16_t>(proxy_port_), static_cast<uint16_t>(proxied_port_));
  std::vector<std::string> by_proxy =
      args({"--max-poll-interval-ms", "10000", "--drain-timeout-ms", "4000", "--set", "kafka.session.timeout.ms=6000"});
  by_proxy[1] = fmt::format("127.0.0.1:{}", proxy_port_);
  GroupMember member(by_proxy);
  ASSERT_TRUE(eventually(60s, [&] { return member.status().assigned; })) << member.log();
  testkit::Load load(*kafka_, topic, kPartitions, 2ms);
  ASSERT_TRUE(eventually(60s, [&] { return rows() > 0; }));
  proxy.silence_coordinator(true);
  EXPECT_TRUE(eventually(60s, [&] { return member.log().find("lost=true") != std::string::npos; })) << member.log();
  std::this_thread::sleep_for(1s);  // joins are not answered either
  EXPECT_FALSE(member.ended());
  proxy.silence_coordinator(false);
  EXPECT_TRUE(eventually(60s, [&] { return member.status().assigned; })) << member.log();
  produced = load.stop();
  EXPECT_TRUE(eventually(60s, [&] { return different() >= produced; })) << member.log();
  EXPECT_EQ(different(), produced) << "nothing is lost";
  std::cerr << fmt::format("{} messages, {} rows\n", produced, rows());
  const auto report = member.renew();
  EXPECT_TRUE(report && report->result == RenewalResult::Renewed) << member.log();
}

// SIGTERM at random moments of a renewal, to the program as an operator runs it.
TEST_F(RecoverableErrorsTest, ASigtermAtAnyMomentOfARenewalEndsWellAndLosesNothing) {
  testkit::Load load(*kafka_, topic, kPartitions, 500us);
  const testkit::Terminated terminated =
      testkit::terminate_while_renewing(args({"--drain-timeout-ms", "30000"}), 10, 60s);
  std::cerr << terminated.text() << '\n';
  produced = load.stop();
  GroupMember last(args());
  EXPECT_TRUE(stores_all_once(last)) << terminated.logs;
}

}  // namespace
}  // namespace freshet
