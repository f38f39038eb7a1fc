#include "snuba_outputs/ipv4_statistics.h"

#include <gtest/gtest.h>

namespace freshet::snuba_outputs {
namespace {

TEST(Ipv4StatisticsTest, WhatLooksLikeAnAddressIsCounted) {
  for (const char* text :
       {"1.2.3.4", "x255.255.255.255y", "1234.0.0.1", "a 10.0.255.9999", "v1.2.3.4.5", "1.2.300.1.2.3", "01.0.0.04"}) {
    EXPECT_TRUE(has_ipv4_pattern(text)) << text;
  }
  for (const char* text : {"", ".", "1.2.3", "1.2.3.", "a.2.3.4", "1.256.3.4", "1.2.1000.4", "1..2.3", "1.2 .3.4",
                           "1.02.3.4", "1.2.00.4"}) {
    EXPECT_FALSE(has_ipv4_pattern(text)) << text;
  }
  for (const char* text : {"", "plain text of some length", "\u00e9\u20ac\U0001f600", "12345678\u00e9"}) {
    EXPECT_TRUE(is_utf8(text)) << text;
  }
  for (const char* text : {"\xff", "\xc3", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "12345678\xe2\x82"}) {
    EXPECT_FALSE(is_utf8(text)) << testing::PrintToString(text);
  }
  Metrics registry;
  Ipv4Statistics statistics(registry);
  uint64_t until_next = 0;
  const auto see = [&](const char* payload) {
    if (until_next-- == 0) until_next = statistics.look_at(payload);
  };
  for (int i = 0; i < 1000; ++i) see(i % 2 == 0 ? "1.2.3.4" : "no");
  for (int i = 0; i < 1600; ++i) see("\xff");
  const auto outcome = [&](const char* name) {
    return registry.counter("freshet_ipv4_pattern_messages_total", "", {{"outcome", name}}).value();
  };
  EXPECT_EQ(outcome("true"), 500u);
  EXPECT_EQ(outcome("false"), 500u);
  EXPECT_EQ(outcome("invalid_payload"), 1600u);
}

}  // namespace
}  // namespace freshet::snuba_outputs
