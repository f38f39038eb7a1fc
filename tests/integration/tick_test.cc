// Members join first and leave on ticks of the wall clock, for every source of the quantized delay.
#include <gtest/gtest.h>

#include <fstream>
#include <iostream>

#include "base/clock.h"
#include "group_test.h"
#include "testkit/kafka_proxy.h"
#include "testkit/tcp_proxy.h"

namespace freshet {
namespace {

using namespace std::chrono_literals;
using testkit::eventually;
using testkit::GroupMember;
using testkit::KafkaApi;
using Wall = std::chrono::system_clock;

constexpr auto kTick = 3s;
constexpr int kMembers = 20;  // for each source of the option

// True if a join or leave requested at `from` may happen at `at`: the second that contains a tick counts as on time.
bool on_tick(Wall::time_point from, Wall::time_point at) {
  const auto second = std::chrono::floor<std::chrono::seconds>(from).time_since_epoch();
  if (second % kTick == 0s) return true;
  const Wall::time_point next{second - second % kTick + kTick};
  return at >= next;
}

struct TickTest : testing::Test {
  TickTest() { testkit::KafkaClient(kafka.bootstrap()).create_topic("events", 2); }

  // In parallel, because each waits for its Kafka client to close.
  ~TickTest() override {
    std::vector<std::jthread> ends;
    for (Member& member : members) ends.emplace_back([&member] { member.runs.reset(); });
  }

  struct Member {
    std::string group;
    Wall::time_point started;
    Wall::time_point stopped;
    std::unique_ptr<GroupMember> runs;
  };
  void start(const std::string& source, int number, const std::vector<std::string>& more) {
    Member member;
    member.group = fmt::format("{}-{}", source, number);
    auto args = testkit::member_args(kafka, "http://127.0.0.1:1", "events", more);
    args[1] = fmt::format("127.0.0.1:{}", proxy_port);
    args[5] = member.group + ".";  // no name is a prefix of another
    args.insert(args.end(), {"--concurrency", "1", "--clickhouse-concurrency", "1"});
    args.insert(args.end(), {"--delivery", "at-least-once"});  // otherwise it would wait for the table and not join
    member.started = Wall::now();
    member.runs = std::make_unique<GroupMember>(args);
    members.push_back(std::move(member));
  }
  static std::string key(const std::string& group) {
    return "quantized_rebalance_consumer_group_delay_secs__" + group + ".";
  }
  // The time of the group's first request to the broker.
  std::optional<Wall::time_point> asked(KafkaApi api, const std::string& group) const {
    for (const auto& request : proxy.seen(api)) {
      if (request.mentions(group + ".")) return request.at;
    }
    return std::nullopt;
  }
  bool all_asked(KafkaApi api) const {
    return std::all_of(members.begin(), members.end(), [&](const Member& one) { return asked(api, one.group); });
  }

  const int proxy_port = testkit::free_port();
  const int proxied_port = testkit::free_port();
  testkit::KafkaServer kafka{{}, {{"PROXIED", "PLAINTEXT", proxied_port, proxy_port}}};
  testkit::KafkaProxy proxy{static_cast<uint16_t>(proxy_port), static_cast<uint16_t>(proxied_port)};
  testkit::RedisServer redis;
  std::vector<Member> members;
};

TEST_F(TickTest, NoMemberJoinsOrLeavesOffTheTickWhereverTheDelayComesFrom) {
  const std::string seconds = std::to_string(kTick.count());
  // A Redis with a latency of 5 ms.
  const int far_port = testkit::free_port();
  testkit::TcpProxy far(static_cast<uint16_t>(far_port), static_cast<uint16_t>(redis.port()));
  far.delay(5ms);
  testkit::TempFolder folder;
  std::ofstream file(folder.path("options.yaml"));
  for (int i = 0; i < kMembers; ++i) {
    file << key(fmt::format("file-{}", i)) << ": " << seconds << '\n';
    redis.set("snuba-config", key(fmt::format("redis-{}", i)), seconds);
  }
  file.close();
  for (int i = 0; i < kMembers; ++i) {
    start("flag", i, {"--quantized-rebalance-consumer-group-delay-secs", seconds});
    start("file", i, {"--runtime-config", "file:" + folder.path("options.yaml")});
    start("redis", i, {"--runtime-config", fmt::format("redis://127.0.0.1:{}/1", far_port)});
    std::this_thread::sleep_for(100ms);
  }
  const auto took = [begun = std::chrono::steady_clock::now()](const char* what) {
    std::cout << fmt::format("{} after {:.1f} s\n", what, to_seconds(std::chrono::steady_clock::now() - begun));
  };
  ASSERT_TRUE(eventually(60s, [&] { return all_asked(KafkaApi::JoinGroup); }));
  took("joined");
  ASSERT_TRUE(eventually(60s, [&] {
    return std::all_of(members.begin(), members.end(), [](auto& one) { return one.runs->status().assigned; });
  }));
  took("assigned");
  for (Member& member : members) {
    member.stopped = Wall::now();
    member.runs->request_stop();
    std::this_thread::sleep_for(40ms);
  }
  EXPECT_TRUE(eventually(60s, [&] { return all_asked(KafkaApi::LeaveGroup); }));
  took("left");
  for (const Member& member : members) {
    const auto joined = asked(KafkaApi::JoinGroup, member.group);
    EXPECT_TRUE(on_tick(member.started, *joined)) << member.group << " joined at once\n" << member.runs->log();
    const auto left = asked(KafkaApi::LeaveGroup, member.group);
    EXPECT_TRUE(left && on_tick(member.stopped, *left)) << member.group << " left at once\n" << member.runs->log();
  }
}

}  // namespace
}  // namespace freshet
