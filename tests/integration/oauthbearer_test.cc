// Logins by OAUTHBEARER to a real broker, which verifies the signature of tokens.
#include <gtest/gtest.h>
#include <librdkafka/rdkafka.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include "app/base64.h"
#include "group_test.h"
#include "kafka/client_config.h"
#include "kafka/cluster.h"
#include "kafka/handles.h"
#include "kafka/identity.h"
#include "kafka/reaper.h"
#include "kafka/successor.h"
#include "kafka/token_source.h"
#include "kafka/transactional_producer.h"
#include "testkit/fake_clickhouse.h"
#include "testkit/librdkafka_version.h"
#include "testkit/recording_log.h"
#include "testkit/token_issuer.h"

namespace freshet {
namespace {

using namespace std::chrono_literals;
using testkit::eventually;
using testkit::GroupMember;

bool built_in(std::string_view feature) {
  rd_kafka_conf_t* const conf = rd_kafka_conf_new();
  std::array<char, 1024> features{};
  size_t size = features.size();
  rd_kafka_conf_get(conf, "builtin.features", features.data(), &size);
  rd_kafka_conf_destroy(conf);
  return std::string_view(features.data()).find(feature) != std::string_view::npos;
}

constexpr const char* kAudience = "kafka";

// A JWT that is valid for this time.
std::string token_for(std::chrono::seconds time, const testkit::TokenIssuer& issuer,
                      const std::string& audience = kAudience) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now).count();
  return issuer.token(
      fmt::format(R"({{"sub":"app","aud":"{}","iat":{},"exp":{}}})", audience, seconds, seconds + time.count()));
}

struct OauthbearerTest : testkit::GroupTest {
  OauthbearerTest() : GroupTest(1) {}
  static void SetUpTestSuite() {
    keys_ = std::make_unique<testkit::TempFolder>();
    issuer_ = std::make_unique<testkit::TokenIssuer>();
    const std::string jwks = keys_->path("jwks.json");
    std::ofstream(jwks) << issuer_->jwks();
    port_ = testkit::free_port();
    const std::string listener = "listener.name.sasl.oauthbearer.";
    kafka_ = std::make_unique<testkit::KafkaServer>(
        std::map<std::string, std::string>{
            {"listener.name.sasl.sasl.enabled.mechanisms", "OAUTHBEARER"},
            {listener + "connections.max.reauth.ms", "3600000"},
            {listener + "sasl.server.callback.handler.class",
             "org.apache.kafka.common.security.oauthbearer.OAuthBearerValidatorCallbackHandler"},
            // Kafka 4.1 verifies no signature without this, and looks at no listener's property.
            {"sasl.oauthbearer.jwt.validator.class", "org.apache.kafka.common.security.oauthbearer.BrokerJwtValidator"},
            {"sasl.oauthbearer.jwks.endpoint.url", "file://" + jwks},
            {"sasl.oauthbearer.expected.audience", kAudience},
            {"sasl.oauthbearer.clock.skew.seconds", "0"},
            {listener + "sasl.jaas.config",
             "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required;"}},
        std::vector<testkit::KafkaServer::Listener>{{"SASL", "SASL_PLAINTEXT", port_, port_}},
        std::map<std::string, std::string>{},
        std::vector<std::string>{"-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls=file://" + jwks});
    clickhouse_ = std::make_unique<testkit::LocalClickHouse>();
  }
  static void TearDownTestSuite() {
    GroupTest::TearDownTestSuite();
    issuer_.reset();
    keys_.reset();
  }
  static std::string good_token(std::chrono::seconds time) { return token_for(time, *issuer_); }
  std::vector<std::string> args_with(std::vector<std::string> more) const {
    more.insert(more.begin(), {"--kafka-security-protocol", "sasl_plaintext", "--kafka-sasl-mechanism", "OAUTHBEARER"});
    std::vector<std::string> all = args(more);
    all[1] = fmt::format("127.0.0.1:{}", port_);
    return all;
  }
  static kafka::ConnectionSettings sasl_connection() {
    kafka::ConnectionSettings connection;
    connection.bootstrap_servers = fmt::format("127.0.0.1:{}", port_);
    connection.security_protocol = "sasl_plaintext";
    connection.sasl_mechanism = "OAUTHBEARER";
    return connection;
  }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(folder.path("new")) << text << '\n';
    std::filesystem::rename(folder.path("new"), folder.path(name));
  }
  void produce(int id) {
    client->produce(topic, {0, -1, std::nullopt, fmt::format(R"({{"id":{}}})", id), {}, 0});
    client->flush();
  }

  static inline int port_ = 0;
  static inline std::unique_ptr<testkit::TokenIssuer> issuer_;
  static inline std::unique_ptr<testkit::TempFolder> keys_;
  testkit::TempFolder folder;
};

size_t count_of(const std::string& what, const std::string& text) {
  size_t count = 0;
  for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++count;
  return count;
}

// Only statistics may end a fault: the first ones have had their effect when the second ones are taken.
bool take_statistics_twice(const GroupMember& member) {
  for (int i = 0; i < 2; ++i) {
    const auto last = member.status().statistics_at;
    if (!eventually(60s, [&] { return member.status().statistics_at != last; })) return false;
  }
  return true;
}

// Meanwhile it is missing for a while, and the connections stay up: that is no recovery.
TEST_F(OauthbearerTest, ATokenComesFromAFileAndIsReadAgainBeforeItExpires) {
  const auto expires = std::chrono::steady_clock::now() + 20s;
  write("token", good_token(20s));
  GroupMember member(args_with({"--kafka-oauthbearer-token-file", folder.path("token")}));
  produce(1);
  EXPECT_TRUE(eventually(60s, [&] { return rows() == 1; })) << member.log();
  const size_t recovered = count_of("kafka_recovered", member.log());
  std::filesystem::remove(folder.path("token"));
  EXPECT_TRUE(eventually(60s, [&] { return count_of("Failed to acquire", member.log()) > 0; })) << member.log();
  ASSERT_TRUE(take_statistics_twice(member)) << member.log();
  EXPECT_EQ(count_of("kafka_recovered", member.log()), recovered) << member.log();
  write("token", good_token(3600s));
  std::this_thread::sleep_until(expires + 2s);  // the broker takes the old token no more
  produce(2);
  EXPECT_TRUE(eventually(60s, [&] { return rows() == 2; })) << member.log();
  EXPECT_TRUE(eventually(60s, [&] { return count_of("kafka_recovered", member.log()) > recovered; })) << member.log();
}

TEST_F(OauthbearerTest, ATokenComesFromACommand) {
  write("token", good_token(3600s));
  GroupMember member(args_with({"--kafka-oauthbearer-token-file", "exec:cat " + folder.path("token")}));
  produce(1);
  EXPECT_TRUE(eventually(60s, [&] { return rows() == 1; })) << member.log();
}

TEST_F(OauthbearerTest, AFileWithoutATokenIsReportedAndReadAgain) {
  write("token", good_token(-10s));
  GroupMember member(args_with({"--kafka-oauthbearer-token-file", folder.path("token")}));
  EXPECT_TRUE(eventually(60s, [&] { return member.log().find(folder.path("token")) != std::string::npos; }))
      << member.log();
  produce(1);
  write("token", good_token(3600s));
  EXPECT_TRUE(eventually(60s, [&] { return rows() == 1; })) << member.log();
}

// By its signature, or by its audience.
TEST_F(OauthbearerTest, ATokenThatTheBrokerRefusesIsReadAgain) {
  write("token", token_for(3600s, testkit::TokenIssuer()));
  GroupMember member(args_with({"--kafka-oauthbearer-token-file", folder.path("token")}));
  produce(1);
  EXPECT_TRUE(eventually(60s, [&] { return member.log().find("uthentication") != std::string::npos; })) << member.log();
  write("token", token_for(3600s, *issuer_, "another"));
  std::this_thread::sleep_for(6s);
  EXPECT_EQ(rows(), 0U);
  write("token", good_token(3600s));
  EXPECT_TRUE(eventually(60s, [&] { return rows() == 1; })) << member.log();
}

// The broker takes no tokens of Amazon MSK: it must have got one, and refuse it.
TEST_F(OauthbearerTest, ATokenIsSignedForAmazonMsk) {
  setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE", 1);
  setenv("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", 1);
  GroupMember member(args_with({"--kafka-msk-iam-region", "eu-central-1"}));
  EXPECT_TRUE(eventually(60s, [&] { return member.log().find("uthentication") != std::string::npos; })) << member.log();
  unsetenv("AWS_ACCESS_KEY_ID");
  unsetenv("AWS_SECRET_ACCESS_KEY");
  EXPECT_NE(member.log().find("aws_credentials_chosen"), std::string::npos) << member.log();
  EXPECT_NE(member.log().find("invalid_token"), std::string::npos) << member.log();
  member.stop();
  EXPECT_EQ(member.log().find("wJalrXUtnFEMI"), std::string::npos);
}

// What a renewal and each look-up make, with an empty memory of their own.
struct ShortLivedClients {
  explicit ShortLivedClients(const kafka::ConnectionSettings& connection) {
    settings.connection = connection;
    settings.topic = "t";
    settings.consumer_group = "g";
  }
  // Nobody reads its errors before it ends.
  void silent() const {
    auto conf = kafka::lookup_conf(settings.connection, null_log());
    ASSERT_TRUE(conf) << conf.error().text;
    auto client = kafka::make_client(RD_KAFKA_CONSUMER, *std::move(conf));
    ASSERT_TRUE(client) << client.error().text;
    const kafka::Queue errors(rd_kafka_queue_get_main(client->get()));
    EXPECT_TRUE(eventually(60s, [&] { return rd_kafka_queue_length(errors.get()) > 0; }));
  }
  void look_up() const {
    const auto found = kafka::count_partitions(settings.connection, settings.topic, 2s, null_log());
    ASSERT_FALSE(found);
    EXPECT_NE(found.error().text.find("invalid_token"), std::string::npos) << found.error().text;
  }
  // A consumer that is dropped before it reads its errors.
  void unread_source() {
    testkit::RecordingLog log;
    kafka::Identity identity(settings, null_log());
    auto source = kafka::build_source(settings, {clock, log, metrics, reaper, identity});
    ASSERT_TRUE(source) << source.error().text;
    EXPECT_TRUE(eventually(60s, [&] { return log.texts().find("invalid_token") != std::string::npos; }));
    // The library logs the error before it queues the event, which is not the first one.
    const size_t events = rd_kafka_queue_length((*source)->urgent());
    EXPECT_TRUE(eventually(60s, [&] { return rd_kafka_queue_length((*source)->urgent()) > events; }));
    source->reset();
    expect_withheld();
    EXPECT_TRUE(reaper.wait_idle(clock, clock.steady_now() + 60s)) << "its client uses the log";
  }
  void successor() {
    kafka::Identity identity(settings, null_log());
    auto successor =
        kafka::open_successor(settings, {clock, null_log(), metrics, reaper, identity}, Membership(), [] {});
    ASSERT_TRUE(successor) << successor.error().text;
    EXPECT_TRUE(eventually(60s, [&] { return (*successor)->state() == Successor::State::Failed; }));
    // Its client still lives.
    expect_withheld();
  }
  void expect_withheld() const {
    const auto next = kafka::read_token(*kafka::TokenSource::of(settings.connection), null_log(), {});
    ASSERT_FALSE(next);
    EXPECT_NE(next.error().text.find("a broker refused the last token"), std::string::npos) << next.error().text;
  }

  RealClock clock;
  Metrics metrics;
  kafka::Reaper reaper{metrics};
  kafka::KafkaSettings settings;
};

TEST_F(OauthbearerTest, ATokenThatOneClientWasRefusedIsNotGivenToTheNextOne) {
  setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE", 1);
  setenv("AWS_SECRET_ACCESS_KEY", "secret", 1);
  kafka::ConnectionSettings connection = sasl_connection();
  const auto clients = [&](const char* region) {  // each has a token of its own
    connection.msk_iam_region = region;
    return ShortLivedClients(connection);
  };
  const auto silent = clients("eu-west-1");
  silent.silent();
  silent.expect_withheld();
  const auto look_up = clients("eu-west-2");
  look_up.look_up();
  look_up.expect_withheld();
  clients("eu-west-3").successor();
  clients("eu-north-1").unread_source();
  unsetenv("AWS_ACCESS_KEY_ID");
  unsetenv("AWS_SECRET_ACCESS_KEY");
}

// The library asks again ten seconds after a failure.
TEST_F(OauthbearerTest, ASuccessorWaitsForAToken) {
  write("token", good_token(3600s));
  kafka::ConnectionSettings connection = sasl_connection();
  connection.oauthbearer_token.from =
      fmt::format("exec:sh -c 'mkdir {0} && exit 1; cat {1}'", folder.path("asked"), folder.path("token"));
  ShortLivedClients clients(connection);
  clients.settings.topic = topic;
  kafka::Identity identity(clients.settings, null_log());
  auto successor = kafka::open_successor(
      clients.settings, {clients.clock, null_log(), clients.metrics, clients.reaper, identity}, Membership(), [] {});
  ASSERT_TRUE(successor) << successor.error().text;
  EXPECT_TRUE(eventually(60s, [&] { return (*successor)->state() != Successor::State::Connecting; }));
  EXPECT_EQ((*successor)->state(), Successor::State::Ready) << (*successor)->failure().text;
}

// The second token is read before the first one expires, and refused.
TEST_F(OauthbearerTest, AProducerThatWaitsForTheBrokersReplacesARefusedToken) {
  const auto expires = std::chrono::steady_clock::now() + 6s;
  write("first", good_token(6s));
  write("second", token_for(3600s, testkit::TokenIssuer()));
  write("third", good_token(3600s));
  kafka::ConnectionSettings connection = sasl_connection();
  connection.oauthbearer_token.from =
      fmt::format("exec:sh -c 'cd {}; if mkdir 1; then cat first; elif mkdir 2; then cat second; else cat third; fi'",
                  folder.path(""));
  RealClock clock;
  auto producer = kafka::TransactionalProducer::open(connection, topic, 60s, {}, clock, null_log());
  ASSERT_TRUE(producer) << producer.error().text;
  EXPECT_TRUE(eventually(60s, [&] { return std::filesystem::exists(folder.path("2")); }));
  std::this_thread::sleep_until(expires + 1s);
  ASSERT_TRUE(producer->begin());
  ASSERT_TRUE(producer->produce(topic, std::nullopt, {}));
  const Status committed = producer->commit();
  EXPECT_TRUE(committed) << committed.error().text;
}

// Client credentials: the library posts them to a token server.
TEST_F(OauthbearerTest, ATokenComesFromATokenServer) {
  if (!built_in("oidc")) GTEST_SKIP() << testkit::librdkafka_lacks("OIDC");
  testkit::FakeClickHouse server;  // used as a plain HTTP server that records requests
  testkit::FakeAnswer answer = testkit::FakeAnswer::foreign(
      200, "Content-Type: application/json\r\n",
      fmt::format(R"({{"access_token":"{}","token_type":"Bearer","expires_in":3600}})", good_token(3600s)));
  server.otherwise(answer);
  write("secret", "s3cret-of-the-client");
  GroupMember member(args_with({"--set", "kafka.sasl.oauthbearer.method=oidc", "--set",
                                fmt::format("kafka.sasl.oauthbearer.token.endpoint.url={}/token", server.url()),
                                "--set", "kafka.sasl.oauthbearer.client.id=freshet", "--set-file",
                                "kafka.sasl.oauthbearer.client.secret=" + folder.path("secret")}));
  produce(1);
  EXPECT_TRUE(eventually(60s, [&] { return rows() == 1; })) << member.log();
  const auto requests = server.requests();
  ASSERT_FALSE(requests.empty());
  EXPECT_EQ(requests[0].headers.at("authorization"), "Basic " + app::to_base64("freshet:s3cret-of-the-client"));
  member.stop();
  EXPECT_EQ(member.log().find("s3cret"), std::string::npos);
}

}  // namespace
}  // namespace freshet
