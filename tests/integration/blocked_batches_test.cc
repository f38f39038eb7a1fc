// Batches that wait for an operator, and inserts that are too large, with a real broker and a current ClickHouse
// engine.
#include <gtest/gtest.h>

#include <algorithm>

#include "group_test.h"
#include "testkit/admin_client.h"
#include "testkit/freshet_process.h"

namespace freshet {
namespace {

using namespace std::chrono_literals;
using testkit::eventually;
using testkit::GroupMember;

struct BlockedBatchesTest : testkit::GroupTest {
  BlockedBatchesTest() : GroupTest(2) {}
  static void SetUpTestSuite() { start_servers(); }

  void produce(int32_t partition, const std::string& value) {
    client->produce(topic, {partition, -1, std::nullopt, value, {}, 0});
  }
  // The view divides by zero for id 7 while `fails` has a row.
  void make_view() {
    clickhouse_->query(fmt::format("CREATE TABLE {}_fails (b UInt8) ENGINE = Memory", topic));
    clickhouse_->query(fmt::format("INSERT INTO {}_fails VALUES (1)", topic));
    clickhouse_->query(fmt::format("CREATE TABLE {}_target (id UInt64) ENGINE = MergeTree ORDER BY id", topic));
    clickhouse_->query(
        fmt::format("CREATE MATERIALIZED VIEW {0}_view TO {0}_target AS SELECT id + throwIf(id = 7 AND "
                    "(SELECT count() FROM {0}_fails) > 0, 'the view fails') AS id FROM {0}",
                    topic));
  }
  std::vector<std::string> with_admin() const { return args({"--admin-listen", "127.0.0.1:0"}); }
  static testkit::AdminAnswer ask(GroupMember& member, const std::string& path, const std::string& post = {}) {
    return testkit::AdminClient(member.service().admin_address()).ask(path, post);
  }
  static bool says(GroupMember& member, const std::string& words) {
    return eventually(60s, [&] { return ask(member, "ready").body.find(words) != std::string::npos; });
  }
  int64_t committed(int32_t partition) { return client->committed(topic, topic)[partition]; }
};

TEST_F(BlockedBatchesTest, TenRowsStayTenAndAreResolvedEitherWay) {
  make_view();
  for (int id = 0; id < 10; ++id) produce(0, fmt::format(R"({{"id":{}}})", id));
  client->flush();
  GroupMember member(with_admin());
  ASSERT_TRUE(says(member, "may already hold 10 of its rows")) << ask(member, "ready").body << member.log();
  EXPECT_NE(ask(member, "ready").body.find("would be stored again"), std::string::npos);
  // The engine writes table and view at a time: the table has the whole batch or nothing.
  const uint64_t once = rows();
  EXPECT_TRUE(once == 10 || once == 0) << once;
  // The other partition continues, and nothing is sent again.
  for (int id = 100; id < 120; ++id) produce(1, fmt::format(R"({{"id":{}}})", id));
  client->flush();
  EXPECT_TRUE(eventually(60s, [&] { return rows() == once + 20 && committed(1) == 20; })) << rows() << member.log();
  EXPECT_TRUE(eventually(60s, [&] { return committed(0) == 0; })) << committed(0);
  EXPECT_EQ(ask(member, "skip", R"({"partition": 1, "resolution": "stored"})").status, 409);
  const auto stored = ask(member, "skip", R"({"partition": 0, "resolution": "stored"})");
  EXPECT_EQ(stored.status, 200) << stored.body;
  EXPECT_TRUE(eventually(60s, [&] { return committed(0) == 10; })) << member.log();
  EXPECT_EQ(rows(), once + 20) << "nothing was sent again";
  EXPECT_TRUE(eventually(60s, [&] { return ask(member, "ready").status == 200; })) << ask(member, "ready").body;
  // Again, but now the operator repairs the view and wants the rows to be sent again.
  produce(0, R"({"id":7})");
  client->flush();
  ASSERT_TRUE(says(member, "may already hold 1 of its rows")) << member.log();
  clickhouse_->query(fmt::format("TRUNCATE TABLE {}_fails", topic));
  const auto retried = ask(member, "skip", R"({"partition": 0, "resolution": "retry"})");
  EXPECT_EQ(retried.status, 200) << retried.body;
  EXPECT_TRUE(eventually(60s, [&] { return committed(0) == 11; })) << member.log();
  const std::string sevens = fmt::format("SELECT count() FROM {} WHERE id = 7", topic);
  EXPECT_LE(clickhouse_->count(sevens), once / 10 + 2) << "stored twice at most";
  EXPECT_GE(clickhouse_->count(sevens), once / 10 + 1);
  member.stop();
  EXPECT_EQ(member.log().find("blocked_batches_unresolved"), std::string::npos);
}

TEST_F(BlockedBatchesTest, ThirtyMegabytesThroughAServerThatTakesTwenty) {
  clickhouse_->query(fmt::format("ALTER TABLE {} ADD COLUMN s String", topic));
  for (int id = 0; id < 150; ++id) {
    produce(id % 2, fmt::format(R"({{"id":{},"s":"{}"}})", id, std::string(200'000, static_cast<char>('a' + id % 26))));
  }
  client->flush();
  // One batch of all messages, however slowly they are read.
  std::vector<std::string> all = args({"--clickhouse-setting", "max_memory_usage=20000000", "--max-batch-size", "150"});
  *std::next(std::find(all.begin(), all.end(), "--max-batch-time-ms")) = "30000";
  GroupMember member(all);
  EXPECT_TRUE(eventually(60s, [&] { return rows() >= 150 && committed(0) == 75 && committed(1) == 75; }))
      << rows() << member.log();
  EXPECT_EQ(rows(), 150u);
  EXPECT_EQ(different(), 150u);
  EXPECT_NE(member.log().find("too_large"), std::string::npos);
}

TEST_F(BlockedBatchesTest, NothingIsInsertedWhenNoFieldIsAColumnUntilOneIs) {
  for (int i = 0; i < 300; ++i) produce(i % 2, R"({"user":"x","amount":3})");
  client->flush();
  GroupMember member(with_admin());
  ASSERT_TRUE(says(member, "no field of the messages is a column")) << member.log();
  const std::string ready = ask(member, "ready").body;
  EXPECT_NE(ready.find("user, amount"), std::string::npos) << ready;
  EXPECT_NE(ready.find("Columns of default." + topic + ": id"), std::string::npos) << ready;
  EXPECT_EQ(rows(), 0u);
  EXPECT_TRUE(eventually(60s, [&] { return committed(0) == 0; })) << committed(0);
  clickhouse_->query(fmt::format("ALTER TABLE {} ADD COLUMN amount UInt64", topic));
  EXPECT_TRUE(eventually(60s, [&] { return rows() == 300; })) << member.log();
}

}  // namespace
}  // namespace freshet
