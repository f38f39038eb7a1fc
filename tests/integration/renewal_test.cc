// The renewal of the Kafka session on a real broker: no rebalance, nothing lost, nothing twice.
#include "group_member.h"

namespace freshet {
namespace {

using namespace std::chrono_literals;
using testkit::GroupMember;
using testkit::Pauses;

struct RenewalTest : testing::Test {
  static void SetUpTestSuite() {
    kafka_ = new testkit::KafkaServer();
    clickhouse_ = new testkit::LocalClickHouse();
  }
  static void TearDownTestSuite() {
    delete kafka_;
    delete clickhouse_;
  }
  void SetUp() override {
    topic = testing::UnitTest::GetInstance()->current_test_info()->name();
    client = std::make_unique<testkit::KafkaClient>(kafka_->bootstrap());
    client->create_topic(topic, kPartitions);
    clickhouse_->query(fmt::format("CREATE TABLE {} (id UInt64) ENGINE = MergeTree ORDER BY id", topic));
  }
  std::unique_ptr<GroupMember> member(const std::vector<std::string>& more = {}) {
    return std::make_unique<GroupMember>(testkit::member_args(*kafka_, clickhouse_->url(), topic, more));
  }
  uint64_t rows() { return clickhouse_->count("SELECT count() FROM " + topic); }
  uint64_t different() { return clickhouse_->count("SELECT uniqExact(id) FROM " + topic); }

  static constexpr int kPartitions = 6;
  static testkit::KafkaServer* kafka_;
  static testkit::LocalClickHouse* clickhouse_;
  std::string topic;
  std::unique_ptr<testkit::KafkaClient> client;
};

testkit::KafkaServer* RenewalTest::kafka_ = nullptr;
testkit::LocalClickHouse* RenewalTest::clickhouse_ = nullptr;

bool balanced(const std::vector<std::unique_ptr<GroupMember>>& members, size_t each) {
  return std::all_of(members.begin(), members.end(),
                     [&](const auto& member) { return member->status().partitions.size() == each; });
}

TEST_F(RenewalTest, AGroupThatRenewsUnderLoadSeesNoRebalanceAndStoresEverythingOnce) {
  std::vector<std::unique_ptr<GroupMember>> members;
  for (int i = 0; i < 3; ++i) members.push_back(member());
  ASSERT_TRUE(testkit::eventually(60s, [&] { return balanced(members, 2); })) << members[0]->log();
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
  EXPECT_TRUE(testkit::eventually(30s, [&] { return different() >= produced; })) << different() << " of " << produced;
  for (size_t i = 0; i < members.size(); ++i) EXPECT_EQ(members[i]->status().rebalances, rebalances[i]);
  std::cout << pauses.text() << '\n';
  for (auto& member : members) member->stop();
  EXPECT_EQ(rows(), produced);
  EXPECT_EQ(different(), produced);
  if (HasFailure()) std::cout << members[0]->log() << members[1]->log() << members[2]->log();
}

}  // namespace
}  // namespace freshet
