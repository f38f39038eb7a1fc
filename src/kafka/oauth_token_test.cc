#include "kafka/oauth_token.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace freshet::kafka
