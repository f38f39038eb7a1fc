#include "kafka/statistics.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace freshet::kafka {
namespace {

using testing::IsEmpty;
using testing::Pair;
using testing::UnorderedElementsAre;

// Gauges or counters of one family, by the value of the last label.
std::map<std::string, double> values_of(const Metrics& metrics, const std::string& name) {
  std::map<std::string, double> out;
  metrics.visit([&](const Metrics::Family& family) {
    for (const auto& sample : family.samples) {
      if (family.name != name) continue;
      out[sample.labels.empty() ? "" : sample.labels.back().second] =
          sample.gauge != nullptr ? sample.gauge->value() : static_cast<double>(sample.counter->value());
    }
  });
  return out;
}

TEST(ConsumerStatisticsTest, PartitionsThatAreOwnedHaveGauges) {
  Metrics metrics;
  {
    ConsumerStatistics statistics({metrics, "t"});
    const char* json = R"({"replyq":3,"topics":{"other":{"partitions":{"0":{"fetchq_cnt":9}}},"t":{"partitions":{
        "-1":{"fetchq_cnt":1},"0":{"fetchq_cnt":5},"1":{"fetchq_cnt":6},"2":{"fetchq_cnt":7}}}}})";
    statistics.update(json, [](Partition one) { return one.value != 1; });
    EXPECT_THAT(values_of(metrics, "freshet_librdkafka_reply_queue_operations"), UnorderedElementsAre(Pair("", 3)));
    EXPECT_THAT(values_of(metrics, "freshet_librdkafka_fetch_queue_messages"),
                UnorderedElementsAre(Pair("0", 5), Pair("2", 7)));
    statistics.update("{", [](Partition) { return true; });
    statistics.update(json, [](Partition one) { return one.value == 1; });
    EXPECT_THAT(values_of(metrics, "freshet_librdkafka_fetch_queue_messages"), UnorderedElementsAre(Pair("1", 6)));
  }
  EXPECT_THAT(values_of(metrics, "freshet_librdkafka_fetch_queue_messages"), IsEmpty());
}

TEST(ConsumerStatisticsTest, LeadersAreConnectedOnceNoneOfThemIsAway) {
  Metrics metrics;
  ConsumerStatistics statistics({metrics, "t"});
  const auto connected = [&](const std::string& brokers) {
    statistics.update(R"({"brokers":{)" + brokers + "}}", [](Partition) { return true; });
    return statistics.leaders_connected();
  };
  const std::string address = R"("a:1/bootstrap":{"nodeid":-1,"state":"UP","toppars":{}})";
  const std::string leader_up = R"("a:1/1":{"nodeid":1,"state":"UP","toppars":{"t-0":{"topic":"t"}}})";
  const std::string leader_down = R"("b:1/2":{"nodeid":2,"state":"TRY_CONNECT","toppars":{"t-1":{"topic":"t"}}})";
  const std::string other_down = R"("c:1/3":{"nodeid":3,"state":"DOWN","toppars":{}})";
  EXPECT_FALSE(connected(""));
  EXPECT_FALSE(connected(address)) << "whom it leads to is not known yet";
  EXPECT_TRUE(connected(address + "," + leader_up));
  EXPECT_TRUE(connected(leader_up + "," + other_down)) << "it leads nothing";
  EXPECT_FALSE(connected(leader_up + "," + leader_down));
}

// "logical" is the handle to the group's coordinator, "internal" is no broker.
TEST(ConsumerStatisticsTest, AClientWithoutAnyBrokerHasForgottenThem) {
  Metrics metrics;
  ConsumerStatistics statistics({metrics, "t"});
  const ProducerMetrics dead_letters(metrics, "dead_letter");
  ProducerStatistics of_producer(dead_letters);
  const auto forgotten = [&](const std::string& brokers) {
    const std::string json = R"({"brokers":{)" + brokers + "}}";
    statistics.update(json, [](Partition) { return true; });
    of_producer.update(json);
    EXPECT_EQ(of_producer.brokers_forgotten(), statistics.brokers_forgotten());
    return statistics.brokers_forgotten();
  };
  const std::string coordinator = R"("GroupCoordinator":{"nodeid":1,"source":"logical","state":"DOWN"})";
  EXPECT_FALSE(statistics.brokers_forgotten());
  EXPECT_TRUE(forgotten(""));
  EXPECT_TRUE(forgotten(coordinator + R"(,":0/internal":{"nodeid":-1,"source":"internal"})"));
  EXPECT_FALSE(forgotten(coordinator + R"(,"a:1/bootstrap":{"nodeid":-1,"source":"configured","state":"DOWN"})"));
  EXPECT_TRUE(forgotten(coordinator));
  EXPECT_FALSE(forgotten(R"("a:1/1":{"nodeid":1,"source":"learned","state":"DOWN"})"));
}

TEST(ProducerStatisticsTest, LatenciesAreWholeMillisecondsByBroker) {
  Metrics metrics;
  const ProducerMetrics commit_log(metrics, "commit_log");
  ProducerStatistics(commit_log)
      .update(R"({"replyq":1,"msg_cnt":2,"msg_max":100000,"msg_size":30,"msg_size_max":400,"brokers":{
      "a:1/bootstrap":{"nodeid":-1,"txerrs":9,"rtt":{"p99":9000}},
      "a:1/7":{"nodeid":7,"txerrs":4,"txretries":5,"rtt":{"p99":2999},"int_latency":{"p99":1000}}}})");
  EXPECT_THAT(values_of(metrics, "freshet_producer_p99_seconds"),
              UnorderedElementsAre(Pair("rtt", 0.002999), Pair("int_latency", 0.001)));
  EXPECT_THAT(values_of(metrics, "freshet_producer_request_errors_total"), UnorderedElementsAre(Pair("7", 4)));
  EXPECT_THAT(values_of(metrics, "freshet_producer_request_retries_total"), UnorderedElementsAre(Pair("7", 5)));
  EXPECT_THAT(values_of(metrics, "freshet_producer_messages"), UnorderedElementsAre(Pair("commit_log", 2)));
  EXPECT_THAT(values_of(metrics, "freshet_producer_messages_max"), UnorderedElementsAre(Pair("commit_log", 100'000)));
  EXPECT_THAT(values_of(metrics, "freshet_producer_bytes"), UnorderedElementsAre(Pair("commit_log", 30)));
  EXPECT_THAT(values_of(metrics, "freshet_producer_bytes_max"), UnorderedElementsAre(Pair("commit_log", 400)));
  EXPECT_THAT(values_of(metrics, "freshet_producer_reply_queue_operations"),
              UnorderedElementsAre(Pair("commit_log", 1)));
}

TEST(ProducerStatisticsTest, CountersGrowByWhatEachClientCounts) {
  Metrics metrics;
  const ProducerMetrics dead_letters(metrics, "dead_letter");
  const auto json = [](int errors, int retries) {
    return fmt::format(R"({{"brokers":{{"a:1/7":{{"nodeid":7,"txerrs":{},"txretries":{}}}}}}})", errors, retries);
  };
  {
    ProducerStatistics first(dead_letters);
    first.update(json(0, 0));
    EXPECT_THAT(values_of(metrics, "freshet_producer_request_errors_total"), UnorderedElementsAre(Pair("7", 0)));
    first.update(json(4, 5));
    first.update(json(4, 6));
  }
  ProducerStatistics next(dead_letters);
  next.update(json(1, 0));
  EXPECT_THAT(values_of(metrics, "freshet_producer_request_errors_total"), UnorderedElementsAre(Pair("7", 5)));
  EXPECT_THAT(values_of(metrics, "freshet_producer_request_retries_total"), UnorderedElementsAre(Pair("7", 6)));
}

}  // namespace
}  // namespace freshet::kafka
