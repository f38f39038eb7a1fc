#include "http/url.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace freshet::http {
namespace {

TEST(Url, TakesPartsApart) {
  const auto url = parse_url("https://me:s%20ecret@host.example:8443/a/b?x=1");
  ASSERT_TRUE(url) << url.error().text;
  EXPECT_EQ(url->scheme, "https");
  EXPECT_EQ(url->host, "host.example");
  EXPECT_EQ(url->port, 8443);
  EXPECT_EQ(url->path, "/a/b");
  EXPECT_EQ(url->query, "x=1");
  EXPECT_EQ(url->user, "me");
  EXPECT_EQ(url->password, "s ecret");
  EXPECT_EQ(origin(*url), "https://host.example:8443");
}

TEST(Url, FillsInDefaults) {
  const auto url = parse_url("http://[::1]");
  ASSERT_TRUE(url) << url.error().text;
  EXPECT_EQ(url->host, "::1");
  EXPECT_EQ(url->port, 80);
  EXPECT_EQ(url->path, "/");
  EXPECT_EQ(origin(*url), "http://[::1]:80");
}

TEST(Url, KnowsLoopback) {
  for (const char* host : {"localhost", "127.0.0.1", "127.255.0.9", "::1", "::ffff:127.0.0.1", "a.localhost"}) {
    EXPECT_TRUE(is_loopback(host)) << host;
  }
  for (const char* host : {"", "localhost.example", "127.evil.example", "128.0.0.1", "::2", "0.0.0.0", "10.0.0.1"}) {
    EXPECT_FALSE(is_loopback(host)) << host;
  }
  EXPECT_FALSE(is_loopback({"127.0.0.1\0.evil", 15}));
  EXPECT_FALSE(is_loopback({"::1\0.evil", 9}));
}

TEST(Url, RefusesOthersWithoutRepeatingThem) {
  for (const char* text :
       {"", "localhost", "ftp://u:hidden@h/", "http://u:hidden@h:99999/", "http://u:hidden@ho st/"}) {
    const auto url = parse_url(text);
    ASSERT_FALSE(url) << text;
    EXPECT_EQ(url.error().kind, ErrorKind::Fatal);
    EXPECT_THAT(url.error().text, testing::Not(testing::HasSubstr("hidden")));
  }
}

TEST(Url, EscapesAllButUnreserved) {
  EXPECT_EQ(escape("aZ09-._~"), "aZ09-._~");
  EXPECT_EQ(escape("a b+`'&=%/\n\xc3\xa4"), "a%20b%2B%60%27%26%3D%25%2F%0A%C3%A4");
}

}  // namespace
}  // namespace freshet::http
