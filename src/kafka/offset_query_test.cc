#include "kafka/offset_query.h"

#include <gtest/gtest.h>
#include <librdkafka/rdkafka_mock.h>

#include <array>
#include <chrono>

namespace freshet::kafka {
namespace {

using namespace std::chrono_literals;

struct ClusterFreed {
  void operator()(rd_kafka_mock_cluster_t* cluster) const noexcept { rd_kafka_mock_cluster_destroy(cluster); }
};

Client consumer(const std::string& bootstrap) {
  std::array<char, 512> text{};
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  rd_kafka_conf_set(conf, "bootstrap.servers", bootstrap.c_str(), text.data(), text.size());
  rd_kafka_conf_set(conf, "log_level", "0", text.data(), text.size());
  return Client(rd_kafka_new(RD_KAFKA_CONSUMER, conf, text.data(), text.size()));
}

TEST(OffsetQueryTest, ALeaderThatDoesNotAnswerCostsTheTimeoutAndNoMore) {
  std::array<char, 512> text{};
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  rd_kafka_conf_set(conf, "log_level", "0", text.data(), text.size());
  const Client owner(rd_kafka_new(RD_KAFKA_PRODUCER, conf, text.data(), text.size()));
  const std::unique_ptr<rd_kafka_mock_cluster_t, ClusterFreed> cluster(rd_kafka_mock_cluster_new(owner.get(), 1));
  rd_kafka_mock_topic_create(cluster.get(), "t", 2, 1);
  const Client client = consumer(rd_kafka_mock_cluster_bootstraps(cluster.get()));
  const std::vector<Partition> both = {Partition{0}, Partition{1}};
  for (const auto edge : {PartitionEdge::Begin, PartitionEdge::End}) {
    const auto found = query_offsets(client.get(), "t", both, edge, 20'000);
    ASSERT_TRUE(found) << found.error().text;
    EXPECT_EQ(found->size(), 2u);
    EXPECT_EQ(found->at(Partition{1}), Offset{0});
  }
  rd_kafka_mock_broker_set_rtt(cluster.get(), 1, 40'000);
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_FALSE(query_offsets(client.get(), "t", both, PartitionEdge::End, 500));
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 20s);
}

}  // namespace
}  // namespace freshet::kafka
