#include "kafka/client_config.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace freshet::kafka {
namespace {

// The property is meant for the producers of the same connection, which may write large dead-letter records.
TEST(ClientConfigTest, AConsumerTakesAnyMessageMaxBytes) {
  KafkaSettings settings;
  settings.connection.bootstrap_servers = "127.0.0.1:1";
  settings.connection.extra["message.max.bytes"] = "50000000";
  settings.topic = "t";
  settings.consumer_group = "g";
  auto consumer = consumer_conf(settings, "", null_log());
  ASSERT_TRUE(consumer);
  const auto client = make_client(RD_KAFKA_CONSUMER, *std::move(consumer));
  EXPECT_TRUE(client) << client.error().text;
  auto look_up = lookup_conf(settings.connection, null_log());
  ASSERT_TRUE(look_up);
  const auto looker = make_client(RD_KAFKA_CONSUMER, *std::move(look_up));
  EXPECT_TRUE(looker) << looker.error().text;
}

std::string property(const KafkaSettings& settings, const char* name) {
  const auto conf = consumer_conf(settings, "", null_log());
  std::array<char, 64> text{};
  size_t size = text.size();
  EXPECT_EQ(rd_kafka_conf_get(conf->get(), name, text.data(), &size), RD_KAFKA_CONF_OK);
  return text.data();
}

TEST(ClientConfigTest, WhatOneFetchBringsDoesNotDependOnTheMemoryAndCanBeSet) {
  KafkaSettings settings;
  settings.connection.bootstrap_servers = "127.0.0.1:1";
  settings.consumer_group = "g";
  for (const uint64_t limit : {uint64_t{16} << 20, uint64_t{1} << 30}) {
    settings.memory_limit = limit;
    EXPECT_EQ(property(settings, "fetch.max.bytes"), "524288");
    EXPECT_EQ(property(settings, "fetch.message.max.bytes"), "524288");
  }
  settings.connection.extra["max.partition.fetch.bytes"] = "300000";
  settings.connection.extra["fetch.max.bytes"] = "400000";
  EXPECT_EQ(property(settings, "fetch.max.bytes"), "400000");
  EXPECT_EQ(property(settings, "fetch.message.max.bytes"), "300000");
  auto conf = consumer_conf(settings, "", null_log());
  const auto client = make_client(RD_KAFKA_CONSUMER, *std::move(conf));
  EXPECT_TRUE(client) << client.error().text;
}

}  // namespace
}  // namespace freshet::kafka
