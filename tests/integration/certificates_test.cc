// Certificates that change while freshet runs, with a real broker that requires client certificates.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "group_member.h"

namespace freshet {
namespace {

using namespace std::chrono_literals;
using testkit::eventually;
using testkit::GroupMember;

// A certificate authority and its certificates, as PEM files NAME.pem and NAME.key in a directory.
class Authority {
 public:
  Authority(const testkit::TempFolder& folder, std::string name) : folder_(folder), name_(std::move(name)) {
    make(name_, {});
  }
  void sign(const std::string& name) const {
    make(name, {"-CA", folder_.path(name_ + ".pem"), "-CAkey", folder_.path(name_ + ".key"), "-addext",
                "subjectAltName=IP:127.0.0.1,DNS:127.0.0.1"});
  }

 private:
  void make(const std::string& name, const std::vector<std::string>& more) const {
    std::vector<std::string> command = {"openssl",
                                        "req",
                                        "-x509",
                                        "-newkey",
                                        "ec",
                                        "-pkeyopt",
                                        "ec_paramgen_curve:prime256v1",
                                        "-nodes",
                                        "-days",
                                        "2",
                                        "-subj",
                                        "/CN=" + name,
                                        "-keyout",
                                        folder_.path(name + ".key"),
                                        "-out",
                                        folder_.path(name + ".pem")};
    command.insert(command.end(), more.begin(), more.end());
    testkit::ChildProcess openssl(command, folder_.path("openssl.out"));
    if (openssl.wait(60s) != 0) throw std::runtime_error("openssl: " + openssl.output());
  }

  const testkit::TempFolder& folder_;
  const std::string name_;
};

struct CertificatesTest : testing::Test {
  void SetUp() override {
    Authority first(files, "first-ca");
    Authority second(files, "second-ca");
    Authority stranger(files, "strange-ca");
    first.sign("first-broker");
    first.sign("first-client");
    second.sign("second-broker");
    second.sign("second-client");
    stranger.sign("strange-client");
    put("broker.pem", {"first-broker.key", "first-broker.pem"});
    put("trusted.pem", {"first-ca.pem", "second-ca.pem"});
    // Under TLS 1.3 a rejected client certificate shows up only as a dropped connection; the attempt fails after 30 s.
    const int port = testkit::free_port();
    kafka = std::make_unique<testkit::KafkaServer>(
        std::map<std::string, std::string>{{"listener.name.tls.ssl.keystore.type", "PEM"},
                                           {"listener.name.tls.ssl.keystore.location", files.path("broker.pem")},
                                           {"listener.name.tls.ssl.truststore.type", "PEM"},
                                           {"listener.name.tls.ssl.truststore.location", files.path("trusted.pem")},
                                           {"listener.name.tls.ssl.enabled.protocols", "TLSv1.2"},
                                           {"listener.name.tls.ssl.client.auth", "required"}},
        std::vector<testkit::KafkaServer::Listener>{{"TLS", "SSL", port, port}});
    bootstrap = fmt::format("127.0.0.1:{}", port);
    testkit::KafkaClient(kafka->bootstrap()).create_topic(topic, kPartitions);
    clickhouse.query(fmt::format("CREATE TABLE {} (id UInt64) ENGINE = MergeTree ORDER BY id", topic));
  }
  void put(const std::string& name, const std::vector<std::string>& parts) const {
    std::ofstream file(files.path(name));
    for (const std::string& part : parts) file << std::ifstream(files.path(part)).rdbuf();
  }
  // Replaces all files of the client at once, as for a mounted secret.
  void use(const std::string& client, const std::vector<std::string>& authorities) const {
    std::filesystem::create_directory(files.path("with-" + client));
    put("with-" + client + "/ca.pem", authorities);
    put("with-" + client + "/client.pem", {client + ".pem"});
    put("with-" + client + "/client.key", {client + ".key"});
    std::filesystem::create_directory_symlink(files.path("with-" + client), files.path("new"));
    std::filesystem::rename(files.path("new"), files.path("current"));
  }
  uint64_t rows() const { return clickhouse.count("SELECT count() FROM " + topic); }
  uint64_t different() const { return clickhouse.count("SELECT uniqExact(id) FROM " + topic); }
  bool consumes() const {
    return eventually(60s, [&, before = rows()] { return rows() > before; });
  }

  static constexpr int kPartitions = 4;
  const std::string topic = "certificates";
  testkit::TempFolder files;
  testkit::LocalClickHouse clickhouse;
  std::unique_ptr<testkit::KafkaServer> kafka;
  std::string bootstrap;
};

TEST_F(CertificatesTest, NewOnesAreProvenBeforeTheConsumerIsGivenUpAndNothingIsLost) {
  use("first-client", {"first-ca.pem"});
  std::vector<std::string> args = testkit::member_args(
      *kafka, clickhouse.url(), topic,
      {"--kafka-security-protocol", "ssl", "--kafka-ssl-ca-file", files.path("current/ca.pem"), "--kafka-ssl-cert-file",
       files.path("current/client.pem"), "--kafka-ssl-key-file", files.path("current/client.key")});
  args[1] = bootstrap;
  GroupMember member(args);
  ASSERT_TRUE(eventually(60s, [&] { return member.status().assigned; })) << member.log();
  testkit::Load load(*kafka, topic, kPartitions, 2ms);
  ASSERT_TRUE(consumes()) << member.log();
  const uint64_t consumer = member.status().consumer_number;
  const uint64_t rebalances = member.status().rebalances;
  const auto result_is = [&](RenewalResult result) {
    const auto last = member.service().renewals().last();
    return last && last->reason == RenewalReason::Credentials && last->result == result;
  };

  use("strange-client", {"first-ca.pem"});
  EXPECT_TRUE(eventually(60s, [&] { return result_is(RenewalResult::Failed); })) << member.log();
  EXPECT_EQ(member.status().consumer_number, consumer) << "the running consumer continues";
  EXPECT_TRUE(consumes()) << member.log();

  use("second-client", {"first-ca.pem", "second-ca.pem"});
  // The renewal for these files; an earlier attempt may have started just after the change.
  EXPECT_TRUE(eventually(60s, [&] {
    const std::string log = member.log();
    const size_t changed = log.rfind("credentials_changed");
    const size_t reason = log.rfind("reason=credentials");
    const size_t ended = reason != std::string::npos ? log.rfind("renewal_ended", reason) : std::string::npos;
    return log.find("ca.pem", changed) != std::string::npos && ended != std::string::npos && ended > changed;
  })) << member.log();
  EXPECT_TRUE(result_is(RenewalResult::Renewed)) << member.log();
  EXPECT_TRUE(eventually(60s, [&] { return member.status().consumer_number > consumer; })) << member.log();
  EXPECT_EQ(member.status().rebalances, rebalances) << "no rebalance";
  EXPECT_TRUE(consumes()) << member.log();

  // A broker that refuses the first certificates: the consumer uses the second ones.
  kafka->stop();
  put("broker.pem", {"second-broker.key", "second-broker.pem"});
  put("trusted.pem", {"second-ca.pem"});
  kafka->start();
  EXPECT_TRUE(consumes()) << member.log();
  const uint64_t produced = load.stop();
  EXPECT_TRUE(eventually(60s, [&] { return different() >= produced; })) << different() << " of " << produced;
  EXPECT_EQ(different(), produced);
}

}  // namespace
}  // namespace freshet
