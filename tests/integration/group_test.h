// The servers of a suite that runs group members, with a topic and a table for each test.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "group_member.h"
#include "testkit/kafka_client.h"
#include "testkit/servers.h"

namespace freshet::testkit {

// Topic, table and group have the name of the test. The suite starts `kafka_` and `clickhouse_`; a test program has one
// such suite.
struct GroupTest : testing::Test {
  explicit GroupTest(int partitions)
      : topic(testing::UnitTest::GetInstance()->current_test_info()->name()),
        client(std::make_unique<KafkaClient>(kafka_->bootstrap())) {
    client->create_topic(topic, partitions);
    clickhouse_->query(fmt::format("CREATE TABLE {} (id UInt64) ENGINE = MergeTree ORDER BY id", topic));
  }
  static void start_servers(const std::map<std::string, std::string>& kafka_properties = {},
                            const std::vector<KafkaServer::Listener>& more_listeners = {}) {
    kafka_ = std::make_unique<KafkaServer>(kafka_properties, more_listeners);
    clickhouse_ = std::make_unique<LocalClickHouse>();
  }
  static void TearDownTestSuite() {
    kafka_.reset();
    clickhouse_.reset();
  }
  std::vector<std::string> args(const std::vector<std::string>& more = {}) const {
    return member_args(*kafka_, clickhouse_->url(), topic, more);
  }
  uint64_t rows() const { return clickhouse_->count("SELECT count() FROM " + topic); }
  // The first ids below `produced` that are not in the table, for messages of tests.
  std::string missing(uint64_t produced) const {
    return clickhouse_->query(fmt::format(
        "SELECT groupArray(20)(number) FROM numbers({}) WHERE number NOT IN (SELECT id FROM {})", produced, topic));
  }
  uint64_t different() const { return clickhouse_->count("SELECT uniqExact(id) FROM " + topic); }

  static inline std::unique_ptr<KafkaServer> kafka_;
  static inline std::unique_ptr<LocalClickHouse> clickhouse_;
  const std::string topic;
  std::unique_ptr<KafkaClient> client;
};

}  // namespace freshet::testkit
