#include "kafka/oauth_token.h"

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>

#include "kafka/client_config.h"
#include "kafka/error_table.h"
#include "testkit/child_process.h"
#include "testkit/recording_log.h"

namespace freshet::kafka {
namespace {

Result<Client> client_with(const std::string& source, Log& log = null_log()) {
  ConnectionSettings connection;
  connection.bootstrap_servers = "127.0.0.1:1";
  connection.security_protocol = "sasl_plaintext";
  connection.sasl_mechanism = "OAUTHBEARER";
  connection.oauthbearer_token = {"", source};
  auto conf = lookup_conf(connection, log);
  if (!conf) return tl::make_unexpected(conf.error());
  return make_client(RD_KAFKA_CONSUMER, *std::move(conf));
}

std::string next_error(rd_kafka_t* client) {
  const Queue queue(rd_kafka_queue_get_main(client));
  const Event event(rd_kafka_queue_poll(queue.get(), 60'000));
  return event ? to_error(event.get()).text : std::string();
}

// The library waits for the callback that reads the token.
TEST(OauthTokenTest, AClientThatEndsDoesNotWaitForTheCommand) {
  const testkit::TempFolder folder;
  auto client = client_with("exec:sh -c 'touch " + folder.path("runs") + "; exec sleep 600'");
  ASSERT_TRUE(client) << client.error().text;
  ASSERT_TRUE(
      testkit::eventually(std::chrono::seconds(60), [&] { return std::filesystem::exists(folder.path("runs")); }));
  const auto begin = std::chrono::steady_clock::now();
  client->reset();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(7)) << "the command may take ten";
}

TEST(OauthTokenTest, ARefusedTokenIsReadAgainAndMasked) {
  const testkit::TempFolder folder;
  testkit::RecordingLog log;
  auto client = client_with(
      "exec:sh -c 'echo >> " + folder.path("runs") + "; echo token-$(wc -l < " + folder.path("runs") + ")'", log);
  ASSERT_TRUE(client) << client.error().text;
  EXPECT_TRUE(testkit::eventually(std::chrono::seconds(60), [&] {
    note_client_error(client->get(), {ErrorKind::Retry, RD_KAFKA_RESP_ERR__AUTHENTICATION, "Access denied"});
    return log.secrets().masked("token-1 token-2") == "*** ***";
  })) << "otherwise after four minutes";
}

TEST(OauthTokenTest, AClientLacksATokenAfterAFailure) {
  const testkit::TempFolder folder;
  auto client = client_with(folder.path("missing"));
  ASSERT_TRUE(client) << client.error().text;
  EXPECT_TRUE(testkit::eventually(std::chrono::seconds(60), [&] { return lacks_token(client->get()); }));
  EXPECT_TRUE(is_token_failure(next_error(client->get())));
  auto other = client_with("exec:echo token");
  ASSERT_TRUE(other) << other.error().text;
  EXPECT_FALSE(lacks_token(other->get()));
}

}  // namespace
}  // namespace freshet::kafka
