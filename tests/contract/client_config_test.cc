// What librdkafka accepts. Not beside the code, because Debian's librdkafka starts its threads with C11's
// thrd_create(), which ThreadSanitizer of g++ 12 does not support; a program that creates a client crashes under it.
#include "kafka/client_config.h"

#include <gtest/gtest.h>

namespace freshet::kafka {
namespace {

TEST(ClientConfigTest, PropertiesAreCheckedWithTheLibrarysWords) {
  KafkaSettings s;
  s.connection.bootstrap_servers = "127.0.0.1:1";
  s.topic = "t";
  s.consumer_group = "g";
  EXPECT_TRUE(check_connection_settings(s));
  s.connection.extra = {{"fetch.min.bytes", "10"}};
  EXPECT_TRUE(check_connection_settings(s));
  s.connection.extra = {{"no.such.property", "1"}};
  EXPECT_NE(check_connection_settings(s).error().text.find("kafka.no.such.property"), std::string::npos);
  EXPECT_NE(check_connection_settings(s).error().text.find("CONFIGURATION.md"), std::string::npos);
  s.connection.extra = {{"enable.auto.commit", "true"}};
  EXPECT_NE(check_connection_settings(s).error().text.find("freshet's own"), std::string::npos);
  s.connection.extra = {{"auto.offset.reset", "latest"}};
  EXPECT_NE(check_connection_settings(s).error().text.find("--auto-offset-reset"), std::string::npos);
  s.connection.extra = {};
  s.connection.security_protocol = "carrier-pigeon";
  EXPECT_FALSE(check_connection_settings(s));
  s.connection.security_protocol = "sasl_plaintext";
  s.connection.sasl_mechanism = "PLAIN";
  s.connection.extra = {{"ssl.keystore.password", "hunter2"}, {"bad", ""}};
  EXPECT_EQ(check_connection_settings(s).error().text.find("hunter2"), std::string::npos);
}

// KIP-848 is used if the library supports it, and refused at start otherwise.
TEST(ClientConfigTest, TheConsumerGroupProtocolNeedsALibraryThatHasIt) {
  KafkaSettings s;
  s.connection.bootstrap_servers = "127.0.0.1:1";
  s.topic = "t";
  s.consumer_group = "g";
  s.connection.extra = {{"group.protocol", "consumer"}};
  const Status checked = check_connection_settings(s);
  if (rd_kafka_version() >= 0x02040000) {
    EXPECT_TRUE(checked) << checked.error().text;
  } else {
    ASSERT_FALSE(checked);
    EXPECT_NE(checked.error().text.find("needs librdkafka 2.4"), std::string::npos) << checked.error().text;
  }
}

}  // namespace
}  // namespace freshet::kafka
