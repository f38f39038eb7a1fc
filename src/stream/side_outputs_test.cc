// The parts of what is written beside the rows: values, order, sums.
#include <gtest/gtest.h>

#include "stream/accounts.h"
#include "stream/commit_log.h"
#include "stream/outbox.h"

namespace freshet::stream {
namespace {

using std::chrono::seconds;

TEST(CommitLogTest, ValuesAreTheReferencesBytes) {
  EXPECT_EQ(commit_log_key("topic", Partition{0}, "group1"), "topic:0:group1");
  EXPECT_EQ(commit_log_value(Offset{5}, 1'696'381'946'000, std::nullopt),
            R"({"offset":5,"orig_message_ts":1696381946.0,"received_p99":null})");
  EXPECT_EQ(commit_log_value(Offset{6}, 1'696'381'946'123, 1'696'381'940'120),
            R"({"offset":6,"orig_message_ts":1696381946.123,"received_p99":1696381940.12})");
  EXPECT_EQ(commit_log_value(Offset{6}, -1, 5), R"({"offset":6,"orig_message_ts":0.0,"received_p99":0.005})");
  EXPECT_EQ(commit_log_value(Offset{6}, 0, -500), R"({"offset":6,"orig_message_ts":0.0,"received_p99":-0.5})");
}

TEST(CommitLogTest, P99IsTheElementAtFloorOfNTimes099) {
  std::vector<int64_t> one = {7};
  EXPECT_EQ(received_p99(one), 7);
  std::vector<int64_t> none;
  EXPECT_EQ(received_p99(none), std::nullopt);
  for (const int64_t n : {2, 100, 101, 200, 1000}) {
    std::vector<int64_t> many;
    for (int64_t i = 0; i < n; ++i) many.push_back((i * 37) % n);  // 0..n-1 in some order
    EXPECT_EQ(received_p99(many), n * 99 / 100) << n;
  }
}

SideRecord record(const std::string& value) { return {std::nullopt, value}; }

std::vector<std::string> values(const std::vector<Outbox::Outgoing>& out) {
  std::vector<std::string> found;
  for (const auto& one : out) found.push_back(one.record->value);
  return found;
}

TEST(OutboxTest, ALaneSendsAgainFromTheFirstThatIsMissingAndNeverPassesWhatIsUnderWay) {
  Outbox outbox;
  SteadyTime now{};
  for (const char* value : {"a", "b", "c"}) outbox.add(Partition{0}, Epoch{1}, 0, record(value));
  std::vector<Outbox::Outgoing> sent;
  outbox.take_sendable(now, sent);
  ASSERT_EQ(values(sent), (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_FALSE(outbox.result(sent[0].ticket, failure(ErrorKind::Retry, "no"), now));
  outbox.add(Partition{0}, Epoch{1}, 0, record("d"));
  outbox.add(Partition{1}, Epoch{1}, 0, record("other"));
  std::vector<Outbox::Outgoing> again;
  now += seconds(5);
  outbox.take_sendable(now, again);
  EXPECT_EQ(values(again), (std::vector<std::string>{"other"})) << "b and c may still be taken";
  EXPECT_TRUE(outbox.result(sent[1].ticket, {}, now));
  EXPECT_FALSE(outbox.result(sent[2].ticket, failure(ErrorKind::Retry, "no"), now));
  again.clear();
  outbox.take_sendable(now, again);
  EXPECT_TRUE(again.empty());
  now += seconds(1);
  EXPECT_EQ(outbox.next_deadline(), now);
  outbox.take_sendable(now, again);
  EXPECT_EQ(values(again), (std::vector<std::string>{"a", "c", "d"}));
}

TEST(OutboxTest, AForgottenLaneIsGoneAndItsLateResultsMeanNothing) {
  Outbox outbox;
  outbox.add(Partition{0}, Epoch{1}, 0, record("a"));
  std::vector<Outbox::Outgoing> sent;
  outbox.take_sendable({}, sent);
  EXPECT_TRUE(outbox.in_flight(Partition{0}));
  EXPECT_TRUE(outbox.forget(Partition{0}, Epoch{1}));
  EXPECT_TRUE(outbox.empty(Partition{0}));
  outbox.add(Partition{0}, Epoch{2}, 9, record("b"));
  EXPECT_FALSE(outbox.result(sent[0].ticket, {}, {}));
  sent.clear();
  outbox.take_sendable({}, sent);
  ASSERT_EQ(sent.size(), 1u);
  const auto done = outbox.result(sent[0].ticket, {}, {});
  ASSERT_TRUE(done);
  EXPECT_EQ(done->id, 9u);
  EXPECT_EQ(done->epoch, Epoch{2});
  EXPECT_EQ(outbox.size(), 0u);
}

TEST(AccountsTest, SumsByMinuteAndFeatureAndIsDueAMinuteAfterTheFirstMinuteBegan) {
  Accounts accounts("res");
  const SystemTime start{seconds(1'700'000'030)};  // 50 s into its minute
  EXPECT_FALSE(accounts.due(start + seconds(100)));
  accounts.add({{"a", 1}, {"b", 2}}, start);
  accounts.add({{"a", 10}}, start + seconds(5));
  EXPECT_FALSE(accounts.due(start + seconds(9)));
  accounts.add({{"a", 100}}, start + seconds(12));
  EXPECT_TRUE(accounts.due(start + seconds(12)));
  const auto records = accounts.take();
  ASSERT_EQ(records.size(), 3u);
  EXPECT_EQ(
      records[0].value,
      R"({"timestamp":1699999980,"shared_resource_id":"res","app_feature":"a","usage_unit":"bytes","amount":11})");
  EXPECT_EQ(
      records[2].value,
      R"({"timestamp":1700000040,"shared_resource_id":"res","app_feature":"a","usage_unit":"bytes","amount":100})");
  EXPECT_TRUE(accounts.empty());
  EXPECT_FALSE(accounts.due(start + seconds(1000)));
  accounts.add({{"odd\"\xff", 1}}, start);
  EXPECT_NE(accounts.take()[0].value.find(R"("app_feature":"odd\"�")"), std::string::npos);
}

}  // namespace
}  // namespace freshet::stream
