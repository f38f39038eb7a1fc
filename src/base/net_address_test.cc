#include "base/net_address.h"

#include <gtest/gtest.h>

namespace freshet {
namespace {

using namespace std::string_view_literals;

bool loopback(std::string_view text) {
  const auto address = parse_net_address(text);
  return address && address->is_loopback();
}

TEST(NetAddressTest, LoopbackIsAnAddressAndNotALook) {
  for (const char* is :
       {"127.0.0.1", "127.0.0.1:8080", "127.255.1.2", "127.0.0.1.", "localhost", "LocalHost:1", "localhost.",
        "localhost.:80", "[::1]", "[::1]:8080", "[0:0:0:0:0:0:0:1]:1", "[::ffff:127.0.0.1]"}) {
    EXPECT_TRUE(loopback(is)) << is;
  }
  for (const char* is_not : {"127.evil.example",
                             "127.0.0.1.evil.example",
                             "localhost.evil.example",
                             "evil.localhost",
                             "128.0.0.1",
                             "[::]",
                             "[::2]",
                             "[1::1]",
                             "[::ffff:128.0.0.1]",
                             "[::127.0.0.1]",
                             "0.0.0.0",
                             "127.1",
                             "2130706433",
                             "0x7f.1",
                             "0177.0.0.1",
                             "0x7f000001",
                             "127.0.0.1@evil.example",
                             "evil.example#127.0.0.1",
                             "::1",
                             "[::1",
                             "[::1]evil",
                             "[127.0.0.1]",
                             "[localhost]",
                             ""}) {
    EXPECT_FALSE(loopback(is_not)) << is_not;
  }
}

TEST(NetAddressTest, SplitsHostAndPort) {
  const auto name = parse_net_address("Freshet-0.Example.:8080");
  ASSERT_TRUE(name);
  EXPECT_EQ(name->kind, NetAddress::Kind::Name);
  EXPECT_EQ(name->host, "freshet-0.example");
  EXPECT_EQ(name->port, 8080);
  const auto v6 = parse_net_address("[FE80::1]:1");
  ASSERT_TRUE(v6);
  EXPECT_EQ(v6->kind, NetAddress::Kind::V6);
  EXPECT_EQ(v6->url_host(), "[fe80::1]");
  EXPECT_FALSE(parse_net_address("h")->port);
  for (const char* wrong : {"h:", "h:65536", "h:-1", "h:1x", "h:1:2", ":1", "-h:1", "a..b", ".", "a b", "a/b", "user@h",
                            "[::1]:", "[::1%25eth0]:1", "h\t"}) {
    EXPECT_FALSE(parse_net_address(wrong)) << wrong;
  }
  EXPECT_FALSE(parse_net_address(std::string(64, 'a')));
  for (const std::string_view wrong : {"localhost\0.evil"sv, "127.0.0.1\0.evil"sv, "127.0.0.1\0:80"sv, "[::1\0x]"sv}) {
    EXPECT_FALSE(parse_net_address(wrong)) << wrong;
  }
}

TEST(NetAddressTest, AnAddressToListenOnSaysWhatWouldBeRight) {
  for (const char* right : {"127.0.0.1:0", "0.0.0.0:8080", "[::1]:8080", "[::]:8080", "localhost:8080", "*:8080"}) {
    EXPECT_TRUE(parse_listen_address(right)) << right;
  }
  EXPECT_EQ(parse_listen_address("*:8080")->host, "0.0.0.0");
  const auto says = [](std::string_view text) {
    const auto address = parse_listen_address(text);
    return address ? std::string("accepted") : address.error().text;
  };
  EXPECT_NE(says(":8080").find("127.0.0.1:8080 is for this machine only"), std::string::npos) << says(":8080");
  EXPECT_NE(says("::1:8080").find("[::1]:8080"), std::string::npos);
  EXPECT_NE(says("http://127.0.0.1:8080").find("URL"), std::string::npos);
  for (const char* wrong : {"nonsense", "8080", "127.0.0.1", "127.0.0.1:99999", "[::1]", ":"}) {
    EXPECT_NE(says(wrong).find("for example 127.0.0.1:8080"), std::string::npos) << wrong << ": " << says(wrong);
  }
}

}  // namespace
}  // namespace freshet
