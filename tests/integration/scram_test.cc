// Logins by SCRAM to a real broker of version 4.
#include <gtest/gtest.h>
#include <librdkafka/rdkafka.h>

#include <fstream>
#include <string>

#include "group_test.h"
#include "testkit/librdkafka_version.h"

namespace freshet {
namespace {

using namespace std::chrono_literals;
using testkit::eventually;
using testkit::GroupMember;

constexpr int kWorksWithKafka4 = 0x020601ff;  // older ones repeat the nonce of SCRAM, which Kafka 4 rejects
const std::string kLacksLogin = testkit::librdkafka_lacks("SCRAM for Kafka 4");

struct ScramTest : testkit::GroupTest {
  ScramTest() : GroupTest(1) {}
  static void SetUpTestSuite() {
    port_ = testkit::free_port();
    kafka_ = std::make_unique<testkit::KafkaServer>(
        std::map<std::string, std::string>{
            {"listener.name.sasl.sasl.enabled.mechanisms", "SCRAM-SHA-256,SCRAM-SHA-512"},
            {"listener.name.sasl.scram-sha-256.sasl.jaas.config", kLogins},
            {"listener.name.sasl.scram-sha-512.sasl.jaas.config", kLogins}},
        std::vector<testkit::KafkaServer::Listener>{{"SASL", "SASL_PLAINTEXT", port_, port_}},
        std::map<std::string, std::string>{{"app", "swordfish"}});
    clickhouse_ = std::make_unique<testkit::LocalClickHouse>();
  }
  std::vector<std::string> args_with(const std::string& mechanism, const std::string& password) const {
    std::ofstream(folder.path("password")) << password << '\n';
    std::vector<std::string> all =
        args({"--kafka-security-protocol", "sasl_plaintext", "--kafka-sasl-mechanism", mechanism,
              "--kafka-sasl-username", "app", "--kafka-sasl-password-file", folder.path("password")});
    all[1] = fmt::format("127.0.0.1:{}", port_);
    return all;
  }
  // A login that works brings the message into the table.
  void logs_in(const std::string& mechanism) {
    GroupMember member(args_with(mechanism, "swordfish"));
    client->produce(topic, {0, -1, std::nullopt, R"({"id":1})", {}, 0});
    client->flush();
    EXPECT_TRUE(eventually(60s, [&] { return rows() == 1; })) << member.log();
  }

  static constexpr const char* kLogins = "org.apache.kafka.common.security.scram.ScramLoginModule required;";
  static inline int port_ = 0;
  testkit::TempFolder folder;
};

TEST_F(ScramTest, LogsInWithSha256) {
  if (rd_kafka_version() < kWorksWithKafka4) GTEST_SKIP() << kLacksLogin;
  logs_in("SCRAM-SHA-256");
}

TEST_F(ScramTest, LogsInWithSha512) {
  if (rd_kafka_version() < kWorksWithKafka4) GTEST_SKIP() << kLacksLogin;
  logs_in("SCRAM-SHA-512");
}

TEST_F(ScramTest, AWrongPasswordIsReportedAndNotShown) {
  GroupMember member(args_with("SCRAM-SHA-512", "haddock"));
  EXPECT_TRUE(eventually(60s, [&] { return member.log().find("the broker rejects the login") != std::string::npos; }))
      << member.log();
  member.stop();
  EXPECT_EQ(member.log().find("haddock"), std::string::npos);
}

}  // namespace
}  // namespace freshet
