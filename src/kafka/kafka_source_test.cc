#include "kafka/kafka_source.h"

#include <gtest/gtest.h>
#include <librdkafka/rdkafka_mock.h>

#include <array>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace freshet::kafka {
namespace {

// librdkafka's own broker.
struct MockBroker {
  MockBroker() {
    std::array<char, 512> text{};
    rd_kafka_conf_t* conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "log_level", "3", text.data(), text.size());  // it misses bootstrap.servers
    owner.reset(rd_kafka_new(RD_KAFKA_PRODUCER, conf, text.data(), text.size()));
    cluster.reset(rd_kafka_mock_cluster_new(owner.get(), 1));
    rd_kafka_mock_topic_create(cluster.get(), "t", 2, 1);
  }
  Client owner;
  std::unique_ptr<rd_kafka_mock_cluster_t, Freed<rd_kafka_mock_cluster_destroy>> cluster;
};

void produce(const MockBroker& broker, int32_t partition, std::string value) {
  std::array<char, 512> text{};
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  rd_kafka_conf_set(conf, "bootstrap.servers", rd_kafka_mock_cluster_bootstraps(broker.cluster.get()), text.data(),
                    text.size());
  const Client producer(rd_kafka_new(RD_KAFKA_PRODUCER, conf, text.data(), text.size()));
  const Topic topic(rd_kafka_topic_new(producer.get(), "t", nullptr));
  ASSERT_EQ(
      rd_kafka_produce(topic.get(), partition, RD_KAFKA_MSG_F_COPY, value.data(), value.size(), nullptr, 0, nullptr),
      0);
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
  // Polls until `done`, which sees every event; false after a minute.
  bool poll_until(const std::function<bool(const SourceEvent&)>& done) {
    const SteadyTime deadline = clock.steady_now() + std::chrono::seconds(60);
    while (clock.steady_now() < deadline) {
      std::vector<SourceEvent> events;
      source->poll(std::chrono::milliseconds(100), 100, events);
      for (const SourceEvent& event : events) {
        if (done(event)) return true;
      }
    }
    return false;
  }

  const MockBroker broker;
  RealClock clock;
  Metrics metrics;
  Reaper reaper{metrics};
  KafkaSettings settings;
  std::unique_ptr<Identity> identity;
  std::unique_ptr<Source> source;
};

// The insert token has it: topics of the same name on two clusters are different topics.
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

// A move assigns all partitions anew and pauses those that are blocked; the library keeps a pause over an assignment.
TEST_F(KafkaSourceTest, EachOfManyBlockedPartitionsIsReadOnceItIsMoved) {
  for (const std::string assignor : {"range", "cooperative-sticky"}) {
    settings.consumer_group = assignor;
    settings.connection.extra["partition.assignment.strategy"] = assignor;
    open();
    ASSERT_TRUE(poll_until([&](const SourceEvent& event) {
      if (!std::holds_alternative<PartitionsAssigned>(event)) return false;
      source->answer_assign(
          {{Partition{0}, Offset{0}, StartAt::Held::NoStart}, {Partition{1}, Offset{0}, StartAt::Held::NoStart}});
      return true;
    }));
    source->resume({Partition{0}, Partition{1}});  // the stream wants both
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

}  // namespace
}  // namespace freshet::kafka
