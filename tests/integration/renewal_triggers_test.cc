// Triggers of a renewal: timer and live keys, requests, clock ticks, changed credentials, no progress.
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <numeric>
#include <set>

#include "group_test.h"
#include "http/http_client.h"
#include "testkit/freshet_process.h"
#include "testkit/tcp_proxy.h"

namespace freshet {
namespace {

using namespace std::chrono_literals;
using testkit::eventually;
using testkit::GroupMember;

constexpr const char* kLogin = "listener.name.sasl.plain.sasl.jaas.config";

struct RenewalTriggersTest : testkit::GroupTest {
  RenewalTriggersTest() : GroupTest(kPartitions) {}
  static void SetUpTestSuite() {
    proxy_port_ = testkit::free_port();
    proxied_port_ = testkit::free_port();
    sasl_port_ = testkit::free_port();
    start_servers(
        {{"listener.name.sasl.sasl.enabled.mechanisms", "PLAIN"},
         {kLogin, testkit::KafkaServer::plain_login("app", "f1rst-pass")},
         {"group.initial.rebalance.delay.ms", "500"}},
        {{"PROXIED", "PLAINTEXT", proxied_port_, proxy_port_}, {"SASL", "SASL_PLAINTEXT", sasl_port_, sasl_port_}});
  }
  // With the arguments for another listener than the plain one.
  std::vector<std::string> args_by(int port, const std::vector<std::string>& more) const {
    std::vector<std::string> all = args(more);
    all[1] = fmt::format("127.0.0.1:{}", port);
    return all;
  }
  void produce(uint64_t id, int32_t partition = 0) {
    client->produce(topic, {partition, -1, std::nullopt, fmt::format(R"({{"id":{}}})", id), {}, 0});
    client->flush();
  }
  static bool assigned(const GroupMember& member) { return member.status().assigned; }

  static constexpr int kPartitions = 4;
  static int proxy_port_;    // advertised
  static int proxied_port_;  // the broker's own port
  static int sasl_port_;
};

int RenewalTriggersTest::proxy_port_ = 0;
int RenewalTriggersTest::proxied_port_ = 0;
int RenewalTriggersTest::sasl_port_ = 0;

// The consumers of a member while its keys change.
void toggle(GroupMember& member, const std::string& group,
            const std::function<void(const std::string& key, const std::string& value)>& set) {
  const std::string flag = "kafka_consumer_periodic_restart__" + group;
  const std::string interval = "kafka_consumer_periodic_restart_interval_secs__" + group;
  const auto consumers = [&] { return member.status().consumer_number; };
  const auto renewals_within = [&](Duration limit, uint64_t count) {
    const uint64_t before = consumers();
    return eventually(std::chrono::duration_cast<std::chrono::milliseconds>(limit),
                      [&] { return consumers() >= before + count; });
  };
  // One that was requested before the change may still come, late on a busy machine.
  const auto renews_no_more = [&] { return eventually(60s, [&] { return !renewals_within(4s, 1); }); };
  ASSERT_TRUE(eventually(60s, [&] { return member.status().assigned; })) << member.log();
  const uint64_t rebalances = member.status().rebalances;
  set(interval, "1");
  EXPECT_FALSE(renewals_within(2500ms, 1)) << "it is not on";
  set(flag, "True");
  EXPECT_TRUE(renewals_within(60s, 1)) << "on: it is older already\n" << member.log();
  EXPECT_TRUE(renewals_within(60s, 3)) << "and again and again";
  set(interval, "3600");
  ASSERT_TRUE(eventually(60s, [&] { return member.service().options().renewal.interval == 3600s; }));
  EXPECT_TRUE(renews_no_more()) << "longer";
  set(interval, "2");
  EXPECT_TRUE(renewals_within(60s, 1)) << "shorter, counted from the consumer's start";
  set(flag, "0");
  ASSERT_TRUE(eventually(60s, [&] { return !member.service().options().renewal.enabled; }));
  EXPECT_TRUE(renews_no_more()) << "off";
  EXPECT_EQ(member.status().rebalances, rebalances) << "no renewal was a rebalance";
}

TEST_F(RenewalTriggersTest, LiveKeysInRedisCountOnTheRunningConsumer) {
  testkit::RedisServer redis;
  GroupMember member(args({"--runtime-config", fmt::format("redis://127.0.0.1:{}/1", redis.port())}));
  toggle(member, topic, [&](const auto& key, const auto& value) { redis.set("snuba-config", key, value); });
  const std::string flag = "kafka_consumer_periodic_restart__" + topic;
  const auto enabled = [&] { return member.service().options().renewal.enabled; };
  redis.set("snuba-config", flag, "1");
  EXPECT_TRUE(eventually(60s, [&] { return enabled(); }));
  redis.set("snuba-config", flag, "maybe");
  EXPECT_TRUE(eventually(60s, [&] { return !enabled(); })) << "a bad value is off";
  member.stop();
  EXPECT_NE(member.log().find("renewal_timer_changed"), std::string::npos);
  EXPECT_NE(member.log().find("runtime_option_refused"), std::string::npos) << member.log();
}

TEST_F(RenewalTriggersTest, LiveKeysInAFileCountOnTheRunningConsumer) {
  testkit::TempFolder folder;
  std::map<std::string, std::string> keys;
  const auto write = [&] {
    std::ofstream file(folder.path("new"));
    for (const auto& [key, value] : keys) file << key << ": " << value << '\n';
    file.close();
    std::filesystem::rename(folder.path("new"), folder.path("options.yaml"));
  };
  write();
  GroupMember member(args({"--runtime-config", "file:" + folder.path("options.yaml")}));
  toggle(member, topic, [&](const auto& key, const auto& value) {
    keys[key] = value;
    write();
  });
}

TEST_F(RenewalTriggersTest, AnOperatorAsksBySignalByCommandAndOverHttp) {
  const int port = testkit::free_port();
  std::vector<std::string> command = args({"--admin-listen", fmt::format("127.0.0.1:{}", port)});
  command.insert(command.begin(), "run");
  testkit::FreshetProcess freshet(command);
  produce(1);
  ASSERT_TRUE(eventually(60s, [&] { return rows() == 1; })) << freshet.output();
  const auto renewals = [&] {
    const std::string log = freshet.output();
    size_t count = 0;
    for (size_t at = 0; (at = log.find("renewal_ended", at)) != std::string::npos; ++at) ++count;
    return count;
  };
  freshet.process().signal(SIGUSR1);
  EXPECT_TRUE(eventually(60s, [&] { return renewals() == 1; })) << freshet.output();
  testkit::FreshetProcess renew({"renew", "--admin", fmt::format("127.0.0.1:{}", port)});
  EXPECT_EQ(renew.process().wait(60s), 0) << renew.output();
  EXPECT_NE(renew.output().find("renewed: static"), std::string::npos) << renew.output();
  EXPECT_NE(renew.output().find("group generation kept, assignment kept"), std::string::npos) << renew.output();
  produce(2);
  EXPECT_TRUE(eventually(60s, [&] { return rows() == 2; }));
  EXPECT_EQ(freshet.stop(), 0) << freshet.output();
  testkit::FreshetProcess nobody({"renew", "--admin", fmt::format("127.0.0.1:{}", port)});
  EXPECT_EQ(nobody.process().wait(60s), 1);
}

// A delay without a multiple before 2033: nothing that waits for its tick continues.
constexpr const char* kEndlessDelay = "1000000000";

// Set while the member runs, because otherwise the stop would wait for years.
TEST_F(RenewalTriggersTest, AStopWaitsForTheTickASecondSignalDrainsAThirdEndsAtOnce) {
  testkit::TempFolder folder;
  const std::string key = "quantized_rebalance_consumer_group_delay_secs__" + topic;
  for (const bool third : {false, true}) {
    std::ofstream(folder.path("options.yaml")) << key << ": 0\n";
    const int port = testkit::free_port();
    std::vector<std::string> command =
        args({"--runtime-config", "file:" + folder.path("options.yaml"), "--drain-timeout-ms", "20000",
              "--admin-listen", fmt::format("127.0.0.1:{}", port)});
    command.insert(command.begin(), "run");
    testkit::FreshetProcess freshet(command);
    const uint64_t before = rows();
    produce(before);
    ASSERT_TRUE(eventually(60s, [&] { return rows() == before + 1; })) << freshet.output();
    std::ofstream(folder.path("options.yaml")) << key << ": " << kEndlessDelay << '\n';
    ASSERT_TRUE(eventually(60s, [&] {
      return freshet.output().find(fmt::format("new={}", kEndlessDelay)) != std::string::npos;
    })) << freshet.output();
    freshet.process().signal(SIGTERM);
    ASSERT_TRUE(eventually(60s, [&] { return freshet.output().find("waiting_for_tick") != std::string::npos; }))
        << freshet.output();
    produce(before + 1);
    EXPECT_TRUE(eventually(60s, [&] { return rows() == before + 2; })) << "it consumes meanwhile";
    EXPECT_TRUE(freshet.process().running());
    if (third) {
      clickhouse_->freeze();
      produce(before + 2);
      EXPECT_TRUE(eventually(60s, [&] {
        http::Request status;
        status.url = fmt::format("http://127.0.0.1:{}/status", port);
        const auto answer = http::Client({}).send(status);
        return answer && answer->body.find("\"batches_in_flight\": 1") != std::string::npos;
      })) << freshet.output();
    }
    freshet.process().signal(SIGTERM);
    EXPECT_TRUE(eventually(60s, [&] { return freshet.output().find("drain_started") != std::string::npos; }))
        << freshet.output();
    if (third) freshet.process().signal(SIGTERM);
    EXPECT_EQ(freshet.process().wait(60s), third ? 1 : 0) << freshet.output();
    if (third) clickhouse_->thaw();
  }
}

TEST_F(RenewalTriggersTest, AMemberJoinsOnTheTickAndAStopBeforeEndsAtOnce) {
  std::vector<std::string> command = args({"--quantized-rebalance-consumer-group-delay-secs", kEndlessDelay});
  command.insert(command.begin(), "run");
  testkit::FreshetProcess waits(command);
  ASSERT_TRUE(eventually(60s, [&] { return waits.output().find("waiting_for_tick") != std::string::npos; }));
  EXPECT_EQ(waits.stop(60s), 0) << waits.output();
  EXPECT_EQ(waits.output().find("partitions_assigned"), std::string::npos);
  GroupMember member(args({"--quantized-rebalance-consumer-group-delay-secs", "3"}));
  EXPECT_TRUE(eventually(60s, [&] { return assigned(member); })) << member.log();
}

// A stale connection as in production: open connections deliver nothing, without an error.
TEST_F(RenewalTriggersTest, AConnectionThatWentSilentIsNoticedAndReplaced) {
  testkit::TcpProxy proxy(static_cast<uint16_t>(proxy_port_), static_cast<uint16_t>(proxied_port_));
  GroupMember member(args_by(proxy_port_, {"--progress-timeout", "3"}));
  produce(1);
  ASSERT_TRUE(eventually(60s, [&] { return rows() == 1; })) << member.log();
  proxy.silence_open_connections();
  const auto silent_at = std::chrono::steady_clock::now();
  produce(2);
  EXPECT_TRUE(eventually(60s, [&] { return rows() == 2; })) << member.log();
  const std::chrono::duration<double> cured = std::chrono::steady_clock::now() - silent_at;
  std::cerr << fmt::format("cured after {:.1f} s\n", cured.count());
  ASSERT_TRUE(eventually(60s, [&] { return member.service().renewals().last().has_value(); })) << member.log();
  const auto last = member.service().renewals().last();
  EXPECT_EQ(last->reason, RenewalReason::Watchdog);
  EXPECT_TRUE(stops_in_time(member)) << member.log();
  EXPECT_EQ(rows(), 2u);
}

TEST_F(RenewalTriggersTest, ABrokerThatAcceptsAndNeverAnswersHangsNothing) {
  testkit::TcpProxy proxy(static_cast<uint16_t>(proxy_port_), static_cast<uint16_t>(proxied_port_));
  GroupMember member(args_by(proxy_port_, {"--progress-timeout", "3"}));
  produce(1);
  ASSERT_TRUE(eventually(60s, [&] { return rows() == 1; })) << member.log();
  proxy.silence_new_connections(true);
  proxy.silence_open_connections();
  produce(2);
  EXPECT_TRUE(eventually(60s, [&] {
    const auto open = member.service().renewals().open();
    return open && open->reason == RenewalReason::Watchdog;
  })) << member.log();
  proxy.silence_new_connections(false);
  EXPECT_TRUE(eventually(90s, [&] { return rows() == 2; })) << "it cures itself once the broker answers";
  proxy.silence_new_connections(true);
  proxy.silence_open_connections();
  EXPECT_TRUE(stops_in_time(member)) << member.log();
}

TEST_F(RenewalTriggersTest, ARotatedPasswordIsProvenBeforeTheConsumerIsGivenUp) {
  testkit::TempFolder folder;
  const auto write = [&](const std::string& password) {
    std::ofstream(folder.path("new")) << password << '\n';
    std::filesystem::rename(folder.path("new"), folder.path("password"));
  };
  write("f1rst-pass");
  GroupMember member(args_by(sasl_port_, {"--kafka-security-protocol", "sasl_plaintext", "--kafka-sasl-mechanism",
                                          "PLAIN", "--kafka-sasl-username", "app", "--kafka-sasl-password-file",
                                          folder.path("password"), "--dead-letter-topic", topic + "-dead"}));
  client->create_topic(topic + "-dead", 1);
  const auto spoil_one = [&] { client->produce(topic, {0, -1, std::nullopt, "no JSON", {}, 0}); };
  const auto dead_letters = [&] { return client->count(topic + "-dead"); };
  ASSERT_TRUE(eventually(60s, [&] { return assigned(member); })) << member.log();
  spoil_one();
  ASSERT_TRUE(eventually(60s, [&] { return dead_letters() == 1; })) << member.log();
  testkit::Load load(*kafka_, topic, kPartitions, 2ms);
  const uint64_t consumer = member.status().consumer_number;
  const auto result_is = [&](RenewalResult result) {
    const auto last = member.service().renewals().last();
    return last && last->result == result;
  };
  write("wr0ng-pass");
  EXPECT_TRUE(eventually(60s, [&] { return result_is(RenewalResult::Failed); })) << member.log();
  EXPECT_EQ(member.status().consumer_number, consumer) << "the running consumer continues";
  const uint64_t before = rows();
  EXPECT_TRUE(eventually(60s, [&] { return rows() > before; })) << "and consumes";
  // From now on the broker accepts another one, and closes connections that used the first.
  kafka_->stop();
  kafka_->set_property(kLogin, testkit::KafkaServer::plain_login("app", "s3cond-pass"));
  kafka_->start();
  write("s3cond-pass");
  EXPECT_TRUE(eventually(60s, [&] { return result_is(RenewalResult::Renewed); })) << member.log();
  EXPECT_TRUE(eventually(60s, [&] { return member.status().consumer_number > consumer; }));
  spoil_one();
  EXPECT_TRUE(eventually(60s, [&] { return dead_letters() >= 2; })) << "the producer logs in anew too\n"
                                                                    << member.log();
  const uint64_t produced = load.stop();
  EXPECT_TRUE(eventually(60s, [&] { return different() >= produced; })) << member.log();
  EXPECT_EQ(different(), produced);
  member.stop();
  for (const char* secret : {"f1rst-pass", "s3cond-pass", "wr0ng-pass"})
    EXPECT_EQ(member.log().find(secret), std::string::npos);
}

struct Fleet {
  Fleet(const RenewalTriggersTest& test, const std::vector<std::string>& more) {
    for (int i = 0; i < 8; ++i) members.push_back(std::make_unique<GroupMember>(test.args(more)));
  }
  bool balanced() const {
    std::set<int32_t> generations;
    size_t partitions = 0;
    for (const auto& member : members) {
      const StreamStatus status = member->status();
      if (!status.assigned) return false;
      generations.insert(status.generation);
      partitions += status.partitions.size();
    }
    return generations.size() == 1 && partitions == RenewalTriggersTest::kPartitions;
  }
  int32_t generation() const {
    int32_t highest = -1;
    for (const auto& member : members) highest = std::max(highest, member->status().generation);
    return highest;
  }
  uint64_t consumers() const {
    const auto numbers = consumers_of_each();
    return std::accumulate(numbers.begin(), numbers.end(), uint64_t{0});
  }
  std::vector<uint64_t> consumers_of_each() const {
    std::vector<uint64_t> numbers;
    for (const auto& member : members) numbers.push_back(member->status().consumer_number);
    return numbers;
  }
  std::vector<std::unique_ptr<GroupMember>> members;
};

TEST_F(RenewalTriggersTest, AFleetOfStaticMembersRenewsWithoutARebalance) {
  Fleet fleet(*this, {"--renew", "--renew-interval", "2", "--quantized-rebalance-consumer-group-delay-secs", "5"});
  ASSERT_TRUE(eventually(60s, [&] { return fleet.balanced(); })) << fleet.members[0]->log();
  const int32_t generation = fleet.generation();
  const uint64_t consumers = fleet.consumers();
  EXPECT_TRUE(eventually(120s, [&] { return fleet.consumers() >= consumers + 24; })) << fleet.members[0]->log();
  EXPECT_EQ(fleet.generation(), generation);
}

// Without static membership a renewal leaves and joins, and each member does so at most once a tick, however short its
// interval is. A slow machine makes renewals rarer, never more frequent. The broker merges what comes within
// group.initial.rebalance.delay.ms into one rebalance; the number is printed, because it depends on the machine.
TEST_F(RenewalTriggersTest, EachMemberOfAFleetRenewsAtMostOnceATick) {
  constexpr int64_t kTick = 6;
  Fleet fleet(*this, {"--renew", "--renew-interval", "2", "--no-static-membership",
                      "--quantized-rebalance-consumer-group-delay-secs", std::to_string(kTick)});
  ASSERT_TRUE(eventually(120s, [&] { return fleet.balanced(); })) << fleet.members[0]->log();
  const auto tick = [] {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::seconds>(now).count() / kTick;
  };
  const int64_t first_tick = tick();
  const std::vector<uint64_t> before = fleet.consumers_of_each();
  const uint64_t renewed_once = fleet.consumers() + before.size();
  std::set<int32_t> generations;
  EXPECT_TRUE(eventually(120s, [&] {
    for (const auto& member : fleet.members) {
      const StreamStatus status = member->status();
      if (status.assigned && status.generation > 0) generations.insert(status.generation);
    }
    return tick() >= first_tick + 3 && fleet.consumers() >= renewed_once && fleet.balanced();
  })) << fleet.members[0]->log();
  const std::vector<uint64_t> after = fleet.consumers_of_each();
  const int64_t ticks = tick() - first_tick;
  std::cerr << fmt::format("{} rebalances in {} ticks\n", generations.size() - 1, ticks);
  for (size_t i = 0; i < after.size(); ++i) {
    EXPECT_LE(static_cast<int64_t>(after[i] - before[i]), ticks + 1) << fleet.members[i]->log();
  }
}

}  // namespace
}  // namespace freshet
