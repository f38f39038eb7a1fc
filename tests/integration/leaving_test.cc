// A member that is stopped at any moment leaves the group. Otherwise the broker would keep the member, and nobody would
// read its partitions until its session times out.
#include <librdkafka/rdkafka.h>

#include "group_test.h"
#include "kafka/handles.h"

namespace freshet::testkit {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

constexpr int kPartitions = 4;
constexpr int kAnswersWithinMs = 30'000;  // three requests, to a broker that may have little of a core

using GroupList = std::unique_ptr<const rd_kafka_group_list, kafka::Freed<rd_kafka_group_list_destroy>>;

struct LeavingTest : GroupTest {
  LeavingTest() : GroupTest(kPartitions) {
    rd_kafka_conf_t* conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "bootstrap.servers", kafka_->bootstrap().c_str(), nullptr, 0);
    observer_.reset(rd_kafka_new(RD_KAFKA_CONSUMER, conf, nullptr, 0));
  }
  static void SetUpTestSuite() { start_servers({{"group.initial.rebalance.delay.ms", "500"}}); }

  // The group is stable with this many members.
  bool rests_with(int members) const {
    const rd_kafka_group_list* raw = nullptr;
    const auto error = rd_kafka_list_groups(observer_.get(), topic.c_str(), &raw, kAnswersWithinMs);
    const GroupList list(raw);
    return error == RD_KAFKA_RESP_ERR_NO_ERROR && list->group_cnt == 1 &&
           std::string_view(list->groups[0].state) == "Stable" && list->groups[0].member_cnt == members;
  }
  std::unique_ptr<GroupMember> member(const std::vector<std::string>& more) const {
    // Longer than this test waits on any machine: a member that stays behind is found, and not forgotten by the broker.
    std::vector<std::string> all = {"--set",
                                    "kafka.heartbeat.interval.ms=500",
                                    "--set",
                                    "kafka.session.timeout.ms=1500000",
                                    "--max-poll-interval-ms",
                                    "1800000"};
    all.insert(all.end(), more.begin(), more.end());
    return std::make_unique<GroupMember>(args(all));
  }
  static bool owns_all(const GroupMember& member) { return member.status().partitions.size() == kPartitions; }

  void stop_at_moments(const std::vector<std::string>& more) {
    const auto stays = member(more);
    ASSERT_TRUE(eventually(60s, [&] { return owns_all(*stays) && rests_with(1); })) << stays->log();
    for (const milliseconds moment : {20ms, 100ms, 250ms, 450ms, 600ms, 900ms, 1400ms}) {
      const auto leaves = member(more);
      std::this_thread::sleep_for(moment);
      leaves->stop();
      EXPECT_TRUE(eventually(60s, [&] { return owns_all(*stays) && rests_with(1); }))
          << "stopped after " << moment.count() << " ms\n"
          << leaves->log();
    }
  }

  kafka::Client observer_;
};

TEST_F(LeavingTest, AStaticMember) { stop_at_moments({}); }
TEST_F(LeavingTest, ADynamicMember) { stop_at_moments({"--no-static-membership"}); }
TEST_F(LeavingTest, ACooperativeMember) {
  stop_at_moments({"--set", "kafka.partition.assignment.strategy=cooperative-sticky"});
}

}  // namespace
}  // namespace freshet::testkit
