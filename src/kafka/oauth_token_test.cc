#include "kafka/oauth_token.h"

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>

#include "kafka/client_config.h"
#include "testkit/child_process.h"

namespace freshet::kafka {
namespace {

TEST(OauthTokenTest, TheClaimsOfAJwtAreRead) {
  // {"sub":"app","exp":1790000000.5} and {"exp":"soon","sub":7}
  const auto claims = claims_of("eyJhbGciOiJub25lIn0.eyJzdWIiOiJhcHAiLCJleHAiOjE3OTAwMDAwMDAuNX0.");
  ASSERT_TRUE(claims);
  EXPECT_EQ(claims->subject, "app");
  EXPECT_EQ(claims->expires_ms, 1'790'000'000'500);
  const auto others = claims_of("x.eyJleHAiOiJzb29uIiwic3ViIjo3fQ.c2ln");
  ASSERT_TRUE(others);
  EXPECT_EQ(others->subject, "");
  EXPECT_EQ(others->expires_ms, -1);
}

TEST(OauthTokenTest, AnotherFormHasNoClaims) {
  for (const char* token : {"", "opaque", "a.b", "a.b.c.d", "a.***.c", "a..c", "a.W10.c", "a.e30", "..", "a.e.c"}) {
    EXPECT_FALSE(claims_of(token)) << token;
  }
  EXPECT_TRUE(claims_of("a.e30.c"));
  // {"exp":1e300} and {"exp":-1}
  EXPECT_EQ(claims_of("a.eyJleHAiOjFlMzAwfQ.c")->expires_ms, -1);
  EXPECT_EQ(claims_of("a.eyJleHAiOi0xfQ.c")->expires_ms, -1);
}

Result<Client> client_with(const std::string& source) {
  ConnectionSettings connection;
  connection.bootstrap_servers = "127.0.0.1:1";
  connection.security_protocol = "sasl_plaintext";
  connection.sasl_mechanism = "OAUTHBEARER";
  connection.oauthbearer_token = {"", source};
  auto conf = lookup_conf(connection, null_log());
  if (!conf) return tl::make_unexpected(conf.error());
  return make_client(RD_KAFKA_CONSUMER, *std::move(conf));
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

TEST(OauthTokenTest, ARefusedTokenIsReadAgain) {
  const testkit::TempFolder folder;
  auto client = client_with("exec:sh -c 'echo >> " + folder.path("runs") + "; echo opaque'");
  ASSERT_TRUE(client) << client.error().text;
  std::error_code none;
  EXPECT_TRUE(testkit::eventually(std::chrono::seconds(60), [&] {
    token_refused(client->get());
    return std::filesystem::exists(folder.path("runs")) && std::filesystem::file_size(folder.path("runs"), none) == 2;
  })) << "otherwise after four minutes";
}

}  // namespace
}  // namespace freshet::kafka
