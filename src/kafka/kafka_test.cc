#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/mutex.h"
#include "kafka/error_table.h"
#include "kafka/events.h"
#include "kafka/message_batch.h"
#include "kafka/reaper.h"
#include "kafka/start_positions.h"

namespace freshet::kafka {
namespace {

KafkaSettings settings_with(OffsetReset reset, bool strict = false) {
  KafkaSettings s;
  s.connection.bootstrap_servers = "127.0.0.1:1";
  s.topic = "t";
  s.consumer_group = "g";
  s.auto_offset_reset = reset;
  s.strict_offset_reset = strict;
  return s;
}

TEST(StartPositionsTest, EveryCaseIsDecided) {
  const StartInputs committed{50, 0, 0, false, false};
  const StartInputs none{std::nullopt, 10, 90, false, false};
  const StartInputs fresh{std::nullopt, 0, 5, false, true};
  const StartInputs gone{3, 10, 90, true, false};
  const StartInputs back{20, 10, 90, true, false};

  EXPECT_EQ(decide_start(settings_with(OffsetReset::Latest), committed).start, Offset{50});
  EXPECT_FALSE(decide_start(settings_with(OffsetReset::Latest), committed).chosen);

  EXPECT_EQ(decide_start(settings_with(OffsetReset::Earliest), none).start, Offset{10});
  EXPECT_EQ(decide_start(settings_with(OffsetReset::Latest), none).start, Offset{90});
  EXPECT_TRUE(decide_start(settings_with(OffsetReset::Latest), none).chosen);
  EXPECT_FALSE(decide_start(settings_with(OffsetReset::Error), none).no_valid_offset.empty());

  EXPECT_EQ(decide_start(settings_with(OffsetReset::Latest), fresh).start, Offset{0});
  EXPECT_TRUE(decide_start(settings_with(OffsetReset::Error), fresh).no_valid_offset.empty());

  EXPECT_EQ(decide_start(settings_with(OffsetReset::Earliest), gone).start, Offset{10});
  EXPECT_EQ(decide_start(settings_with(OffsetReset::Latest), gone).start, Offset{90});
  EXPECT_NE(decide_start(settings_with(OffsetReset::Latest, true), gone).no_valid_offset.find("out of range"),
            std::string::npos);
  EXPECT_EQ(decide_start(settings_with(OffsetReset::Latest, true), back).start, Offset{20});
}

TEST(ErrorTableTest, AClientWithoutATokenWasNotRejectedByABroker) {
  const std::string text = "x: Failed to acquire SASL OAUTHBEARER token: /token is empty";
  EXPECT_EQ(to_error(RD_KAFKA_RESP_ERR__AUTHENTICATION, text).text, "_AUTHENTICATION: " + text);
  EXPECT_NE(to_error(RD_KAFKA_RESP_ERR__AUTHENTICATION, "x").text.find("the broker rejects the login"),
            std::string::npos);
}

TEST(ErrorTableTest, KnowsWhatHappensNext) {
  EXPECT_EQ(rule_for(RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN).kind, ErrorKind::Retry);
  EXPECT_EQ(rule_for(RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE).kind, ErrorKind::Invalid);
  EXPECT_EQ(rule_for(RD_KAFKA_RESP_ERR__FENCED).kind, ErrorKind::Renew);
  EXPECT_EQ(rule_for(RD_KAFKA_RESP_ERR_UNKNOWN).kind, ErrorKind::Retry);
  const auto to = [](const char* address) {
    return to_error(RD_KAFKA_RESP_ERR__TRANSPORT, fmt::format("h:9092/1: Connect to {} failed", address)).text;
  };
  EXPECT_THAT(to("ipv6#[::1]:9092"), testing::HasSubstr("broker.address.family=v4"));
  EXPECT_THAT(to("ipv4#127.0.0.1:9092"), testing::Not(testing::HasSubstr("broker.address.family")));
  const auto unreleased = static_cast<rd_kafka_resp_err_t>(111);  // UNRELEASED_INSTANCE_ID
  EXPECT_NE(rule_for(unreleased).advice.find("--group-instance-id"), std::string_view::npos);
  for (const auto over : {RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION, RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID,
                          RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID, RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED}) {
    EXPECT_TRUE(ends_commits(over)) << rd_kafka_err2name(over);
  }
  for (const auto passes : {RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS, RD_KAFKA_RESP_ERR_NOT_COORDINATOR,
                            RD_KAFKA_RESP_ERR__TRANSPORT, RD_KAFKA_RESP_ERR__TIMED_OUT}) {
    EXPECT_FALSE(ends_commits(passes)) << rd_kafka_err2name(passes);
  }
  const Error error = to_error(RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, "topic x");
  EXPECT_NE(error.text.find("topic x"), std::string::npos);
  EXPECT_NE(error.text.find("--create-topics"), std::string::npos);
  for (const auto missing : {RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC,
                             RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION}) {
    EXPECT_NE(rule_for(missing).advice.find("DESCRIBE and READ"), std::string_view::npos) << rd_kafka_err2name(missing);
  }
}

// The library has no other way to tell of a truncated log: a reset without an offset, whose partition is looked up.
TEST(ConsumerErrorTest, KnowsThePartitionThatAnErrorIsAbout) {
  const Client client(rd_kafka_new(RD_KAFKA_PRODUCER, nullptr, nullptr, 0));
  const Topic topic(rd_kafka_topic_new(client.get(), "t", nullptr));
  struct Case {
    rd_kafka_resp_err_t code;
    bool has_topic;
    int64_t offset;
    int32_t partition;  // expected
  };
  for (const Case& one :
       {Case{RD_KAFKA_RESP_ERR__PARTITION_EOF, true, 7, 3}, Case{RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET, true, 7, 3},
        Case{RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET, true, RD_KAFKA_OFFSET_INVALID, 3},
        Case{RD_KAFKA_RESP_ERR__BAD_COMPRESSION, true, 7, 3},
        Case{RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, true, RD_KAFKA_OFFSET_INVALID, kNoPartition},
        Case{RD_KAFKA_RESP_ERR__FATAL, false, RD_KAFKA_OFFSET_INVALID, kNoPartition},
        Case{RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET, false, 0, kNoPartition}}) {
    rd_kafka_message_t record{};
    record.err = one.code;
    record.rkt = one.has_topic ? topic.get() : nullptr;
    record.partition = 3;
    record.offset = one.offset;
    const ConsumerError error = to_consumer_error(record);
    EXPECT_EQ(error.partition, one.partition) << rd_kafka_err2name(one.code) << " at " << one.offset;
    EXPECT_EQ(error.code, one.code);
    EXPECT_EQ(error.fatal, one.code == RD_KAFKA_RESP_ERR__FATAL);
  }
}

TEST(MessageBatchTest, AreTakenFromLibrariesThatKeepThePositionAtTheEndOfAPartition) {
  struct Case {
    int version;
    bool safe;
  };
  for (const Case& one :
       {Case{0x020000ff, false}, Case{0x020100ff, false}, Case{0x020801ff, false}, Case{0x020d00ff, false},
        Case{0x020d01ff, false}, Case{0x020d02ff, true}, Case{0x020f01ff, true}, Case{0x030000ff, true}}) {
    EXPECT_EQ(batches_are_safe(one.version), one.safe) << fmt::format("{:#x}", one.version);
  }
}

// Destruction blocks until the gate is opened.
struct Gate {
  Mutex mutex;
  CondVar changed;
  bool open GUARDED_BY(mutex) = false;
};
class Hanging final : public PendingDestruction {
 public:
  explicit Hanging(Gate& gate) : gate_(gate) {}
  ~Hanging() override {
    MutexLock lock(gate_.mutex);
    gate_.changed.wait(gate_.mutex, {}, [&]() REQUIRES(gate_.mutex) { return gate_.open; });
  }

 private:
  Gate& gate_;
};
class Easy final : public PendingDestruction {};

TEST(ReaperTest, OneThatHangsIsNotInTheWayOfOthers) {
  RealClock clock;
  Metrics metrics;
  Gate gate;
  Reaper reaper(metrics);
  const size_t hanging = Reaper::kCap - 1;
  for (size_t i = 0; i < hanging; ++i) reaper.add(std::make_unique<Hanging>(gate));
  for (int i = 0; i < 100; ++i) reaper.add(std::make_unique<Easy>());
  const SteadyTime deadline = clock.steady_now() + std::chrono::seconds(120);
  while (reaper.pending() > hanging && clock.steady_now() < deadline) std::this_thread::yield();
  EXPECT_EQ(reaper.pending(), hanging);
  {
    MutexLock lock(gate.mutex);
    gate.open = true;
  }
  gate.changed.notify_all();
  EXPECT_TRUE(reaper.wait_idle(clock, deadline));
}

}  // namespace
}  // namespace freshet::kafka
