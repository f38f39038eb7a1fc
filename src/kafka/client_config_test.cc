#include "kafka/client_config.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace freshet::kafka
