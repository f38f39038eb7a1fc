// `freshet dlq ...` against a real broker: what it prints, that a replay produces each message once, what it deletes.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <string>
#include <vector>

#include "dead_letters/replay.h"
#include "group_member.h"
#include "group_test.h"
#include "testkit/freshet_process.h"

namespace freshet {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using testkit::eventually;
using testkit::Record;
using namespace std::chrono_literals;

// For a topic that takes 1000 bytes, also compressed.
std::string too_large() {
  std::mt19937 random(1);
  std::string text;
  while (text.size() < 5000) text += static_cast<char>('a' + random() % 26);
  return fmt::format(R"({{"id":2,"x":"{}"}})", text);
}

struct DeadLetterCommandsTest : testkit::GroupTest {
  DeadLetterCommandsTest() : GroupTest(2), dead(topic + "-dead") { client->create_topic(dead, 1); }
  static void SetUpTestSuite() { start_servers(); }

  // Runs the command; `output` has what it prints on both streams.
  int dlq(const std::string& action, const std::vector<std::string>& more = {}) {
    std::vector<std::string> all = {"dlq", action, "--bootstrap-server", kafka_->bootstrap(), "--dead-letter-topic",
                                    dead};
    all.insert(all.end(), more.begin(), more.end());
    testkit::FreshetProcess command(all);
    const auto status = command.process().wait(120s);
    output = command.output();
    return status.value_or(-1);
  }
  // As freshet writes it by default (provenance) or for the drop-in.
  void dead_letter(int partition, int64_t offset, const std::string& value, bool provenance = true) {
    Record record{-1, -1, "k", value, {{"own", "header"}}, 0};
    if (provenance) record.headers.emplace_back("original_topic", topic);
    record.headers.emplace_back("original_partition", std::to_string(partition));
    record.headers.emplace_back("original_offset", std::to_string(offset));
    if (provenance) record.headers.emplace_back("reason", fmt::format("not JSON at byte {}", offset));
    client->produce(dead, record);
    client->flush();
  }
  std::vector<std::string> values() const {
    std::vector<std::string> all;
    for (const Record& record : client->read_all(topic)) all.push_back(record.value.value_or("null"));
    return all;
  }

  const std::string dead;
  std::string output;
};

TEST_F(DeadLetterCommandsTest, MessagesBecomeRowsOnceTheTableTakesThem) {
  const auto member = [&] { return std::make_unique<testkit::GroupMember>(args({"--dead-letter-topic", dead})); };
  auto running = member();
  client->produce(topic, {0, -1, "a", R"({"id":"seven"})", {}, 0});
  client->produce(topic, {1, -1, "b", "{broken", {}, 0});
  client->produce(topic, {1, -1, "c", R"({"id":1})", {}, 0});
  client->flush();
  ASSERT_TRUE(eventually(60s, [&] { return client->count(dead) == 2 && rows() == 1; })) << running->log();
  running->stop();
  ASSERT_EQ(dlq("count"), 0) << output;
  EXPECT_THAT(output, HasSubstr("2  dead letters"));

  const std::vector<std::string> with_table = {"--dry-run", "--clickhouse-url", clickhouse_->url(), "--table",
                                               "default." + topic};
  ASSERT_EQ(dlq("replay", with_table), 1) << output;
  EXPECT_THAT(output, HasSubstr("2 still invalid")) << "the table does not take it yet";
  clickhouse_->query(fmt::format("DROP TABLE {}", topic));
  ASSERT_EQ(dlq("replay", with_table), 1) << output;
  EXPECT_THAT(output, HasSubstr("nothing is replayed, because the table cannot be asked"));
  EXPECT_THAT(output, HasSubstr("--check-first=false"));
  EXPECT_THAT(output, Not(HasSubstr("would be replayed")));
  ASSERT_EQ(dlq("replay", {"--dry-run", "--check-first=false", "--table", "t"}), 0) << output;
  EXPECT_THAT(output, HasSubstr("2 would be replayed"));
  clickhouse_->query(fmt::format("CREATE TABLE {} (id String) ENGINE = MergeTree ORDER BY id", topic));
  ASSERT_EQ(dlq("replay", with_table), 1) << output;
  EXPECT_THAT(output, HasSubstr("1 would be replayed, 1 still invalid"));
  EXPECT_THAT(values(), SizeIs(3));
  EXPECT_EQ(dlq("replay"), 1) << "one message is invalid still";
  EXPECT_THAT(output, HasSubstr("1 replayed, 1 still invalid"));
  EXPECT_EQ(dlq("replay"), 1);
  EXPECT_THAT(output, Not(HasSubstr("1 replayed")));
  EXPECT_THAT(values(), SizeIs(4));
  running = member();
  EXPECT_TRUE(eventually(60s, [&] { return rows() == 1; })) << running->log();
  EXPECT_EQ(clickhouse_->query("SELECT id FROM " + topic), "seven");
  running->stop();

  ASSERT_EQ(dlq("list", {"--state", "replayed", "--json"}), 0) << output;
  EXPECT_THAT(output, HasSubstr(R"("state":"replayed")"));
  ASSERT_EQ(dlq("show", {"--reason", "broken", "--state", "open"}), 1);
  ASSERT_EQ(dlq("show", {"--key", "b"}), 0) << output;
  EXPECT_THAT(output, HasSubstr(R"("{broken")"));
}

TEST_F(DeadLetterCommandsTest, AMessageComesBackAsItWas) {
  dead_letter(1, 41, R"({"id":1})");
  ASSERT_EQ(dlq("replay"), 0) << output;
  const std::vector<Record> records = client->read_all(topic);
  ASSERT_THAT(records, SizeIs(1));
  EXPECT_EQ(records[0].partition, 1);
  EXPECT_EQ(records[0].key, "k");
  EXPECT_EQ(records[0].value, R"({"id":1})");
  const std::vector<std::pair<std::string, std::string>> expected = {{"own", "header"},
                                                                     {"freshet_replayed_from", dead + "/0/0"}};
  EXPECT_EQ(records[0].headers, expected);
}

TEST_F(DeadLetterCommandsTest, SeveralDeadLettersOfOneMessageAreReplayedOnce) {
  for (int i = 0; i < 2; ++i) dead_letter(0, 41, R"({"id":1})");
  dead_letter(0, 42, R"({"id":2})");
  ASSERT_EQ(dlq("replay"), 0) << output;
  EXPECT_THAT(output, HasSubstr("2 replayed"));
  dead_letter(0, 42, R"({"id":2})");
  ASSERT_EQ(dlq("replay"), 0) << output;
  EXPECT_THAT(output, HasSubstr("nothing to replay"));
  EXPECT_THAT(values(), SizeIs(2));
  ASSERT_EQ(dlq("replay", {"--state", "any", "--at", "0:0"}), 0) << output;
  EXPECT_THAT(values(), SizeIs(3)) << "on request";
}

TEST_F(DeadLetterCommandsTest, RecordsOfTheDropInNeedATopic) {
  dead_letter(7, 41, R"({"id":1})", false);
  EXPECT_EQ(dlq("replay"), 1);
  EXPECT_THAT(output, HasSubstr("add --topic"));
  EXPECT_THAT(values(), IsEmpty());
  ASSERT_EQ(dlq("replay", {"--topic", topic}), 0) << output;
  EXPECT_THAT(values(), SizeIs(1)) << "its partition does not exist, so the key decides";
}

TEST_F(DeadLetterCommandsTest, WhatTheTopicRejectsKeepsNoOtherFromComingBack) {
  const std::string small = topic + "-small";
  client->create_topic(small, 1, {{"max.message.bytes", "1000"}});
  dead_letter(0, 1, R"({"id":1})", false);
  dead_letter(0, 2, too_large(), false);
  dead_letter(0, 3, R"({"id":3})", false);
  EXPECT_EQ(dlq("replay", {"--topic", small, "--json"}), 1);
  EXPECT_THAT(output, HasSubstr(R"("outcome":"rejected")"));
  EXPECT_THAT(output, HasSubstr("max.message.bytes"));
  EXPECT_EQ(client->read_all(small).size(), 2u);
}

// A replay has no producer between a rejected transaction and the next one, so that another replay does not end it.
TEST_F(DeadLetterCommandsTest, AReplayNoticesAnotherOneThatRanMeanwhile) {
  const std::string small = topic + "-small";
  client->create_topic(small, 1, {{"max.message.bytes", "1000"}});
  dead_letter(0, 1, R"({"id":1})", false);
  dead_letter(0, 2, too_large(), false);
  dead_letter(0, 3, R"({"id":3})", false);
  kafka::ConnectionSettings connection;
  connection.bootstrap_servers = kafka_->bootstrap();
  dead_letters::DeadLettersSettings settings;
  settings.selection.topic = small;
  dead_letters::ReplayHooks hooks;
  hooks.tell = [&](const auto&, dead_letters::ReplayOutcome outcome, const std::string&) {
    if (outcome != dead_letters::ReplayOutcome::Rejected) return;
    EXPECT_EQ(dlq("replay", {"--topic", small, "--at", "0:2"}), 0) << output;
  };
  RealClock clock;
  const Status replayed = dead_letters::replay(connection, dead, settings, hooks, {}, clock, null_log());
  ASSERT_FALSE(replayed);
  EXPECT_EQ(replayed.error().kind, ErrorKind::Fatal);
  EXPECT_THAT(replayed.error().text, HasSubstr("another replay of this topic ran meanwhile"));
  EXPECT_THAT(client->read_all(small), SizeIs(2)) << "each message once";
}

TEST_F(DeadLetterCommandsTest, FiltersChooseByPartitionReasonAndPlace) {
  for (int64_t offset = 0; offset < 4; ++offset) dead_letter(static_cast<int>(offset % 2), offset, "{}");
  ASSERT_EQ(dlq("count", {"--partition", "1"}), 0);
  EXPECT_THAT(output, HasSubstr("2  open      " + topic + "  not JSON at byte N"));
  ASSERT_EQ(dlq("list", {"--reason", "byte 3"}), 0);
  EXPECT_THAT(output, HasSubstr("0:3  "));
  EXPECT_THAT(output, Not(HasSubstr("0:2  ")));
  ASSERT_EQ(dlq("list", {"--limit", "1"}), 0);
  EXPECT_EQ(std::count(output.begin(), output.end(), '\n'), 1);
  ASSERT_EQ(dlq("list", {"--since", "2100-01-01T00:00:00Z"}), 0);
  EXPECT_EQ(output, "");
  EXPECT_EQ(dlq("list", {"--at", "0"}), 2);
  EXPECT_THAT(output, HasSubstr("PARTITION:OFFSET"));
}

TEST_F(DeadLetterCommandsTest, PurgeDeletesWhatWasReplayedFromTheBeginning) {
  for (int64_t offset = 0; offset < 3; ++offset) dead_letter(0, offset, R"({"id":1})");
  ASSERT_EQ(dlq("replay", {"--at", "0:0"}), 0) << output;
  ASSERT_EQ(dlq("replay", {"--at", "0:2"}), 0) << output;
  ASSERT_EQ(dlq("purge"), 0) << output;
  EXPECT_THAT(output, HasSubstr("would delete 1 dead letters"));
  EXPECT_THAT(output, HasSubstr("1 more stay"));
  ASSERT_EQ(dlq("list", {"--at", "0:0"}), 0);
  EXPECT_NE(output, "");
  ASSERT_EQ(dlq("purge", {"--yes"}), 0) << output;
  ASSERT_EQ(dlq("list"), 0);
  EXPECT_THAT(output, Not(HasSubstr("0:0  ")));
  EXPECT_THAT(output, HasSubstr("0:1  "));
  ASSERT_EQ(dlq("replay", {"--at", "0:2"}), 0) << output;
  EXPECT_THAT(output, HasSubstr("nothing to replay")) << "its mark stays";
}

// Without it the next replay would produce the message again.
TEST_F(DeadLetterCommandsTest, PurgeKeepsTheMarkOfADeadLetterThatStays) {
  dead_letter(0, 1, R"({"id":1})");
  ASSERT_EQ(dlq("replay"), 0) << output;  // its mark is behind it
  dead_letter(0, 2, "{}");
  dead_letter(0, 1, R"({"id":1})");
  ASSERT_EQ(dlq("purge", {"--yes"}), 0) << output;
  EXPECT_THAT(output, HasSubstr("deleted 1 dead letters"));
  EXPECT_THAT(output, HasSubstr("1 more stay"));
  ASSERT_EQ(dlq("replay", {"--reason", "byte 1"}), 0) << output;
  EXPECT_THAT(output, HasSubstr("nothing to replay"));
}

TEST_F(DeadLetterCommandsTest, AMessageOfATopicThatIsGoneKeepsNoOtherFromComingBack) {
  client->produce(
      dead,
      {-1, -1, "k", "{}", {{"original_topic", "gone"}, {"original_partition", "0"}, {"original_offset", "1"}}, 0});
  dead_letter(0, 2, R"({"id":1})");
  EXPECT_EQ(dlq("replay"), 1);
  EXPECT_THAT(output, HasSubstr("1 replayed, 1 rejected by the topic"));
}

TEST_F(DeadLetterCommandsTest, MarksOfATransactionThatFailedDoNotCount) {
  client->create_topic(topic + "-small", 1, {{"max.message.bytes", "1000"}});
  dead_letter(0, 1, too_large(), false);
  EXPECT_EQ(dlq("replay", {"--topic", topic + "-small"}), 1);
  ASSERT_EQ(dlq("replay", {"--topic", topic, "--set", "kafka.isolation.level=read_uncommitted"}), 0) << output;
  EXPECT_THAT(values(), SizeIs(1));
}

// A reader of the topic must not wait for a transaction that nobody ends.
TEST_F(DeadLetterCommandsTest, AnInterruptedReplayEndsInOrderAndCanBeRepeated) {
  for (int64_t offset = 0; offset < 100; ++offset) dead_letter(0, offset, R"({"id":1})");
  {
    testkit::FreshetProcess command(
        {"dlq", "replay", "--bootstrap-server", kafka_->bootstrap(), "--dead-letter-topic", dead, "--rate", "10"});
    EXPECT_TRUE(eventually(60s, [&] { return command.output().find("so far ") != std::string::npos; }))
        << "progress, every five seconds: " << command.output();
    EXPECT_EQ(command.stop(), 1) << command.output();
  }
  const size_t before = values().size();
  EXPECT_GT(before, 0u);
  EXPECT_LT(before, 100u);
  ASSERT_EQ(dlq("replay"), 0) << output;
  EXPECT_THAT(output, HasSubstr(fmt::format("{} replayed", 100 - before)));
  EXPECT_THAT(values(), SizeIs(100));
}

}  // namespace
}  // namespace freshet
