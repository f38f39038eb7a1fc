#include "kafka/kafka_source.h"

#include <gtest/gtest.h>
#include <librdkafka/rdkafka_mock.h>

#include <array>
#include <memory>
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

// The insert token has it: topics of the same name on two clusters are different topics.
TEST(KafkaSourceTest, AnAssignmentNamesTheCluster) {
  const MockBroker broker;
  RealClock clock;
  Metrics metrics;
  Reaper reaper(metrics);
  KafkaSettings settings;
  settings.connection.bootstrap_servers = rd_kafka_mock_cluster_bootstraps(broker.cluster.get());
  settings.topic = "t";
  settings.consumer_group = "g";
  Identity identity(settings, null_log());
  const auto source = open_source(settings, {clock, null_log(), metrics, reaper, identity});
  ASSERT_TRUE(source) << source.error().text;
  const SteadyTime deadline = clock.steady_now() + std::chrono::seconds(60);
  std::string cluster_id;
  while (cluster_id.empty() && clock.steady_now() < deadline) {
    std::vector<SourceEvent> events;
    (*source)->poll(std::chrono::milliseconds(100), 100, events);
    for (const SourceEvent& event : events) {
      if (const auto* assigned = std::get_if<PartitionsAssigned>(&event)) {
        EXPECT_EQ(assigned->partitions.size(), 2u);
        cluster_id = assigned->cluster_id;
        EXPECT_FALSE(cluster_id.empty());
        (*source)->answer_assign({});
      }
    }
  }
  EXPECT_NE(cluster_id.find("mock"), std::string::npos) << cluster_id;
}

}  // namespace
}  // namespace freshet::kafka
