#include "kafka/token_source.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>

#include "testkit/child_process.h"
#include "testkit/recording_log.h"

namespace freshet::kafka {
namespace {

TEST(TokenSourceTest, TheClaimsOfAJwtAreRead) {
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

TEST(TokenSourceTest, AnotherFormHasNoClaims) {
  for (const char* token : {"", "opaque", "a.b", "a.b.c.d", "a.***.c", "a..c", "a.W10.c", "a.e30", "..", "a.e.c"}) {
    EXPECT_FALSE(claims_of(token)) << token;
  }
  EXPECT_TRUE(claims_of("a.e30.c"));
  // {"exp":1e300} and {"exp":-1}
  EXPECT_EQ(claims_of("a.eyJleHAiOjFlMzAwfQ.c")->expires_ms, -1);
  EXPECT_EQ(claims_of("a.eyJleHAiOi0xfQ.c")->expires_ms, -1);
}

TEST(TokenSourceTest, ASourceIsAText) {
  ConnectionSettings settings;
  EXPECT_FALSE(TokenSource::of(settings));
  settings.oauthbearer_token = {"", "msk-iam:file"};
  const auto file = TokenSource::from_text(TokenSource::of(settings)->to_text());
  EXPECT_EQ(file.kind, TokenSource::Kind::FileOrCommand);
  EXPECT_EQ(file.where, "msk-iam:file");
  settings.msk_iam_region = "eu-west-1";
  settings.bootstrap_servers = "a:9098, b:9098";
  const auto msk = TokenSource::from_text(TokenSource::of(settings)->to_text());
  EXPECT_EQ(msk.kind, TokenSource::Kind::MskIam);
  EXPECT_EQ(msk.where, "eu-west-1");
  EXPECT_EQ(msk.cluster, "a:9098, b:9098");
  EXPECT_EQ(TokenSource::from_text("msk-iam:").where, "");
  EXPECT_EQ(TokenSource::from_text("exec:cat x").shown(), "exec:cat ***");
}

TEST(TokenSourceTest, ATokenThatIsReadAgainIsMasked) {
  const testkit::TempFolder folder;
  testkit::RecordingLog log;
  const TokenSource source{TokenSource::Kind::FileOrCommand, folder.path("token")};
  for (const char* token : {"the-first", "the-renewed"}) {
    std::ofstream(folder.path("token")) << token << '\n';
    const auto read = read_token(source, log, {});
    ASSERT_TRUE(read) << read.error().text;
    EXPECT_EQ(read->token.reveal(), token);
  }
  EXPECT_EQ(log.secrets().masked("the-first the-renewed"), "*** ***");
  std::filesystem::remove(folder.path("token"));
  EXPECT_NE(read_token(source, log, {}).error().text.find(folder.path("token") + " cannot be read"), std::string::npos);
}

// Those of another cluster do not suffer for it.
TEST(TokenSourceTest, ATokenThatOneClientWasRefusedIsWithheldFromAllOfItsCluster) {
  const std::map<const char*, const char*> variables = {{"AWS_ACCESS_KEY_ID", "AKID"},
                                                        {"AWS_SECRET_ACCESS_KEY", "secret"}};
  for (const auto& [name, value] : variables) setenv(name, value, 1);
  const TokenSource source{TokenSource::Kind::MskIam, "eu-west-1", "one:9098"};
  const TokenSource other{TokenSource::Kind::MskIam, "eu-west-1", "other:9098"};
  const auto token = read_token(source, null_log(), {});
  ASSERT_TRUE(token) << token.error().text;
  EXPECT_EQ(read_token(source, null_log(), {})->token, token->token);
  const auto of_other = read_token(other, null_log(), {});
  ASSERT_TRUE(of_other) << of_other.error().text;
  EXPECT_GT(refuse_token(source, token->token), Duration::zero());
  const auto refused = read_token(source, null_log(), {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().text,
            "--kafka-msk-iam-region: a broker refused the last token; the next one is made within a minute");
  EXPECT_EQ(read_token(other, null_log(), {})->token, of_other->token);
  for (const auto& [name, value] : variables) unsetenv(name);
}

}  // namespace
}  // namespace freshet::kafka
