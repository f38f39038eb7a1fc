#include "kafka/kafka_source.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <librdkafka/rdkafka_mock.h>

#include <algorithm>
#include <array>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "kafka/successor.h"
#include "testkit/child_process.h"
#include "testkit/librdkafka_version.h"

namespace freshet::kafka {
namespace {

// librdkafka's mock cluster; the first broker leads both partitions.
struct MockBroker {
  MockBroker() {
    std::array<char, 512> text{};
    rd_kafka_conf_t* conf = rd_kafka_conf_new();
    // hides the warning about missing bootstrap.servers
    rd_kafka_conf_set(conf, "log_level", "3", text.data(), text.size());
    owner.reset(rd_kafka_new(RD_KAFKA_PRODUCER, conf, text.data(), text.size()));
    cluster.reset(rd_kafka_mock_cluster_new(owner.get(), 2));
    rd_kafka_mock_topic_create(cluster.get(), "t", 2, 1);
    for (const int32_t partition : {0, 1}) rd_kafka_mock_partition_set_leader(cluster.get(), "t", partition, 1);
  }
  Client owner;
  std::unique_ptr<rd_kafka_mock_cluster_t, Freed<rd_kafka_mock_cluster_destroy>> cluster;
};

void produce(const MockBroker& broker, int32_t partition, std::string value, int times = 1) {
  std::array<char, 512> text{};
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  rd_kafka_conf_set(conf, "bootstrap.servers", rd_kafka_mock_cluster_bootstraps(broker.cluster.get()), text.data(),
                    text.size());
  const Client producer(rd_kafka_new(RD_KAFKA_PRODUCER, conf, text.data(), text.size()));
  const Topic topic(rd_kafka_topic_new(producer.get(), "t", nullptr));
  for (int i = 0; i < times; ++i) {
    ASSERT_EQ(
        rd_kafka_produce(topic.get(), partition, RD_KAFKA_MSG_F_COPY, value.data(), value.size(), nullptr, 0, nullptr),
        0);
  }
  ASSERT_EQ(rd_kafka_flush(producer.get(), 30'000), RD_KAFKA_RESP_ERR_NO_ERROR);
}

struct KafkaSourceTest : testing::Test {
  KafkaSourceTest() {
    settings.connection.bootstrap_servers = rd_kafka_mock_cluster_bootstraps(broker.cluster.get());
    settings.topic = "t";
    settings.consumer_group = "g";
  }
  void open() {
    identity = std::make_unique<Identity>(settings, null_log());
    auto opened = open_source(settings, {clock, null_log(), metrics, reaper, *identity});
    ASSERT_TRUE(opened) << opened.error().text;
    source = *std::move(opened);
  }
  // Polls until `done`, which is called for each event, returns true; false after `limit`.
  bool poll_until(const std::function<bool(const SourceEvent&)>& done, Duration limit = std::chrono::seconds(60)) {
    const SteadyTime deadline = clock.steady_now() + limit;
    while (clock.steady_now() < deadline) {
      std::vector<SourceEvent> events;
      source->poll(std::chrono::milliseconds(100), {100}, events);
      for (const SourceEvent& event : events) {
        if (done(event)) return true;
      }
    }
    return false;
  }

  // Answers the first assignment: each partition starts at 0 with this state of its offset.
  void own_all(OffsetState state = OffsetState::Valid) {
    ASSERT_TRUE(poll_until([&](const SourceEvent& event) {
      const auto* assigned = std::get_if<PartitionsAssigned>(&event);
      if (assigned == nullptr) return false;
      std::vector<StartAt> starts;
      for (const AssignedPartition& one : assigned->partitions) starts.push_back({one.partition, Offset{0}, state});
      EXPECT_EQ(starts.size(), partitions);
      source->answer_assign(starts);
      return true;
    }));
  }

  const MockBroker broker;
  RealClock clock;
  Metrics metrics;
  Reaper reaper{metrics};
  KafkaSettings settings;
  size_t partitions = 2;  // of the topic
  std::unique_ptr<Identity> identity;
  std::unique_ptr<Source> source;
};

// The insert token contains it: topics of the same name on two clusters are different topics.
TEST_F(KafkaSourceTest, AnAssignmentNamesTheCluster) {
  open();
  std::string cluster_id;
  ASSERT_TRUE(poll_until([&](const SourceEvent& event) {
    const auto* assigned = std::get_if<PartitionsAssigned>(&event);
    if (assigned == nullptr) return false;
    EXPECT_EQ(assigned->partitions.size(), 2u);
    cluster_id = assigned->cluster_id;
    source->answer_assign({});
    return true;
  }));
  EXPECT_NE(cluster_id.find("mock"), std::string::npos) << cluster_id;
}

// A stream that has enough to do leaves messages in the library, and must not wait for them to learn of anything else.
struct MessagesWait : KafkaSourceTest {
  void leave_messages_in_the_queue() {
    open();
    own_all();
    for (const int32_t partition : {0, 1}) produce(broker, partition, "x");
    ASSERT_TRUE(
        testkit::eventually(std::chrono::seconds(60), [&] { return rd_kafka_queue_length(kafka().queue()) > 0; }));
  }
  KafkaSource& kafka() { return static_cast<KafkaSource&>(*source); }
  std::vector<SourceEvent> next_without_messages() {
    std::vector<SourceEvent> events;
    const SteadyTime deadline = clock.steady_now() + std::chrono::seconds(60);
    while (events.empty() && clock.steady_now() < deadline) source->poll(std::chrono::seconds(10), {100, 0}, events);
    return events;
  }
};

TEST_F(MessagesWait, TheAnswerToACommitDoesNotWaitBehindThem) {
  leave_messages_in_the_queue();
  ASSERT_TRUE(source->commit_async({{Partition{0}, Offset{0}}}));
  const std::vector<SourceEvent> events = next_without_messages();
  ASSERT_EQ(events.size(), 1u);
  EXPECT_TRUE(std::holds_alternative<CommitResult>(events.front()));
  size_t messages = 0;
  EXPECT_TRUE(poll_until([&](const SourceEvent& event) {
    const auto* chunk = std::get_if<MessageChunk>(&event);
    return chunk != nullptr && (messages += chunk->messages.size()) == 2;
  }));
}

TEST_F(MessagesWait, AFatalErrorIsReportedOnceAndBeforeThem) {
  leave_messages_in_the_queue();
  rd_kafka_test_fatal_error(kafka().client(), RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID, "test");
  std::vector<SourceEvent> events = next_without_messages();
  ASSERT_EQ(events.size(), 1u);
  const auto* fault = std::get_if<SourceFault>(&events.front());
  ASSERT_NE(fault, nullptr);
  EXPECT_EQ(fault->error.kind, ErrorKind::Renew);
  EXPECT_TRUE(fault->fenced);
  EXPECT_FALSE(poll_until([](const SourceEvent& event) { return std::holds_alternative<SourceFault>(event); },
                          std::chrono::seconds(1)));
}

// The watchdog wants to know whether the library is alive.
TEST_F(MessagesWait, StatisticsAndLostConnectionsDoNotWaitBehindThem) {
  leave_messages_in_the_queue();
  const auto before = source->statistics_at();
  EXPECT_TRUE(testkit::eventually(std::chrono::seconds(60), [&] {
    std::vector<SourceEvent> none;
    source->poll(std::chrono::milliseconds(10), {100, 0}, none);
    return source->statistics_at() != before;
  }));
  for (const int32_t id : {1, 2}) rd_kafka_mock_broker_set_down(broker.cluster.get(), id);
  const std::vector<SourceEvent> events = next_without_messages();
  ASSERT_FALSE(events.empty());
  const auto* fault = std::get_if<SourceFault>(&events.front());
  ASSERT_NE(fault, nullptr);
  EXPECT_TRUE(fault->of_connections) << fault->error.text;
}

TEST_F(KafkaSourceTest, AnAnswerEndsAPollThatWaitsForMessages) {
  open();
  own_all();
  std::vector<SourceEvent> events;
  while (poll_until([](const SourceEvent&) { return true; }, std::chrono::milliseconds(300))) {  // ends of partitions
  }
  const SteadyTime before = clock.steady_now();
  ASSERT_TRUE(source->commit_async({{Partition{0}, Offset{0}}}));
  while (events.empty() && clock.steady_now() < before + std::chrono::seconds(60)) {
    source->poll(std::chrono::seconds(60), {100}, events);
  }
  ASSERT_FALSE(events.empty());
  EXPECT_TRUE(std::holds_alternative<CommitResult>(events.front()));
  EXPECT_LT(clock.steady_now() - before, std::chrono::seconds(30));
}

TEST_F(KafkaSourceTest, ThePlanOfACommitReachesTheNextOwner) {
  open();
  own_all();
  ASSERT_TRUE(source->commit_async({{Partition{0}, Offset{5}, "plan=4:s"}, {Partition{1}, Offset{3}, ""}}));
  ASSERT_TRUE(poll_until([&](const SourceEvent& event) {
    const auto* result = std::get_if<CommitResult>(&event);
    EXPECT_TRUE(result == nullptr || !result->error);
    return result != nullptr;
  }));
  GroupRequests requests;
  StartPositions positions(static_cast<KafkaSource&>(*source).client(), requests, settings, clock, [](const Error&) {});
  const auto committed = positions.committed({Partition{0}, Partition{1}}, {});
  ASSERT_TRUE(committed) << committed.error().text;
  const std::vector<AssignedPartition>& found = committed->partitions;
  ASSERT_EQ(found.size(), partitions);
  EXPECT_EQ(found[0].start, Offset{5});
  EXPECT_EQ(found[0].plan, "plan=4:s");
  EXPECT_EQ(found[1].start, Offset{3});
  EXPECT_EQ(found[1].plan, "");
  EXPECT_EQ(found[1].unknown_metadata, "");
}

// The library tells it to a callback. Without an answer it would wait forever.
TEST_F(KafkaSourceTest, ARebalanceThatComesWhileABatchIsTakenIsNotLost) {
  if (!batches_are_safe()) GTEST_SKIP() << testkit::librdkafka_lacks("safe batches");
  open();
  auto& kafka = static_cast<KafkaSource&>(*source);
  ASSERT_TRUE(testkit::eventually(std::chrono::seconds(60), [&] { return rd_kafka_queue_length(kafka.queue()) > 0; }));
  MessageBatch batch;
  batch.take(kafka.queue(), MessageBatch::kMost);
  EXPECT_TRUE(batch.messages().empty());
  EXPECT_GE(batch.rebalances().capacity(), MessageBatch::kMostRebalances) << "so that the callback allocates nothing";
  ASSERT_EQ(batch.rebalances().size(), 1u);
  const Rebalance& assigned = batch.rebalances().front();
  EXPECT_EQ(assigned.what, RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS);
  EXPECT_EQ(assigned.partitions->cnt, 2);
  // Partition 0 has messages, 1 has none.
  produce(broker, 0, "x");
  for (int i = 0; i < assigned.partitions->cnt; ++i) assigned.partitions->elems[i].offset = 0;
  ASSERT_EQ(rd_kafka_assign(kafka.client(), assigned.partitions.get()), RD_KAFKA_RESP_ERR_NO_ERROR);
  std::vector<std::string> got;
  EXPECT_TRUE(testkit::eventually(std::chrono::seconds(60), [&] {
    batch.take(kafka.queue(), MessageBatch::kMost);
    for (FetchedMessage& taken : batch.messages()) {
      const FetchedMessage one = std::move(taken);
      if (one->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        const ConsumerError end = to_consumer_error(*one);
        got.push_back(fmt::format("{} of {} at {}", rd_kafka_err2name(end.code), end.partition, end.offset));
      } else {
        got.push_back(fmt::format("a message of {} at {}", one->partition, one->offset));
      }
    }
    return got.size() >= 3;
  }));
  EXPECT_TRUE(batch.rebalances().empty());
  EXPECT_THAT(got, testing::UnorderedElementsAre("a message of 0 at 0", "_PARTITION_EOF of 0 at 1",
                                                 "_PARTITION_EOF of 1 at 0"));
}

// Many small messages and a large one come in order, in batches of both partitions, which the limit of a poll does not
// cut.
TEST_F(KafkaSourceTest, EachMessageOfABatchIsDeliveredOnceAndInOrder) {
  open();
  own_all();
  const std::string large(100'000, 'x');
  for (int i = 0; i < 3; ++i) {
    produce(broker, 0, "small", 99);
    produce(broker, 0, large);
    produce(broker, 1, "other", 100);
  }
  std::array<int64_t, 2> next{};
  const SteadyTime deadline = clock.steady_now() + std::chrono::seconds(60);
  while ((next[0] < 300 || next[1] < 300) && clock.steady_now() < deadline) {
    std::vector<SourceEvent> events;
    source->poll(std::chrono::milliseconds(100), {100, 20'000}, events);
    for (const SourceEvent& event : events) {
      const auto* chunk = std::get_if<MessageChunk>(&event);
      if (chunk == nullptr) continue;
      EXPECT_LE(chunk->messages.size(), 100u);
      const auto partition = static_cast<size_t>(chunk->partition.value);
      for (const Message& message : chunk->messages) {
        const int64_t offset = next.at(partition)++;
        EXPECT_EQ(message.offset.value, offset);
        EXPECT_EQ(message.payload, partition == 1 ? "other" : offset % 100 == 99 ? large : "small");
        EXPECT_GT(message.timestamp_ms, 0);
      }
    }
  }
  EXPECT_EQ(next, (std::array<int64_t, 2>{300, 300}));
}

// Where messages become larger the size of the next one is not known, and one poll may exceed its limit. Not the later
// ones, although each begins with small messages.
TEST_F(KafkaSourceTest, APollExceedsItsLimitByOneMessageUnlessMessagesBecomeLarger) {
  open();
  own_all();
  const std::string large(50'000, 'x');
  constexpr int kRounds = 10;
  for (int i = 0; i < kRounds; ++i) {
    produce(broker, 0, "small", 10);
    produce(broker, 0, large, 20);
  }
  constexpr uint64_t kLimit = 100'000;
  int64_t next = 0;
  int too_large = 0;
  const SteadyTime deadline = clock.steady_now() + std::chrono::seconds(60);
  while (next < kRounds * 30 && clock.steady_now() < deadline) {
    std::vector<SourceEvent> events;
    source->poll(std::chrono::milliseconds(100), {100, kLimit}, events);
    size_t bytes = 0;
    for (const SourceEvent& event : events) {
      const auto* chunk = std::get_if<MessageChunk>(&event);
      for (size_t i = 0; chunk != nullptr && i < chunk->messages.size(); ++i, ++next) {
        EXPECT_EQ(chunk->messages[i].offset.value, next);
        bytes += chunk->messages[i].bytes();
      }
    }
    if (bytes >= kLimit + large.size()) ++too_large;
  }
  EXPECT_EQ(next, kRounds * 30);
  EXPECT_LE(too_large, 1);
}

TEST(RecentLargestTest, ForgetsWhatWasLargeLongAgo) {
  RecentLargest largest;
  EXPECT_EQ(largest.bytes(), 0u);
  largest.add(1'000);
  for (size_t i = 0; i < RecentLargest::kWindow; ++i) largest.add(5);
  EXPECT_EQ(largest.bytes(), 1'000u);
  for (size_t i = 0; i < RecentLargest::kWindow; ++i) largest.add(5);
  EXPECT_EQ(largest.bytes(), 5u);
}

// A join may last for minutes.
TEST_F(KafkaSourceTest, ErrorsDoNotPileUpWhileASuccessorJoins) {
  identity = std::make_unique<Identity>(settings, null_log());
  auto successor = open_successor(settings, {clock, null_log(), metrics, reaper, *identity}, {}, [] {});
  ASSERT_TRUE(successor) << successor.error().text;
  ASSERT_TRUE(
      testkit::eventually(std::chrono::seconds(60), [&] { return (*successor)->state() == Successor::State::Ready; }));
  (*successor)->join({}, true);
  for (const int32_t id : {1, 2}) rd_kafka_mock_broker_set_down(broker.cluster.get(), id);
  std::this_thread::sleep_for(std::chrono::seconds(3));  // without brokers the join does not end
  ASSERT_EQ((*successor)->state(), Successor::State::Joining);
  source = (*successor)->take();
  ASSERT_NE(source, nullptr);
  EXPECT_LE(rd_kafka_queue_length(static_cast<KafkaSource&>(*source).urgent()), 1u);  // one may come meanwhile
}

// A move reassigns all partitions and pauses the blocked ones; the library keeps a pause across assignments.
TEST_F(KafkaSourceTest, EachOfManyBlockedPartitionsIsReadOnceItIsMoved) {
  for (const std::string assignor : {"range", "cooperative-sticky"}) {
    settings.consumer_group = assignor;
    settings.connection.extra["partition.assignment.strategy"] = assignor;
    open();
    own_all(OffsetState::Missing);
    source->resume({Partition{0}, Partition{1}});  // the stream wants to read both
    for (const int32_t partition : {0, 1}) {
      produce(broker, partition, "message");
      ASSERT_TRUE(source->seek(Partition{partition}, Offset{0}));
    }
    std::set<int32_t> read;
    EXPECT_TRUE(poll_until([&](const SourceEvent& event) {
      if (const auto* chunk = std::get_if<MessageChunk>(&event)) read.insert(chunk->partition.value);
      return read.size() == 2;
    })) << assignor;
    source.reset();
  }
}

// A consumer may live shorter than the interval between lookups.
TEST_F(KafkaSourceTest, WhatWasBlockedBeforeThisConsumerIsLookedUpAtOnce) {
  open();
  own_all(OffsetState::Missing);
  std::set<int32_t> unstuck;
  EXPECT_TRUE(poll_until(
      [&](const SourceEvent& event) {
        if (const auto* one = std::get_if<ValidOffset>(&event)) unstuck.insert(one->partition.value);
        return unstuck.size() == 2;
      },
      std::chrono::seconds(40)));
}

// The leader of two of the three partitions does not answer: their lookups fail repeatedly.
TEST_F(KafkaSourceTest, ABlockedPartitionDoesNotWaitForTheLeadersOfOthers) {
  settings.topic = "three";
  partitions = 3;
  rd_kafka_mock_topic_create(broker.cluster.get(), "three", 3, 1);
  for (const int32_t partition : {0, 1, 2}) {
    rd_kafka_mock_partition_set_leader(broker.cluster.get(), "three", partition, 1);
  }
  rd_kafka_mock_coordinator_set(broker.cluster.get(), "group", settings.consumer_group.c_str(), 1);
  open();
  own_all(OffsetState::OutOfRange);
  for (const int32_t partition : {0, 1}) {
    rd_kafka_mock_partition_set_leader(broker.cluster.get(), "three", partition, 2);
  }
  rd_kafka_mock_broker_set_down(broker.cluster.get(), 2);
  EXPECT_TRUE(poll_until(
      [&](const SourceEvent& event) {
        const auto* one = std::get_if<ValidOffset>(&event);
        return one != nullptr && one->partition == Partition{2};
      },
      std::chrono::seconds(40)));
}

// Members that close at bad moments, all at the same time: the library then has fewer partitions than the group
// assigned, but revokes all of them.
struct KafkaCloseTest : KafkaSourceTest {
  enum class Moment { AssignmentWaits, LostAndAnswered, LostAndNotAnswered };
  struct Member {
    std::string name;
    Moment moment;
    std::unique_ptr<Identity> identity;
    std::unique_ptr<Source> source;
    bool owns = false;
    bool closes = false;
    bool closed = false;
  };

  void begin(const std::string& assignor, Moment moment) {
    settings.consumer_group = assignor + std::to_string(static_cast<int>(moment));
    settings.connection.extra["partition.assignment.strategy"] = assignor;
    const bool waits = moment == Moment::AssignmentWaits;
    // A member that is removed must not have to rejoin in order to leave: this broker would keep it waiting.
    settings.group_instance_id = waits ? "" : settings.consumer_group;
    settings.connection.extra["heartbeat.interval.ms"] = waits ? "20000" : "100";
    open();
    members.push_back({settings.consumer_group, moment, std::move(identity), std::move(source)});
  }
  void close(Member& member) {
    if (!std::exchange(member.closes, true)) member.source->begin_close(LeaveMode::ForGood);
  }
  // Once every assignment is answered that is meant to be: heartbeats then return UNKNOWN_MEMBER_ID.
  void throw_all_out() {
    const bool ready = std::all_of(members.begin(), members.end(),
                                   [](const Member& one) { return one.owns || one.moment == Moment::AssignmentWaits; });
    if (!ready) return;
    const std::vector<rd_kafka_resp_err_t> errors(500, RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID);
    rd_kafka_mock_push_request_errors_array(broker.cluster.get(), kHeartbeat, errors.size(), errors.data());
  }
  void see(Member& member, const SourceEvent& event) {
    if (const auto* assigned = std::get_if<PartitionsAssigned>(&event)) {
      if (member.moment == Moment::AssignmentWaits) return close(member);
      std::vector<StartAt> starts;
      for (const AssignedPartition& one : assigned->partitions) starts.push_back({one.partition, Offset{0}});
      member.source->answer_assign(starts);
      member.owns = true;
      throw_all_out();
    } else if (std::holds_alternative<PartitionsRevoked>(event)) {
      if (member.moment == Moment::LostAndNotAnswered) close(member);
      member.source->answer_revoke();
      close(member);
    } else if (const auto* fault = std::get_if<SourceFault>(&event)) {
      EXPECT_NE(fault->error.kind, ErrorKind::Renew) << member.name << ": " << fault->error.text;
    } else if (std::holds_alternative<ConsumerClosed>(event)) {
      member.closed = true;
    }
  }
  void poll_all(Duration limit) {
    const SteadyTime deadline = clock.steady_now() + limit;
    const auto all_closed = [&] {
      return std::all_of(members.begin(), members.end(), [](const Member& one) { return one.closed; });
    };
    while (!all_closed() && clock.steady_now() < deadline) {
      for (Member& member : members) {
        std::vector<SourceEvent> events;
        member.source->poll(std::chrono::milliseconds(10), {100}, events);
        for (const SourceEvent& event : events) see(member, event);
      }
    }
  }

  static constexpr int16_t kHeartbeat = 12;
  std::vector<Member> members;
};

TEST_F(KafkaCloseTest, WhateverTheLibraryHasAssigned) {
  for (const char* assignor : {"range", "cooperative-sticky"}) {
    for (const auto moment : {Moment::AssignmentWaits, Moment::LostAndAnswered, Moment::LostAndNotAnswered}) {
      begin(assignor, moment);
    }
  }
  poll_all(std::chrono::seconds(120));
  for (const Member& member : members)
    EXPECT_TRUE(member.closed) << member.name << (member.closes ? ": it never ends" : ": nothing was taken away");
}

}  // namespace
}  // namespace freshet::kafka
